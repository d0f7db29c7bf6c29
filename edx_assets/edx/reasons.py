"""The reasons for which a line is not loaded: one word each, which never contains data.

They are kept in the quarantine. The format that meets them decides which fits.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a line cannot be loaded: the files it is found in, and what it means."""

    found_in: str
    meaning: str

    def __new__(cls, word: str, found_in: str, meaning: str) -> "Reason":
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.found_in, reason.meaning = found_in, meaning
        return reason

    BLANK = (
        "blank",
        "tracking logs, forum",
        "the line is empty, or holds only white space (in tracking logs also NULs)",
    )
    COMMENT = "comment", "tracking logs", "the line begins with `#`"
    LINE_TOO_LONG = (
        "line_too_long",
        "tracking logs",
        "the line is longer than EDX_MAX_LINE_MB; its first bytes, length and hash are kept",
    )
    NOT_JSON = (
        "not_json",
        "tracking logs, forum",
        "the line cannot be parsed as JSON; usually it is cut short",
    )
    NOT_AN_EVENT = (
        "not_an_event",
        "tracking logs",
        "the line is a JSON array or scalar, not an object",
    )
    NO_TIME = (
        "no_time",
        "tracking logs",
        "the event's time is missing or unreadable, before 1970 or after 2106",
    )
    NOT_A_POST = "not_a_post", "forum", "the line is JSON, but not an object with an `_id`"
    NOT_A_BLOCK = (
        "not_a_block",
        "course structure",
        "the entry (numbered from 1) is not a usage key with a block that has a category, a list of"
        " children and an object of metadata, or its key is there already",
    )
    NOT_A_ROW = (
        "not_a_row",
        "opt-in list",
        "the line cannot be read as CSV: a stray quote or carriage return",
    )
    WRONG_NUMBER_OF_FIELDS = (
        "wrong_number_of_fields",
        "tables, opt-in list",
        "the row has more or fewer fields than the header",
    )
    NOT_STORABLE = (
        "not_storable",
        "all",
        "MongoDB cannot hold the document: over 16 MiB, nested too deeply (over 100 levels in an"
        " event), or with a value that BSON cannot encode",
    )
    REFUSED_BY_DATABASE = (
        "refused_by_database",
        "all",
        "the database refused the document; its error code follows (`refused_by_database_53`)",
    )
