"""What the head of a report tells of a course and of what is loaded of it. No dataset is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edx_assets.edx.collections import COURSE_STRUCTURE, LEARNERS
from edx_assets.loading.ledger import course_load, tracking_load
from edx_assets.loading.registry import RegisteredCourse
from edx_assets.reports.published import learners, of_learners
from edx_assets.resources.store import Collection, Store


@dataclass(frozen=True)
class Facts:
    """A course, its package and its logs, as far as they are loaded; numbers are exact."""

    name: str
    key: str
    start: datetime | None
    end: datetime | None
    package: str | None
    learners: int | None
    records: int | None
    first: datetime | None
    last: datetime | None

    def shown(self, active: int | None) -> list[tuple[str, str]]:
        """Names and values for the page; `active`: how many learners the records are of."""
        window = [_day(self.start), _day(self.end and self.end - timedelta(microseconds=1))]
        logs = [_day(self.first), _day(self.last)]
        return [
            ("From enrolment to end", _span(*window)),
            ("Learners in the package", learners(self.learners).text),
            ("Records", of_learners(self.records, active).text),
            ("Database package", self.package or "none"),
            ("Tracking logs", _span(*logs) if self.records else "none"),
        ]


def facts_of(store: Store, course: RegisteredCourse) -> Facts:
    """What the ledger and the structure tell of a course.

    Raises:
        StoreError: the database failed.
    """
    partition, database = course["_id"], course["database"]
    structure, learners_load = (
        course_load(store, partition, name) for name in (COURSE_STRUCTURE, LEARNERS)
    )
    tracking = tracking_load(store, partition)
    window = tracking["window"] if tracking else {"start": None, "end": None}
    package = (
        [structure[name] for name in ("package", "file") if name in structure] if structure else []
    )
    return Facts(
        name=_name(store, database) or course["course_key"],
        key=course["course_key"] + (" (edge)" if course["site"] == "edge" else ""),
        start=window["start"],
        end=window["end"],
        package=", ".join(package) or None,
        learners=learners_load["documents"] if learners_load else None,
        records=tracking["documents"] if tracking else None,
        first=tracking["first"] if tracking else None,
        last=tracking["last"] if tracking else None,
    )


def _name(store: Store, database: str) -> str | None:
    blocks = store.find(Collection(database, COURSE_STRUCTURE), {"category": "course"})
    for block in blocks:
        settings = block.get("metadata")
        name = settings.get("display_name") if isinstance(settings, dict) else None
        if isinstance(name, str) and name.strip():
            return name
    return None


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%-d %B %Y}" if moment else None


def _span(start: str | None, end: str | None) -> str:
    if start is None and end is None:
        return "unknown"
    return f"{start or 'no beginning'} to {end or 'no end'}"
