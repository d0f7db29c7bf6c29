"""The systemd units: systemd takes them, they are shut in, and what they name exists."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from edx_assets_tests.deploy.compose import DEPLOY

FOLDER = DEPLOY / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
WORST = 2.0
"""The exposure that systemd may reckon; 10 is that of a service that is not shut in at all."""


def service(unit: Path) -> "configparser.SectionProxy":
    read = configparser.RawConfigParser(strict=False, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(unit, encoding="utf-8")
    return read["Service"]


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """The units for an institution, their programs replaced by one that is there."""
    made = []
    for unit in UNITS:
        text = re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", unit.read_text(), flags=re.M)
        text = re.sub(r"^User=.*", "User=daemon", text, flags=re.M)
        made.append(tmp_path / unit.name.replace("@", "@mcgillx"))
        made[-1].write_text(text)
    return made


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units_and_finds_them_shut_in(installed: list[Path]) -> None:
    for unit in installed:
        command = [str(ANALYZE), "verify", "--man=no", str(unit)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert unit.name not in told.stderr, told.stderr
        command = [str(ANALYZE), "security", "--offline=true", "--no-pager", str(unit)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told.stdout)
        assert level, told.stderr
        assert float(level[1]) <= WORST


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_its_command_exists(unit: Path) -> None:
    words = service(unit)["ExecStart"].split()
    program = Path(words[0]).name
    assert Path(words[0]).parent == Path("/opt/edx-assets/bin")
    named = [word for word in words[1:] if word.startswith("-")]
    subcommand = [word for word in words[1:3] if re.fullmatch(r"[a-z]+", word)]
    command = [str(Path(sys.executable).with_name(program)), *subcommand, "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for option in named:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", told), option


def test_the_three_differ_in_their_command_and_in_who_is_beside_the_secrets() -> None:
    kept, folders = [], {}
    for unit in UNITS:
        values = dict(service(unit))
        values.pop("ExecStart")
        folders[unit.name] = values.pop("WorkingDirectory")
        kept.append(values)
    assert len(kept) == 3
    assert kept[0] == kept[1] == kept[2]
    # each program of Dagster's reads the `.env` of its folder
    assert folders == {
        "edx-code@.service": "/srv/edx/%i",
        "edx-daemon@.service": "/srv/edx/%i/dagster",
        "edx-webserver@.service": "/srv/edx/%i/dagster",
    }


def test_the_workspace_names_the_socket_of_the_code_server() -> None:
    [location] = yaml.safe_load((FOLDER / "workspace.yaml").read_text())["load_from"]
    example = (FOLDER / "service.env").read_text(encoding="utf-8")
    assert location["grpc_server"]["socket"] == {"env": "CODE_SOCKET"}
    assert "-s ${CODE_SOCKET}" in service(FOLDER / "edx-code@.service")["ExecStart"]
    for name in ("CODE_SOCKET", "DAGSTER_POSTGRES_URL", "PGPASSFILE", "PORT"):
        assert re.search(rf"^{name}=\S+$", example, re.M)
    assert "PASSWORD" not in example
