"""The Dagster instances that are shipped differ from the package's own in what they are for."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance
from packaging.requirements import Requirement

from edx_assets_tests.deploy.compose import DEPLOY
from edx_assets_tests.local.processes import ROOT
from edx_assets_tests.test_lock import locked

OWN: dict[str, Any] = yaml.safe_load((files("edx_assets") / "dagster.yaml").read_text())


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def test_that_of_postgresql_has_another_storage_and_no_password() -> None:
    instance = read(DEPLOY / "dagster.yaml")
    storage = instance.pop("storage")
    assert storage == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert instance == OWN


def pins(path: Path) -> dict[tuple[str, str], str]:
    """Each pin's version, by its name and for whom it is."""
    found = (pin for pin, _more in locked(path.read_text(encoding="utf-8")))
    return {(pin.name, str(pin.marker)): str(pin.specifier) for pin in found}


def test_the_image_has_the_versions_that_the_tests_have() -> None:
    image, tests = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert {name: image[name] for name in image.keys() & tests.keys()} == {
        name: tests[name] for name in image.keys() & tests.keys()
    }
    names = {name for name, _marker in image}
    assert {"dagster-postgres", "dagster-celery", "dagster-k8s", "redis", "setuptools"} <= names
    assert not {"moto", "pytest", "secantusdb", "ruff"} & names


def test_every_pin_of_the_image_has_hashes() -> None:
    for pin, more in locked((DEPLOY / "requirements.lock").read_text(encoding="utf-8")):
        assert [each.operator for each in pin.specifier] == ["=="], pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", more), pin


@pytest.mark.parametrize("extra", ["postgres", "celery", "kubernetes"])
def test_every_extra_for_dagster_belongs_to_its_release(extra: str) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    aws = next(each for each in project["dependencies"] if each.startswith("dagster-aws"))
    first = Requirement(project["optional-dependencies"][extra][0])
    assert first.specifier == Requirement(aws).specifier


def test_that_of_celery_has_the_workers_runs_and_recovers_by_itself() -> None:
    instance = read(DEPLOY / "celery" / "dagster.yaml")
    assert instance.pop("storage") == read(DEPLOY / "dagster.yaml")["storage"]
    launcher = instance.pop("run_launcher")
    assert launcher["config"] == {"broker": {"env": "CELERY_BROKER"}} | {
        "backend": {"env": "CELERY_BROKER"}
    }
    worker = read(DEPLOY / "celery" / "worker.yaml")["execution"]["config"]
    assert launcher["config"].items() <= worker.items()
    module = Path(*launcher["module"].split(".")).with_suffix(".py")
    assert f"class {launcher['class']}(" in (ROOT / module).read_text(encoding="utf-8")
    differ = {name for name in OWN if instance.pop(name) != OWN[name]}
    assert differ == {"run_retries", "run_monitoring"}
    assert not instance


def test_dagster_loads_celerys_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dagster_celery")
    config = read(DEPLOY / "celery" / "dagster.yaml")
    del config["storage"]
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("CELERY_BROKER", "redis://127.0.0.1:1/0")
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert type(instance.run_launcher).__name__ == "WatchedCeleryRunLauncher"
        assert instance.run_launcher.supports_check_run_worker_health
