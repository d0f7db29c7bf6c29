"""Which files each course has events in, kept from look to look: only changed days are read again.

What follows for a course belongs in `tracking`.
"""

from dataclasses import dataclass, field
from typing import cast

from edx_assets.automation.due.collector import collector_off
from edx_assets.edx.courses import Window
from edx_assets.loading.courses.window_files import (
    DayFile,
    Marks,
    course_files,
    digest,
    marks,
    settled_dates,
    unsettled,
)
from edx_assets.loading.entries import DayEntry
from edx_assets.loading.ledger import IMPORTS, day_entries, is_settled
from edx_assets.resources.store import Store

_STATES = ("site", "date", "file", "state", "token", "replaces")
_MANY = 500

_Course = tuple[str, str]
"""Site and course key."""


@dataclass
class CourseDays:
    """The days' ledger by course. `look` brings it up to date; one process uses it at a time.

    The token of a load names what it has loaded: a day with the token that it had is as it was. A
    day that is not loaded now is read each time.
    """

    settled: dict[str, set[str]] = field(default_factory=dict)
    """By site, the days that are loaded, or known to have no file."""
    loading: dict[str, set[str]] = field(default_factory=dict)
    """By site, the files that are being loaded or replaced."""
    _tokens: dict[str, str | None] = field(default_factory=dict)
    _days: dict[str, DayFile] = field(default_factory=dict)
    _of_courses: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By site and course key, the days with events of the course."""
    _digests: dict[tuple[_Course, ...], tuple[Window, str]] = field(default_factory=dict)

    @collector_off()
    def look(self, store: Store) -> None:
        """Read what has changed in the ledger.

        Raises:
            StoreError: the database failed.
        """
        days = {day["_id"]: day for day in day_entries(store, fields=_STATES)}
        of_sites: dict[str, list[DayEntry]] = {}
        for day in days.values():
            of_sites.setdefault(day["site"], []).append(day)
        self.settled = {site: settled_dates(these) for site, these in of_sites.items()}
        self.loading = {site: unsettled(these) for site, these in of_sites.items()}
        changed = {
            key
            for key, day in days.items()
            if not is_settled(day) or self._tokens.get(key) != day.get("token")
        }
        gone = self._days.keys() - days.keys()
        touched = self._with_days(changed | gone)
        self._forget(changed | gone, touched)
        # of many days, to read all is faster than to look each up; and whole, than to cut each
        these = {"_id": {"$in": sorted(changed)}} if len(changed) < _MANY else {}
        for found in store.find(IMPORTS, these) if changed else ():
            if found["_id"] in changed:
                self._add(cast(DayEntry, found))
        touched |= self._with_days(changed)
        self._digests = {
            courses: known
            for courses, known in self._digests.items()
            if touched.isdisjoint(courses)
        }

    def marks(self, site: str, keys: list[str], window: Window) -> Marks:
        """The files that can have records of a window with one of these course keys."""
        of_site = self._of_courses.get(site, {})
        days = (of_site.get(key, ()) for key in keys)
        return marks([self._days[day] for each in days for day in each], window)

    def digest(self, site: str, keys: list[str], window: Window) -> str:
        """The fingerprint of these marks."""
        courses = tuple((site, key) for key in keys)
        known = self._digests.get(courses)
        if known is None or known[0] != window:
            known = self._digests[courses] = window, digest(self.marks(site, keys, window))
        return known[1]

    def _add(self, day: DayEntry) -> None:
        self._tokens[day["_id"]] = day.get("token")
        if found := course_files(day):
            self._days[day["_id"]], keys = found
            of_site = self._of_courses.setdefault(day["site"], {})
            for key in keys:
                of_site.setdefault(key, []).append(day["_id"])

    def _forget(self, days: set[str], courses: set[_Course]) -> None:
        """Drop days, which are of these courses."""
        for day in days:
            self._tokens.pop(day, None)
            self._days.pop(day, None)
        for site, key in courses:
            of_course = self._of_courses[site][key]
            self._of_courses[site][key] = [day for day in of_course if day not in days]

    def _with_days(self, days: set[str]) -> set[_Course]:
        """The courses with events in one of these days."""
        return {
            (site, key)
            for site, courses in self._of_courses.items()
            for key, of_course in courses.items()
            if not days.isdisjoint(of_course)
        }
