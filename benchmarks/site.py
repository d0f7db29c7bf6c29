"""The courses that the logs are about: keys in old and new spelling, and their blocks."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5
from typing import Any

ORG = "BenchX"
CHAPTERS, SEQUENTIALS, VERTICALS = 10, 4, 3
AGENTS = [
    f"Mozilla/5.0 (Windows NT {version}; WOW64) AppleWebKit/537.36 (KHTML, like Gecko)"
    f" Chrome/{chrome}.0.1750.117 Safari/537.36"
    for version in ("6.1", "6.3")
    for chrome in range(30, 38)
]


@dataclass(frozen=True)
class Block:
    """A block: its usage key, and how addresses and pages spell it."""

    category: str
    key: str
    is_new: bool

    @cached_property
    def name(self) -> str:
        """The key's last part."""
        return self.key.rpartition("@" if self.is_new else "/")[2]

    @cached_property
    def in_url(self) -> str:
        """As it stands in an address."""
        return self.key if self.is_new else self.key.replace("://", ":;_;_").replace("/", ";_")

    @cached_property
    def html_id(self) -> str:
        """As a player names it: the bare name, or with dashes in the old spelling."""
        return self.name if self.is_new else self.key.replace("://", "-").replace("/", "-")

    @cached_property
    def answer_id(self) -> str:
        """Of the problem's first input."""
        return f"{self.html_id}_2_1"


@dataclass(frozen=True)
class Course:
    """A course under the key that its events carry."""

    number: str
    run: str
    is_new: bool
    org: str = ORG
    structure: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)
    blocks: list[Block] = field(default_factory=list, compare=False)

    @property
    def canonical(self) -> str:
        """The key in the new spelling, by which the ledger knows the course."""
        return f"course-v1:{self.org}+{self.number}+{self.run}"

    @cached_property
    def key(self) -> str:
        """The key in the course's own spelling."""
        return self.canonical if self.is_new else f"{self.org}/{self.number}/{self.run}"

    @cached_property
    def pages(self) -> list[str]:
        """The addresses of its sequentials' pages."""
        chapter = next(block.name for block in self.blocks if block.category == "chapter")
        base = f"/courses/{self.key}/courseware/{chapter}"
        return [f"{base}/{block.name}/" for block in self.sequentials]

    @cached_property
    def videos(self) -> list[Block]:
        """Its videos."""
        return [block for block in self.blocks if block.category == "video"]

    @cached_property
    def problems(self) -> list[Block]:
        """Its problems."""
        return [block for block in self.blocks if block.category == "problem"]

    @cached_property
    def sequentials(self) -> list[Block]:
        """Its sequentials."""
        return [block for block in self.blocks if block.category == "sequential"]


def _course(number: int, run: str, is_new: bool) -> Course:
    course = Course(f"B10{number}", run, is_new)
    chapters = [
        _block(
            course,
            "chapter",
            [
                _block(
                    course,
                    "sequential",
                    [
                        _block(
                            course,
                            "vertical",
                            [
                                _block(course, category)
                                for category in ("video", "problem", "problem")
                            ],
                        )
                        for _ in range(VERTICALS)
                    ],
                )
                for _ in range(SEQUENTIALS)
            ],
        )
        for _ in range(CHAPTERS)
    ]
    _block(course, "course", chapters)
    return course


def _block(course: Course, category: str, children: list[str] | None = None) -> str:
    """Give a course a block, and its structure the block's entry; the block's usage key."""
    number = f"{course.canonical}{len(course.blocks)}"
    name = md5(number.encode(), usedforsecurity=False).hexdigest()
    if category == "course":
        name = "course" if course.is_new else course.run
    if course.is_new:
        run = course.canonical.removeprefix("course-v1:")
        key = f"block-v1:{run}+type@{category}+block@{name}"
    else:
        key = f"i4x://{course.org}/{course.number}/{category}/{name}"
    metadata = {"display_name": f"A {category}"}
    if category == "course":
        metadata |= {"start": "2014-01-06T00:00:00Z", "end": "2030-12-31T00:00:00Z"}
    course.structure[key] = {
        "category": category,
        "children": children or [],
        "metadata": metadata,
    }
    course.blocks.append(Block(category, key, course.is_new))
    return key


COURSES = [_course(n, run, n % 2 == 0) for n in range(4) for run in ("1T2014", "3T2014")]
"""The first of them is the one with the most events."""
