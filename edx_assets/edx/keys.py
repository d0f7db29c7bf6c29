"""Course keys and usage keys: every spelling that edX data uses, brought to one canonical form.

The grammar itself is edx-opaque-keys'; what is here is where the research data departs from it.
Results are cached, and a usage key of the two plain forms is known by one pattern, a subset of that
grammar: parsing every key that a log names took four fifths of a load's time.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from ccx_keys.locator import CCXLocator
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

_CACHE = 65_536  # keys; a site has some thousands of courses and some 100,000 blocks
_UNCLEAN_IN_HTML = re.compile(r"(?:[^\w-]|_)+")
_ID = r"[\w.~-]+"
_OLD_ID = r"[\w.-]+"  # the old grammar knows no tilde
_PLAIN_I4X = re.compile(rf"i4x://{_OLD_ID}/{_OLD_ID}/(\w+)/({_OLD_ID})")
_PLAIN_HTML_REST = re.compile(rf"(\w+)-({_OLD_ID})")
_PLAIN_BLOCK = re.compile(rf"block-v1:{_ID}\+{_ID}\+{_ID}\+type@(\w+)\+block@({_ID})")


@lru_cache(_CACHE)
def course_key(text: str) -> str | None:
    """The canonical course key of any spelling, or None where it is not one.

    `McGillX/CHEM181x/1T2014` and `course-v1:McGillX+CHEM181x+1T2014` give the latter; a CCX keeps
    its `ccx-v1:` form. White space around a key (a newline was seen in real logs) and percent
    encoding are undone. Library keys are no course keys.
    """
    text = text.strip()
    if "%" in text:
        text = unquote(text).strip()
        if "%" in text:  # the old grammar has it, the canonical form has not
            return None
    try:
        key = CourseKey.from_string(text)
    except (InvalidKeyError, ValueError):
        return None
    if isinstance(key, CCXLocator):
        return str(key)
    if not isinstance(key, CourseLocator) or not (key.org and key.course and key.run):
        return None
    return f"course-v1:{key.org}+{key.course}+{key.run}"


def course_parts(key: str) -> tuple[str, str, str]:
    """Organisation, course number and run of a canonical course key.

    A CCX's number joins its run (`1T2014+ccx@3` gives the run `1T2014_ccx_3`).

    Raises:
        ValueError: the text is not a canonical course key.
    """
    if course_key(key) != key:
        raise ValueError(f"{key!r} is not a canonical course key")
    locator = CourseKey.from_string(key)
    run = f"{locator.run}_ccx_{locator.ccx}" if isinstance(locator, CCXLocator) else locator.run
    return str(locator.org), str(locator.course), str(run)


def usage_key(text: str) -> str | None:
    """The usage key in its plain spelling (`block-v1:…`, `ccx-block-v1:…` or `i4x://…`), or None.

    Undone are percent encoding, the `i4x:;_;_Org;_…` form that URLs carry in place of slashes
    (`;_` is a slash, `;;` a semicolon), a revision (`@draft`), and what follows a second key
    joined with a slash, as `edx.ui.lms.jump_nav.selected` writes.
    """
    if _plain(text):
        return text
    parsed = _parse_usage(text)
    return parsed[0] if parsed else None


def block_of(text: str) -> tuple[str, str] | None:
    """A usage key's (category, name): the same for the old and new spelling of the same block."""
    if plain := _plain(text):
        return plain[1], plain[2]
    parsed = _parse_usage(text)
    return parsed[1:] if parsed else None


@lru_cache(_CACHE)
def course_of_usage(text: str) -> str | None:
    """The course that a usage key names: canonical, or `Org/Number` for an i4x key (no run).

    None for a library's block, a key of a version alone, and what is no usage key.
    """
    try:
        course = UsageKey.from_string(text).course_key
    except (InvalidKeyError, ValueError):
        return None
    if not isinstance(course, CourseLocator) or not course.org:
        return None
    if course.run:
        return course_key(str(course))
    return f"{course.org}/{course.course}"


def _plain(text: str) -> re.Match[str] | None:
    """Category and name of a usage key of the two plain forms."""
    return _PLAIN_I4X.fullmatch(text) or _PLAIN_BLOCK.fullmatch(text)


@lru_cache(_CACHE)
def _parse_usage(text: str) -> tuple[str, str, str] | None:
    text = text.strip()
    if "%" in text:
        text = unquote(text).strip()
    if ";" in text:
        text = text.replace(";_", "/").replace(";;", ";")
    if text.startswith("i4x:/"):
        parts = text.split("/", 6)[2:6]
        if len(parts) < 4:
            return None
        text = "i4x://" + "/".join(parts).split("@", 1)[0]
    else:
        text = text.split("/", 1)[0]
    if plain := _plain(text):
        return text, plain[1], plain[2]
    try:
        key = UsageKey.from_string(text)
    except (InvalidKeyError, ValueError):
        return None
    return text, key.block_type, key.block_id


@lru_cache(_CACHE)
def html_id(key: str) -> str:
    """The dashed id that a page's HTML, and so its browser events, give a block.

    An i4x key is written `i4x-Org-Number-category-name`, with every character outside `[\\w-]`
    as an underscore, and several underscores as one; a block-v1 key is its bare name.
    Source: `Location.html_id` of edx-platform until 2014, `UsageKey.html_id` since.
    """
    if key.startswith("i4x://"):
        return _UNCLEAN_IN_HTML.sub("_", "i4x-" + "-".join(key.removeprefix("i4x://").split("/")))
    block = block_of(key)
    return block[1] if block else key


@lru_cache(_CACHE)
def _html_prefix(course: str) -> tuple[str, str | None] | None:
    """How the html ids of a course's blocks begin, and how their usage keys do if i4x ones can."""
    key = course_key(course)
    if key is None:
        return None
    org, number, _run = course_parts(key)
    html, usage = f"i4x-{org}-{number}", f"i4x://{org}/{number}/"
    return _UNCLEAN_IN_HTML.sub("_", html) + "-", usage if usage_key(f"{usage}a/b") else None


def usage_key_of_html_id(text: str, course: str | None) -> str | None:
    """The i4x usage key of a dashed html id (`i4x-Org-Number-category-name`), or None.

    Dots, and several underscores, were written as one underscore and cannot be told from it, but
    in the organisation and number, which are taken from `course` (a course key in any spelling, or
    None) where it fits.
    """
    if not text.startswith("i4x-"):
        return None
    prefixes = _html_prefix(course) if course else None
    if prefixes and text.startswith(prefixes[0]):
        html, usage = prefixes
        if usage is None:
            return None
        if plain := _PLAIN_HTML_REST.fullmatch(text, len(html)):
            return f"{usage}{plain[1]}/{plain[2]}"
        category, _, name = text[len(html) :].partition("-")
        return usage_key(f"{usage}{category}/{name}") if name else None
    parts = text.split("-", 4)
    return usage_key("i4x://" + "/".join(parts[1:])) if len(parts) == 5 else None


def usage_key_in(course: str, category: str, name: str) -> str | None:
    """The usage key of a block named by category and name in a course.

    The spelling of `course` (`O/C/R` or `course-v1:O+C+R`) decides between i4x and block-v1.
    """
    key = course_key(course)
    if key is None:
        return None
    if "/" in course or "%2F" in course.upper():
        org, number, _run = course_parts(key)
        return usage_key(f"i4x://{org}/{number}/{category}/{name}")
    kind = "ccx-block-v1:" if key.startswith("ccx-") else "block-v1:"
    return usage_key(f"{kind}{key.split(':', 1)[1]}+type@{category}+block@{name}")
