"""Odd JSON: values and names that break readers, and their places in a text that was valid.

Mutations of bytes belong in `mutation`.
"""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

Make = Callable[[Random], str]

_MARK = re.compile(r'"@@(\d+)@@"')
_MOST_CHANGES = 4

_VALUES = (
    *("null", "true", "false", "0", "-0", "-0.0", "1.5", "[]", "{}", '""', '"x"'),
    *(str(2**63 + n) for n in (-1, 0, 1)),
    *(str(-(2**63) - n) for n in (0, 1)),
    *(str(2**64), "1" * 400, "-" + "9" * 4400, "0" * 20, "1e999", "-1e999", "1e-999", "1E400"),
    *("NaN", "Infinity", "-Infinity", "-NaN", "+1", ".5", "0x10", "1_000", "True", "None"),
    *(r'"\ud800"', r'"\udc00\ud800"', r'"a\ud83d"', r'"\ud83d\ude00"', r'"\u0000"', '"\0"'),
    *(r'"\x41"', r'"\u12"', '"\t"', '"\\', r'"\"', "'x'", '"\ufffd"', '"\u202e"', '"\U0001f600"'),
    *('"NULL"', r'"{\"a\": 1}"', r'"{\\\"a\\\": 1}"', r'"[\"\\ud800\"]"', r'"{\"a\": NaN}"'),
    *('"2014-02-30"', '"9999-12-31T23:59:59-14:00"', '"0001-01-01T00:00:00+14:00"'),
    *('"2014-02-03T10:00:00.1234567890Z"', '"1969-12-31T23:59:59"', '"2106-02-07T06:28:16"'),
    *('"2014-02-03T10:00:00+00:60"', '"20140203T100000"', '"2014-W06-1"', '"2014-02-03T24:00"'),
    *('"course-v1:A+B+C"', '"A/B/C"', '"course-v1:A+B+%2500"', '"i4x://A/B/problem/p"'),
    *('"block-v1:A+B+C+type@p+block@q"', '"i4x-A-B-problem-p"', '"i4x:;_;_A;_B;_p;_q;;"'),
    *('"/courses/A/B/C/courseware/x/"', '"input_i4x-A-B-problem-c_2_1=1"', '"lti_passports"'),
)
"""Texts of values; some are no JSON, but what other programs have taken for it."""

_EXTENDED = (
    *('{"$oid": "x"}', '{"$oid": 5}', '{"$oid": "50f1dd4ae05f6d2600000001"}', '{"$oid": null}'),
    *('{"$date": 9e99}', '{"$date": "x"}', '{"$date": {"$numberLong": "99999999999999999"}}'),
    *('{"$date": -99999999999999}', '{"$date": 253402300800000}', '{"$date": "10000-01-01"}'),
    *('{"$date": "2014-02-03T10:00:00.000+99:99"}', '{"$date": null}', '{"$date": NaN}'),
    *('{"$numberLong": "9223372036854775808"}', '{"$numberInt": "x"}', '{"$numberDouble": "NaN"}'),
    *('{"$numberDecimal": "1E+9999"}', '{"$numberDecimal": "x"}', '{"$uuid": "x"}'),
    *('{"$binary": "%%%"}', '{"$binary": {"base64": "AA==", "subType": "ff"}}', '{"$minKey": 1}'),
    *('{"$binary": {"base64": "AA==", "subType": "04"}}', '{"$undefined": true}', '{"$ref": "a"}'),
    *('{"$binary": {"base64": "AA==", "subType": "03"}}', '{"$symbol": "s"}', '{"$type": "00"}'),
    *('{"$regex": "(", "$options": "zz"}', '{"$regularExpression": {"pattern": "\\u0000"}}'),
    *('{"$regularExpression": {"pattern": "a", "options": "i"}}', '{"$code": "x", "$scope": {}}'),
    *('{"$timestamp": {"t": -1, "i": 99999999999}}', '{"$timestamp": {"t": 1, "i": 1}}'),
    *('{"$ref": "a", "$id": 1, "$db": "b"}', '{"$dbPointer": {"$ref": "a", "$id": 1}}'),
)
"""Extended JSON, as mongoexport writes it, and as it does not."""

_NAMES = (
    *('""', '"_id"', '"$x"', '"a.b"', r'"\u0000"', r'"\ud800"', r'"a\u0000"', r'"\ud800\u0000"'),
    *('"__proto__"', '"$oid"', '"event"', '"time"', '"context"', '"delivered"', '"metadata"'),
    *('"timestamp"', '"course_id"', '"children"', '"category"', '"secret"', '"client_secret"'),
    *('"lti_passports"', '"\U0001f600"', '"a_2"', '"a\ufffd"', "a", "1", "null"),
)

