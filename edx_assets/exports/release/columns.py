"""Which columns a release has, and how the quasi-identifiers among them can be coarsened.

What is not named here is not released, a new column of `person_course` neither. How far each is
coarsened is decided in `search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edx_assets.datasets.definition import DatasetColumn, datasets

HIDDEN = "*"
"""A value that is not told. A null is what `person_course` does not know."""


@dataclass(frozen=True)
class Level:
    """How fine a value is told, and the value as an expression in SQL (a text, or null)."""

    told: str
    value: str


@dataclass(frozen=True)
class Quasi:
    """A quasi-identifier: its levels from fine to coarse; beyond the last, all values are hidden.

    `reads` names the columns of `person_course` that it is made from, and `betrays` those that
    would tell it: they are emptied where it is hidden.
    """

    name: str
    meaning: str
    levels: tuple[Level, ...]
    reads: tuple[str, ...]
    betrays: tuple[str, ...] = ()

    @property
    def top(self) -> int:
        """The number of its levels, which stands for hidden."""
        return len(self.levels)


_YEAR = "CASE WHEN YoB BETWEEN 1900 AND 2100 THEN YoB END"


def _years(count: int) -> str:
    first = f"({_YEAR}) // {count} * {count}"
    return f"({first}) || ' to ' || ({first} + {count - 1})"


def _moment(name: str, meaning: str) -> Quasi:
    levels = (
        Level("day", f"strftime({name}, '%Y-%m-%d')"),
        Level("month", f"strftime({name}, '%Y-%m')"),
        Level("quarter", f"year({name}) || '-Q' || quarter({name})"),
        Level("year", f"year({name})::VARCHAR"),
    )
    return Quasi(name, meaning, levels, (name,))


_POSTS = """CASE
    WHEN nforum_posts < 2 THEN nforum_posts::VARCHAR
    WHEN nforum_posts < 5 THEN '2 to 4'
    WHEN nforum_posts < 10 THEN '5 to 9'
    WHEN nforum_posts < 20 THEN '10 to 19'
    WHEN nforum_posts >= 20 THEN '20 or more'
END"""
_ANY = "CASE WHEN nforum_posts = 0 THEN '0' WHEN nforum_posts > 0 THEN '1 or more' END"
_EDUCATION = """CASE
    WHEN LoE IN ('p', 'p_se', 'p_oth', 'm') THEN 'master or doctorate'
    WHEN LoE IN ('b', 'a') THEN 'bachelor or associate'
    WHEN LoE IN ('hs', 'jhs', 'el', 'none') THEN 'school or none'
    WHEN LoE IS NOT NULL THEN 'other'
END"""

QUASI = {
    each.name: each
    for each in (
        Quasi("gender", "gender: `f`, `m` or `o`", (Level("value", "gender"),), ("gender",)),
        Quasi(
            "YoB",
            "year of birth; empty before 1900",
            (
                Level("year", f"({_YEAR})::VARCHAR"),
                Level("5 years", _years(5)),
                Level("10 years", _years(10)),
                Level("20 years", _years(20)),
            ),
            ("YoB",),
        ),
        Quasi(
            "LoE",
            "level of education: a code as in `auth_userprofile`, or a group of them",
            (Level("code", "LoE"), Level("group", _EDUCATION)),
            ("LoE",),
        ),
        Quasi(
            "country",
            "by the address with the most events, else as in the profile: a country (ISO 3166), a"
            " region or a continent (UN M49)",
            (
                Level("country", "home"),
                Level("region", "home_region"),
                Level("continent", "home_continent"),
            ),
            ("cc_by_ip", "profile_country"),
        ),
        Quasi(
            "nforum_posts",
            "posts in the forum",
            (
                Level("range", _POSTS),
                Level("any or none", _ANY),
            ),
            ("nforum_posts",),
        ),
        Quasi(
            "certified",
            "whether the certificate is `downloadable`: `true` or `false`",
            (Level("value", "certified::VARCHAR"),),
            ("certified",),
            betrays=("completed", "grade"),
        ),
        Quasi("mode", "the mode of enrolment", (Level("value", "mode"),), ("mode",)),
        _moment("start_time", "when the learner first enrolled (UTC)"),
        _moment("last_event", "the last event (UTC)"),
    )
}
"""The quasi-identifiers that can be chosen. Who does not choose one leaves its column out."""

USUAL = ("gender", "YoB", "LoE", "country", "nforum_posts")
"""Those of the person-course dataset of HarvardX and MITx: https://doi.org/10.7910/DVN/26147."""

_COUNTS = (
    "nevents",
    "ndays_act",
    "nplay_video",
    "nchapters",
    "nprogcheck",
    "nproblem_check",
    "ntranscript",
    "nshow_answer",
    "nvideos_unique_viewed",
    "nseq_goto",
    "nseek_video",
    "npause_video",
    "sum_dt",
)
_AS_THEY_ARE = ("registered", "viewed", "explored", "certified", "completed")
_GRADES = ("grade", "passing_grade")


def released_columns(quasi: Sequence[Quasi]) -> tuple[DatasetColumn, ...]:
    """The columns of a release, in their order."""
    personal = "quasi-identifier"
    return (
        DatasetColumn("course_id", "VARCHAR", "the course", personal),
        DatasetColumn("learner", "VARCHAR", "the learner, by an id of this release alone", "none"),
        *(DatasetColumn(each.name, "VARCHAR", each.meaning, personal) for each in quasi),
        *(column for column, _value in plain(quasi)),
    )


def plain(quasi: Sequence[Quasi]) -> list[tuple[DatasetColumn, str]]:
    """The columns beside the ids and the quasi-identifiers, each with its expression in SQL.

    Counts have two significant digits: a number as it is could be found again in another copy.
    """
    here = {column.name: column for column in datasets()["person_course"].columns}
    found = [(here[name], name) for name in _AS_THEY_ARE]
    for name in _GRADES:
        meaning = f"{here[name].meaning}; rounded to 0.01"
        found.append((replace(here[name], meaning=meaning), f"round({name}, 2)"))
    for name in _COUNTS:
        told = here[name].meaning if name != "sum_dt" else "time on the course in seconds"
        meaning = f"{told}; two significant digits"
        found.append((replace(here[name], type="BIGINT", meaning=meaning), f"two_digits({name})"))
    chosen = {each.name for each in quasi}
    return [(column, value) for column, value in found if column.name not in chosen]


def left_out(quasi: Sequence[Quasi]) -> list[str]:
    """The columns of `person_course` that a release is not made from."""
    used = {name for each in quasi for name in each.reads}
    used |= {"course_id", *(column.name for column, _value in plain(quasi))}
    return [c.name for c in datasets()["person_course"].columns if c.name not in used]
