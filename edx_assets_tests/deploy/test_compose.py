"""The configuration for one machine in containers, held against the code that it runs."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from edx_assets.settings import Settings, variable
from edx_assets_tests.deploy.compose import DEPLOY, compose
from edx_assets_tests.least_role import role
from edx_assets_tests.local.processes import ROOT

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("edx-assets")]
SETTINGS = {variable(name) for name in Settings.model_fields}
SECRET = re.compile(r"(?i)password|passphrase|uri|token|secret|key")


def client() -> list[str] | None:
    """The command of Docker Compose, where there is one."""
    if docker := shutil.which("docker"):
        found = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
        if found.returncode == 0:
            return [docker, "compose"]
    old = shutil.which("docker-compose")
    return [old] if old else None


@pytest.mark.skipif(client() is None, reason="Docker Compose is not installed")
def test_docker_compose_takes_the_file() -> None:
    command = [*(client() or []), "-f", str(DEPLOY / "compose.yaml"), "config"]
    variables = {**os.environ, "EDX_ORG": "McGillX"}
    told = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert told.returncode == 0, told.stderr
    assert set(yaml.safe_load(told.stdout)["services"]) == set(SERVICES)
    del variables["EDX_ORG"]
    told = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert "the institution, as edX spells it" in told.stderr


def test_every_setting_of_it_exists() -> None:
    names = {name for service in SERVICES.values() for name in service["environment"]}
    ours = {name for name in names if name.startswith("EDX_")}
    assert len(ours) > 5
    assert ours <= SETTINGS


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_in_an_environment(name: str) -> None:
    for variable_name, value in SERVICES[name]["environment"].items():
        if SECRET.search(variable_name):
            assert value.startswith("/run/secrets/"), variable_name
        if str(value).startswith("/run/secrets/"):
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), variable_name


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_shut_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["healthcheck"]["test"][0] == "CMD"


def test_the_code_alone_has_learners_data_and_reaches_mongodb() -> None:
    for name in OURS:
        has = {"storage", "gnupg"} & {volume.split(":")[0] for volume in SERVICES[name]["volumes"]}
        reaches = {"data", "outside"} & set(SERVICES[name]["networks"])
        assert bool(has) == bool(reaches) == (name == "code")


def test_every_secret_network_and_volume_is_named_and_used() -> None:
    whole = compose()
    for kind in ("secrets", "networks"):
        used = {each for service in SERVICES.values() for each in service[kind]}
        assert used == set(whole[kind])
    volumes = {each.split(":")[0] for service in SERVICES.values() for each in service["volumes"]}
    assert {each for each in volumes if not each.startswith(".")} == set(whole["volumes"])


def test_ports_are_open_to_this_machine_alone_and_those_of_the_proxy() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for name, host in (("webserver", 3000), ("viewer", 3001)):
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{host}:3000"]
        assert f"127.0.0.1:{host};" in nginx
    assert [name for name, service in SERVICES.items() if "ports" in service] == [
        "webserver",
        "viewer",
    ]
    assert "--read-only" in SERVICES["viewer"]["command"]


def test_the_workspace_names_the_code_server() -> None:
    [location] = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    server = location["grpc_server"]
    command = SERVICES[server["host"]]["command"]
    assert command[command.index("-p") + 1] == str(server["port"])
    assert command[command.index("--location-name") + 1] == server["location_name"]


def test_the_secrets_are_made_once_each_its_readers_alone(tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("openssl"):
        pytest.skip("only root can give files away")
    shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    (tmp_path / "p").write_text("correct horse\n")
    (tmp_path / "c").write_text("[default]\n")
    made = []
    for _again in range(2):
        subprocess.run(["sh", "make-secrets.sh", "p", "c"], cwd=tmp_path, check=True)
        files = {path.name: path for path in (tmp_path / "secrets").iterdir()}
        assert files.keys() == set(compose()["secrets"])
        assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
        made.append({name: path.read_text() for name, path in files.items()})
    assert made[0] == made[1]
    for name in OURS:
        owners = {files[each].stat().st_uid for each in SERVICES[name]["secrets"]}
        assert owners == {10001}
    assert made[0]["mongo_password"].strip() in made[0]["mongo_uri"]
    assert made[0]["postgres_password"].strip() in made[0]["pgpass"]


def test_the_databases_user_has_the_rights_of_the_docs() -> None:
    text = (DEPLOY / "mongo-user.js").read_text(encoding="utf-8")
    for action in role()["privileges"][0]["actions"]:
        assert f'"{action}"' in text
    actions = re.search(r'"actions": \[(.*?)\]', text, re.DOTALL)
    assert actions
    assert len(actions[1].split(",")) == len(role()["privileges"][0]["actions"])


def test_the_image_has_what_it_copies_and_no_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for source in " ".join(sources).split():
        assert (ROOT / source).exists(), source
        let_in = [f"!{source}", *(f"!{parent}" for parent in Path(source).parents)]
        assert set(let_in) & set(ignored), source
    assert "--uid 10001" in text
    assert re.findall(r"^USER (\S+)$", text, re.M) == ["10001:10001"]
    words = [word for service in OURS for word in SERVICES[service]["command"]]
    for path in (word for word in words if word.startswith("/etc/")):
        assert path in text
