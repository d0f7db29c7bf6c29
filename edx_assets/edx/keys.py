"""Course keys and usage keys: all spellings in edX data, converted to one canonical form.

The grammar is that of edx-opaque-keys; this module handles the ways the research data departs from
it. Results are cached, and usage keys in the two plain forms are recognised by one pattern each, a
subset of that grammar: parsing every key in a log took four fifths of the time of a load.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from ccx_keys.locator import CCXLocator
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

_CACHE = 65_536  # keys; a site has thousands of courses and about 100,000 blocks
_UNCLEAN_IN_HTML = re.compile(r"(?:[^\w-]|_)+")
_ID = r"[\w.~-]+"
_OLD_ID = r"[\w.-]+"  # the old grammar has no tilde
_PLAIN_I4X = re.compile(rf"i4x://{_OLD_ID}/{_OLD_ID}/(\w+)/({_OLD_ID})")
_PLAIN_HTML_REST = re.compile(rf"(\w+)-({_OLD_ID})")
_PLAIN_BLOCK = re.compile(rf"block-v1:{_ID}\+{_ID}\+{_ID}\+type@(\w+)\+block@({_ID})")


@lru_cache(_CACHE)
def course_key(text: str) -> str | None:
    """The canonical form of a course key in any spelling, or None if it is not one.

    `McGillX/CHEM181x/1T2014` and `course-v1:McGillX+CHEM181x+1T2014` give the latter; a CCX keeps
    its `ccx-v1:` form. White space around a key (real logs have contained a newline) is removed,
    percent-encoding is decoded, also where it was applied twice, and plus signs that became spaces
    in an address are restored. Library keys are not course keys.
    """
    text = text.strip()
    if "%" in text:
        text = unquote(unquote(text)).strip()
        if "%" in text:  # the old grammar allows it, the canonical form does not
            return None
    if " " in text and "-v1:" in text:
        text = text.replace(" ", "+")
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

    The number of a CCX becomes part of the run: `1T2014+ccx@3` gives `1T2014_ccx_3`.

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

    Percent-encoding, spaces for plus signs, and the `i4x:;_;_Org;_…` form that URLs use instead of
    slashes (`;_` is a slash, `;;` a semicolon) are decoded. A revision (`@draft`) is dropped, and
    so is a second key after a slash, as in `edx.ui.lms.jump_nav.selected`.
    """
    if _plain(text):
        return text
    parsed = _parse_usage(text)
    return parsed[0] if parsed else None


def block_of(text: str) -> tuple[str, str] | None:
    """A usage key's (category, name): the same for both spellings of a block."""
    if plain := _plain(text):
        return plain[1], plain[2]
    parsed = _parse_usage(text)
    return parsed[1:] if parsed else None


@lru_cache(_CACHE)
def course_of_usage(text: str) -> str | None:
    """The canonical course key in a usage key, or `Org/Number` for an i4x key, which has no run.

    None for a library's block, for a key with a version only, and for anything else.
    """
    try:
        course = UsageKey.from_string(text).context_key
    except (InvalidKeyError, ValueError):
        return None
    if not isinstance(course, CourseLocator) or not course.org:
        return None
    if course.run:
        return course_key(str(course))
    return f"{course.org}/{course.course}"


def _plain(text: str) -> re.Match[str] | None:
    """Match category and name of a usage key in one of the two plain forms."""
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
        text = text.split("/", 1)[0].replace(" ", "+")
    if plain := _plain(text):
        return text, plain[1], plain[2]
    try:
        key = UsageKey.from_string(text)
    except (InvalidKeyError, ValueError):
        return None
    return text, key.block_type, key.block_id


@lru_cache(_CACHE)
def html_id(key: str) -> str:
    """A block's dashed id in a page's HTML, and therefore in its browser events.

    An i4x key becomes `i4x-Org-Number-category-name`: every character outside `[\\w-]` is replaced
    by an underscore, and repeated underscores by one. A block-v1 key becomes its bare name.
    Source: `Location.html_id` of edx-platform until 2014, `UsageKey.html_id` since.
    """
    if key.startswith("i4x://"):
        return _UNCLEAN_IN_HTML.sub("_", "i4x-" + "-".join(key.removeprefix("i4x://").split("/")))
    block = block_of(key)
    return block[1] if block else key


@lru_cache(_CACHE)
def _html_prefix(course: str) -> tuple[str, str | None] | None:
    """Prefixes of a course's HTML ids, and of its i4x usage keys if it can have any."""
    key = course_key(course)
    if key is None:
        return None
    org, number, _run = course_parts(key)
    html, usage = f"i4x-{org}-{number}", f"i4x://{org}/{number}/"
    return _UNCLEAN_IN_HTML.sub("_", html) + "-", usage if usage_key(f"{usage}a/b") else None


def usage_key_of_html_id(text: str, course: str | None) -> str | None:
    """The i4x usage key of a dashed HTML id (`i4x-Org-Number-category-name`), or None.

    Dots and repeated underscores were written as one underscore and cannot be recovered, except in
    the organisation and number: these come from `course` (a course key in any spelling, or None)
    if it matches.
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
    """The usage key of the block with this category and name in a course.

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
