"""The sample's courses: their keys in either spelling, and the blocks that they are made of."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

ORG = "McGillX"


@dataclass
class Course:
    """A course as the sample knows it; `old` is the spelling of its keys until 2014."""

    number: str
    run: str
    old: bool
    dates: dict[str, str]
    site: str = "edx"
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    sequentials: list[tuple[str, str]] = field(default_factory=list)
    leaves: dict[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The canonical key."""
        return f"course-v1:{ORG}+{self.number}+{self.run}"

    @property
    def told(self) -> str:
        """The key as the course's own data spell it."""
        return f"{ORG}/{self.number}/{self.run}" if self.old else self.key

    @property
    def prefix(self) -> str:
        """How the course's files in a package begin."""
        return f"{ORG}-{self.number}-{self.run}"

    def usage(self, category: str, name: str) -> str:
        """A block's usage key."""
        if self.old:
            return f"i4x://{ORG}/{self.number}/{category}/{name}"
        return f"block-v1:{ORG}+{self.number}+{self.run}+type@{category}+block@{name}"

    def html_id(self, category: str, name: str) -> str:
        """A block's id in a page: what browser events carry."""
        old = f"i4x-{ORG}-{self.number}-{category}-{name}"
        return old if self.old else self.usage(category, name)

    def input_id(self, name: str) -> str:
        """A problem's id in the names of its inputs."""
        return f"i4x-{ORG}-{self.number}-problem-{name}" if self.old else name


def build_blocks(course: Course, random: Random) -> None:
    """Fill in a course's structure: chapters, sequentials, verticals, and leaves."""

    def add(category: str, children: list[str], name: str = "", **metadata: Any) -> str:
        name = name or f"{random.getrandbits(128):032x}"
        key = course.usage(category, name)
        course.blocks[key] = {"category": category, "children": children, "metadata": metadata}
        return name

    course.leaves = {"video": [], "problem": []}
    chapters = []
    for chapter_number in range(1, 5):
        sequentials = []
        for sequential_number in range(1, 4):
            verticals = []
            for vertical_number in range(1, 3):
                leaves = []
                for category in ("html", "video", "problem", "discussion"):
                    title = f"{category} {chapter_number}.{sequential_number}.{vertical_number}"
                    leaf = add(category, [], display_name=title)
                    course.leaves.setdefault(category, []).append(leaf)
                    leaves.append(course.usage(category, leaf))
                if course.old and chapter_number == sequential_number == vertical_number == 1:
                    inner = course.usage("wrapper", add("wrapper", leaves[1:3]))
                    outer = course.usage("conditional", add("conditional", [inner]))
                    leaves = [leaves[0], outer, leaves[3]]
                vertical = add("vertical", leaves, display_name=f"Unit {vertical_number}")
                verticals.append(course.usage("vertical", vertical))
            title = f"Lesson {chapter_number}.{sequential_number}"
            name = add("sequential", verticals, display_name=title, graded=True)
            sequentials.append(name)
        keys = [course.usage("sequential", name) for name in sequentials]
        chapter = add("chapter", keys, display_name=f"Week {chapter_number}")
        course.sequentials += [(chapter, name) for name in sequentials]
        chapters.append(course.usage("chapter", chapter))
    root = course.run if course.old else "course"
    tabs = [{"name": "Courseware", "type": "courseware"}, {"name": "Wiki", "type": "wiki"}]
    title = f"{course.number} of the sample"
    add("course", chapters, root, display_name=title, tabs=tabs, **course.dates)
