"""The sections of a report, in the page's order; each is in a module of its own."""

from edx_assets.reports.content import Section
from edx_assets.reports.sections import (
    activity,
    chapters,
    countries,
    enrolments,
    forum,
    funnel,
    problems,
    videos,
)

SECTIONS: tuple[Section, ...] = (
    funnel.SECTION,
    activity.SECTION,
    enrolments.SECTION,
    chapters.SECTION,
    videos.SECTION,
    problems.SECTION,
    forum.SECTION,
    countries.SECTION,
)
