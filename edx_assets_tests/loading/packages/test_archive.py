"""Zips with a bad piece: the member is named, the others are read, whole or not at all."""

import os
import resource
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edx_assets.loading.packages.archive import (
    MAX_BYTES,
    MAX_RATIO,
    RATIO_FROM,
    DamagedPackageError,
    member_stream,
    opened,
    refusal,
)
from edx_assets_tests.loading.packages import zips

FILES = {f"x/member-{letter}.gpg": Random(letter).randbytes(400) for letter in "abc"}
NAME = "x/member-b.gpg"


def read(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The members' contents, and the messages on those that cannot be read."""
    contents: dict[str, bytes] = {}
    refused: list[str] = []
    with opened(path, "x.zip") as archive:
        refused += archive.lost.values()
        for info in archive.members:
            try:
                with member_stream(archive, info) as stream:
                    content = stream.read()
                contents[info.filename] = content
            except DamagedPackageError as error:
                refused.append(str(error))
    return contents, refused


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (partial(zips.with_method, method=9), "method 9 (deflate64)"),
        (partial(zips.with_method, method=99), "method 99 (AES encryption)"),
        (partial(zips.with_method, method=12_345), "method 12345 (an unknown one)"),
        (zips.with_password, "has a password"),
        (zips.with_version, "damaged in the directory"),
        (zips.without_name, "is damaged in its package"),
        (zips.with_broken_header, "is damaged in its package"),
        (zips.with_broken_entry, "damaged in the directory"),
        (zips.with_wrong_lengths, "damaged in the directory"),
        (zips.with_broken_content, "is damaged in its package"),
        (partial(zips.with_size, size=MAX_BYTES >> 9), "no encrypted file does"),
    ],
)
def test_a_bad_member_is_refused_by_name_and_the_others_are_read(
    tmp_path: Path, damage: Callable[[bytearray, str], None], says: str
) -> None:
    path = tmp_path / "x.zip"
    zip_ = zips.zipped(FILES)
    damage(zip_, NAME)
    path.write_bytes(zip_)
    contents, [told] = read(path)
    assert contents == {name: content for name, content in FILES.items() if name != NAME}
    assert says in told
    assert NAME[3:] in told
    assert "ask edX" in told


def test_a_member_with_a_broken_header_in_a_zip_with_a_broken_directory_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.zip"
    zip_ = zips.zipped(FILES)
    zips.with_broken_header(zip_, NAME)
    path.write_bytes(zip_[:-2])  # without its end, whose count would tell that one is missing
    contents, [told, more] = read(path)
    assert contents.keys() == FILES.keys() - {NAME}
    assert told.startswith(f"{NAME} is damaged in the directory")
    assert more.startswith("x.zip does not tell how many members it has")


def test_a_member_whose_header_asks_for_gigabytes_of_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    zip_ = zips.zipped(FILES, zipfile.ZIP_LZMA)
    dictionary_size = 30 + len(NAME) + 4 + 1  # in the content, behind the header
    at = zips.header_of(zip_, NAME) + dictionary_size
    zip_[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(zip_)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (3 * 2**30, limits[1]))
    try:
        contents, [told] = read(path)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)
    assert contents.keys() == FILES.keys() - {NAME}
    assert told.startswith(f"{NAME} is damaged in its package")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zips.zipped({NAME: bytes(RATIO_FROM + 1), "small": bytes(RATIO_FROM)}))
    with opened(path, "x.zip") as archive:
        told = {info.filename: refusal(archive, info) for info in archive.members}
    assert told["small"] is None
    assert "which no encrypted file does" in str(told[NAME])
    assert MAX_RATIO < 1032


@settings(deadline=None)
@given(st.data())
def test_a_flipped_byte_costs_one_member_at_most_and_never_gives_wrong_content(
    data: st.DataObject,
) -> None:
    zip_ = zips.zipped(FILES)
    at = data.draw(st.integers(0, len(zip_) - 1))
    zip_[at] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.zip"
        path.write_bytes(zip_)
        try:
            contents, refused = read(path)
        except DamagedPackageError:
            return
    right = [name for name, content in contents.items() if content == FILES.get(name)]
    assert len(right) == len(contents) >= len(FILES) - 1
    assert len(contents) + len(refused) >= len(FILES)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_a_zip_that_is_cut_short_is_refused_whole(tmp_path: Path, share: float) -> None:
    path = tmp_path / "x.zip"
    zip_ = zips.zipped(FILES)
    path.write_bytes(zip_[: int(len(zip_) * share)])
    with (
        pytest.raises(DamagedPackageError, match="not a zip file or is cut short"),
        opened(path, "x.zip"),
    ):
        pass


def test_a_member_without_a_name_is_told_and_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    made = zips.zipped({"nameless": b"nobody knows", **FILES})
    path.write_bytes(made.replace(b"nameless", b"\0ameless"))  # a name ends at a NUL
    contents, refused = read(path)
    assert contents == FILES
    [told] = refused
    assert told.startswith("a member of it has no name: materialize")


def test_the_directory_is_read_once_until_the_package_is_another(tmp_path: Path) -> None:
    path, newer = tmp_path / "x.zip", tmp_path / "newer.zip"
    for file, content in ((path, b"old"), (newer, b"new")):
        with zipfile.ZipFile(file, "w") as made:
            made.writestr(NAME, content)
    with opened(path, "x.zip") as first:
        os.utime(path)  # as the storage does where a file is used
        with opened(path, "x.zip") as second:
            assert first.members[0] is second.members[0]
            for archive in (second, first):
                with member_stream(archive, archive.members[0]) as stream:
                    assert stream.read() == b"old"
    newer.replace(path)
    assert read(path) == ({NAME: b"new"}, [])
