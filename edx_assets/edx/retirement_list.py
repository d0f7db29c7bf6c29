"""edX's lists of retired learners: CSV files, read. What is done about the learners is not here.

edX sends each partner `user_retirement_<platform>_<partner>_<date>.csv` (Excel's dialect) with the
learners who asked for the deletion of their data. Source: `retirement_partner_report.py` of edX's
tubular, whose headings are `user_id`, `original_username`, `original_email`, `original_name` and
`deletion_completed`; a partner can agree on others.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.user_ids import user_id_of

_HEADINGS = {
    "user_id": ("userid", "id", "learnerid", "studentid", "lmsuserid"),
    "username": ("originalusername", "username", "learnerusername"),
    "email": ("originalemail", "email", "emailaddress"),
    "name": ("originalname", "name", "fullname"),
}
"""What a column holds, by its heading in small letters, without spaces and signs."""

_LONGEST_CELL = 10_000  # characters: a file that is no such list can have cells of megabytes


class RetirementListError(ValueError):
    """A line of a list cannot be used; the message names the line and the cause, and no data."""


def read_retirement_list(lines: Iterable[str]) -> Iterator[Identifiers]:
    """The learners of a list, one by one.

    Args:
        lines: the file's lines, as text (UTF-8, a byte order mark already removed).

    Raises:
        RetirementListError: there is no heading for a user id or a username, a line has other
            cells than the headings, or names nobody.
    """
    rows = csv.reader(lines, dialect="excel", strict=True)
    columns: dict[str, int] = {}
    width = 0
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns, width = _columns(row), len(row)
                continue
            if len(row) != width:
                raise RetirementListError(
                    f"line {rows.line_num} has {len(row)} cells instead of {width}"
                )
            yield _learner({name: row[at].strip() for name, at in columns.items()}, rows.line_num)
    except csv.Error:
        raise RetirementListError(f"line {rows.line_num} is no CSV in Excel's dialect") from None
    if not columns:
        raise RetirementListError("it is empty: the first line has to hold the headings")


def _columns(headings: list[str]) -> dict[str, int]:
    plain = [re.sub(r"[^a-z]", "", heading.lower()) for heading in headings]
    found = {
        name: plain.index(next(word for word in known if word in plain))
        for name, known in _HEADINGS.items()
        if not set(known).isdisjoint(plain)
    }
    if not {"user_id", "username"} & found.keys():
        raise RetirementListError(
            "the first line has no heading for a user id or a username (such as `user_id` or"
            " `original_username`)"
        )
    return found


def _learner(cells: Mapping[str, str], line: int) -> Identifiers:
    if any(len(cell) > _LONGEST_CELL for cell in cells.values()):
        raise RetirementListError(f"line {line} has a cell of over {_LONGEST_CELL} characters")
    user_id = user_id_of(cells.get("user_id", ""))
    if user_id is None and cells.get("user_id"):
        raise RetirementListError(f"line {line}: the user id is no number")
    username = cells.get("username")
    if user_id is None and not username:
        raise RetirementListError(f"line {line} names nobody: it has no user id and no username")
    return Identifiers(
        user_ids=frozenset([user_id] if user_id is not None else []),
        usernames=frozenset([username] if username else []),
        emails=frozenset([cells["email"]] if cells.get("email") else []),
        names=frozenset([cells["name"]] if cells.get("name") else []),
    )
