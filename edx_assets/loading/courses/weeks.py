"""How many events a course had in each week, from the ledger of days: no event is read."""

from collections import Counter
from datetime import date, datetime, timedelta

from edx_assets.edx.courses import partition_course
from edx_assets.loading.ledger import IMPORTS, days_between, tracking_load
from edx_assets.resources.store import Store


def events_by_week(store: Store, partition: str) -> dict[str, int]:
    """Number of events in each week of a course's window, by the week's Monday (YYYY-MM-DD).

    An event counts on the day of its file. Only events with the course's canonical key count, not
    those with other spellings from the courses file.

    Raises:
        StoreError: the database failed.
    """
    load = tracking_load(store, partition)
    if load is None:
        return {}
    key, site = partition_course(partition)
    first, last = _day(load["window"]["start"]), _day(load["window"]["end"])
    weeks: Counter[str] = Counter()
    query = days_between(site, first, last) | {"courses.course_key": key}
    for entry in store.find(IMPORTS, query, fields=["date", "courses"]):
        day = date.fromisoformat(entry["date"])
        events = sum(row["events"] for row in entry["courses"] if row["course_key"] == key)
        weeks[str(day - timedelta(days=day.weekday()))] += events
    return dict(sorted(weeks.items()))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
