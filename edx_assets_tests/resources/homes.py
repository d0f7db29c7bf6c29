"""GnuPG homes for tests, with keys of other kinds than the institution's usual one."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gnupg

_QUICK = "s2k-count 65536\n"
"""Rounds that protect a key by its passphrase; gpg's own choice takes a tenth of a second a use."""


@contextmanager
def gnupg_home() -> Iterator[str]:
    """An empty GnuPG home; a short path, for its agent's socket."""
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp") as home:
        (Path(home) / "gpg-agent.conf").write_text(_QUICK)
        yield home
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


def gpg(home: str, passphrase: str, *arguments: str) -> None:
    """Run gpg as somebody at a terminal that speaks UTF-8 would."""
    command = ["gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback"]
    subprocess.run(
        [*command, "--passphrase-fd", "0", *arguments],
        input=f"{passphrase}\n".encode(),
        check=True,
        capture_output=True,
    )


def rsa_key(home: str, passphrase: str) -> str:
    """A new key pair of one RSA key that encrypts, as institutions have them; its fingerprint."""
    return _made(home, passphrase, "rsa2048", "encrypt", "never")


def new_key(home: str, passphrase: str, encrypts: bool = True, expires: str = "never") -> str:
    """A new key pair (on curves: those are made at once); its fingerprint.

    It signs, and has a subkey that `encrypts`; both expire when told, as gpg writes it (`10d`).
    """
    kind = ("future-default", "default") if encrypts else ("ed25519", "sign")
    return _made(home, passphrase, *kind, expires)


def encrypted_for(home: Path, content: bytes, *options: str) -> bytes:
    """Content encrypted for every key in a home."""
    recipients = [
        part
        for key in gnupg.GPG(gnupghome=str(home)).list_keys()
        for part in ("-r", key["fingerprint"])
    ]
    command = ["gpg", "--homedir", str(home), "--batch", "--trust-model", "always"]
    command += ["--pinentry-mode", "loopback", *options, *recipients, "--encrypt"]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout


def _made(home: str, passphrase: str, *kind: str) -> str:
    known = _fingerprints(home)
    gpg(home, passphrase, "--quick-gen-key", f"czar{len(known)}@test", *kind)
    [made] = _fingerprints(home) - known
    return made


def _fingerprints(home: str) -> set[str]:
    return {key["fingerprint"] for key in gnupg.GPG(gnupghome=home).list_keys(secret=True)}
