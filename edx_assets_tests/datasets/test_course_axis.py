"""The blocks of a course in order: by hand with every trap, and against plain recursion."""

import json
from datetime import datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.edx.course_structure import read_blocks
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Row
from edx_assets_tests.datasets.plain_structure import INHERITED, Structure, course_axis

MONDAY, FRIDAY = "2014-02-03T08:00:00+01:00", "2014-02-07T08:00:00Z"
CATEGORIES = ("chapter", "sequential", "vertical", "problem", "split_test", "wrapper")


def usage(name: str, category: str = "vertical") -> str:
    return f"block-v1:T+T1+1+type@{category}+block@{name}"


COURSE = usage("course", "course")


def block(key: str, *children: str, **metadata: Any) -> Structure:
    category = key.split("type@")[1].split("+")[0]
    return {key: {"category": category, "children": list(children), "metadata": metadata}}


def axis(structure: Structure, export: dict[str, Any] | None = None) -> dict[str, Row]:
    """The rows of a structure by url_name, in order."""
    blocks = read_blocks(json.dumps(structure).encode())
    tables: dict[str, Any] = {"course_structure": list(blocks.values())}
    if export is not None:
        tables["course_export"] = [{"_id": "course-v1:T+T1+1", **export}]
    rows = made(["course_axis"], tables=tables)["course_axis"]
    assert [row["index"] for row in rows] == list(range(1, len(rows) + 1))
    return {row["url_name"]: row for row in rows}


def test_a_block_is_in_its_place_and_drafts_are_not() -> None:
    chapter, sequential = usage("c", "chapter"), usage("s", "sequential")
    rows = axis(
        block(usage("p", "problem"), display_name="", weight="2.5")
        | block(usage("draft"), usage("p", "problem"))
        | block(usage("v"), usage("p", "problem"), usage("gone", "html"))
        | block(sequential, usage("v"), display_name="Lesson")
        | block(chapter, sequential)
        | block(COURSE, usage("z", "chapter"), chapter)
        | block(usage("z", "chapter"))
    )
    assert list(rows) == ["course", "z", "c", "s", "v", "p"]
    assert [row["path"] for row in rows.values()] == ["/", "/z", "/c", "/c/s", "/c/s/v", "/c/s/v/p"]
    assert [row["depth"] for row in rows.values()] == [0, 1, 1, 2, 3, 4]
    problem = rows["p"]
    assert problem["parent_id"] == problem["vertical_id"] == usage("v")
    assert (problem["chapter_id"], problem["sequential_id"]) == (chapter, sequential)
    assert rows["c"]["chapter_id"] is None
    assert (rows["s"]["name"], problem["name"], problem["weight"]) == ("Lesson", "p", 2.5)


def test_what_is_nearest_upwards_is_inherited() -> None:
    chapter, sequential = usage("c", "chapter"), usage("s", "sequential")
    rows = axis(
        block(COURSE, chapter, usage("x", "chapter"), start=MONDAY)
        | block(chapter, sequential, due=FRIDAY, visible_to_staff_only=True)
        | block(sequential, usage("v"), usage("w"), graded=True, format="Homework")
        | block(usage("v"), usage("p", "problem"), due=MONDAY, visible_to_staff_only=False)
        | block(usage("w"), due=None, graded=None, start="soon")
        | block(usage("p", "problem"))
        | block(usage("x", "chapter"), start="20140-02-03", due="infinity")
    )
    early, late = datetime(2014, 2, 3, 7), datetime(2014, 2, 7, 8)
    told = {
        name: tuple(row[column] for column in (*INHERITED, "visible_to_staff_only"))
        for name, row in rows.items()
    }
    assert told == {
        "course": (early, None, None, False, False),
        "c": (early, late, None, False, True),
        "s": (early, late, "Homework", True, True),
        "v": (early, early, "Homework", True, True),
        "p": (early, early, "Homework", True, True),
        "w": (None, None, "Homework", False, True),
        "x": (None, None, None, False, False),
    }


