"""Words of a text that can be an identifier: found wherever they stand, and where they stand."""

import json
from time import perf_counter
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.escapes import views
from edx_assets.edx.mentions import folded, folded_name, mentions, names, pieces, replaced

MARKS = "_-.+@'"
usernames = st.from_regex(r"[\w.@+-]{0,12}[^\W_][\w.@+-]{0,12}", fullmatch=True).filter(
    lambda name: pieces(name) and _at_most(name, 3) and _at_most(name[::-1], 3)
)
emails = st.emails().filter(lambda email: "[" not in email and _at_most(email, 3))
identifiers = st.sampled_from(["mary", "_mary_b", "O'Brien", "2014", "x@y.z"]) | usernames | emails
around = st.text(st.characters(exclude_categories=["Cs", "L", "N", "M"]), max_size=6)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def _at_most(name: str, marks: int) -> bool:
    """Whether a username does not begin with more marks than are thought of."""
    return len(name) - len(name.lstrip(MARKS)) <= marks


def told(text: str) -> list[str]:
    return [word for _start, _end, word in mentions(text)]


@pytest.mark.parametrize(
    "text",
    [
        "mary",
        "I am mary.",
        "@mary: yes",
        "(mary)",
        "/u/mary/",
        "https://x.org/user/mary?a=1",
        "?user=mary&a=1",
        "<b>mary</b>",
        "mary's",
        "“mary”",
        "\u6211\u662fmary\u4f60\u597d",
        "mary\U0001f600",
        "MARY",
        "\uff4d\uff41\uff52\uff59",
        '{"username": "mary"}',
        json.dumps({"text": "hello\nmary\nbye"}),
        json.dumps({"text": json.dumps({"text": "hello\nmary"})}),
        json.dumps(json.dumps(json.dumps("\nmary"))),
        "q=hello%20mary",
        "q%3Dhello%2520mary",
        "&lt;mary&gt; &#x0A;mary",
        "block@mary_1",
    ],
)
def test_a_word_is_found_wherever_it_stands(text: str) -> None:
    found = [(start, end) for start, end, word in mentions(text) if word == "mary"]
    assert found
    assert all(folded(text[start:end]) == "mary" for start, end in found)


@pytest.mark.parametrize("text", ["maryanne", "mary2", "rosemary", "", "... --- \n", "m ary"])
def test_a_part_of_a_word_is_none(text: str) -> None:
    assert "mary" not in told(text)


def test_the_longest_comes_first() -> None:
    assert told("(@mary_b.)") == [
        *["@mary_b.", "@mary_b", "mary_b.", "mary_b", "@mary", "mary", "b.", "b"]
    ]
    assert told("mary.b@x.org")[0] == "mary.b@x.org"


@pytest.mark.parametrize(
    ("email", "text"),
    [
        ("mary@x.org", "?email=mary%40x.org&x=1"),
        ("mary@x.org", "mailto:MARY@x.org."),
        ("mary+edx@mail.x.org", "<mary+edx@mail.x.org>,"),
        ("o'brien@x.org", "o'brien@x.org"),
        ("a/b=c!d@x.org", "write to a/b=c!d@x.org!"),
        ("jos\u00e9@x.org", json.dumps("\tjose\u0301@x.org")),
        ("mary@x.org", r"mary\u0040x.org"),
        ("mary@x.org", "mary&#64;x.org"),
    ],
)
def test_an_address_is_found(email: str, text: str) -> None:
    [(start, end)] = {(start, end) for start, end, word in mentions(text) if word == email}
    assert [*views(text[start:end])][-1].text.casefold() in (email, "jose\u0301@x.org")


@given(around, identifiers, around)
def test_an_identifier_is_found_between_any_marks(before: str, identifier: str, after: str) -> None:
    before, after = before.rstrip(MARKS) + " ", " " + after.lstrip(MARKS)
    text = f"{before}{identifier}{after}"
    place = (len(before), len(before) + len(identifier), folded(identifier))
    assert place in [*mentions(text)]
    assert pieces(identifier) <= pieces(text)


@given(st.text("._-+@' /", max_size=6), usernames, st.text("._-+@' /,;", max_size=6))
def test_marks_around_it_do_not_hide_it(before: str, username: str, after: str) -> None:
    bare = username.strip(MARKS)
    assert folded(bare) in told(f"{before}{username}{after}")


