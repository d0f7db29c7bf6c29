"""Who is retired, by hashes alone, and what is left of texts and documents."""

import pytest

from edx_assets.edx.identifiers import Identifiers
from edx_assets.edx.retired import NOBODY, Retired, id_fields

KEY = b"k" * 32
MARY = Identifiers(
    user_ids=frozenset([9]),
    usernames=frozenset(["Mary_B"]),
    emails=frozenset(["mary@example.org"]),
    names=frozenset(["Mary Ann Blue", "Mary"]),
    anonymous_ids=frozenset(["0123456789abcdef0123456789abcdef"]),
)


def retired(learners: Identifiers = MARY, pseudonyms: bool = False) -> Retired:
    return Retired(KEY, learners.hashes(KEY), pseudonyms)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ask mary_b.", "ask [retired]."),
        ("@MARY_B: hi", "@[retired]: hi"),
        ("https://courses.edx.org/u/mary_b/x", "https://courses.edx.org/u/[retired]/x"),
        ('{\\"username\\": \\"mary_b\\"}', '{\\"username\\": \\"[retired]\\"}'),
        ("mary%40example.org", "[retired]"),
        ("by Mary  Ann\nBlue, today", "by [retired], today"),
        ("0123456789ABCDEF0123456789abcdef", "[retired]"),
        ('"user_id": 9, "student_id": "9"', '"user_id": 0, "student_id": "0"'),
        ("/forum/users/9?x", "/forum/users/0?x"),
        ("/courses/a/progress/9/", "/courses/a/progress/0/"),
        ("mary_bell and mary and 9 of 9", "mary_bell and mary and 9 of 9"),
        ("user_id=90", "user_id=90"),
        ("", ""),
    ],
)
def test_a_text_is_left_without_whole_words_that_name_a_learner(text: str, left: str) -> None:
    assert retired().text(text) == left


def test_a_username_of_digits_is_no_number_and_no_id() -> None:
    known = retired(Identifiers(frozenset([5]), frozenset(["2014"])))
    assert known.usernames["2014"]
    assert not known.has_user_id(2014)
    assert not known.usernames["5"]
    assert known.text("in 2014, 5 of them") == "in 2014, 5 of them"


def test_a_document_is_left_without_the_learner_at_any_depth() -> None:
    post = {
        "author_id": 9,
        "votes": {"up": [9, 7], "count": 9},
        "body": "by mary_b",
        "history": [{"author_id": "9", "editor_username": "mary_b", "n": 9}],
    }
    assert retired().without(post, id_fields("forum")) == {
        "author_id": None,
        "votes": {"up": [7], "count": 9},
        "body": "by [retired]",
        "history": [{"author_id": None, "editor_username": "[retired]", "n": 9}],
    }


def test_pseudonyms_are_the_same_wherever_they_stand_and_of_another_kind() -> None:
    known = retired(pseudonyms=True)
    post = {"author_id": 9, "author_username": "Mary_B", "body": "mary_b: user_id=9"}
    left = known.without(post, id_fields("forum"))
    assert type(left["author_id"]) is int
    assert left["author_id"] < 0
    assert left["body"] == f"{left['author_username']}: user_id={left['author_id']}"
    other = Retired(b"o" * 32, MARY.hashes(b"o" * 32), pseudonyms=True)
    assert other.without(post, id_fields("forum"))["author_id"] != left["author_id"]


def test_nobody_is_nobody() -> None:
    assert not NOBODY
    assert NOBODY.text("mary_b") == "mary_b"
    assert not NOBODY.has_user_id(0)
