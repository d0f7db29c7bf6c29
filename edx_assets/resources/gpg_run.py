"""One run of gpg: its exit code and status lines, and the trouble they tell of.

Homes, keys and passphrases belong in `gnupg`. The status lines are described in GnuPG's
doc/DETAILS; what gpg tells in words alone (of the disk, of its agent) is read from its messages.
"""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, cast

_PIECE = 256 * 1024
_STATUS = "[GNUPG:] "
_HIDDEN = "0000000000000000"
"""The key id in a file that does not tell whom it is for."""

_DOWNLOAD_AGAIN = "download it again; if that does not help, ask edX for it"
CORRECT_IT = "correct EDX_GPG_PASSPHRASE or EDX_GPG_PASSPHRASE_FILE"


@dataclass(frozen=True)
class Trouble:
    """Why a file was not decrypted, and the remedy; `ours` if it is this machine's trouble.

    `key_missing`: gpg did not find a key that the file is encrypted for.

    Neither contains anything that gpg has written, but for the ids of keys: its messages name
    folders and users.
    """

    cause: str
    remedy: str
    ours: bool = False
    key_missing: bool = False


@dataclass(frozen=True)
class GpgRun:
    """How gpg ended: exit code (negative: the signal), status lines by keyword, its messages."""

    code: int
    messages: str
    status: dict[str, list[str]] = field(default_factory=dict)

    @property
    def decrypted(self) -> bool:
        """Whether everything was decrypted, proved unchanged, and written.

        `DECRYPTION_OKAY` alone says nothing of the writing, and nor does the exit code of what is
        protected: old messages without a checksum can be forced through by gpg.conf.
        """
        return self.code == 0 and "DECRYPTION_OKAY" in self.status and self._proved

    @property
    def _proved(self) -> bool:
        """Whether the content carried a checksum (MDC), or was encrypted with one (AEAD)."""
        info = (self.status.get("DECRYPTION_INFO") or ["0 0 0"])[0].split()
        return "GOODMDC" in self.status or info[2:3] not in ([], ["0"])


