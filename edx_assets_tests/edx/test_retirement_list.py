"""edX's lists of retired learners: what is read of them, and what is refused."""

import pytest

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.retirement_list import RetirementListError, read_retirement_list

HEADINGS = "user_id,original_username,original_email,original_name,deletion_completed\r\n"


def test_a_list_as_edx_sends_it_is_read() -> None:
    lines = [
        HEADINGS,
        '9,mary_b,mary@example.org,"Blue, Mary ""M""",2026-11-01 10:00:00\r\n',
        '10,bob,bob@example.org,"two\r\n',
        'lines",2026-11-01\r\n',
        "\r\n",
    ]
    assert list(read_retirement_list(lines)) == [
        Identifiers(
            frozenset([9]),
            frozenset(["mary_b"]),
            frozenset(["mary@example.org"]),
            frozenset(['Blue, Mary "M"']),
        ),
        Identifiers(
            frozenset([10]),
            frozenset(["bob"]),
            frozenset(["bob@example.org"]),
            frozenset(["two\r\nlines"]),
        ),
    ]


@pytest.mark.parametrize(
    ("heading", "learner"),
    [
        ("Username", Identifiers(usernames=frozenset(["7"]))),
        ("LMS User ID", Identifiers(frozenset([7]))),
        ("id", Identifiers(frozenset([7]))),
    ],
)
def test_other_headings_are_known(heading: str, learner: Identifiers) -> None:
    assert list(read_retirement_list([f"{heading},other\n", "7,x\n"])) == [learner]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "it is empty"),
        (["email,name\n", "a@x,A\n"], "no heading for a user id or a username"),
        ([HEADINGS, "9,mary\n"], "line 2 has 2 cells instead of 5"),
        ([HEADINGS, "nine,m,e,n,d\n"], "line 2: the user id is no number"),
        ([HEADINGS, ",,e@x,n,d\n"], "line 2 names nobody"),
        ([HEADINGS, '9,"mary,e,n,d\n'], "line 2 is no CSV"),
        ([HEADINGS, f"9,{'m' * 20_000},e,n,d\n"], "line 2 has a cell of over 10000 characters"),
    ],
)
def test_what_is_no_such_list_is_refused_by_its_line(lines: list[str], told: str) -> None:
    with pytest.raises(RetirementListError, match=told) as refused:
        list(read_retirement_list(lines))
    assert "mary" not in str(refused.value)
