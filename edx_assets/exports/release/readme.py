"""The page that goes with a release: what its rows and columns are. It tells nothing of who is not
in it; that is in `report`.
"""

from collections.abc import Sequence

from edx_assets.exports.release.columns import HIDDEN, Quasi, released_columns
from edx_assets.exports.release.deidentify import Rules


def readme(file: str, courses: Sequence[str], rules: Rules, rows: int) -> str:
    """The page, in Markdown."""
    who = (
        "A learner has the same id in all courses. At least k learners took the same courses and"
        " are alike in every quasi-identifier of each."
        if rules.joined
        else "A learner has another id in each course. In each course, at least k learners are"
        " alike in every quasi-identifier."
    )
    names = {each.name: each for each in rules.quasi}
    columns = "\n".join(
        f"| {c.name} | {c.type} | {c.meaning} | {_levels(names.get(c.name))} |"
        for c in released_columns(rules.quasi)
    )
    return f"""\
# Learners of {len(courses)} {"course" if len(courses) == 1 else "courses"}, de-identified

`{file}` has {rows:,} rows, one for each learner and course: {", ".join(courses)}. The staff is left
out.

k is {rules.k}. {who} The quasi-identifiers are {", ".join(names) or "none but the course"}.

- `{HIDDEN}` stands for a value that is not told; an empty one was not known. The hidden ones
  are not so at random: rare values are hidden first. Rows that cannot be told at all are left out.
- A quasi-identifier can be told more finely in one row than in another.
- Counts have two significant digits.

Do not try to find out who somebody is, and do not join these rows with other data about persons.

| column | type | meaning | told as |
|---|---|---|---|
{columns}
"""


def _levels(quasi: Quasi | None) -> str:
    return ", ".join([*(level.told for level in quasi.levels), f"`{HIDDEN}`"]) if quasi else ""
