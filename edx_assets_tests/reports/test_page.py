"""The page as a browser and its readers have it: whole, safe, and the same each time."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from edx_assets.datasets.definition import datasets
from edx_assets.reports.page import Head, Shown, page
from edx_assets.reports.reads import READS
from edx_assets.reports.sections import SECTIONS
from edx_assets_tests.reports.tables import axis, tables

HOSTILE = "\"'><script>alert(1)</script><img src=http://x.example/ onerror=alert(2)>&amp;"
MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
VOID = {"meta", "br", "img", "link"}


class Page(HTMLParser):
    """Elements with their attributes, and the texts of headings and cells; tags have to match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def attributes(self) -> Iterator[tuple[str, str]]:
        for _tag, attributes in self.elements:
            yield from ((name, value or "") for name, value in attributes.items())


def made(name: str = HOSTILE) -> str:
    """The page of a course all of whose names are the same, with every section."""
    day = date(2014, 2, 3)
    time = datetime(2014, 2, 3)
    people = range(40)
    with tables(
        course_axis=axis(
            ("c1", "chapter", name), ("v1", "video", name, "c1"), ("p1", "problem", name, "c1")
        ),
        enrolment_by_day=[
            {"day": day + timedelta(n), "mode": name, "enrolled": 40} for n in range(20)
        ],
        forum_posts=[{"user_id": n, "first_time": time} for n in people],
        person_course=[{"user_id": n, "registered": True, "viewed": True} for n in people],
        person_day=[{"user_id": n, "day": day} for n in people],
        person_video=[{"user_id": n, "module_id": "v1"} for n in people],
        problem_check=[{"user_id": n, "module_id": "p1", "time": time} for n in people],
        time_on_asset=[{"user_id": n, "module_id": "p1"} for n in people],
        person_places=[{"user_id": n, "countryLabel": name} for n in people],
        video_axis=[
            {"index_video": 2, "module_id": "v1", "name": name, "chapter_name": name},
        ],
        video_segments=[{"module_id": "v1", "segment": 0, "learners": 40}],
    ) as session:
        sections = [Shown(each, each.draw(session), HOSTILE) for each in SECTIONS]
    assert [each.section.name for each in sections if each.content is None] == []
    return page(Head(name, name, [("Learners", name)], "abc"), sections, MADE)


@pytest.fixture(scope="module")
def text() -> str:
    return made()


def test_what_comes_from_data_is_escaped_everywhere(text: str) -> None:
    parsed = Page(text)
    assert not {tag for tag, _attributes in parsed.elements} & {"script", "img", "link", "iframe"}
    assert not [name for name, _value in parsed.attributes() if name.startswith("on")]
    shown = [said for _tag, said in parsed.texts if HOSTILE in said]
    assert len(shown) > 8  # it is there, as text
    assert "<script" not in text


def test_it_asks_for_nothing_else() -> None:
    text = made("Water & Fire")
    parsed = Page(text)
    links = {"src", "href", "xlink:href", "srcset", "data", "action", "poster", "formaction"}
    asked = {value for name, value in parsed.attributes() if name in links}
    assert all(link.startswith("#") for link in asked)
    assert not re.search(r"https?:|@import|url\(|fetch\(|//\w", text)
    [policy] = [
        attributes["content"]
        for _tag, attributes in parsed.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_it_can_be_read_without_seeing_it(text: str) -> None:
    parsed = Page(text)
    tags = Counter(tag for tag, _attributes in parsed.elements)
    assert tags["title"] == tags["h1"] == tags["main"] == 1
    assert tags["h2"] == tags["section"] == len(SECTIONS) + 1
    assert ("html", {"lang": "en"}) in parsed.elements
    ids = [value for name, value in parsed.attributes() if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in parsed.attributes() if name == "href"} <= set(ids)
    for tag, attributes in parsed.elements:
        if tag == "figure" or (tag == "svg" and attributes.get("aria-hidden") != "true"):
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
    [strip] = [a for tag, a in parsed.elements if tag == "svg" and a.get("class") == "strip"]
    assert strip["aria-label"] == "40 learners at most, first at 0:00 of 0:05"
    assert tags["caption"] == tags["table"] > len(SECTIONS) - 1
    assert tags["figure"] == 3


def test_the_numbers_are_in_the_page(text: str) -> None:
    cells = Counter(said for tag, said in Page(text).texts if tag == "span")
    assert cells["40"] >= 8
    assert "1 March 2026, 12:00 UTC" in text


def test_it_is_the_same_each_time_and_small(text: str) -> None:
    assert made() == text
    assert len(text.encode()) < 200_000


def test_every_dataset_that_a_section_reads_is_one_that_reports_read() -> None:
    named = {name for each in SECTIONS for name in (*each.needs, *each.uses)}
    assert named == set(READS)
    assert named <= datasets().keys()
