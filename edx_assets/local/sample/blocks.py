"""The sample's course structures: chapters down to leaves, as edX exports them."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from edx_assets.local.sample.calendar import FIRST_DAY
from edx_assets.local.sample.courses import Block, Course, Sequential, Vertical

_TABS = [
    {"name": "Courseware", "type": "courseware"},
    {"name": "Course Info", "type": "course_info"},
    {"name": "Discussion", "type": "discussion"},
    {"name": "Progress", "type": "progress"},
]
_LEAVES = [("video", "problem"), ("html", "problem"), ("video", "html"), ("problem", "discussion")]

Structure = dict[str, dict[str, Any]]


def make_courses(seed: int, last_day: date) -> list[Course]:
    """The four courses: three on edx, and a copy of the first on edge, with the same blocks."""
    listed = (
        FIRST_DAY + timedelta(2),
        min(FIRST_DAY + timedelta(22), last_day - timedelta(3)),
    )
    chemistry = Course(
        number="CHEM181x",
        run="1T2014",
        site="edx",
        title="Food for Thought",
        old=True,
        dates={
            "start": "2014-01-22T05:00:00Z",
            "end": "2014-03-01T00:00:00Z",
            "enrollment_start": "2014-01-15T00:00:00Z",
        },
        listed=listed,
    )
    edge = replace(chemistry, site="edge", listed=None)
    weather = Course(
        number="ATOC185x",
        run="2T2014",
        site="edx",
        title="Natural Disasters",
        old=False,
        dates={
            "start": "2014-02-10T14:00:00Z",
            "end": "2014-02-28T23:30:00Z",
            "enrollment_start": "2014-02-04T12:00:00Z",
        },
    )
    body = Course(
        number="Body-101.x",
        run="1T2014",
        site="edx",
        title="The Body Matters",
        old=False,
        dates={"start": "2014-01-20T00:00:00Z"},
    )
    return [
        _with_blocks(chemistry, seed, spliced=True),
        _with_blocks(weather, seed),
        _with_blocks(body, seed),
        _with_blocks(edge, seed, spliced=True),
    ]


def _with_blocks(course: Course, seed: int, spliced: bool = False) -> Course:
    """The course with its structure, which is the same on both sites."""
    rng = Random(f"{seed}/blocks/{course.key}")
    structure: Structure = {}
    sequentials: list[Sequential] = []
    root = course.usage_key("course", course.run if course.old else "course")
    chapters: list[str] = []
    structure[root] = _entry("course", chapters, **course.dates, **_course_metadata(course))
    for week in range(1, rng.randint(3, 4) + 1):
        chapter = _block(rng, course, "chapter", f"Week {week}")
        chapters.append(chapter.key)
        below: list[str] = []
        structure[chapter.key] = _entry("chapter", below, display_name=chapter.title)
        for number in range(1, rng.randint(2, 3) + 1):
            sequential = _sequential(rng, course, structure, chapter, f"Lesson {week}.{number}")
            below.append(sequential.block.key)
            sequentials.append(sequential)
    if spliced:
        _wrap(structure, course, sequentials[0].verticals[0], "conditional", rng)
        _wrap(structure, course, sequentials[1].verticals[0], "wrapper", rng)
    deleted = [
        _block(rng, course, category, "Deleted") for category in ("problem", "video", "problem")
    ]
    return replace(course, structure=structure, sequentials=sequentials, deleted=deleted)


def _sequential(
    rng: Random, course: Course, structure: Structure, chapter: Block, title: str
) -> Sequential:
    block = _block(rng, course, "sequential", title)
    pages: list[str] = []
    metadata = {"display_name": title, "format": "Homework", "graded": rng.random() < 0.5}
    structure[block.key] = _entry("sequential", pages, **metadata)
    verticals = []
    for page in range(1, rng.randint(2, 3) + 1):
        vertical = _block(rng, course, "vertical", f"{title}, page {page}")
        pages.append(vertical.key)
        leaves = [
            _block(rng, course, category, f"{category.title()} {title}.{page}")
            for category in _LEAVES[(len(structure) + page) % len(_LEAVES)]
        ]
        keys = [leaf.key for leaf in leaves]
        structure[vertical.key] = _entry("vertical", keys, display_name=vertical.title)
        for leaf in leaves:
            structure[leaf.key] = _entry(leaf.category, [], **_leaf_metadata(rng, leaf))
        verticals.append(Vertical(vertical, leaves))
    return Sequential(block, chapter.name, verticals)


def _wrap(
    structure: Structure, course: Course, vertical: Vertical, category: str, rng: Random
) -> None:
    """Insert a block of this category between a vertical and its leaves."""
    block = _block(rng, course, category, category.title())
    page = structure[vertical.block.key]
    structure[block.key] = _entry(category, page["children"], display_name=block.title)
    page["children"] = [block.key]


def _block(rng: Random, course: Course, category: str, title: str) -> Block:
    name = f"{rng.getrandbits(128):032x}"
    return Block(
        category=category,
        name=name,
        key=course.usage_key(category, name),
        html_id=course.html_id(category, name),
        title=title,
        inputs=rng.choice([1, 1, 2, 4]) if category == "problem" else 0,
    )


def _entry(category: str, children: list[str], **metadata: Any) -> dict[str, Any]:
    return {"category": category, "children": children, "metadata": metadata}


def _course_metadata(course: Course) -> dict[str, Any]:
    return {
        "display_name": course.title,
        "tabs": _TABS,
        "discussion_topics": {"General": {"id": f"{course.number}-general".lower()}},
        "graceperiod": "18000 seconds",
    }


def _leaf_metadata(rng: Random, leaf: Block) -> dict[str, Any]:
    metadata: dict[str, Any] = {"display_name": leaf.title}
    if leaf.category == "video":
        code = f"{rng.getrandbits(64):011x}"[:11]
        metadata |= {"youtube_id_1_0": code, "html5_sources": [], "sub": code}
    elif leaf.category == "problem":
        metadata |= {"max_attempts": rng.choice([None, 2, 5]), "weight": float(leaf.inputs)}
    elif leaf.category == "discussion":
        metadata |= {
            "discussion_category": leaf.title.split()[1],
            "discussion_target": leaf.title,
            "discussion_id": leaf.name,
        }
    return metadata
