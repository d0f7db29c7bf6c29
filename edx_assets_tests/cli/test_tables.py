"""The status as tables: what a person reads there."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from edx_assets.cli.tables import print_status, told_bytes

DAY = "2014-05-02T00:00:00+00:00"


def printed(**changes: Any) -> str:
    course = {
        "course_key": "course-v1:McGillX+CHEM181x+1T2014",
        "site": "edx",
        "database": "McGillX_CHEM181x_1T2014",
        "window": {"start": "2013-09-01T00:00:00+00:00", "end": DAY},
        "collections": {"forum": 1234},
    } | changes
    console = Console(file=StringIO(), width=120)
    print_status({"files": [], "packages": [], "courses": [course]}, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({"start": "2013-09-01T00:00:00+00:00", "end": DAY}, "2013-09-01 to before 2014-05-02"),
        ({"start": None, "end": DAY}, "from the first event to before 2014-05-02"),
        ({"start": "2013-09-01T00:00:00+00:00", "end": None}, "2013-09-01 to now"),
        ({"start": None, "end": None}, "from the first event to now"),
        (None, "no window"),
    ],
)
def test_a_window_in_words(window: dict[str, str | None] | None, words: str) -> None:
    assert f"McGillX_CHEM181x_1T2014  {words} " in printed(window=window)


def test_a_usual_database_needs_no_course_key() -> None:
    assert "course-v1:" not in printed()
    assert "course-v1:" not in printed(site="edge", database="McGillX_CHEM181x_1T2014_edge")


@pytest.mark.parametrize(
    ("key", "site", "database"),
    [
        ("course-v1:McGillX+CHEM.181x+1T2014", "edx", "McGillX_CHEM_181x_1T2014"),
        ("course-v1:McGillX+D\u00e9mo+2014", "edge", "McGillX_D_mo_2014_edge"),
        ("course-v1:McGillX+CHEM181x+1T2014", "edx", "another[bold]"),
    ],
)
def test_an_unusual_database_is_shown_with_its_course(key: str, site: str, database: str) -> None:
    text = printed(course_key=key, site=site, database=database)
    assert database in text
    assert f"of {key} on {site}" in text


def test_the_storage_in_words() -> None:
    kept = {"raw_logs": 3 * 2**30, "decrypted_logs": 0, "notes": 700}
    console = Console(file=StringIO(), width=120)
    storage = {"kept": kept, "free": 2**40}
    print_status({"files": [], "packages": [], "courses": [], "storage": storage}, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.splitlines() == [
        "Nothing has been loaded yet.",
        "Storage: 3.0 GiB (raw logs 3.0 GiB, notes 700 bytes); 1,024.0 GiB free.",
    ]


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (3 * 2**19, "1.5 MiB")],
)
def test_bytes_in_words(size: int, told: str) -> None:
    assert told_bytes(size) == told