def run_gpg(
    command: list[str], secret: bytes, content: IO[bytes], environment: Mapping[str, str]
) -> GpgRun:
    """Run gpg over some content, with a passphrase. It does not outlive this call.

    Raises:
        OSError: it cannot be started.
        Whatever reading the content raises.
    """
    asked, told = os.pipe()
    try:
        os.write(told, secret + b"\n")  # a pipe holds 4 KiB at least before anybody reads
        os.close(told)
        process = subprocess.Popen(
            [*command, "--status-fd", "2", "--passphrase-fd", str(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[asked],
            env=environment,
        )
    finally:
        os.close(asked)
    to_gpg, from_gpg = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stderr)
    with ThreadPoolExecutor(1) as reader, from_gpg:
        try:
            messages = reader.submit(from_gpg.read)
            _feed(content, to_gpg)
            process.wait()
        finally:  # also where the content cannot be read, or the run is stopped
            process.kill()
            process.wait()
            with suppress(BrokenPipeError):
                to_gpg.close()
    return _read(process.returncode, messages.result().decode("utf-8", "replace"))


def _feed(content: IO[bytes], gpg: IO[bytes]) -> None:
    """Write content until gpg gives up; why it did, its exit code and messages say."""
    while piece := content.read(_PIECE):
        try:
            gpg.write(piece)
        except BrokenPipeError:
            return
    with suppress(BrokenPipeError):
        gpg.close()


def _read(code: int, text: str) -> GpgRun:
    status: dict[str, list[str]] = {}
    messages = []
    for line in text.splitlines():
        if line.startswith(_STATUS):
            keyword, _, value = line.removeprefix(_STATUS).partition(" ")
            status.setdefault(keyword, []).append(value)
        else:
            messages.append(line)
    return GpgRun(code, "\n".join(messages), status)


def trouble_of(run: GpgRun) -> Trouble:
    """What kept gpg from decrypting a file: the machine's trouble first, the file's last."""
    return _too_large(run) or _machine(run) or _key(run) or _content(run)


def _too_large(run: GpgRun) -> Trouble | None:
    if "exceeded --max-output limit" not in run.messages:
        return None
    return Trouble(
        "it decrypts to a hundred times its size and more, which no file of edX's does",
        "nothing of it is kept; ask edX for the file",
    )


_DISK_FULL = (
    "the disk is full",
    "make room where EDX_STORAGE is, and materialize it again",
)
_NOT_WRITTEN = (
    "the decrypted file cannot be written",
    "look at the disk of EDX_STORAGE and who may write to it",
)
AGENT_ENDED = Trouble(
    "gpg's agent cannot be reached: it has ended meanwhile",
    "materialize it again; if it happens again, see what ends it (gpgconf --kill, the memory)",
    ours=True,
)
_MACHINE = [
    (r"No space left on device|Disk quota exceeded|File too large", *_DISK_FULL),
    (  # what follows these words is the system's reason
        r"^gpg: (error (writing to|creating|closing)|can't (create|open)) |Input/output error",
        *_NOT_WRITTEN,
    ),
    (  # killed, or ended by another process, while gpg was talking to it
        r"(agent|failed): (Broken pipe|End of file|Connection (closed|reset))",
        AGENT_ENDED.cause,
        AGENT_ENDED.remedy,
    ),
    (
        r"setting pinentry mode 'loopback' failed|set_pinentry_mode",
        "gpg's agent refuses passphrases from programs",
        "remove no-allow-loopback-pinentry from gpg-agent.conf in EDX_GNUPG_HOME, and end the"
        " agent (gpgconf --kill gpg-agent)",
    ),
    (  # its socket is in the home, and a socket's path may have 107 characters
        r"can't connect to the (gpg-)?agent|failed to start (the )?(gpg-)?agent|no gpg-agent"
        r"|No agent running|IPC connect call failed",
        "gpg's agent cannot be reached",
        "see whether it starts (gpg-connect-agent --homedir …); EDX_GNUPG_HOME may have at most"
        " some 90 characters, and must be this user's own",
    ),
    (
        r"out of (core|memory|secure memory)|Cannot allocate memory",
        "gpg has run out of memory",
        "let fewer runs go at a time, or add memory",
    ),
]


def _machine(run: GpgRun) -> Trouble | None:
    if run.code == -signal.SIGXFSZ:
        return Trouble(*_DISK_FULL, ours=True)
    if run.code < 0:
        return Trouble(
            f"gpg was killed (signal {-run.code})",
            "materialize it again; if it happens again, see whether the machine runs out of memory",
            ours=True,
        )
    told = "\n".join([run.messages, *run.status.get("ERROR", [])])
    for pattern, cause, remedy in _MACHINE:
        if re.search(pattern, told, re.MULTILINE):
            return Trouble(cause, remedy, ours=True)
    return None


def _key(run: GpgRun) -> Trouble | None:
    if "DECRYPTION_KEY" in run.status or "DECRYPTION_INFO" in run.status:
        return None  # the key was right: whatever else gpg says is about the content
    told = "\n".join([run.messages, *run.status])
    if re.search(
        r"(BAD|MISSING|NEED)_PASSPHRASE|(bad|no) passphrase|Operation cancelled", told, re.I
    ):
        return Trouble("the passphrase does not fit the secret key", CORRECT_IT)
    if "NO_SECKEY" in run.status:  # its message "No secret key" has other causes as well
        named = ", ".join(key for key in recipients(run) if key != _HIDDEN)
        return Trouble(
            "it is encrypted for another key" + (f" ({named})" if named else ""),
            "import the secret key whose public part edX has (gpg --import), or ask edX to encrypt"
            " for yours",
            key_missing=True,
        )
    return None


def recipients(run: GpgRun) -> list[str]:
    """The ids of the keys that the file is encrypted for, each once."""
    return list(dict.fromkeys(value.split()[0] for value in run.status.get("ENC_TO", [])))


def _content(run: GpgRun) -> Trouble:
    begun = "BEGIN_DECRYPTION" in run.status
    if not begun and "PLAINTEXT" in run.status:
        return Trouble("it is not encrypted", _DOWNLOAD_AGAIN)
    if not begun and {"NODATA", "UNEXPECTED"} & run.status.keys():
        return Trouble("it is not GPG data", _DOWNLOAD_AGAIN)
    whole = "DECRYPTION_OKAY" in run.status or "not integrity protected" in run.messages
    if whole and not run.status.keys() & {"BADMDC", "GOODMDC"}:
        return Trouble(
            "it is not protected against changes (no MDC)",
            "ask edX for a file that is: one like this can be cut or altered without a trace",
        )
    return Trouble("it is cut short or damaged", _DOWNLOAD_AGAIN)
