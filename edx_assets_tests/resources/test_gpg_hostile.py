"""Encrypted files made to do harm: each is refused as the file's own fault, and leaves nothing."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from edx_assets.resources.gnupg import MOST, DecryptionError, Gnupg, most_of
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import encrypted_for, gnupg_home, new_key

GIB = 2**30


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with gnupg_home() as made:
        new_key(made, PASSPHRASE)
        yield Path(made)


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", PASSPHRASE)


def test_a_file_that_decrypts_to_more_than_it_may_is_refused(home: Path, tmp_path: Path) -> None:
    content = encrypted_for(home, bytes(5_000_000), "--compress-algo", "bzip2")
    assert len(content) < 1000
    target = tmp_path / "plain"
    with pytest.raises(DecryptionError, match="a hundred times its size and more"):
        Gnupg(home=str(home)).decrypt(io.BytesIO(content), target, 4_999_999)
    assert not target.exists()
    Gnupg(home=str(home)).decrypt(io.BytesIO(content), target, 5_000_000)
    assert target.read_bytes() == bytes(5_000_000)


@pytest.mark.parametrize(
    ("size", "most"), [(0, GIB), (1000, GIB), (GIB, 100 * GIB), (2**35, MOST), (2**50, MOST)]
)
def test_what_a_file_may_decrypt_to_goes_by_its_size(size: int, most: int) -> None:
    assert most_of(size) == most


def test_odd_bytes_in_an_armour_are_the_files_fault(home: Path, tmp_path: Path) -> None:
    content = encrypted_for(home, b"x", "--armor").replace(b"\n\n", b"\n\n\x9b\x17")
    with pytest.raises(DecryptionError, match="cut short or damaged"):
        Gnupg(home=str(home)).decrypt(io.BytesIO(content), tmp_path / "plain")


def test_a_packet_that_gpg_does_not_know_is_the_files_fault(home: Path, tmp_path: Path) -> None:
    content = encrypted_for(home, b"x") + b"\x35,odd"
    with pytest.raises(DecryptionError, match="cut short or damaged"):
        Gnupg(home=str(home)).decrypt(io.BytesIO(content), tmp_path / "plain")
