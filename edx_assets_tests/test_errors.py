"""Errors that nobody foresaw: told by class and place, never by what they say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import Failure

from edx_assets.assets.stages import plain_failures
from edx_assets.edx.events import read_time
from edx_assets.errors import FinalError, PassingError, UnforeseenError, can_pass, foreseen

LEARNER = "zoe_the_learner"


def raised(work: Callable[[], object]) -> Exception:
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError


def read() -> None:
    read_time(["x"].__getitem__(LEARNER))  # type: ignore[call-overload]


def in_our_code() -> None:
    foreseen(LEARNER)  # type: ignore[arg-type]


def test_what_was_not_foreseen_is_told_by_class_and_place() -> None:
    told = foreseen(raised(in_our_code))
    assert isinstance(told, UnforeseenError)
    assert not can_pass(told)
    assert str(told).startswith("not foreseen: AttributeError at errors.py, line ")
    assert ", in __init__" in str(told)
    assert LEARNER not in str(told)
    elsewhere = str(foreseen(raised(read)))
    assert "TypeError at " in elsewhere
    assert LEARNER not in elsewhere


def write_to_a_full_disk() -> None:
    Path("/dev/full").write_bytes(bytes(100_000))


def write_to_a_folder() -> None:
    Path("/dev").write_bytes(b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a full disk at hand")
def test_what_the_system_refuses_is_told_with_the_remedy() -> None:
    full, folder = foreseen(raised(write_to_a_full_disk)), foreseen(raised(write_to_a_folder))
    assert str(full) == (
        "the disk is full: make room where EDX_STORAGE is, and materialize it again"
    )
    assert str(folder).startswith("Is a directory (/dev): look at the disk of EDX_STORAGE")
    assert can_pass(full)
    assert can_pass(folder)


@pytest.mark.parametrize("error", [FinalError("a"), PassingError("b")])
def test_what_was_foreseen_tells_itself(error: Exception) -> None:
    assert foreseen(error) is error


def test_a_failure_keeps_the_frames_without_the_exception() -> None:
    def secret() -> None:
        raise ValueError(LEARNER)

    with pytest.raises(Failure, match="not foreseen: ValueError at ") as failed, plain_failures():
        secret()
    assert failed.value.allow_retries is False
    assert failed.value.__suppress_context__
    assert LEARNER not in str(failed.value)
    assert [entry.name for entry in failed.traceback][-1] == "secret"
