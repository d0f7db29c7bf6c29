"""Tracking-log lines that are not plain JSON: what is repaired, and each reason for rejection."""

import json
import traceback
from typing import Any

import bson
import pytest

from edx_assets.edx.events import RejectedError, read_time
from edx_assets_tests.edx.tracking import event, id_of, line_of, read, record_of

PREFIXES = [
    b"Sep  9 00:00:48 localhost ",
    b"Sep  9 00:00:48 localhost [service_variant=lms][tracking][env:prod] INFO: ",
    b"2014-05-01 12:34:56,789 INFO 20 [tracking] [user 7] [ip 192.0.2.1] logger.py:41 - ",
    b"tracking.log-20140501.gz:",
    b"./prod-edxapp-001/2014-05-01_McGillX.log:",
    b"\x00\x00\x00\x00",
    b"\x00\x00Sep  9 00:00:48 localhost \x00",
    b"\xef\xbb\xbf",
    b" \t",
]
ENDS = [b"\n", b"\r\n", b"", b" \n", b"\x00\n", b"\n\x00"]


def rejection(line: bytes) -> RejectedError:
    with pytest.raises(RejectedError) as verdict:
        read(line)
    return verdict.value


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_is_taken_off(prefix: bytes) -> None:
    assert read(prefix + line_of(event())) == read(line_of(event()))


@pytest.mark.parametrize("end", ENDS)
def test_the_line_s_end_does_not_matter(end: bytes) -> None:
    assert read(line_of(event()).rstrip() + end) == read(line_of(event()))


def test_the_same_line_has_the_same_id_and_another_line_another() -> None:
    lines = [line_of(event(username=f"learner {n}")) for n in range(50)]
    ids = [id_of(line) for line in lines]
    assert ids == [id_of(line) for line in lines]
    assert len(set(ids)) == 50
    assert len({of_line.binary[:4] for of_line in ids}) == 1
    spaced = json.dumps(event(), separators=(",", ":")).encode()
    assert id_of(spaced) != id_of(line_of(event()))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("1.5", 1.5),
        (r'"\ud83d"', "\ufffd"),
        (r'"a\udc00b"', "a\ufffdb"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'{"\ud800": [{"x": "\udfff"}]}', {"\ufffd": [{"x": "\ufffd"}]}),
    ],
)
def test_what_python_writes_beyond_json_is_read(written: str, kept: Any) -> None:
    line = line_of(event(odd="@", odd_too="\N{SNOWMAN}")).replace(b'"@"', written.encode())
    document, record = read(line)
    for found in (record, bson.decode(document)):
        assert found["odd"] == kept
        assert found["odd_too"] == "\N{SNOWMAN}"


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_a_stringified_event_with_such_a_number_is_parsed(number: str) -> None:
    record = record_of(event("browser", event=f'{{"new_speed": {number}, "id": "x"}}'))
    assert record["event"] == {"new_speed": number, "id": "x"}


def test_a_stringified_event_with_half_a_pair_is_parsed() -> None:
    document, record = read(line_of(event("browser", event=r'{"q": "\ud83d", "id": "x"}')))
    assert record["event"] == bson.decode(document)["event"] == {"q": "\ufffd", "id": "x"}


def test_bytes_that_are_no_utf_8_are_replaced() -> None:
    line = line_of(event(username="@")).replace(b"@", b"Andr\xe9")
    document, record = read(line)
    assert record["username"] == bson.decode(document)["username"] == "Andr\ufffd"


WHOLE = line_of(event(username="a.learner")).rstrip()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "blank"),
        (b"\n", "blank"),
        (b" \t\r\n", "blank"),
        (b"\x00" * 300 + b"\n", "blank"),
        (b"# a comment\n", "comment"),
        (b"  #{}\n", "comment"),
        (WHOLE[:-1], "not_json"),
        (WHOLE[:60], "not_json"),
        (WHOLE[40:], "not_json"),
        (WHOLE + WHOLE, "not_json"),
        (PREFIXES[0] + WHOLE[:60], "not_json"),
        (b"plain words\n", "not_json"),
        (b"\xff\xfe\x00\n", "not_json"),
        pytest.param(b"{" * 100_000, "not_json", id="only braces"),
        pytest.param(b"[" * 100_000, "not_json", id="only brackets"),
        (b"[1, 2]\n", "not_an_event"),
        (b"[]\n", "not_an_event"),
        (b"5\n", "not_an_event"),
        (b'"text"\n', "not_an_event"),
        (b"null\n", "not_an_event"),
        (b"true\n", "not_an_event"),
        (b"{}\n", "no_time"),
    ],
)
def test_each_line_that_is_refused_says_why(line: bytes, reason: str) -> None:
    assert rejection(line).reason == reason


@pytest.mark.parametrize(
    "time",
    [
        None,
        "",
        "yesterday",
        1398947696,
        1398947696.5,
        {"$date": 1398947696000},
        ["2014-05-01T12:34:56"],
        "2014-02-30T12:34:56",
        "2014-05-01T25:00:00",
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59.999999Z",
        "2106-02-07T06:28:16Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_an_event_without_a_time_that_can_be_read_is_refused(time: Any) -> None:
    assert rejection(line_of(event(time=time))).reason == "no_time"
    with pytest.raises(RejectedError, match="no_time"):
        read_time(time)


def test_a_line_larger_than_a_document_is_refused() -> None:
    assert rejection(line_of(event(agent="x" * 16 * 1024 * 1024))).reason == "not_storable"


def test_a_verdict_holds_none_of_the_data() -> None:
    wrong_time = line_of(event(time="a.learner"))
    too_large = line_of(event(agent="a.learner" * 2 * 1024 * 1024))
    for line in (WHOLE[:60], WHOLE + b"x", wrong_time, too_large):
        verdict = rejection(line)
        assert str(verdict) == verdict.reason
        told = "".join(traceback.format_exception(verdict))
        assert verdict.reason in told
        assert "a.learner" not in told
