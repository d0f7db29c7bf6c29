"""What a real gpg does where the machine, its agent or the file's kind fails it."""

import io
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import gnupg
import pytest

from edx_assets.errors import can_pass
from edx_assets.resources.gnupg import DecryptionError, Gnupg, GpgError, naming
from edx_assets.resources.storage import Storage
from edx_assets.settings import InvalidSettingError
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import encrypted_for, gnupg_home, new_key

CONTENT = os.urandom(3_000_000)  # larger than the small disk, and than what a pipe holds
OURS = "materialize|EDX_STORAGE|EDX_GNUPG_HOME|install GnuPG|memory"


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", PASSPHRASE)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home with a key; its agent knows no passphrase."""
    with gnupg_home() as made:
        new_key(made, PASSPHRASE)
        yield Path(made)


@pytest.fixture
def encrypted(home: Path) -> bytes:
    made = encrypted_for(home, CONTENT)
    stop_agent(home)
    return made


def stop_agent(home: Path) -> None:
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)


def machine(home: Path, content: bytes, target: Path) -> GpgError:
    """The error of a decryption that fails on this machine; nothing is left of it."""
    with pytest.raises(GpgError, match=OURS) as error, naming("a.sql.gpg"):
        Gnupg(home=str(home)).decrypt(io.BytesIO(content), target)
    assert can_pass(error.value)
    assert not target.exists()
    assert error.value.cause.startswith("a.sql.gpg: ")
    assert str(home) not in str(error.value)
    return error.value


def test_a_full_disk_leaves_nothing_behind(home: Path, encrypted: bytes, small_disk: Path) -> None:
    storage = Storage(place=str(small_disk))
    with (
        pytest.raises(GpgError, match="the disk is full"),
        storage.writing("packages/a.sql") as path,
    ):
        Gnupg(home=str(home)).decrypt(io.BytesIO(encrypted), path)
    assert not storage.exists("packages/a.sql")
    assert not [path for path in small_disk.rglob("*") if path.is_file()]


