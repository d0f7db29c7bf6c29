"""The reasons for which a line is not loaded: one word each, which never contains data.

They are kept in the quarantine. The format that meets them decides which fits.
"""

from enum import StrEnum

_AS_IT_IS = "none is needed: nothing is lost"
_LOOK = (
    "look at the lines: if the file is damaged, ask edX for it again; if their form is new, report"
    " it, and retry after the upgrade"
)


class Reason(StrEnum):
    """Why a line cannot be loaded: the files it is found in, what it means, and what to do."""

    found_in: str
    meaning: str
    remedy: str

    def __new__(cls, word: str, found_in: str, meaning: str, remedy: str) -> "Reason":
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.found_in, reason.meaning, reason.remedy = found_in, meaning, remedy
        return reason

    BLANK = (
        "blank",
        "tracking logs, forum",
        "the line is empty, or holds only white space (in tracking logs also NULs)",
        _AS_IT_IS,
    )
    COMMENT = "comment", "tracking logs", "the line begins with `#`", _AS_IT_IS
    LINE_TOO_LONG = (
        "line_too_long",
        "tracking logs, tables, forum, opt-in list",
        "the line is longer than EDX_MAX_LINE_MB; its first bytes, length and hash are kept",
        "set EDX_MAX_LINE_MB above the line's length, and materialize the day, or the collection,"
        " again with `rebuild` on; MongoDB stores no document over 16 MiB",
    )
    NOT_JSON = (
        "not_json",
        "tracking logs, forum",
        "the line cannot be parsed as JSON; usually it is cut short",
        _LOOK,
    )
    NOT_AN_EVENT = (
        "not_an_event",
        "tracking logs",
        "the line is a JSON array or scalar, not an object",
        _LOOK,
    )
    NO_TIME = (
        "no_time",
        "tracking logs",
        "the event's time is missing or unreadable, before 1970 or after 2106",
        _LOOK,
    )
    NOT_A_POST = (
        "not_a_post",
        "forum",
        "the line is JSON, but not an object with an `_id`",
        _LOOK,
    )
    NOT_A_BLOCK = (
        "not_a_block",
        "course structure",
        "the entry (numbered from 1) is not a usage key with a block that has a category, a list of"
        " children and an object of metadata, or its key is there already",
        _LOOK,
    )
    NOT_A_ROW = (
        "not_a_row",
        "opt-in list",
        "the line cannot be read as CSV: a stray quote or carriage return",
        _LOOK,
    )
    WRONG_NUMBER_OF_FIELDS = (
        "wrong_number_of_fields",
        "tables, opt-in list",
        "the row has more or fewer fields than the header",
        _LOOK,
    )
    NOT_STORABLE = (
        "not_storable",
        "all",
        "MongoDB cannot hold the document: over 16 MiB, nested too deeply (over 100 levels in an"
        " event), or with a value that BSON cannot encode",
        "none but a later version of edx_assets; the line's bytes stay in the quarantine",
    )
    REFUSED_BY_DATABASE = (
        "refused_by_database",
        "all",
        "the database refused the document; its error code follows (`refused_by_database_53`)",
        "look the code up in MongoDB's list of error codes, and retry once the database accepts"
        " the document",
    )


def reason_of(word: str) -> Reason | None:
    """The reason in a line's entry, with or without an error code; None if it is not known."""
    if word.startswith(f"{Reason.REFUSED_BY_DATABASE}_"):
        return Reason.REFUSED_BY_DATABASE
    return next((reason for reason in Reason if reason == word), None)
