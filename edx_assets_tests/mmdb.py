"""A writer of small MaxMind databases.

Source: MaxMind DB File Format Specification, version 2.0 (https://maxmind.github.io/MaxMind-DB/).
"""

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

_NO_DATA = bytes(16)
_MARK = b"\xab\xcd\xefMaxMind.com"
_TEXT, _DOUBLE, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 3, 5, 6, 7, 9, 11


def write_mmdb(
    path: Path, places: Mapping[str, Mapping[str, Any]], kind: str = "Test-City", built: int = 1
) -> Path:
    """Write what is known of each network (`192.0.2.0/24`, `2001:db8::/32`); none in another.

    `built` is in seconds since 1970.
    """
    nodes: list[list[int | None]] = [[None, None]]
    leaves: list[tuple[int, int, int]] = []
    data = b""
    for text, place in places.items():
        network = ip_network(text)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        *way, last = (int(bit) for bit in (bits if network.version == 6 else "0" * 96 + bits))
        at = 0
        for bit in way:
            further = nodes[at][bit]
            if further is None:
                further = nodes[at][bit] = len(nodes)
                nodes.append([None, None])
            at = further
        leaves.append((at, last, len(data)))
        data += _value(place)
    count = len(nodes)
    for at, bit, offset in leaves:
        nodes[at][bit] = count + len(_NO_DATA) + offset
    tree = b"".join(
        (count if record is None else record).to_bytes(3, "big")
        for node in nodes
        for record in node
    )
    facts = {
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, built),
        "database_type": kind,
        "description": {"en": "made up"},
        "ip_version": (_UINT16, 6),
        "languages": ["en"],
        "node_count": (_UINT32, count),
        "record_size": (_UINT16, 24),
    }
    path.write_bytes(tree + _NO_DATA + data + _MARK + _value(facts))
    return path


def _value(value: Any) -> bytes:
    """A value as the data section has it; a number with its type is a pair."""
    if isinstance(value, str):
        told = value.encode()
        return _control(_TEXT, len(told)) + told
    if isinstance(value, float):
        return _control(_DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, tuple):
        kind: int = value[0]
        number = int(value[1]).to_bytes(8, "big").lstrip(b"\0")
        return _control(kind, len(number)) + number
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(
            _value(key) + _value(held) for key, held in value.items()
        )
    return _control(_ARRAY, len(value)) + b"".join(map(_value, value))


def _control(kind: int, size: int) -> bytes:
    assert size < 29, "longer values have further bytes, which nothing here needs"
    return bytes([kind << 5 | size]) if kind <= _MAP else bytes([size, kind - 7])
