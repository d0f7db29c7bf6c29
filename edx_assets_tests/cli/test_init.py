"""`edx-assets init` in an empty folder, with a real key; what is there already stays."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values

from edx_assets.cli.main import main
from edx_assets.resources.gnupg import Gnupg

_URI = "mongodb://reader:it's\\secret@127.0.0.1:1/"
_SETTINGS = (
    "AWS_SHARED_CREDENTIALS_FILE",
    "DAGSTER_HOME",
    "EDX_COURSES_FILE",
    "EDX_DATABASE_PREFIX",
    "EDX_EVENTS_BUCKET",
    "EDX_GNUPG_HOME",
    "EDX_GPG_PASSPHRASE_FILE",
    "EDX_MONGO_URI",
    "EDX_ORG",
    "EDX_START_DATE",
    "EDX_STORAGE",
)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A secret key in a file, without a passphrase."""
    home = tmp_path / "other"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", "a@example.edu", "rsa2048"], check=True)
    exported = subprocess.run([*gpg, "--export-secret-keys"], check=True, capture_output=True)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    file = tmp_path / "secret.key"
    file.write_bytes(exported.stdout)
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    # the doctor loads .env into the environment: set, these are put back after the test
    for name in _SETTINGS:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    return made


def _init(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, ["init", *arguments], input=answers)


def test_an_empty_folder_gets_all_and_a_rerun_keeps_it(folder: Path, key: Path) -> None:
    result = _init("--org", "McGillX", "--key", str(key), answers=f"{_URI}\nopen sesame\n")
    assert "sesame" not in result.output
    assert "secret@" not in result.output
    assert "GPG" in result.output.partition("dagster dev")[2]  # the doctor came afterwards
    values = dotenv_values(folder / ".env")
    assert values["EDX_MONGO_URI"] == _URI
    assert values["DAGSTER_HOME"] == str(folder / "dagster")
    assert not {"EDX_DATABASE_PREFIX", "EDX_EVENTS_BUCKET", "EDX_START_DATE"} & values.keys()
    assert (folder / "passphrase").read_text() == "open sesame\n"
    for name, mode in {
        ".env": 0o600,
        "passphrase": 0o600,
        "gnupg": 0o700,
        "storage": 0o700,
    }.items():
        assert (folder / name).stat().st_mode & 0o777 == mode
    assert len(Gnupg(home=str(folder / "gnupg")).secret_keys()) == 1
    (folder / "courses.yaml").write_text("courses: []  # mine\n")
    before = (folder / ".env").read_bytes()
    assert "kept" in _init("--org", "OtherX").output
    assert (folder / ".env").read_bytes() == before
    assert "mine" in (folder / "courses.yaml").read_text()


def test_a_file_without_a_secret_key(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "no.key").write_text("nothing")
    result = _init("--key", str(tmp_path / "no.key"))
    assert result.exit_code == 1
    assert "no secret key could be imported" in result.stderr
    assert not (folder / ".env").exists()


def test_flags_give_all_that_an_institution_may_have_to_give(folder: Path, key: Path) -> None:
    for name in ("uri", "passphrase.txt", "aws"):
        (folder / name).write_text(f"{_URI}\n")
    _init(
        *("--org", "McGillX", "--key", str(key), "--mongo-uri-file", "uri"),
        *("--passphrase-file", "passphrase.txt", "--aws-credentials-file", "aws"),
        *("--database-prefix", "mcgillx_", "--start-date", "2013-01-15"),
        *("--events-bucket", "other-logs", "--packages-bucket", "course-data"),
    )
    values = dotenv_values(folder / ".env")
    assert values["EDX_DATABASE_PREFIX"] == "mcgillx_"
    assert values["EDX_EVENTS_BUCKET"] == "other-logs"
    assert values["EDX_START_DATE"] == "2013-01-15"
    assert values["AWS_SHARED_CREDENTIALS_FILE"] == str(folder / "aws")
    assert "EDX_PACKAGES_BUCKET" not in values  # that is the default


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--database-prefix", "McGillX", "is no beginning of database names"),
        ("--start-date", "15.1.2013", "is not a date"),
        ("--events-bucket", "s3://logs", "without s3://"),
    ],
)
def test_a_flag_that_cannot_be_used(folder: Path, flag: str, value: str, told: str) -> None:
    result = _init(flag, value)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not list(folder.iterdir())


def test_a_terminal_is_asked_for_all_and_again_where_an_answer_is_wrong(
    folder: Path, key: Path
) -> None:
    answers = {
        "secret GPG key": str(key),
        "as edX spells it": "McGillX",
        "AWS access key": "AKIA",
        "AWS secret": "of AWS",
        "Connection string": _URI,
        "databases begin": "McGillX",
        "is no beginning": "mcgillx_",
        "tracking logs [edx-course-data]": "",
        "database packages [": "packages",
        "First day": "2013-01-15",
        "Passphrase": "open sesame",
    }
    shown = _at_a_terminal([sys.executable, "-m", "edx_assets.cli.main", "init"], answers)
    assert not [secret for secret in ("of AWS", "sesame", "secret@") if secret in shown]
    assert {
        "EDX_ORG": "McGillX",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "of AWS",
        "EDX_MONGO_URI": _URI,
        "EDX_DATABASE_PREFIX": "mcgillx_",
        "EDX_PACKAGES_BUCKET": "packages",
        "EDX_START_DATE": "2013-01-15",
    }.items() <= dotenv_values(folder / ".env").items()
    assert "EDX_EVENTS_BUCKET" not in dotenv_values(folder / ".env")


def _at_a_terminal(command: list[str], answers: dict[str, str]) -> str:
    """What a command shows on a terminal where each question gets its answer, in their order."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    shown, seen, end = "", 0, time.monotonic() + 60
    try:
        for question, answer in answers.items():
            while question not in shown[seen:] or not shown.endswith(": "):
                assert time.monotonic() < end, shown
                assert select.select([ours], [], [], 60)[0], shown
                shown += os.read(ours, 4096).decode()
            seen = len(shown)
            os.write(ours, f"{answer}\n".encode())
        while process.poll() is None or select.select([ours], [], [], 0)[0]:
            try:
                shown += os.read(ours, 4096).decode()
            except OSError:  # the terminal is closed
                break
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return shown
