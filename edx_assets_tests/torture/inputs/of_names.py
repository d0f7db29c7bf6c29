"""Hostile names: course keys, usage keys, addresses, and the names of files and members."""

import json
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from random import Random

from edx_assets.edx.courses import course_partition, database_name, dated_name, partition_course
from edx_assets.edx.event_addresses import any_course_in, block_in, module_in, posts_in
from edx_assets.edx.file_names import (
    course_prefix,
    cut_member,
    events_file,
    opt_in_site,
    package_day,
    package_member,
)
from edx_assets.edx.keys import (
    block_of,
    course_key,
    course_of_usage,
    course_parts,
    html_id,
    usage_key,
    usage_key_in,
    usage_key_of_html_id,
)
from edx_assets.edx.schema import tables
from edx_assets_tests.torture.inputs.mutation import mutated
from edx_assets_tests.torture.inputs.odd_json import repeated
from edx_assets_tests.torture.inputs.reader import Reader
from edx_assets_tests.torture.inputs.seeds import log_lines, member_names

_KEYS = (
    *("course-v1:McGillX+CHEM181x+1T2014", "McGillX/CHEM181x/1T2014", "McGillX/Body-101.x/1T"),
    *("ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", "library-v1:A+B", "course-v1:A+B+C+branch@d"),
    *("i4x://McGillX/CHEM181x/problem/Week_1", "i4x://A/B/video/c@draft", "i4x:;_;_A;_B;_p;_q"),
    *("block-v1:A+B+C+type@problem+block@x", "ccx-block-v1:A+B+C+ccx@3+type@p+block@x"),
    *("i4x-McGillX-CHEM181x-problem-Week_1", "aside-usage-v1:block-v1$:A+B+C+type@p+block@q::a"),
    *("asset-v1:A+B+C+type@asset+block@x.png", "lb:A:B:problem:1", "course-v1%3AA%2BB%2BC"),
    *("https://courses.edx.org/courses/A/B/C/courseware/Week_1/Lecture/", "/jump_to_id/x"),
    *("/courses/course-v1:A+B+C/discussion/threads/50f1dd4ae05f6d2600000001?x=1#y",),
)
_FILES = (
    *("mcgillx-edx-events-2014-02-03.log.gz.gpg", "mcgillx-edge-events-2014-02-30.log.gz.gpg"),
    *("mcgillx-2014-02-09.zip", "email-opt-in-mcgillx-2014-02-09.zip"),
    *("mcgillx-email_opt_in-prod-edge-analytics.csv.gpg", "A-B-C-course-prod-analytics.xml.tar.gz"),
    *("McGillX-2014-02-09/A-B-C-auth_user-prod-analytics.sql.gpg", "A-B-C-prod.mongo.gpg"),
    *("A-B-C-course_structure-prod-edge-analytics.json.failed", "A-B-C-auth_user-edge.sql"),
    *("é" * 130 + "-auth_user-prod-analytics.sql", "A-B-C-" + "t" * 300 + "-prod-analytics.sql"),
)
_MOST_IN_A_NAME = 255  # bytes, of every file system there is
_BEHIND = len(".decrypted.json")  # what stands behind a table's name in the storage


def _odd_of(seeds: Callable[[], Sequence[str]], random: Random) -> bytes:
    if random.random() < 0.01:
        return (random.choice(seeds()) + repeated(random)).encode()
    return mutated(random, random.choice(seeds()).encode(), random.choice(seeds()).encode())


def _keys() -> list[str]:
    if not _ADDRESSES:
        for line in log_lines():
            try:
                event = json.loads(line)
                _ADDRESSES.update(each for each in map(event.get, ("page", "event_type")) if each)
            except (ValueError, AttributeError, TypeError):
                continue
    return [*_KEYS, *sorted(_ADDRESSES)]


_ADDRESSES: set[str] = set()


def _check_key(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    for read in (any_course_in, module_in, block_in, posts_in, html_id):
        read(text)
    for category in ("video", text[:10]):
        usage_key_in(text, category, text[-10:])
    usage_key_of_html_id(text, text)
    usage_key_of_html_id(f"i4x-{text}", "McGillX/CHEM181x/1T2014")
    if (key := usage_key(text)) is not None:
        assert usage_key(key) == key, "a usage key is not its own"
        assert block_of(key) == block_of(text)
        course_of_usage(key)
    course_of_usage(text)
    if (course := course_key(text)) is not None:
        _check_course(course)


def _check_course(course: str) -> None:
    assert course_key(course) == course, "a course key is not its own"
    course_parts(course)
    course_prefix(course)
    for site in ("edx", "edge"):
        partition = course_partition(course, site)
        assert "..." not in partition, "Dagster takes it for a range"
        assert partition_course(partition) == (course, site)
        try:
            name = database_name(course, site)
        except ValueError:
            assert len(course) > _MOST_IN_A_NAME, "a course key is refused"
            continue
        for each in (name, dated_name(name, "2014-02-09")):
            assert 0 < len(each.encode()) <= 63, "no name for a database"
            assert not set(each) & set('/\\. "$*<>:|?\0'), "no name for a database"


def _check_file_name(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    known = frozenset(tables())
    for read in (events_file, opt_in_site, cut_member):
        read(text)
    package_day(text, "McGillX")
    member = package_member(text, known)
    for part in (member.prefix, member.table + " " * _BEHIND) if member else ():
        assert part.strip("."), "no name for a file"
        assert not {"/", "\0"} & set(part), "no name for a file"
        assert len(part.encode()) <= _MOST_IN_A_NAME, "too long for a file's name"
        assert PurePosixPath(part).name == part
    if cut := cut_member(text):
        cut.tables("A-B-C", known)


READERS = [
    Reader("keys", 160_000, lambda random: _odd_of(_keys, random), _check_key),
    Reader(
        "file names",
        60_000,
        lambda random: _odd_of(lambda: [*_FILES, *member_names()], random),
        _check_file_name,
    ),
]
