"""A course's report: made from its datasets, kept in the storage.

What a section shows belongs in `sections`, how the page looks in `page`.
"""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from duckdb import DuckDBPyConnection

from edx_assets.datasets.course import file_of
from edx_assets.datasets.definition import Dataset
from edx_assets.datasets.engine import attach, attach_empty, engine
from edx_assets.datasets.sources import missing_sources
from edx_assets.loading.courses.turns import turn
from edx_assets.loading.ledger import course_loads
from edx_assets.loading.registry import registered_course
from edx_assets.loading.stage import Metadata
from edx_assets.reports.content import Section
from edx_assets.reports.facts import facts_of
from edx_assets.reports.page import Head, Shown, page, version
from edx_assets.reports.reads import READS
from edx_assets.reports.sections import SECTIONS
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store

_MADE_FROM = re.compile(r'<meta name="made-from" content="(\w+)">')
_HEAD = 1000  # characters: what the page is made from is told before that


def report_file(database: str) -> str:
    """The key in the storage of a course's report."""
    return f"reports/{database}.html"


def make_report(
    store: Store,
    storage: Storage,
    partition: str,
    known: Mapping[str, Dataset],
    rebuild: bool = False,
) -> Metadata:
    """Make a course's report, unless there is one that was made from the same.

    Datasets that the course does not have are left out, and the page says so.

    Args:
        known: every dataset by name.

    Raises:
        StageMissingError: the course is not registered.
        StoreError: the database failed.
    """
    course = registered_course(store, partition)
    database, key = course["database"], report_file(course["database"])
    with turn(store, Collection(database, "datasets")), ExitStack() as reading:
        facts = facts_of(store, course)
        tables: dict[str, Path] = {}
        contents = {}
        loads = course_loads(store, partition)
        for name in READS:
            load = loads.get(name)
            if load and storage.exists(file := file_of(database, name)):
                tables[name] = reading.enter_context(storage.reading(file))
                contents[name] = load.get("content")
        lacking = {name: missing_sources(loads, known[name], known) for name in READS}
        told = repr((version(), facts, contents, lacking))
        made_from = blake2b(told.encode(), digest_size=16).hexdigest()
        if not rebuild and storage.exists(key):
            with storage.reading(key) as path:
                if _made_from(path) == made_from:
                    return {"outcome": "unchanged", "file": storage.address_of(key)}
        with storage.writing(key) as target:
            folders = {path.parent for path in tables.values()}
            with engine(target.parent, *folders) as session:
                attach(session, tables)
                for name in sorted(lacking.keys() - tables.keys()):
                    attach_empty(session, known[name])
                sections = [_shown(session, each, tables, lacking) for each in SECTIONS]
                active = _active(session) if "person_day" in tables else facts.learners
            head = Head(facts.name, facts.key, facts.shown(active), made_from)
            target.write_text(page(head, sections, datetime.now(UTC)), encoding="utf-8")
            size = target.stat().st_size
        without = [each.section.title for each in sections if each.content is None]
        told_facts = dict(head.facts)
        return {
            "outcome": "made",
            "file": storage.address_of(key),
            "bytes": size,
            "learners": told_facts["Learners in the package"],
            "records": told_facts["Records"],
            "sections": len(sections) - len(without),
        } | ({"without": ", ".join(without)} if without else {})


def _shown(
    session: DuckDBPyConnection,
    section: Section,
    tables: Mapping[str, Path],
    lacking: Mapping[str, list[str]],
) -> Shown:
    if absent := [need for need in section.needs if need not in tables]:
        names = " and ".join(f"course/{name}" for name in absent)
        return Shown(section, None, f"Not made yet: materialize {names} to see this.")
    content = section.draw(session)
    if content is not None:
        return Shown(section, content)
    sources = sorted({source for need in section.needs for source in lacking[need]})
    why = f" The course's package has no {' and no '.join(sources)}." if sources else ""
    return Shown(section, None, section.nothing + why)


def _active(session: DuckDBPyConnection) -> int:
    [[active]] = session.execute("SELECT count(DISTINCT user_id) FROM person_day").fetchall()
    return int(active)


def _made_from(path: Path) -> str | None:
    with path.open(encoding="utf-8") as file:
        found = _MADE_FROM.search(file.read(_HEAD))
    return found[1] if found else None
