"""Texts with pseudonyms: every mention is gone, as the proof says, and nothing else is."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.edx.mentions import folded, pieces
from edx_assets.edx.personal import Identity
from edx_assets.edx.pseudonyms import Pseudonyms
from edx_assets.exports.pseudonyms.known import Known
from edx_assets.exports.pseudonyms.proof import Proof
from edx_assets.exports.pseudonyms.texts import Texts

PSEUDONYMS = Pseudonyms(b"k" * 32)
HASH = "0123456789abcdef0123456789abcdef"
SESSION = "fedcba9876543210fedcba9876543210"
TOLD = [
    (Identity.USERNAME, "mary_b"),
    (Identity.USERNAME, "janedoe"),
    (Identity.USERNAME, "physics"),
    (Identity.USERNAME, "2014"),
    (Identity.EMAIL, "mary+edx@x.org"),
    (Identity.NAME, "Mary Ann Smith"),
    (Identity.ANONYMOUS_ID, HASH),
    (Identity.SESSION, SESSION),
    (Identity.ADDRESS, "192.0.2.7"),
    (Identity.USER_ID, 100003),
]


def known(*more: tuple[Identity, object]) -> Known:
    found = Known()
    for identity, value in (*TOLD, *more):
        found.add(identity, value)
    found.vocabulary |= {"physics"}
    found.settle()
    return found


KNOWN = known()
TEXTS = Texts(KNOWN, PSEUDONYMS)
MARY = PSEUDONYMS.of_text(Identity.USERNAME, "mary_b")
NAME = PSEUDONYMS.of_text(Identity.NAME, "mary ann smith")
NUMBER = str(PSEUDONYMS.of_number(Identity.USER_ID, 100003))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thanks @Mary_B, you are right.", f"Thanks @{MARY}, you are right."),
        ("<b>mary_b</b>", f"<b>{MARY}</b>"),
        ("/u/mary_b/?x=mary_b", f"/u/{MARY}/?x={MARY}"),
        ("I am Mary Ann SMITH, or Smith, Mary Ann.", f"I am {NAME}, or {NAME}."),
        ("mary smith", NAME),
        ("mary_bb, rosemary_b and Mary", "mary_bb, rosemary_b and Mary"),
        ("in 2014, physics was young", "in 2014, physics was young"),
        ("/users/100003/followed", f"/users/{NUMBER}/followed"),
        ('{"user_id": 100003, "x', f'{{"user_id": {NUMBER}, "x'),
        ("100003 stars", "100003 stars"),
        ("block-v1:X+Y+Z+type@problem+block@" + "a" * 32, None),
        ("", None),
        ("... !", None),
    ],
)
def test_a_mention_is_replaced(text: str, said: str | None) -> None:
    assert TEXTS(text) == (text if said is None else said)


@pytest.mark.parametrize("text", ["@physics", "/u/physics/", "username=physics"])
def test_an_ordinary_username_is_replaced_where_it_is_said_to_be_one(text: str) -> None:
    assert ("physics" in TEXTS(text)) == ("physics" not in text)


def test_addresses_go_by_their_form_where_people_write() -> None:
    text = "mail bob@example.com from 198.51.100.9 or fe80::1:2, not from 1.2.3.4.5 or 12:30:45"
    said = TEXTS(text)
    assert "bob" not in said
    assert "198.51" not in said
    assert "fe80" not in said
    assert said.endswith("not from 1.2.3.4.5 or 12:30:45")
    assert TEXTS(text, free=False) == text


def test_what_a_program_wrote_keeps_its_words() -> None:
    text = f"janedoe mary_b 192.0.2.7 1.2.3.4 {HASH} {SESSION}"
    said = TEXTS(text, free=False).split()
    assert said[0] == "janedoe"
    assert said[3] == "1.2.3.4"
    assert not {"mary_b", "192.0.2.7", HASH, SESSION} & {*said}
    assert "janedoe" not in TEXTS(text)


@pytest.mark.parametrize(
    "name", [".....a1", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o", "a@" + "b." * 12 + "c"]
)
def test_odd_usernames_are_replaced(name: str) -> None:
    here = known((Identity.USERNAME, name))
    said = Texts(here, PSEUDONYMS)(f"by x@{name}@{name.upper()}, or so")
    assert name not in said.lower()
    assert said.endswith(", or so")


def test_a_longer_text_is_replaced_alike() -> None:
    assert TEXTS("mary_b " * 1000) == f"{MARY} " * 1000


usernames = st.text("aé1_-.王", min_size=3, max_size=8).filter(pieces)
rest = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
escapes = st.lists(
    st.sampled_from([json.dumps, quote, lambda text: text.replace("@", "&#64;")]), max_size=2
)


@given(
    st.lists(st.tuples(st.sampled_from([*Identity]), usernames | st.emails()), max_size=4),
    st.lists(rest | st.sampled_from(["@", " ", "/u/", ".", "\n", "mary_b", "Mary Smith"])),
    escapes,
    st.booleans(),
    st.data(),
)
@settings(suppress_health_check=[HealthCheck.too_slow])  # e-mails take long to draw at first
def test_nothing_is_left_for_the_proof(
    told: list[tuple[Identity, str]],
    parts: list[str],
    wraps: list[object],
    free: bool,
    data: st.DataObject,
) -> None:
    here = known(*told)
    values = [value for _identity, value in told]
    if values:
        parts = [each for part in parts for each in (part, data.draw(st.sampled_from(values)))]
    text = "".join(parts)
    for wrap in wraps:
        assert callable(wrap)
        text = wrap(text)
    said = Texts(here, PSEUDONYMS)(text, free)
    assert Proof(here).in_text(said, free=free) is None


@given(rest, rest)
def test_what_mentions_nobody_stays(before: str, after: str) -> None:
    here = Known()
    here.add(Identity.USERNAME, "qqqq1")
    here.settle()
    text = f"{before}{after}"
    if "@" not in text and not {*pieces(text)} & {"qqqq1"} and ":" not in text:
        assert Texts(here, PSEUDONYMS)(text) == text


@given(st.sampled_from(["mary_b", "janedoe", HASH, "mary+edx@x.org"]), rest, rest)
def test_the_proof_finds_what_stands_alone(word: str, before: str, after: str) -> None:
    text = f"{before} {word.upper()} {after}"
    assert Proof(KNOWN).in_text(text, free=True) is not None
    assert folded(word) not in folded(TEXTS(f"x {word} y"))