_PIECES = (
    *("x", "\u00e9", "\\", '"', "'", "\t", " ", "\U0001f600", "1", "_1", "_1_1", "a_2_1", "-", "."),
    *(
        "input_",
        " input_",
        "&input_",
        "i4x-",
        "i4x://",
        "i4x:;_;_",
        ";_",
        ";",
        "/",
        "//",
        "%",
        "%25",
    ),
    *("course-v1:", "ccx-v1:", "block-v1:", "+type@", "+block@", "+ccx@", "+", "@", "~", ":"),
    *("/courses/", "/courses/a/b/c", "/courseware/", "/jump_to_id/", "/threads/", "/comments/"),
    *("thread_id=", "/discussion/", "A/", "asset-v1:", "/enrollment/v1/course/", "%20", "%3A"),
    *('{"', '{"event": "', '"event":', '"}', "{", "[", ",", '\\"', '"lti_passports', '"secret":'),
    *("client_secret", "'client_secret' : ", "0", "9", "b'", "\r", "\u2028", "NaN"),
)

_LEVELS = (2, 50, 97, 98, 99, 100, 101, 102, 150, 500, 990, 1100)


def _deep(random: Random) -> str:
    levels = random.choice(_LEVELS) if random.random() < 0.98 else random.choice((5000, 100_000))
    kind = random.random()
    if kind < 0.4:
        return "[" * levels + "1" + "]" * levels
    if kind < 0.8:
        return '{"a":' * levels + "1" + "}" * levels
    return "[" * levels  # without an end


def _long(random: Random) -> str:
    return json.dumps(repeated(random))


def _wide(random: Random) -> str:
    many = random.choice((3, 100, 1000))
    if random.random() < 0.5:
        return "[" + ",".join(["0"] * many) + "]"
    return "{" + ",".join(f'"{n}": {n}' for n in range(many)) + "}"


def repeated(random: Random) -> str:
    """A piece, or two in turn, so often that what is not linear takes too long."""
    piece = "".join(random.choices(_PIECES, k=random.choice((1, 1, 2))))
    return random.choice(_PIECES) + piece * (random.choice((30, 300, 3000, 100_000)) // len(piece))


def odd_value(random: Random) -> str:
    """The text of an odd value, or of something that is none."""
    luck = random.random()
    if luck < 0.7:
        return random.choice(_VALUES)
    if luck < 0.85:
        return random.choice(_EXTENDED)
    return random.choice((_long, _long, _deep, _wide) if luck > 0.97 else (_deep, _wide))(random)


def odd(random: Random, value: Any) -> str:
    """The text of a JSON value with some of its names and values made odd. It changes the value."""
    raw: list[str] = []

    def marked(text: str) -> str:
        raw.append(text)
        return f"@@{len(raw) - 1}@@"

    for _ in range(random.randint(1, _MOST_CHANGES)):
        held, name = _place(random, value)
        if held is None:
            value = marked(odd_value(random))
            break
        _change(random, held, name, marked)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    # a mark of a text within a text can be left in that, beyond the marks of this one
    own = dict(enumerate(raw))
    return _MARK.sub(lambda found: own.get(int(found[1]), "0"), text) if raw else text


def _place(random: Random, value: Any) -> tuple[Any, Any]:
    """An object or array within a value, and a name or a place in it; None for the value itself."""
    held = name = None
    while isinstance(value, dict | list) and value and (held is None or random.random() < 0.7):
        held = value
        name = (
            random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
        )
        value = value[name]
    return held, name


def _change(random: Random, held: Any, name: Any, marked: Callable[[str], str]) -> None:
    kind = random.random()
    value = held[name]
    if kind < 0.5:
        held[name] = marked(odd_value(random))
    elif kind < 0.6 and isinstance(value, str) and value[:1] in "{[":
        try:  # JSON in a string, as events and states have it
            held[name] = odd(random, json.loads(value))
        except ValueError:
            held[name] = value[: random.randrange(len(value))]
    elif kind < 0.8 and isinstance(held, dict):
        told = json.dumps(random.choice(list(held))) if kind < 0.65 else random.choice(_NAMES)
        held[marked(told)] = value if kind < 0.75 else marked(odd_value(random))
    elif kind < 0.9:
        del held[name]
    elif isinstance(value, str):
        held[name] = f"{value}{random.choice((' ', chr(0), chr(9), '%25', '+', '/'))}{value}"
    else:
        held[name] = [value, {"a": value}]
