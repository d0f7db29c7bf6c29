"""Videos in the course's order: how many watched them, and which parts of them."""

from collections import defaultdict
from collections.abc import Iterator

from duckdb import DuckDBPyConnection

from edx_assets.reports.content import Cell, Content, Section, Strip, Table
from edx_assets.reports.published import Published, learners, share

_POINTS = 80  # a strip has no more: it is as wide as a thumb
_SEGMENT_SECONDS = 5

_VIDEOS = """
SELECT
    module_id,
    coalesce(any_value(video.name), regexp_extract(module_id, '[^@/]*$')) AS name,
    any_value(video.chapter_name),
    count(DISTINCT user_id),
    nullif(count(DISTINCT user_id) FILTER (complete IS NOT NULL), 0),
    count(DISTINCT user_id) FILTER (complete)
FROM (
    SELECT
        person.module_id,
        user_id,
        coalesce(
            complete,
            furthest_second >= greatest(video_length - 30, 0.95 * video_length)
        ) AS complete
    FROM person_video AS person
    LEFT JOIN video_axis USING (module_id)
) AS seen
FULL JOIN video_axis AS video USING (module_id)
GROUP BY module_id
ORDER BY min(video.index_video) NULLS LAST, module_id
"""
_SEGMENTS = "SELECT module_id, segment, learners FROM video_segments ORDER BY ALL"


def draw(session: DuckDBPyConnection) -> Content | None:
    """Each video with its learners, those who reached its end, and a strip of what was watched."""
    videos = session.execute(_VIDEOS).fetchall()
    segments: dict[str, dict[int, Published]] = defaultdict(dict)
    for module, segment, number in session.execute(_SEGMENTS).fetchall():
        segments[module][segment] = learners(number)
    if not segments:
        return None
    most = max((_height(each) for told in segments.values() for each in told.values()), default=0)
    watched = [each for each in videos if learners(each[3]).drawn]
    told = [(learners(each[3]), each[1]) for each in watched if not learners(each[3]).pale]
    text = f"The course has {len(videos)} videos; {len(watched)} were watched."
    if told:
        number, name = max(told, key=lambda each: each[0].drawn or 0)
        text += f" The most learners, {number.text}, watched “{name}”."
    return Content(
        text=text,
        tables=(
            Table(
                "Videos in the order of the course. The strip shows how many learners watched each"
                " part, from the video's beginning to the last second that was watched; where it is"
                f" full, {most:,} did, and where it is empty, fewer than ten.",
                ("Video", "Learners", "To the end", "Watched parts"),
                list(_rows(videos, segments, most)),
            ),
        ),
    )


def _rows(
    videos: list[tuple[str, str, str | None, int, int | None, int | None]],
    segments: dict[str, dict[int, Published]],
    most: int,
) -> Iterator[tuple[Cell, ...]]:
    heading = None
    for module, name, chapter, number, measured, complete in videos:
        if chapter is not None and chapter != heading:
            heading = chapter
            yield (chapter,)
        yield (name, learners(number), share(complete, measured), _strip(segments[module], most))


def _strip(told: dict[int, Published], most: int) -> Cell:
    length = max(told, default=-1) + 1
    heights = [0] * min(length, _POINTS)
    for segment, number in told.items():
        place = segment * len(heights) // length
        heights[place] = max(heights[place], _height(number))
    if not any(heights):
        return ""
    highest = max(heights)
    first = min(each for each in told if _height(told[each]) == highest)
    alt = f"{highest:,} learners at most, first at {_clock(first)} of {_clock(length)}"
    return Strip(tuple(heights), most, alt)


def _height(number: Published) -> int:
    return 0 if number.pale else number.drawn or 0


def _clock(segment: int) -> str:
    minutes, seconds = divmod(segment * _SEGMENT_SECONDS, 60)
    return f"{minutes}:{seconds:02}"


SECTION = Section(
    name="videos",
    title="Videos",
    needs=("person_video", "video_segments"),
    uses=("video_axis",),
    draw=draw,
    nothing="No learner has watched a video, or the course has none.",
)
