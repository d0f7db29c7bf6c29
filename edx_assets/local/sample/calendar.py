"""The sample's days: which have a tracking log, on which site and under which name."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

ORG = "mcgillx"
FIRST_DAY = date(2014, 2, 3)  # a Monday
SITES = ("edx", "edge")
EDGE_EVERY = 3  # days: edge is often silent

_MISNAMED = {3: "prod", 8: "ex"}
"""Days of edx (counted from the first) with another word for the site: edX's documentation says
`prod`, McGill's instructions `ex`; each is used once."""


@dataclass(frozen=True)
class Calendar:
    """The delivered days: whole weeks, beginning on `FIRST_DAY`."""

    weeks: int

    @cached_property
    def days(self) -> list[date]:
        """Every day, in order."""
        return [FIRST_DAY + timedelta(n) for n in range(7 * self.weeks)]

    @property
    def last_day(self) -> date:
        """The last day: a Sunday."""
        return self.days[-1]

    @property
    def missing_day(self) -> date:
        """The day, in the middle, for which edx has no file."""
        return self.days[len(self.days) // 2]

    @cached_property
    def edge_days(self) -> list[date]:
        """The days on which edge has a file: the last one, and every third before it."""
        return self.days[::-EDGE_EVERY][::-1]

    @property
    def empty_day(self) -> date:
        """The day on which edge's file has no lines."""
        return self.edge_days[len(self.edge_days) // 2]

    @cached_property
    def package_days(self) -> list[date]:
        """The delivery dates of the database packages: every Sunday."""
        return self.days[6::7]

    def file_name(self, site: str, day: date) -> str | None:
        """Base name of a site's tracking log for a day, or None if it has none."""
        if day not in (self.edge_days if site == "edge" else self.days):
            return None
        if site == "edx" and day == self.missing_day:
            return None
        word = _MISNAMED.get((day - FIRST_DAY).days, site) if site == "edx" else site
        return f"{ORG}-{word}-events-{day}.log.gz.gpg"

    def has_lines(self, site: str, day: date) -> bool:
        """Whether a site has a tracking log with lines in it for the day."""
        silent = site == "edge" and day == self.empty_day
        return self.file_name(site, day) is not None and not silent
