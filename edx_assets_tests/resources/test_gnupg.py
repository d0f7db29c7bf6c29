"""Decrypting with a real gpg: what is right, and every way in which it is not."""

import io
import os
import re
import stat
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import gnupg
import pytest

from edx_assets.resources.gnupg import DecryptionError, Gnupg, naming
from edx_assets.settings import InvalidSettingError, MissingSettingError
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import gnupg_home, new_key, rsa_key

PLAIN = b"learners' events\n" * 2000 + os.urandom(5000)
WRONG = "not the passphrase"

Key = tuple[gnupg.GPG, str]


@pytest.fixture(scope="module")
def other_key() -> Iterator[Key]:
    """A key pair that the institution does not have."""
    with gnupg_home() as home:
        fingerprint = rsa_key(home, PASSPHRASE)
        yield gnupg.GPG(gnupghome=home), fingerprint


@pytest.fixture(scope="module")
def encrypted(key: Key) -> bytes:
    """What edX sends, so to speak."""
    return encrypt(key)


def encrypt(key: Key, content: bytes = PLAIN) -> bytes:
    made = key[0].encrypt(content, key[1], armor=False, always_trust=True)
    assert made.ok
    return bytes(made.data)


@pytest.fixture
def decryptor(key: Key, monkeypatch: pytest.MonkeyPatch) -> Gnupg:
    """The resource at the institution's home, with the right passphrase and an agent that knows
    none."""
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", PASSPHRASE)
    made = Gnupg(home=key[0].gnupghome)
    made.forget_passphrases()
    return made


@pytest.fixture
def refusal(decryptor: Gnupg, tmp_path: Path) -> Callable[[bytes], DecryptionError]:
    """Decrypts what cannot be, and checks that the error holds no secret and no content."""

    def refused(content: bytes) -> DecryptionError:
        with pytest.raises(DecryptionError) as error:
            decryptor.decrypt(io.BytesIO(content), tmp_path / "plain")
        told = "".join(traceback.format_exception(error.value))
        for secret in (PASSPHRASE, WRONG, "learners' events", str(tmp_path)):
            assert secret not in told
        assert error.value.remedy
        assert error.value.remedy in str(error.value)
        return error.value

    return refused