def test_a_file_that_may_not_grow(home: Path, encrypted: bytes, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        error = machine(home, encrypted, tmp_path / "plain")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "the disk is full" in error.cause


def test_a_folder_that_is_gone(home: Path, encrypted: bytes, tmp_path: Path) -> None:
    class Removing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            (tmp_path / "folder" / "plain").unlink(missing_ok=True)
            (tmp_path / "folder").rmdir() if (tmp_path / "folder").exists() else None
            return super().read(size)

    (tmp_path / "folder").mkdir()
    with pytest.raises(GpgError, match="cannot be written"):
        Gnupg(home=str(home)).decrypt(Removing(encrypted), tmp_path / "folder" / "plain")


def test_an_agent_that_refuses_loopback(home: Path, encrypted: bytes, tmp_path: Path) -> None:
    settings = home / "gpg-agent.conf"
    usual = settings.read_text()
    settings.write_text(f"{usual}no-allow-loopback-pinentry\n")
    try:
        error = machine(home, encrypted, tmp_path / "plain")
    finally:
        settings.write_text(usual)
        stop_agent(home)
    assert "refuses passphrases from programs" in error.cause
    assert "no-allow-loopback-pinentry" in error.remedy


def test_a_home_with_a_path_too_long_for_a_socket(
    home: Path, encrypted: bytes, tmp_path: Path
) -> None:
    long = tmp_path / ("long" * 40)
    subprocess.run(["cp", "-r", "--", str(home), str(long)], check=True)
    for socket in long.glob("S.*"):
        socket.unlink()
    error = machine(long, encrypted, tmp_path / "plain")
    assert "agent cannot be reached" in error.cause


def test_a_home_that_is_not_there(encrypted: bytes, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    with pytest.raises(
        InvalidSettingError, match=r"EDX_GNUPG_HOME: .*gone does not exist: correct"
    ):
        Gnupg(home=str(tmp_path / "gone")).decrypt(io.BytesIO(encrypted), plain)
    assert not plain.exists()


def test_gpg_is_not_installed(
    home: Path, encrypted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in machine(home, encrypted, tmp_path / "plain").cause


class Acting(io.BytesIO):
    """A stream that does something to our gpg once it has been read from."""

    def __init__(self, content: bytes, act: Callable[[int], Any]) -> None:
        super().__init__(content)
        self.act = act

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        for pid in gpg_children():
            self.act(pid)
        return piece


def gpg_children() -> list[int]:
    """The gpg processes that this process has started."""
    command = ["pgrep", "-P", str(os.getpid()), "-x", "gpg"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid in told.split()]


def test_a_gpg_that_is_killed(home: Path, encrypted: bytes, tmp_path: Path) -> None:
    stream = Acting(encrypted, lambda pid: os.kill(pid, signal.SIGKILL))
    with pytest.raises(GpgError, match=r"was killed \(signal 9\)"):
        Gnupg(home=str(home)).decrypt(stream, tmp_path / "plain")
    assert not (tmp_path / "plain").exists()


class StoppedError(BaseException):
    """As Dagster's interrupt: no Exception."""


def test_a_decryption_that_is_stopped_leaves_no_gpg(
    home: Path, encrypted: bytes, tmp_path: Path
) -> None:
    def stop(*_arguments: object) -> None:
        raise StoppedError

    usual = signal.signal(signal.SIGUSR1, stop)
    held = Acting(encrypted, lambda pid: os.kill(pid, signal.SIGSTOP))  # it would wait for ever
    timer = Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        timer.start()
        with pytest.raises(StoppedError):
            Gnupg(home=str(home)).decrypt(held, tmp_path / "plain")
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, usual)
    assert not gpg_children()
    assert not (tmp_path / "plain").exists()


def test_content_that_cannot_be_read_is_not_gpgs_trouble(
    home: Path, encrypted: bytes, tmp_path: Path
) -> None:
    def fail(_pid: int) -> None:
        raise EOFError("cut")

    with pytest.raises(EOFError, match="cut"):
        Gnupg(home=str(home)).decrypt(Acting(encrypted, fail), tmp_path / "plain")
    assert not gpg_children()
    assert not (tmp_path / "plain").exists()


def file(home: Path, content: bytes, target: Path) -> DecryptionError:
    """The error of a file that cannot be decrypted anywhere; nothing is left of it."""
    with pytest.raises(DecryptionError) as error:
        Gnupg(home=str(home)).decrypt(io.BytesIO(content), target)
    assert not can_pass(error.value)
    assert not target.exists()
    return error.value


def test_without_protection_against_changes(home: Path, tmp_path: Path) -> None:
    old = ("--rfc2440", "--disable-mdc", "--cipher-algo", "CAST5")
    error = file(home, encrypted_for(home, CONTENT, *old), tmp_path / "plain")
    assert "no MDC" in error.cause


def test_forcing_gpg_does_not_make_it_protected(home: Path, tmp_path: Path) -> None:
    old = ("--rfc2440", "--disable-mdc", "--cipher-algo", "CAST5")
    content = encrypted_for(home, CONTENT, *old)
    forcing = home / "gpg.conf"
    forcing.write_text("ignore-mdc-error\n")
    try:
        error = file(home, content, tmp_path / "plain")
    finally:
        forcing.unlink()
    assert "no MDC" in error.cause


def test_for_several_other_keys_names_each(home: Path, tmp_path: Path) -> None:
    with gnupg_home() as others:
        gpg = gnupg.GPG(gnupghome=others)
        for _ in range(2):
            new_key(others, PASSPHRASE)
        ids = {key["subkeys"][0][0] for key in gpg.list_keys()}
        content = encrypted_for(Path(others), CONTENT)
    error = file(home, content, tmp_path / "plain")
    assert len(ids) == 2
    assert {name for name in ids if name in error.cause} == ids


def test_for_a_hidden_key(home: Path, tmp_path: Path) -> None:
    with gnupg_home() as other:
        new_key(other, PASSPHRASE)
        content = encrypted_for(Path(other), CONTENT, "--throw-keyids")
    assert file(home, content, tmp_path / "plain").cause == "it is encrypted for another key"


def test_signed_but_not_encrypted(home: Path, tmp_path: Path) -> None:
    command = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback"]
    command += ["--passphrase", PASSPHRASE, "--sign"]
    signed = subprocess.run(command, input=CONTENT, capture_output=True, check=True).stdout
    assert file(home, signed, tmp_path / "plain").cause == "it is not encrypted"


def test_signed_with_a_key_that_is_not_here(home: Path, tmp_path: Path) -> None:
    """gpg cannot check the signature; what edX has encrypted is whole all the same."""
    with gnupg_home() as other:
        sender = new_key(other, PASSPHRASE)
        exported = gnupg.GPG(gnupghome=str(home)).export_keys("czar0@test")
        gnupg.GPG(gnupghome=other).import_keys(exported)
        sign = ("--sign", "--local-user", sender, "--passphrase", PASSPHRASE)
        content = encrypted_for(Path(other), CONTENT, *sign)
    Gnupg(home=str(home)).decrypt(io.BytesIO(content), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == CONTENT


@pytest.mark.parametrize("variable", ["", None])
def test_a_key_without_a_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    """The variable is set and empty, or its file is."""
    monkeypatch.delenv("EDX_GPG_PASSPHRASE")
    if variable is None:
        (tmp_path / "passphrase").touch()
        monkeypatch.setenv("EDX_GPG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    else:
        monkeypatch.setenv("EDX_GPG_PASSPHRASE", variable)
    with gnupg_home() as bare:
        new_key(bare, "")
        content = encrypted_for(Path(bare), CONTENT)
        stop_agent(Path(bare))
        Gnupg(home=bare).decrypt(io.BytesIO(content), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == CONTENT