def test_shared_blocks_wrappers_and_circles_end_well() -> None:
    one, other = usage("one", "wrapper"), usage("other", "conditional")
    rows = axis(
        block(COURSE, usage("a"), usage("b"))
        | block(usage("a"), usage("p", "problem"), one, usage("p", "problem"))
        | block(one, other, usage("q", "problem"))
        | block(other, one, usage("r", "problem"))
        | block(usage("b"), usage("q", "problem"), usage("a"), COURSE, one)
        | block(usage("p", "problem"), usage("b"))
        | block(usage("q", "problem"), usage("q", "problem"))
        | block(usage("r", "problem"))
    )
    assert [(row["url_name"], row["parent_id"]) for row in rows.values()] == [
        ("course", None),
        ("a", COURSE),
        ("p", usage("a")),
        ("r", usage("a")),
        ("q", usage("a")),
        ("b", COURSE),
    ]


def test_a_course_block_below_another_is_a_block_like_others() -> None:
    inner = usage("inner", "course")
    below = block(inner, usage("v")) | block(usage("v"))
    assert list(axis(block(COURSE, inner, usage("w")) | below | block(usage("w")))) == [
        "course",
        "inner",
        "v",
        "w",
    ]
    assert axis(block(COURSE, inner) | block(inner, COURSE)) == {}
    assert axis(block(usage("v"))) == {}


def test_the_depth_of_a_course_has_no_limit() -> None:
    names = [usage(f"v{number}") for number in range(3000)]
    chain = block(COURSE, names[0], due=FRIDAY)
    for key, below in zip(names, [*names[1:], ""], strict=True):
        chain |= block(key, below)
    rows = axis(chain)
    assert list(rows) == ["course", *(f"v{number}" for number in range(3000))]
    assert [row["depth"] for row in rows.values()] == list(range(3001))
    assert rows["v2999"]["due"] == datetime(2014, 2, 7, 8)


SPLIT = usage("s", "split_test")
SPLIT_COURSE = (
    block(
        COURSE,
        usage("v"),
        user_partitions=[
            {"id": 50, "groups": [{"id": 0, "name": "Video"}, {"id": 1, "name": "Text"}]},
            {"id": 51, "groups": [{"id": 0, "name": "Other"}]},
        ],
    )
    | block(usage("v"), SPLIT, usage("after", "html"))
    | block(SPLIT, usage("g0"), usage("g1"), usage("unused"))
    | block(usage("g0"), usage("deep"))
    | block(usage("deep"), usage("x", "video"), usage("p", "problem"))
    | block(usage("g1"), usage("inner", "split_test"))
    | block(usage("inner", "split_test"), usage("h"))
    | block(usage("h"))
    | block(usage("unused"))
    | block(usage("x", "video"), youtube_id_1_0="abc")
    | block(usage("p", "problem"), usage("r", "problem"))
    | block(usage("r", "problem"))
    | block(usage("after", "html"))
)
SPLIT_EXPORT = {
    "blocks": [
        {
            "category": "split_test",
            "name": "s",
            "user_partition_id": "50",
            "groups": [
                {"group_id": "0", "category": "vertical", "name": "g0"},
                {"group_id": "1", "category": "vertical", "name": "g1"},
                {"group_id": "2", "category": "problem", "name": "g1"},
            ],
        },
        {"category": "video", "name": "s", "duration": "1", "user_partition_id": "51"},
        {"category": "video", "name": "x", "duration": "61.5", "youtube": "1.00:no"},
        {
            "category": "problem",
            "name": "p",
            "response_types": ["optionresponse"],
            "items": 3,
            "has_solution": True,
        },
        {
            "category": "problem",
            "name": "r",
            "response_types": ["stringresponse", "numericalresponse"],
            "items": 2,
            "has_solution": False,
        },
        {"category": "html", "name": "p", "items": 7},
    ]
}
SPLIT_COLUMNS = ("is_split", "split_id", "user_partition_id", "split_group_id", "split_group")
FROM_EXPORT = ("response_type", "nitems", "has_solution", "duration")


