"""Mutations of bytes: cut, repeated, exchanged and damaged, with the tokens that formats turn on.

JSON values belong in `odd_json`.
"""

from random import Random

_TOKENS = (
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b"\t",
        b"\0",
        b" ",
        b"",
        b"\x1a",
        b"\x7f",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
    ),
    *(b"\xff", b"\xe9", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xa8"),
    *(b"\\", b"\\\\", b"\\n", b"\\t", b"\\0", b"\\N", b'"', b'""', b'\\"', b"'", b"b'", b'b"x"'),
    *(b"{", b"}", b"[", b"]", b",", b":", b"NULL", b"\\u0000", b"\\ud800", b"NaN", b"-", b"1e400"),
    *(b"/", b"..", b"../", b"%", b"%00", b"%25", b"%2F", b"+", b"@", b"~", b"#", b";_", b"$", b"."),
    *(b"course-v1:", b"ccx-v1:", b"block-v1:", b"i4x://", b"+type@", b"+block@", b"_ccx_", b"-"),
    *(b"-prod-analytics.sql", b"-prod.mongo", b".gpg", b".failed", b"9" * 25, b"9" * 5000),
    *(b"&a", b"*a", b"<<: ", b"!!int ", b"!!timestamp ", b"!!binary ", b"? ", b"- ", b"|\n", b"0x"),
    *(
        b"client_secret",
        b'"lti_passports": ["a:b:c"]',
        b"x" * 300,
        b"PK\1\2",
        b"PK\3\4",
        b"\x1f\x8b",
    ),
)
_EDGES = (0, 1, 2, 127, 128, 254, 255)


def mutated(random: Random, content: bytes, other: bytes = b"") -> bytes:
    """Content with one to four changes; `other` is content of which pieces can come in."""
    made = bytearray(content)
    for _ in range(1 if random.random() < 0.5 else random.randint(2, 4)):
        _change(random, made, other)
    return bytes(made)


def _change(random: Random, made: bytearray, other: bytes) -> None:
    at = random.randrange(len(made) + 1)
    kind = random.randrange(9)
    if kind == 0 and at < len(made):
        made[at] ^= 1 << random.randrange(8)
    elif kind == 1 and at < len(made):
        made[at] = random.choice(_EDGES)
    elif kind == 2:
        del made[at : at + _length(random)]
    elif kind == 3:
        piece = made[at : at + _length(random)]
        made[at:at] = piece * random.choice((1, 1, 2, 20))
    elif kind == 4:
        del made[at:]
    elif kind == 5 and other:
        start = random.randrange(len(other))
        made[at:at] = other[start : start + _length(random)]
    elif kind == 6:
        length = _length(random)
        made[at : at + length] = random.choice(_TOKENS)
    elif kind == 7:
        made[at:at] = random.randbytes(random.randint(1, 8))
    else:
        made[at:at] = random.choice(_TOKENS)


def _length(random: Random) -> int:
    return int(2 ** (random.random() * 9))
