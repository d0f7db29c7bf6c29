"""Hostile course structures and exports, and the courses file: whole documents, not lines."""

import gzip
import io
import json
import tarfile
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import yaml

from edx_assets.edx.course_export import ExportError, read_export
from edx_assets.edx.course_structure import (
    SPLICED,
    StructureError,
    block_index,
    course_of_structure,
    find_block,
    read_blocks,
    structure_window,
)
from edx_assets.edx.courses_file import CoursesFileError, read_courses_file
from edx_assets.edx.json_entries import json_entries
from edx_assets.edx.lines import BadLine, Row, row_of
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.odd_json import odd
from edx_assets_tests.torture.inputs.of_tables import check_encoded
from edx_assets_tests.torture.inputs.reader import LostError, Reader, check_numbers
from edx_assets_tests.torture.inputs.seeds import members

_LONGEST_MESSAGE = 2000  # characters
_BLOCKS = 12  # of a structure: the sample's have a hundred


def _odd_structure(random: Random) -> bytes:
    whole = json.loads(random.choice(members()["course_structure"]))
    blocks = {key: whole[key] for key in [*whole][:1] + random.sample([*whole], _BLOCKS)}
    keys = [*blocks]
    for _ in range(random.randint(0, 4)):  # circles, shared children, wrappers
        block = blocks[random.choice(keys)]
        block["children"] = [random.choice(keys) for _ in range(random.randint(0, 5))]
        if random.random() < 0.5:
            block["category"] = random.choice(("wrapper", "conditional", "course", "chapter"))
    text = odd(random, blocks) if random.random() < 0.8 else json.dumps(blocks)
    content = text.encode("utf-8", "surrogatepass")
    return mutated(random, content) if random.random() < 0.4 else content


def _check_structure(content: bytes) -> None:
    set_aside: list[BadLine] = []
    try:
        blocks = read_blocks(content, set_aside)
    except StructureError:
        return
    entries = json_entries(content)
    course_of_structure(blocks)
    structure_window(blocks)
    index = block_index(blocks)
    for key in blocks:
        find_block(key, index)
    rows: list[Row | BadLine] = [*set_aside]
    rows += [block for block in blocks.values() if isinstance(block, Row)]
    assert len(rows) == len(blocks) + len(set_aside), "a block does not know its entry"
    numbers = [row.number for row in rows]
    spliced = [n for n, entry in enumerate(entries, 1) if n not in set(numbers)]
    check_numbers([*numbers, *spliced], range(1, len(entries) + 1))
    for number in spliced:
        if not any(json.dumps(each)[1:-1].encode() in entries[number - 1] for each in SPLICED):
            raise LostError("an entry that is no wrapper is neither loaded nor set aside")
    check_encoded(rows)


_POLICY = {"course/2014": {"start": "2014-02-03T00:00:00Z", "tabs": [{"a": 1}], "x": {"y": []}}}


def _odd_export(random: Random) -> bytes:
    buffer = io.BytesIO()
    policy = odd(random, json.loads(json.dumps(_POLICY))).encode("utf-8", "surrogatepass")
    files = {
        "course/course.xml": b'<course url_name="2014" org="TestX" course="T101"/>',
        "course/course/2014.xml": b'<course display_name="T" start="&quot;2014&quot;"/>',
        "course/policies/2014/policy.json": policy,
        "course/policies/2014/grading_policy.json": b'{"GRADER": []}',
        "course/about/overview.html": b"<p>\xc3\xa9</p>",
        "course/html/a.xml": b"<html/>",
    }
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            if random.random() < 0.3:
                content = mutated(random, content)
            info = tarfile.TarInfo(name if random.random() < 0.9 else f"../{name}")
            info.size = len(content)
            info.type = random.choice((tarfile.REGTYPE,) * 9 + (tarfile.SYMTYPE,))
            archive.addfile(info, io.BytesIO(content))
    plain = buffer.getvalue()
    if random.random() < 0.4:
        plain = mutated(random, plain)
    packed = gzip.compress(plain, 1)
    return mutated(random, packed) if random.random() < 0.4 else packed


def _check_export(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content)
        try:
            facts: dict[str, Any] = read_export(Path(file.name))
        except ExportError:
            return
    check_encoded([row_of(1, content, {"_id": "x", **facts})])


_COURSES = {
    "courses": [
        {
            "course_key": "course-v1:TestX+T101+2014",
            "spellings": ["TestX/T101", "TestX/T101/2014_old"],
            "enrolment_start": "2013-10-15",
            "course_end": "2014-05-30",
            "site": "edge",
        },
        {"course_key": "TestX/T102/2014"},
    ]
}


def _odd_courses(random: Random) -> bytes:
    text = yaml.safe_dump(_COURSES, default_flow_style=random.choice((None, True, False)))
    text = text.replace("'2013-10-15'", "2013-10-15")
    if random.random() < 0.3:
        text = odd(random, json.loads(json.dumps(_COURSES)))
    content = text.encode("utf-8", "surrogatepass")
    return mutated(random, content, b"&a [*a, *a] !!int '' !!set {a, b} !!omap [a: 1]")


def _check_courses(content: bytes) -> None:
    try:
        entries = read_courses_file(content)
    except CoursesFileError as error:
        if len(str(error)) > _LONGEST_MESSAGE:
            raise AssertionError("a message that nobody reads") from None
        return
    for (key, site), entry in entries.items():
        assert (key, site) == (entry.course_key, entry.site)


READERS = [
    Reader("course structures", 30_000, _odd_structure, _check_structure),
    Reader("course exports", 15_000, _odd_export, _check_export),
    Reader("courses files", 20_000, _odd_courses, _check_courses),
]
