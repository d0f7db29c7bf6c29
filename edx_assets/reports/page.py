"""The page: what a course's report has, put into `page.html`. What comes from data is escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from edx_assets.reports.content import Bars, Content, Name, Section, Strip
from edx_assets.reports.published import Published


@dataclass(frozen=True)
class Head:
    """What the head of the page tells: names, values and a digest of what the page is made from."""

    name: str
    key: str
    facts: Sequence[tuple[str, str]]
    made_from: str


@dataclass(frozen=True)
class Shown:
    """A section as it is shown: its content, or a sentence on why there is none."""

    section: Section
    content: Content | None
    why_not: str = ""


def page(head: Head, sections: Sequence[Shown], made: datetime) -> str:
    """The page as HTML: one file, which asks for nothing else."""
    folder = files(__package__)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8"))
    css = folder.joinpath("page.css").read_text(encoding="utf-8")
    return template.render(
        head=head,
        sections=sections,
        made=made,
        css=Markup(css),  # noqa: S704 - a file of the package
        svg=Markup,  # drawn by a library that escapes what it is given
        kind=_kind,
    )


@cache
def version() -> str:
    """A digest of what makes the page: with other code, reports are made again."""
    digest = blake2b(digest_size=6)
    for file in _files(files(__package__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _files(entry)
        elif entry.name.endswith((".py", ".html", ".css")):
            found.append(entry)
    return found


def _kind(cell: object) -> str:
    names = {Published: "number", Bars: "bars", Strip: "strip", Name: "name"}
    return names.get(type(cell), "text")
