"""Course exports: their facts, and a verdict on whatever is odd, on that part alone if possible."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.edx.course_export import ExportError, read_export

COURSE = b'<course url_name="2014" org="TestX" course="T101"/>'
FILES = {
    "course/course.xml": COURSE,
    "course/course/2014.xml": b'<course display_name="T" lti_passports="secret"/>',
    "course/policies/2014/policy.json": b'{"course/2014": {"start": "2014-02-03"}}',
    "course/policies/2014/grading_policy.json": b'{"GRADER": []}',
    "course/about/overview.html": b"<p>About</p>",
    "course/html/x.xml": b"<html/>",
}


def archived(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    """A tar file of these files, and of members without a content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as archive:
        for other in others:
            archive.addfile(other)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def read(folder: Path, content: bytes, most: int | None = None) -> dict[str, Any]:
    path = folder / "export"
    path.write_bytes(content)
    facts = read_export(path, most)
    assert bson.decode(bson.encode(facts)) == facts
    return facts


def changed(folder: Path, **files: bytes) -> dict[str, Any]:
    names = {
        "course": "course/course/2014.xml",
        "policy": "course/policies/2014/policy.json",
        "grading": "course/policies/2014/grading_policy.json",
        "about": "course/about/overview.html",
    }
    other = {names[name]: content for name, content in files.items()}
    return read(folder, gzip.compress(archived(FILES | other)))


def test_the_facts_of_an_export(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(archived(FILES))) == {
        "course": {"url_name": "2014", "org": "TestX", "course": "T101", "display_name": "T"},
        "about": {"overview": "<p>About</p>"},
        "blocks": [],
        "files": {".": 1, "course": 1, "policies": 2, "about": 1, "html": 1},
        "policy": {"start": "2014-02-03"},
        "grading_policy": {"GRADER": []},
    }


def test_what_the_files_of_blocks_tell(tmp_path: Path) -> None:
    problem = b"<problem><stringresponse><textline/></stringresponse></problem>"
    files = {
        "course/problem/a.xml": problem,
        "course/problem/b/c.xml": problem,
        "course/problem/broken.xml": problem[:-1],
        "course/problem/large.xml": b" " * 5 * 1024 * 1024,
        "course/video/a.xml": b"<video/>",
        "course/drafts/problem/draft.xml": problem,
    }
    facts = read(tmp_path, gzip.compress(archived(FILES | files)))
    assert [(each["category"], each["name"], each.get("items")) for each in facts["blocks"]] == [
        ("problem", "a", 1),
        ("problem", "b:c", 1),
        ("video", "a", None),
    ]
    assert facts["left_out"] == ["problem/broken.xml", "problem/large.xml"]


def test_blocks_do_not_outgrow_the_document(tmp_path: Path) -> None:
    long = b'<video youtube="%s"/>' % (b"x" * 1024 * 1024)
    files = {f"course/video/{number}.xml": long for number in range(5)}
    facts = read(tmp_path, gzip.compress(archived(FILES | files), 1))
    assert [block["name"] for block in facts["blocks"]] == ["0", "1", "2"]
    assert facts["left_out"] == ["video/3.xml", "video/4.xml"]
    assert facts["policy"] == {"start": "2014-02-03"}


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (b"[]", {}),
        (b"[1]", {}),
        (b"5", {}),
        (b"{", {}),
        (b"[" * 100_000, {}),
        (b'{"course/2014": [1]}', {"course/2014": [1]}),
        (b'{"course/other": {"a": 1, "lti_passports": ["secret"]}}', {"course/other": {"a": 1}}),
        (b'{"course/2014": {"x": {"lti_passports": 1}}}', {"x": {}}),
        (b'{"course/2014": {"a": 9223372036854775808}}', {"a": "9223372036854775808"}),
        (b'\xef\xbb\xbf{"course/2014": {"a": "\xff"}}', {"a": "\ufffd"}),
        (rb'{"course/2014": {"a\u0000": "\ud83d"}}', {"a\ufffd": "\ufffd"}),
    ],
    ids=range(11),  # one of them is 100,000 characters long
)
def test_an_odd_policy_costs_itself_alone(
    tmp_path: Path, policy: bytes, kept: dict[str, Any]
) -> None:
    facts = changed(tmp_path, policy=policy)
    assert facts["policy"] == kept
    assert facts["grading_policy"] == {"GRADER": []}
    told = [] if kept or policy == b"[]" else ["policies/2014/policy.json"]
    assert facts.get("left_out", []) == told


