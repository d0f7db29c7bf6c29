"""Days whose gzip stream is not alone, is in several parts, or unpacks to too much."""

import gzip
import json

import pytest

from edx_assets.loading.days import daily_log
from edx_assets.loading.ledger import MASTER_QUARANTINE, MASTER_TRACKING
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution, event, failure_text

DAY = "2014-02-03"


def lines(*seconds: int) -> bytes:
    return b"".join(json.dumps(event(second)).encode() + b"\n" for second in seconds)


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (gzip.compress(lines(1, 2)) + b"\r\n", 2),
        (gzip.compress(lines(1, 2)) + b"junk" * 100, 2),
        (gzip.compress(lines(1, 2)) + bytes(5000), 2),
        (gzip.compress(lines(1)) + gzip.compress(lines(2, 3)) + b"\n", 3),
    ],
    ids=["CR LF", "junk", "NULs", "two streams"],
)
def test_loads(testx: Institution, store: Store, content: bytes, records: int) -> None:
    testx.deliver_raw(DAY, testx.encrypted(content))
    assert testx.run_day(DAY).success
    assert store.count(MASTER_TRACKING) == records


@pytest.mark.parametrize(
    "behind",
    [gzip.compress(lines(3))[:-4], b"x" + gzip.compress(lines(3)), b"\x1f", b"x" * 2000],
    ids=["cut", "shifted", "a beginning", "much"],
)
def test_what_can_be_lines_is_not_cut_off(testx: Institution, behind: bytes) -> None:
    testx.deliver_raw(DAY, testx.encrypted(gzip.compress(lines(1, 2)) + behind))
    assert "does not decrypt to a complete gzip file" in failure_text(testx.run_day(DAY))


def test_a_bomb(testx: Institution, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily_log, "_USUAL", 10_000_000)
    testx.deliver_raw(DAY, testx.encrypted(gzip.compress(bytes(50_000_000))))
    assert "which no day's log does" in failure_text(testx.run_day(DAY))


def test_a_line_that_is_too_long(
    testx: Institution, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDX_MAX_LINE_MB", "1")
    testx.deliver(DAY, [event(1), b"{}" + b" " * 2**21, event(2), b"cut"])
    assert testx.run_day(DAY).success
    assert store.count(MASTER_TRACKING) == 2
    told = {line["line"]: line for line in store.find(MASTER_QUARANTINE, {})}
    assert {number: line["reason"] for number, line in told.items()} == {
        2: "line_too_long",
        4: "not_json",
    }
    assert told[2]["bytes"] == 2 + 2**21
    assert len(told[2]["hash"]) == 32
    assert told[2]["raw"].startswith(b"{} ")
