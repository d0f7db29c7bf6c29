"""What is looked for in texts, and which usernames are ordinary words."""

import pytest

from edx_assets.edx.personal import Identity
from edx_assets.exports.pseudonyms.known import Digests, Known


def known(*told: tuple[Identity, object]) -> Known:
    found = Known()
    for identity, value in told:
        found.add(identity, value)
    return found


@pytest.mark.parametrize(
    ("identity", "value", "words"),
    [
        (Identity.USERNAME, "Mary_B", {"mary_b"}),
        (Identity.USERNAME, "mary@x.org", {"mary@x.org"}),
        (Identity.EMAIL, "Mary@X.org ", {"mary@x.org"}),
        (Identity.USER_ID, "mary", {"mary"}),
        (Identity.ANONYMOUS_ID, "AB" * 16, {"ab" * 16}),
        (Identity.OTHER, "0f8fad5b-d9cb-469f-a165-70867728950e", None),
        (Identity.OTHER, "5145551234", {"5145551234"}),
        (Identity.OTHER, "Montréal", set()),
        (Identity.OTHER, "https://x.org/certificates/1234567", set()),
        (Identity.OTHER, 1234567, set()),
        (Identity.USERNAME, "  ", set()),
        (Identity.USERNAME, "___", set()),
        (Identity.USERNAME, None, set()),
        (Identity.NAME, "Mary", set()),
    ],
)
def test_words(identity: Identity, value: object, words: set[str] | None) -> None:
    wanted = {value} if words is None else words
    found = known((identity, value))
    assert found.words.keys() == wanted
    assert not found.names


def test_a_name_is_known_in_any_order() -> None:
    found = known((Identity.NAME, "Mary Ann O'Brien"), (Identity.OTHER, "+1 (514) 555-1234"))
    assert found.names.keys() == {
        *["mary ann o brien", "brien mary ann o", "mary brien", "1 514 555 1234"]
    }
    assert found.names["mary brien"] == (Identity.NAME, "mary ann o brien")


def test_sessions_and_addresses_are_known_as_digests() -> None:
    found = known(
        (Identity.SESSION, "AB" * 16),
        (Identity.ADDRESS, "192.0.2.1, 2001:0DB8::0001"),
        (Identity.ADDRESS, "no address"),
    )
    assert "ab" * 16 in found.sessions
    assert "cd" * 16 not in found.sessions
    assert found.has_address("192.0.2.1")
    assert found.has_address("2001:db8::1")
    assert not found.has_address("192.0.2.2")
    assert found.counts()["address"] == 2


def test_an_ordinary_word_is_no_mention() -> None:
    names = ["physics", "the", "mary", "ab", "2014", "problem_check", "mary_b", "x1y"]
    found = known(*((Identity.USERNAME, name) for name in names))
    found.vocabulary |= {"physics", "the", "mary_b"}
    found.format_words |= {"problem_check"}
    found.settle()
    assert found.ordinary == {"physics", "the", "ab", "2014", "problem_check"}


def test_user_ids_are_numbers() -> None:
    assert known((Identity.USER_ID, 7), (Identity.USER_ID, "8"), (Identity.USER_ID, True)).ids == {
        *[7, 8]
    }


def test_many_words_are_kept_in_little_room() -> None:
    digests = Digests()
    for number in range(300_000):
        digests.add(f"session{number % 250_000}")
    assert len(digests) == 250_000
    assert "session249999" in digests
    assert "session250000" not in digests
