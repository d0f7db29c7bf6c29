"""Lines that are longer than a line may be, and what stands behind a gzip stream."""

import gzip
import tracemalloc
from io import BufferedReader, BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_hexdigest

from edx_assets.edx.lines import LongLine, bounded, end_of_gzip, gzipped_lines

MOST = 10


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_every_line_is_told_once_and_in_its_place(lines: list[bytes]) -> None:
    for end in (b"\n", b""):
        content = b"\n".join(lines) + end
        expected = BytesIO(content).readlines()
        found = list(bounded(BufferedReader(BytesIO(content), 4), MOST))
        assert len(found) == len(expected)
        for got, line in zip(found, expected, strict=True):
            plain = line.removesuffix(b"\n")
            if len(plain) > MOST:
                assert isinstance(got, LongLine)
                assert (got.length, got.digest) == (len(plain), xxh3_128_hexdigest(plain))
                assert plain.startswith(got)
            else:
                assert (type(got), got) == (bytes, line)


def test_a_long_line_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"first\n")
        for _ in range(64):
            stream.write(b"x" * 2**20)
        stream.write(b"\nlast")
    tracemalloc.start()
    with gzipped_lines(path, 2**20) as lines:
        found = list(lines)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(found), found[0], found[2]] == [3, b"first\n", b"last"]
    assert isinstance(found[1], LongLine)
    assert found[1].length == 64 * 2**20
    assert len(found[1]) == 64 * 1024
    assert most < 8 * 2**20


WHOLE = gzip.compress(b"line\n" * 100_000)


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (WHOLE, len(WHOLE)),
        (WHOLE + b"\r\n", len(WHOLE)),
        (WHOLE * 3 + b"x" * 400, 3 * len(WHOLE)),
        (WHOLE + WHOLE[:-1], len(WHOLE)),
        (WHOLE[:-1], 0),
        (WHOLE[:-8] + bytes(8), 0),
        (b"no gzip", 0),
        (b"", 0),
    ],
)
def test_where_the_whole_streams_end(content: bytes, end: int) -> None:
    assert end_of_gzip(BytesIO(content)) == end
