"""The collector of cyclic garbage is on again after each look at the ledger."""

import gc

import pytest

from edx_assets.automation.due.collector import collector_off


@collector_off()
def look() -> None:
    assert not gc.isenabled()
    raise ValueError("inside")


def test_it_is_off_inside_and_on_after_an_error() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="inside"):
        look()
    assert gc.isenabled()


def test_one_look_inside_another_leaves_it_off_until_the_outer_has_ended() -> None:
    with collector_off():
        with collector_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