def test_the_groups_of_a_split_test_see_what_is_in_their_branches() -> None:
    rows = axis(SPLIT_COURSE, SPLIT_EXPORT)
    told = {name: tuple(row[column] for column in SPLIT_COLUMNS) for name, row in rows.items()}
    video, outside = (True, SPLIT, 50, 0, "Video"), (False, None, None, None, None)
    assert told == {
        "course": outside,
        "v": outside,
        "s": (False, None, 50, None, None),
        **dict.fromkeys(("g0", "deep", "x", "p", "r"), video),
        **dict.fromkeys(("g1", "inner"), (True, SPLIT, 50, 1, "Text")),
        "h": (True, usage("inner", "split_test"), None, None, None),
        "unused": (True, SPLIT, 50, None, None),
        "after": outside,
    }


def test_the_export_tells_what_problems_and_videos_are() -> None:
    rows = axis(SPLIT_COURSE, SPLIT_EXPORT)
    told = {name: tuple(rows[name][column] for column in FROM_EXPORT) for name in "xprv"}
    assert told == {
        "x": (None, None, None, 61.5),
        "p": ("optionresponse", 3, True, None),
        "r": ("mixed", 2, False, None),
        "v": (None, None, None, None),
    }


def test_without_an_export_there_is_what_the_structure_tells() -> None:
    with_export, without = axis(SPLIT_COURSE, SPLIT_EXPORT), axis(SPLIT_COURSE)
    assert axis(SPLIT_COURSE, {"blocks": 5, "policy": {}}) == without
    missing = (*FROM_EXPORT, *SPLIT_COLUMNS[2:])
    for name, row in with_export.items():
        assert without[name] == row | dict.fromkeys(missing)
    assert without["x"]["youtube_id"] == "abc"


def test_a_video_without_a_length_or_with_ids_for_several_speeds() -> None:
    old = "0.75:JdL1, 1.0:lbaG3,1.25:Lrj0"
    structure = block(COURSE, *(usage(name, "video") for name in "abcd"))
    structure |= block(usage("a", "video"), youtube=old, youtube_id_1_0="")
    structure |= block(usage("b", "video"), youtube="1.50:xyz")
    structure |= block(usage("c", "video")) | block(usage("d", "video"), youtube_id_1_0=5)
    told = [
        {"category": "video", "name": "c", "duration": "0.0", "youtube": "1.00:abc"},
        {"category": "video", "name": "d", "duration": "long", "youtube": ""},
    ]
    rows = axis(structure, {"blocks": told})
    assert {name: rows[name]["youtube_id"] for name in "abcd"} == {
        "a": "lbaG3",
        "b": None,
        "c": "abc",
        "d": "5",
    }
    assert {row["duration"] for row in rows.values()} == {None}


def random_structure(seed: int) -> Structure:
    """A structure in which blocks are shared, missing, wrapped, unreached and in circles."""
    random = Random(seed)
    keys = [COURSE]
    for number in range(random.choice((0, 12, 40, 40))):
        keys.append(usage(f"b{number}", random.choice(CATEGORIES)))
    structure: Structure = {}
    for place, key in enumerate(keys):
        below = keys[place + 1 :] if random.random() < 0.8 else keys
        children = random.choices([*below, usage("gone")], k=random.choice((0, 1, 2, 5)))
        metadata = {
            name: value
            for name, value in {
                "start": random.choice((FRIDAY, None)),
                "due": random.choice(("2014-02-03T00:00:00Z", "2014-02-04T00:00:00Z", None)),
                "format": random.choice(("Homework", "Exam")),
                "graded": random.choice((True, False, None)),
                "visible_to_staff_only": random.choice((True, False, False)),
            }.items()
            if random.random() < 0.2
        }
        structure |= block(key, *children, **metadata)
    shuffled = list(structure.items())
    random.shuffle(shuffled)
    return dict(shuffled)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_the_query_agrees_with_plain_recursion(seed: int) -> None:
    structure = random_structure(seed)
    expected = []
    for row in course_axis(structure):
        for name in ("start", "due"):
            row[name] = row[name] and datetime.fromisoformat(row[name]).replace(tzinfo=None)
        row["graded"] = bool(row["graded"])
        row["visible_to_staff_only"] = row.pop("hidden")
        expected.append(row)
    found = axis(structure).values()
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
