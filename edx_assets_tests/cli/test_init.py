"""`edx-assets init` in an empty folder, with a real key; what is there already stays."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values

from edx_assets.cli.main import main
from edx_assets.resources.gnupg import Gnupg

_URI = "mongodb://reader:it's\\secret@127.0.0.1:1/"


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
    for name in ("ORG", "MONGO_URI", "GPG_PASSPHRASE_FILE", "GNUPG_HOME", "STORAGE"):
        monkeypatch.setenv(f"EDX_{name}", "")
    monkeypatch.setenv("EDX_COURSES_FILE", "")
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    return made


def _init(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(main, ["init", *arguments], input=answers)


def test_an_empty_folder_gets_all_and_a_rerun_keeps_it(folder: Path, key: Path) -> None:
    result = _init("--org", "McGillX", "--key", str(key), answers=f"{_URI}\nopen sesame\n")
    assert "sesame" not in result.output
    assert "secret@" not in result.output
    assert "GPG" in result.output.partition("DAGSTER_HOME")[2]  # the doctor came afterwards
    values = dotenv_values(folder / ".env")
    assert values["EDX_MONGO_URI"] == _URI
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
