"""A learner's visits: pages opened, sequentials gone through, and the blocks on the way."""

from edx_assets.local.sample.courses import Block, Course, Sequential
from edx_assets.local.sample.discussions import Post, take_part
from edx_assets.local.sample.events import Visit, browser, implicit, server
from edx_assets.local.sample.problems import answer
from edx_assets.local.sample.videos import watch, watch_on_mobile


def enrol(visit: Visit, mode: str, active: bool = True) -> None:
    """Enrol in the course, or leave it; the course in its first event is the one that counts."""
    action = "activated" if active else "deactivated"
    event = {"course_id": visit.course.spelled, "user_id": visit.learner.id, "mode": mode}
    made = server(visit, f"edx.course.enrollment.{action}", event, "/change_enrollment")
    if visit.rng.random() < 0.3:
        made.fields["context"] |= {"course_id": "", "org_id": ""}
        made.oddities.append("course_in_enrolment_only")


def study(visit: Visit, sequential: Sequential, posts: list[Post]) -> None:
    """Open the course and go through a sequential, page by page."""
    course, rng = visit.course, visit.rng
    chapter = course.usage_key("chapter", sequential.chapter)
    pages: list[tuple[str, str | None]] = [
        ("info", None),
        ("courseware", None),
        (f"courseware/{sequential.chapter}/", chapter),
    ]
    visit.open(*rng.choice(pages))
    visit.open(f"courseware/{sequential.chapter}/{sequential.block.name}/", sequential.block.key)
    for vertical in sequential.verticals:  # the page requests all of its problems at once
        for leaf in vertical.leaves:
            if leaf.category == "problem":
                implicit(visit, course.handler(rng, leaf, "problem_get"), about=leaf.key)
    if not course.old:
        first = sequential.verticals[0].block
        implicit(visit, f"/xblock/{first.key}", get={"show_title": ["0"]}, about=first.key)
    for number, vertical in enumerate(sequential.verticals, 1):
        if number > 1:
            _turn_page(visit, sequential, number)
        for leaf in vertical.leaves:
            _meet(visit, leaf, posts)
    if rng.random() < 0.3:
        _jump(visit, sequential)
    visit.wait(1, 30)
    browser(visit, "page_close", {})
    if rng.random() < 0.5:
        visit.open(rng.choice(["progress", "discussion/forum", "wiki/home/", "syllabus/"]))


def _meet(visit: Visit, leaf: Block, posts: list[Post]) -> None:
    if leaf.category == "video":
        on_mobile = visit.learner.uses_mobile and visit.course.site == "edx"
        if on_mobile and visit.rng.random() < 0.4:
            watch_on_mobile(visit, leaf)
        else:
            watch(visit, leaf)
    elif leaf.category == "problem":
        answer(visit, leaf)
    elif leaf.category == "discussion":
        take_part(visit, leaf.name, posts)
    else:
        visit.wait(20, 240)


def _turn_page(visit: Visit, sequential: Sequential, number: int) -> None:
    key = sequential.block.key
    visit.wait(1, 20)
    if visit.course.old:
        browser(visit, "seq_next", {"old": number - 1, "new": number, "id": key}, key)
    else:
        name = "edx.ui.lms.sequence.next_selected"
        event = {"current_tab": number - 1, "tab_count": len(sequential.verticals), "id": key}
        browser(visit, name, event | {"widget_placement": "top"}, key, name)
    _goto_position(visit, visit.course, sequential.block, number)


def _jump(visit: Visit, sequential: Sequential) -> None:
    key, last = sequential.block.key, len(sequential.verticals)
    event_type, new = visit.rng.choice([("seq_goto", 1), ("seq_prev", last - 1)])
    browser(visit, event_type, {"old": last, "new": new, "id": key}, key)
    _goto_position(visit, visit.course, sequential.block, new)


def _goto_position(visit: Visit, course: Course, block: Block, number: int) -> None:
    path = course.handler(visit.rng, block, "goto_position")
    implicit(visit, path, {"position": [str(number)]}, about=block.key)
