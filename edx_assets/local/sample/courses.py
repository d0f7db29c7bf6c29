"""The sample's courses: their keys, both spellings of keys and URLs, and their windows."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

ORG = "McGillX"


@dataclass(frozen=True)
class Block:
    """A block that learners see: a sequential, a vertical or a leaf."""

    category: str
    name: str
    key: str
    html_id: str
    title: str
    inputs: int = 0  # of a problem


@dataclass(frozen=True)
class Vertical:
    """A page of a sequential with its leaves, including those below spliced-out blocks."""

    block: Block
    leaves: list[Block]


@dataclass(frozen=True)
class Sequential:
    """A sequential, with the URL `/courseware/<chapter>/<sequential>/`, and its verticals."""

    block: Block
    chapter: str
    verticals: list[Vertical]


@dataclass(frozen=True)
class Course:
    """A course on one site.

    With `old`, keys are spelled as before opaque keys: `Org/Number/Run`, `i4x://…`. `dates` are
    those of the structure's root; `listed` is the first and last day in the courses file, if the
    course is in it.
    """

    number: str
    run: str
    site: str
    title: str
    old: bool
    dates: dict[str, str]
    listed: tuple[date, date] | None = None
    structure: dict[str, dict[str, Any]] = field(default_factory=dict)
    sequentials: list[Sequential] = field(default_factory=list)
    deleted: list[Block] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The canonical course key."""
        return f"course-v1:{ORG}+{self.number}+{self.run}"

    @property
    def spelled(self) -> str:
        """The course key as its own data spells it."""
        return f"{ORG}/{self.number}/{self.run}" if self.old else self.key

    @property
    def file_prefix(self) -> str:
        """The prefix of its file names in a database package."""
        return f"{ORG}-{self.number}-{self.run}"

    @property
    def host(self) -> str:
        """The site's host name."""
        return "courses.edx.org" if self.site == "edx" else "edge.edx.org"

    @property
    def window(self) -> tuple[datetime, datetime | None]:
        """Start and end of its window (exclusive, or None): the last day belongs to it."""
        if self.listed:
            start = datetime.combine(self.listed[0], time(), UTC)
            return start, datetime.combine(self.listed[1] + timedelta(1), time(), UTC)
        start = _moment(self.dates.get("enrollment_start") or self.dates["start"])
        if "end" not in self.dates:
            return start, None
        last_day = _moment(self.dates["end"]).date()
        return start, datetime.combine(last_day + timedelta(1), time(), UTC)

    @property
    def blocks(self) -> set[str]:
        """Usage keys of the blocks that remain when `conditional` and `wrapper` are spliced out."""
        spliced = ("conditional", "wrapper")
        return {key for key, block in self.structure.items() if block["category"] not in spliced}

    def usage_key(self, category: str, name: str) -> str:
        """The usage key of a block."""
        if self.old:
            return f"i4x://{ORG}/{self.number}/{category}/{name}"
        return f"{self.key.replace('course-v1', 'block-v1', 1)}+type@{category}+block@{name}"

    def html_id(self, category: str, name: str) -> str:
        """A block's id in a page's HTML: dashed in old courses, the bare name in new ones."""
        return f"i4x-{ORG}-{self.number}-{category}-{name}" if self.old else name

    def path(self, rest: str = "") -> str:
        """The path of a URL below the course."""
        return f"/courses/{self.spelled}/{rest}"

    def url(self, rest: str = "") -> str:
        """A URL below the course."""
        return f"https://{self.host}{self.path(rest)}"

    def handler(self, rng: Random, block: Block, what: str, view: str = "xmodule_handler") -> str:
        """The path of a block's handler; old courses used two forms."""
        if not self.old:
            return self.path(f"xblock/{block.key}/handler/{view}/{what}")
        if view == "xmodule_handler" and rng.random() < 0.3:
            return self.path(f"modx/{block.key}/{what}")
        quoted = block.key.replace("/", ";_")
        return self.path(f"xblock/{quoted}/handler/{view}/{what}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
