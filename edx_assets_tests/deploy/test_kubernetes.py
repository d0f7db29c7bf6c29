"""The configuration for Kubernetes, held against the code, the image and its schemas."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance

from edx_assets.settings import Settings, variable
from edx_assets_tests.deploy.compose import DEPLOY

FOLDER = DEPLOY / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))
[CODE] = VALUES["dagster-user-deployments"]["deployments"]
LAUNCHER: dict[str, Any] = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
CELERY: dict[str, Any] = yaml.safe_load((DEPLOY / "celery" / "dagster.yaml").read_text())


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


def pod(container: dict[str, Any]) -> dict[str, Any]:
    """A Deployment of what the values say of the code's pods, as the chart writes it."""
    labels = CODE["labels"]
    spec = {"securityContext": CODE["podSecurityContext"], "volumes": CODE["volumes"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CODE["name"], "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {**spec, "containers": [{"name": "c", "image": "i", **container}]},
            },
        },
    }


def test_kubernetes_takes_what_is_applied() -> None:
    schemas = pytest.importorskip("kubernetes_validate")
    names = ("env", "resources", "securityContext", "volumeMounts")
    job = LAUNCHER["runK8sConfig"]
    files = ("namespace.yaml", "storage.yaml", "network.yaml")
    made = [each for name in files for each in documents(name)]
    made += [
        pod({name: CODE[name] for name in names}),
        pod(job["containerConfig"]),
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "run"},
            "spec": {
                **job["jobSpecConfig"],
                "template": {
                    "metadata": job["podTemplateSpecMetadata"],
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]},
                },
            },
        },
    ]
    for each in made:
        schemas.validate(each, "1.31", strict=True)


KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "users": [{"name": "u", "user": {}}],
    "current-context": "c",
}


def test_dagster_takes_the_run_launcher(tmp_path: Path) -> None:
    pytest.importorskip("dagster_k8s")
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(KUBECONFIG))
    asked = {snake(name): value for name, value in LAUNCHER.items()}
    of_run = asked.pop("run_k8s_config")
    asked |= {
        "run_k8s_config": {snake(name): value for name, value in of_run.items()},
        "service_account_name": "dagster",
        "instance_config_map": "instance",
        "dagster_home": "/opt/dagster/dagster_home",
        "load_incluster_config": False,
        "kubeconfig_file": str(tmp_path / "kubeconfig"),
    }
    launcher = {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": asked}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": launcher}))
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_launcher.supports_check_run_worker_health
    asked["no_such_field"] = 1
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": launcher}))
    with (
        DagsterInstance.from_config(str(tmp_path)) as instance,
        pytest.raises(Exception, match="no_such_field"),
    ):
        assert instance.run_launcher


def test_every_setting_exists_and_every_secret_is_a_file() -> None:
    environment = {each["name"]: each["value"] for each in CODE["env"]}
    ours = {name for name in environment if name.startswith("EDX_")}
    assert ours <= {variable(name) for name in Settings.model_fields}
    mounted = [each["mountPath"] for each in CODE["volumeMounts"]]
    script = (FOLDER / "secrets.sh").read_text(encoding="utf-8")
    for name, value in environment.items():
        if value.startswith("/"):
            assert any(value.startswith(path) for path in mounted), name
        if value.startswith("/run/secrets/edx/"):
            assert f'"$folder/{Path(value).name}"' in script, name
    assert "password" not in str(environment).lower()
    assert '"$folder/postgresql-password"' in script
    assert VALUES["global"]["postgresqlSecretName"] in script


def test_every_mount_has_its_volume_and_the_claim_is_made() -> None:
    volumes = {each["name"]: each for each in CODE["volumes"]}
    assert {each["name"] for each in CODE["volumeMounts"]} == volumes.keys()
    [claim] = documents("storage.yaml")
    assert volumes["edx"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_its_user_is_that_of_the_image() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    security = CODE["podSecurityContext"]
    assert f"--uid {security['runAsUser']} " in text
    assert CODE["securityContext"]["readOnlyRootFilesystem"]
    assert CODE["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_policies_are_of_pods_that_there_are() -> None:
    labels = {
        VALUES["dagsterWebserver"]["labels"]["edx-assets"],
        VALUES["dagsterDaemon"]["labels"]["edx-assets"],
        CODE["labels"]["edx-assets"],
        LAUNCHER["runK8sConfig"]["podTemplateSpecMetadata"]["labels"]["edx-assets"],
    }
    text = (FOLDER / "network.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"edx-assets: (\w+)", text))
    for found in re.findall(r"key: edx-assets, operator: In, values: \[([^]]*)\]", text):
        named |= set(found.split(", "))
    assert named == labels
    rules = [rule for each in documents("network.yaml") for rule in each["spec"].get("ingress", [])]
    ports = {each["port"] for rule in rules for each in rule["ports"]}
    assert ports == {CODE["port"], VALUES["dagsterWebserver"]["service"]["port"]}


def test_a_run_whose_pod_is_gone_is_run_again_as_with_celery() -> None:
    daemon = VALUES["dagsterDaemon"]
    retries = {snake(name): value for name, value in daemon["runRetries"].items()}
    assert retries == CELERY["run_retries"]
    monitoring = {snake(name): value for name, value in daemon["runMonitoring"].items()}
    for name in ("enabled", "poll_interval_seconds", "max_resume_run_attempts"):
        assert monitoring[name] == CELERY["run_monitoring"][name]