@pytest.mark.parametrize(
    "course",
    [
        b"",
        b"<course",
        b"\0",
        b"text",
        b'<?xml version="1.0" encoding="nonsense"?><course display_name="T"/>',
        b'<!DOCTYPE c [<!ENTITY a "x">]><course a="&b;"/>',
        b"<course a='" + b"x" * 5 * 1024 * 1024 + b"'/>",
    ],
    ids=range(7),  # one of them is 5 MiB long
)
def test_a_damaged_or_large_file_is_told_and_left_out(tmp_path: Path, course: bytes) -> None:
    facts = changed(tmp_path, course=course)
    assert facts["course"] == {"url_name": "2014", "org": "TestX", "course": "T101"}
    assert facts["left_out"] == ["course/2014.xml"]


def test_what_follows_the_root_is_not_looked_at(tmp_path: Path) -> None:
    facts = changed(tmp_path, course=b'<course display_name="T">' + b"<a>" * 100_000)
    assert facts["course"]["display_name"] == "T"


def member(name: str, kind: bytes, size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, "/etc/passwd", size
    return info


def test_links_devices_and_names_outside_do_no_harm(tmp_path: Path) -> None:
    links = [
        member("course/about/link.html", kind)
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
    ]
    odd = {"/course/about/absolute.html": b"a", "../../about/up.html": b"u", "x": b"", "/": b""}
    facts = read(tmp_path, gzip.compress(archived(FILES | odd, *links)))
    assert facts["about"] == {"overview": "<p>About</p>", "absolute": "a"}
    assert not (tmp_path.parent / "about").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"no tar" * 1000),
        gzip.compress(archived({})),
        gzip.compress(archived({"course/course.xml": b"<course/>"})),
        gzip.compress(archived(FILES))[:-9],
        gzip.compress(archived(FILES))[:200],
        gzip.compress(archived(FILES)[:700]),
        gzip.compress(archived({}, member("course/x", tarfile.XHDTYPE, 2**40))),
    ],
    ids=[
        "empty",
        "no gzip",
        "an empty gzip",
        "no tar",
        "an empty tar",
        "no course.xml",
        "cut at its end",
        "cut early",
        "a tar cut early",
        "a header of a terabyte",
    ],
)
def test_a_file_that_is_no_whole_export_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ExportError):
        read(tmp_path, content)


def test_bytes_behind_it_do_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(archived(FILES)) + b"\r\n")["policy"]


def test_a_bomb_is_refused_after_so_many_bytes(tmp_path: Path) -> None:
    bomb = gzip.compress(archived({"course/static/zeros": bytes(64 * 1024 * 1024), **FILES}), 1)
    with pytest.raises(ExportError, match="far more"):
        read(tmp_path, bomb, most=1024 * 1024)
    assert read(tmp_path, bomb)["policy"]


def test_many_folders_and_large_facts_stay_one_document(tmp_path: Path) -> None:
    many = {f"course/{n}/x": b"" for n in range(2000)}
    large = {f"course/about/{n}.html": bytes(3 * 1024 * 1024) for n in range(6)}
    facts = read(tmp_path, gzip.compress(archived(FILES | many | large), 1))
    assert sum(facts["files"].values()) == len(FILES | many | large)
    assert len(facts["files"]) <= 1001
    assert len(facts["left_out"]) == 4


_WHOLE = gzip.compress(archived(FILES))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.integers(0, len(_WHOLE) - 1), st.integers(1, 255), st.booleans())
def test_a_damaged_byte_is_a_verdict_on_the_file_or_does_no_harm(
    tmp_path: Path, place: int, change: int, inside: bool
) -> None:
    plain = bytearray(gzip.decompress(_WHOLE) if inside else _WHOLE)
    plain[place] ^= change
    try:
        read(tmp_path, gzip.compress(bytes(plain), 1) if inside else bytes(plain))
    except ExportError:
        return


def test_policies_may_be_any_json(tmp_path: Path) -> None:
    deep = json.loads('{"a":' * 120 + "{}" + "}" * 120)
    facts = changed(tmp_path, grading=json.dumps(deep).encode())
    assert facts["grading_policy"]["a"]["a"]
