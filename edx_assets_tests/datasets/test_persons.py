"""The datasets of learners' languages, devices and enrolment, by hand and against plain Python."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets_tests.datasets import plain_persons
from edx_assets_tests.datasets.made import as_made, made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.test_against_plain import START

SHOWN = "/courses/T/T1/1/xblock/i4x:;_;_T;_T1;_video;_v/handler/transcript/translation/"
DOWNLOADED = {"target_url": "https://edx.org/courses/x/xblock/v/handler/transcript/download"}
ENROLMENT = "edx.course.enrollment."
PHONE = "Mozilla/5.0 (Linux; Android 4.4; Nexus 5) Chrome/33.0 Mobile"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) Firefox/27.0"


def happened(*kinds: str | tuple[str, dict[str, Any]]) -> list[Event]:
    """A learner's events, a second apart: their types, with what they tell."""
    told = [each if isinstance(each, tuple) else (each, {}) for each in kinds]
    return [
        Event(number, START + 1000 * number, 7, kind, "browser", None, event)
        for number, (kind, event) in enumerate(told)
    ]


def test_a_download_is_in_the_language_that_was_shown_last() -> None:
    click = ("edx.ui.lms.link_clicked", DOWNLOADED)
    other = ("edx.ui.lms.link_clicked", {"target_url": "https://edx.org/"})
    events = happened(click, other, SHOWN + "fr", click, click, SHOWN + "zh_HANS", SHOWN)
    rows = made(["person_languages"], events)["person_languages"]
    found = {row["language"]: (row["nevents"], row["downloads"], row["modal"]) for row in rows}
    assert found == {"en": (1, 1, False), "fr": (3, 2, True), "zh_HANS": (1, 0, False)}


@pytest.mark.parametrize(
    ("languages", "modal"),
    [("fr en en", "en"), ("en fr", "fr"), ("en fr fr en", "en")],
)
def test_the_language_is_the_one_used_most_and_of_two_the_latest(
    languages: str, modal: str
) -> None:
    events = happened(*(SHOWN + language for language in languages.split()))
    rows = made(["person_languages"], events)["person_languages"]
    assert [row["language"] for row in rows if row["modal"]] == [modal]


def test_of_two_languages_used_alike_it_is_the_first_by_name() -> None:
    events = [
        Event(number, START, 7, SHOWN + language)
        for number, language in enumerate(("fr", "en", "pt"))
    ]
    rows = made(["person_languages"], events)["person_languages"]
    assert [row["language"] for row in rows if row["modal"]] == ["en"]


def came(*agents: str | None, source: str = "browser") -> list[Event]:
    return [
        Event(number, START + number, 7, "page_close", source, fields={"agent": agent or ""})
        for number, agent in enumerate(agents)
    ]


@pytest.mark.parametrize(
    ("agents", "source", "told"),
    [
        ([PHONE, PHONE, LAPTOP], "browser", [2, 1, 0, True, True, "Mobile"]),
        ([PHONE, LAPTOP], "browser", [1, 1, 0, True, True, "Desktop"]),
        ([PHONE], "browser", [1, 0, 0, True, False, "Mobile"]),
        (["edX/org.edx.mobile", "edX/2 CFNetwork/711 Darwin/14"], "browser",
         [2, 0, 0, True, False, "Mobile"]),
        (["python-requests/2.1", None], "server", [0, 0, 2, False, False, None]),
        ([None, LAPTOP], "mobile", [2, 0, 0, True, False, "Mobile"]),
        (["Mozilla/5.0 (X11; CrOS armv7l)", "MOZILLA (WINDOWS NT)"], "browser",
         [0, 2, 0, False, True, "Desktop"]),
    ],
)  # fmt: skip
def test_a_device_is_told_by_its_agent(
    agents: list[str | None], source: str, told: list[Any]
) -> None:
    [row] = made(["person_devices"], came(*agents, source=source))["person_devices"]
    assert list(row.values()) == [7, *told]


def test_who_enrols_as_verified_at_once_is_verified() -> None:
    kinds = [("activated", "verified"), ("mode_changed", "verified"), ("deactivated", "verified"),
             ("activated", "audit"), ("deactivated", "audit")]  # fmt: skip
    events = happened(*((ENROLMENT + kind, {"mode": mode}) for kind, mode in kinds))
    times = [event.time for event in events]
    [row] = made(["person_enrolment"], events)["person_enrolment"]
    assert list(row.values()) == [7, times[0], times[4], times[0], times[2]]


def history(seed: int) -> list[Event]:
    random = Random(seed)
    kinds: list[tuple[str, dict[str, Any]]] = [
        *((SHOWN + language, {}) for language in ("en", "fr", "pt-BR")),
        ("edx.ui.lms.link_clicked", DOWNLOADED),
        ("edx.ui.lms.link_clicked", {}),
        *(
            (ENROLMENT + kind, {"mode": mode})
            for kind in ("activated", "deactivated", "mode_changed", "upgrade.succeeded")
            for mode in ("verified", "audit", None)
        ),
    ]
    agents = (PHONE, LAPTOP, "", "curl", "MACINTOSH", "iPad")
    events = []
    for number in range(random.choice((0, 3, 40))):
        kind, told = random.choice(kinds)
        source = random.choice(("browser", "server", "mobile"))
        user = random.choice((7, 7, 8, None))
        at = START + random.choice((0, 1000, 1000 * number))
        events.append(
            Event(number, at, user, kind, source, None, told, {"agent": random.choice(agents)})
        )
    return events


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_queries_agree_with_plain_python(seed: int) -> None:
    events = history(seed)
    definitions = (
        plain_persons.person_languages,
        plain_persons.person_devices,
        plain_persons.person_enrolment,
    )
    found = made([definition.__name__ for definition in definitions], events)
    for definition in definitions:
        name = definition.__name__
        rows = [list(row.values()) for row in found[name]]
        assert rows == as_made(name, definition(events)), name