def test_a_file(decryptor: Gnupg, encrypted: bytes, tmp_path: Path) -> None:
    (tmp_path / "encrypted").write_bytes(encrypted)
    decryptor.decrypt(tmp_path / "encrypted", tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == PLAIN


def test_a_stream(decryptor: Gnupg, encrypted: bytes, tmp_path: Path) -> None:
    decryptor.decrypt(io.BytesIO(encrypted), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == PLAIN


def test_an_empty_content(decryptor: Gnupg, key: Key, tmp_path: Path) -> None:
    decryptor.decrypt(io.BytesIO(encrypt(key, b"")), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == b""


def test_one_that_is_for_others_as_well(
    decryptor: Gnupg, key: Key, other_key: Key, tmp_path: Path
) -> None:
    """edX encrypts some files for itself too."""
    key[0].import_keys(other_key[0].export_keys(other_key[1]))
    made = key[0].encrypt(PLAIN, [other_key[1], key[1]], armor=False, always_trust=True)
    decryptor.decrypt(io.BytesIO(made.data), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == PLAIN


@pytest.mark.parametrize("before", [None, 0o644])
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_result_is_its_owners_alone(
    decryptor: Gnupg, encrypted: bytes, tmp_path: Path, before: int | None, umask: int
) -> None:
    target = tmp_path / "plain"
    if before is not None:
        target.write_bytes(PLAIN + b"what was there, and longer")
        target.chmod(before)
    usual = os.umask(umask)
    try:
        decryptor.decrypt(io.BytesIO(encrypted), target)
    finally:
        os.umask(usual)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes() == PLAIN


def test_another_key(refusal: Callable[[bytes], DecryptionError], other_key: Key) -> None:
    error = refusal(encrypt(other_key))
    assert re.fullmatch(r"it is encrypted for another key \([0-9A-F]{16}\)", error.cause)
    assert "gpg --import" in error.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"hello",
        b'{"username": "someone"}\n' * 100,
        b"<Error><Code>AccessDenied</Code></Error>",
        bytes(1000),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + bytes(range(256)),
    ],
    ids=["empty", "a line end", "a word", "json", "xml", "NULs", "gzip"],
)
def test_what_is_not_gpg_data(refusal: Callable[[bytes], DecryptionError], content: bytes) -> None:
    assert refusal(content).cause == "it is not GPG data"


@pytest.mark.parametrize("kept", [5, 100, 300, 0.3, 0.7, -30, -21, -1])
def test_cut_short(refusal: Callable[[bytes], DecryptionError], key: Key, kept: float) -> None:
    """In the key's packet, behind it, amid the data, at their end, in the checksum."""
    whole = encrypt(key, os.urandom(20_000))
    error = refusal(whole[: int(kept * len(whole)) if 0 < kept < 1 else int(kept)])
    # where less than its buffer has come, gpg finds no message at all
    causes = {"it is cut short or damaged"} | ({"it is not GPG data"} if 0 < kept <= 300 else set())
    assert error.cause in causes
    assert "download it again" in error.remedy


@pytest.mark.parametrize("place", [20, 100, 250, 290, 0.3, 0.7, -60, -50, -40, -30, -21, -1])
def test_a_flipped_byte(
    refusal: Callable[[bytes], DecryptionError], encrypted: bytes, place: float
) -> None:
    """In the session key, amid the data, at their end, in the checksum."""
    position = int(place * len(encrypted)) if 0 < place < 1 else int(place)
    damaged = bytearray(encrypted)
    damaged[position] ^= 0x10
    error = refusal(bytes(damaged))
    assert error.cause == "it is cut short or damaged"
    assert "download it again" in error.remedy


@pytest.mark.parametrize("more", [b"junk", b"\0" * 100, PLAIN], ids=["junk", "nuls", "plain"])
def test_something_behind_it(
    refusal: Callable[[bytes], DecryptionError], encrypted: bytes, more: bytes
) -> None:
    assert "download it again" in refusal(encrypted + more).remedy


def test_a_wrong_passphrase(
    refusal: Callable[[bytes], DecryptionError],
    encrypted: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", WRONG)
    error = refusal(encrypted)
    assert error.cause == "the passphrase does not fit the secret key"
    assert "EDX_GPG_PASSPHRASE_FILE" in error.remedy


@pytest.mark.parametrize("language", ["fr", "de"])
def test_in_another_language(
    refusal: Callable[[bytes], DecryptionError],
    encrypted: bytes,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", language)
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", WRONG)
    assert refusal(encrypted).cause == "the passphrase does not fit the secret key"


def test_no_passphrase_is_set(
    decryptor: Gnupg, encrypted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDX_GPG_PASSPHRASE")
    with pytest.raises(MissingSettingError, match="EDX_GPG_PASSPHRASE is not set"):
        decryptor.decrypt(io.BytesIO(encrypted), tmp_path / "plain")
    assert not (tmp_path / "plain").exists()


def use_file(monkeypatch: pytest.MonkeyPatch, path: Path, content: str) -> None:
    monkeypatch.delenv("EDX_GPG_PASSPHRASE", raising=False)
    path.write_text(content)
    monkeypatch.setenv("EDX_GPG_PASSPHRASE_FILE", str(path))


def test_the_passphrase_from_a_file(
    decryptor: Gnupg, encrypted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_file(monkeypatch, tmp_path / "passphrase", f"{PASSPHRASE}\n")
    decryptor.decrypt(io.BytesIO(encrypted), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == PLAIN


@pytest.mark.parametrize("content", ["", "\n", f"{PASSPHRASE}\n{WRONG}\n", f"{PASSPHRASE}\0\n"])
def test_a_file_that_holds_no_passphrase(
    refusal: Callable[[bytes], DecryptionError],
    encrypted: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
) -> None:
    use_file(monkeypatch, tmp_path / "passphrase", content)
    assert "passphrase" in refusal(encrypted).cause


@pytest.mark.parametrize("phrase", ["", "clé «naïve» 鍵", "'quoted' $HOME \\ # not a comment "])
def test_passphrases_of_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phrase: str
) -> None:
    use_file(monkeypatch, tmp_path / "passphrase", f"{phrase}\n")
    with gnupg_home() as home:
        fingerprint = new_key(home, phrase)
        made = Gnupg(home=home)
        content = encrypt((made.open(), fingerprint))
        made.forget_passphrases()
        made.decrypt(io.BytesIO(content), tmp_path / "plain")
    assert (tmp_path / "plain").read_bytes() == PLAIN


class Looking(io.BytesIO):
    """A stream that looks at every process's command line while gpg reads from it."""

    seen: set[bytes] = set()

    def read(self, size: int | None = -1) -> bytes:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.seen.add(path.read_bytes())
            except OSError:  # it has ended meanwhile
                continue
        return super().read(size)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")
def test_the_passphrase_is_on_no_command_line(
    decryptor: Gnupg, encrypted: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stream = Looking(encrypted)
    decryptor.decrypt(stream, tmp_path / "plain")
    gpg = [line for line in stream.seen if line.startswith(b"gpg\0")]
    assert any(b"--passphrase-fd" in line for line in gpg)
    assert not [line for line in stream.seen if PASSPHRASE.encode() in line]
    assert PASSPHRASE not in caplog.text
    assert "learners' events" not in caplog.text


def test_no_home_is_set() -> None:
    with pytest.raises(MissingSettingError, match="EDX_GNUPG_HOME is not set"):
        Gnupg().secret_keys()


def test_a_home_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingError, match=r"EDX_GNUPG_HOME: .*nowhere does not exist"):
        Gnupg(home=str(tmp_path / "nowhere")).open()


def test_its_secret_keys(decryptor: Gnupg, key: Key) -> None:
    assert [found["fingerprint"] for found in decryptor.secret_keys()] == [key[1]]


def test_naming_the_file() -> None:
    with pytest.raises(DecryptionError) as error, naming("a.log.gz.gpg"):
        raise DecryptionError("it is cut short", "download it again")
    assert str(error.value) == "a.log.gz.gpg: it is cut short: download it again"
    assert error.value.remedy == "download it again"
    assert error.value.__suppress_context__
