"""Pseudonyms: the same for the same, of the same type and form, and nothing without the key."""

import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.personal import Identity
from edx_assets.edx.pseudonyms import FIRST_NUMBER, Pseudonyms, scope_key

KEY = scope_key(b"k" * 32, "course\0a")
HERE, ELSEWHERE = Pseudonyms(KEY), Pseudonyms(scope_key(b"k" * 32, "course\0b"))
values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    str.strip
)


@given(st.sampled_from([*Identity]), values)
def test_the_same_gets_the_same(identity: Identity, value: str) -> None:
    pseudonym = HERE.of_text(identity, value)
    assert pseudonym == Pseudonyms(KEY).of_text(identity, value)
    assert pseudonym == HERE.of_text(identity, f" {value} ")
    assert pseudonym != ELSEWHERE.of_text(identity, value)
    assert pseudonym.casefold() != value.casefold()


@given(st.integers(0, 2**63 - 1))
def test_a_number_stays_one_and_fits_its_text(number: int) -> None:
    pseudonym = HERE.of_number(Identity.USER_ID, number)
    assert FIRST_NUMBER <= pseudonym < 2**53
    assert float(pseudonym) == pseudonym
    if number < 10**18:
        assert HERE.of_text(Identity.USER_ID, str(number)) == str(pseudonym)


@pytest.mark.parametrize(
    ("identity", "value", "form"),
    [
        (Identity.USERNAME, "mary", r"u_[a-z2-7]{16}"),
        (Identity.USERNAME, "0123456789abcdef0123456789abcdef", r"u_[a-z2-7]{16}"),
        (Identity.USERNAME, "mary@x.org", r"e_[a-z2-7]{16}@pseudonym\.invalid"),
        (Identity.USER_ID, "mary", r"u_[a-z2-7]{16}"),
        (Identity.USER_ID, "0123456789abcdef0123456789abcdef", r"[0-9a-f]{32}"),
        (Identity.EMAIL, "mary@x.org", r"e_[a-z2-7]{16}@pseudonym\.invalid"),
        (Identity.NAME, "Mary Smith", r"n_[a-z2-7]{16}"),
        (Identity.ANONYMOUS_ID, "a" * 40, r"[0-9a-f]{40}"),
        (Identity.SESSION, "a" * 32, r"[0-9a-f]{32}"),
        (Identity.OTHER, "+1 514 555 1234", r"o_[a-z2-7]{16}"),
        (Identity.OTHER, "b" * 32, r"[0-9a-f]{32}"),
        (Identity.ADDRESS, "192.0.2.7", r"2001:db8(:[0-9a-f]{4}){6}"),
    ],
)
def test_the_form_stays(identity: Identity, value: str, form: str) -> None:
    assert re.fullmatch(form, HERE.of_text(identity, value))


def test_a_blank_one_stays() -> None:
    assert [HERE.of_text(Identity.USERNAME, value) for value in ("", "  ")] == ["", "  "]


def test_case_does_not_count() -> None:
    for identity, one, other in [
        (Identity.USERNAME, "Mary", "mary"),
        (Identity.EMAIL, "Mary@X.org", "mary@x.org"),
        (Identity.SESSION, "AB" * 16, "ab" * 16),
    ]:
        assert HERE.of_text(identity, one) == HERE.of_text(identity, other)


def test_several_addresses_are_replaced_each() -> None:
    one, other = "192.0.2.7", "2001:DB8::1"
    told = HERE.of_text(Identity.ADDRESS, f"{one}, {other}").split(", ")
    assert told == [HERE.of_text(Identity.ADDRESS, each) for each in (one, other)]
    assert all(ip_address(each) for each in told)
    assert HERE.of_text(Identity.ADDRESS, "2001:0db8:0::1") == told[1]


def test_a_fingerprint_tells_scopes_apart() -> None:
    assert HERE.fingerprint == Pseudonyms(KEY).fingerprint != ELSEWHERE.fingerprint