@given(identifiers, st.lists(st.sampled_from([json.dumps, quote, "html"]), max_size=3), texts)
def test_escapes_do_not_hide_it(identifier: str, escapes: list[object], rest: str) -> None:
    text = f"{rest}\n\u00e9 {identifier}\n\u00e9"
    for escape in escapes:
        if callable(escape):
            text = escape(text)
        else:
            text = text.replace("&", "&amp;").replace("@", "&#64;").replace(" ", "&#32;")
    found = [(start, end) for start, end, word in mentions(text) if word == folded(identifier)]
    assert found
    gone = replaced(text, [(start, end, "Z") for start, end in found])
    assert folded(identifier) not in told(gone) or folded(identifier) in told(rest + "z")


@given(texts)
def test_what_is_told_is_there(text: str) -> None:
    for start, end, word in [*mentions(text), *names(text, 3)]:
        said = [view.text for view in views(text[start:end])]
        assert word in {*map(folded, said), *map(folded_name, said)}
        assert pieces(text[start:end]) & pieces(text)


@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text.upper()) == folded(text.upper().lower())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Mary Smith", "I am MARY  smith."),
        ("Smith, Mary", "name=Smith+Mary&x=1"),
        ("Mary-Ann O'Brien", "by Mary Ann O\u2019Brien"),
        ("\u738b\u5c0f\u660e", "\u6211\u662f\u738b\u5c0f\u660e\u3002"),
        ("Jose\u0301 A. Garc\u00eda", "q=Jos%C3%A9%20A.%20Garc%C3%ADa"),
        ("Jos\u00e9 Garc\u00eda", json.dumps("x\nJos\u00e9\nGarc\u00eda")),
    ],
)
def test_a_name_is_found(name: str, text: str) -> None:
    [(start, end)] = {
        (start, end) for start, end, found in names(text, 4) if found == folded_name(name)
    }
    assert folded_name([*views(text[start:end])][-1].text) == folded_name(name)


def test_a_name_has_no_more_words_than_asked_for() -> None:
    assert [word for *_place, word in names("a b c -- d ----- e", 3)] == [
        *["a b c", "a b", "b c d", "b c", "c d"]
    ]
    assert [*names("one", 3)] == []


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=4), texts)
def test_spaces_in_a_name_do_not_count(words: list[str], rest: str) -> None:
    text = f"{rest}. {words[0]}" + "".join(f" \n{word}" for word in words[1:]) + f" {rest}"
    found = [word for *_place, word in names(text, 4)]
    assert folded_name(" ".join(words)) in found


def test_the_longest_of_those_that_overlap_is_replaced() -> None:
    text = "mary.smith@x.org, mary"
    found = [(0, 4, "A"), (0, 16, "B"), (5, 10, "C"), (18, 22, "D"), (18, 22, "E")]
    assert replaced(text, found) == "B, D"
    assert replaced(text, []) == text


@given(texts, st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=9))
def test_what_is_not_replaced_stays(text: str, places: list[tuple[int, int]]) -> None:
    found = [(at, at + size, "\0") for at, size in places if at + size <= len(text)]
    gone = replaced(text, found)
    touched = {at for start, end, _word in found for at in range(start, end)}
    kept = [letter for at, letter in enumerate(text) if at not in touched]
    left = [letter for letter in gone if letter != "\0"]
    assert len(left) >= len([letter for letter in kept if letter != "\0"])
    assert len(gone) <= len(text) + len(found)


@pytest.mark.parametrize(
    "text",
    [
        "a." * 50_000,
        "." * 100_000,
        "a" + "@" * 100_000,
        "@a" * 50_000,
        "x" * 100_000 + " a@b",
        "!" * 100_000 + " a@b",
        "\u738b" * 30_000,
        r"\n" * 50_000,
        "%25" * 30_000,
        "&amp;" * 20_000,
    ],
    ids=lambda text: text[:5],
)
def test_an_odd_text_takes_no_time(text: str) -> None:
    start = perf_counter()
    count = sum(1 for _ in mentions(text))
    assert count <= 40 * len(text)
    assert perf_counter() - start < 20
