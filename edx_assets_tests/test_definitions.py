"""The definitions as Dagster loads them: fast, offline, whole, and described."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import AssetKey, AssetSelection, Definitions

from edx_assets.assets.remedies import CHECKS_PAGE
from edx_assets.definitions import build_defs
from edx_assets.settings import Settings, load_settings

_LOAD = """
import socket, sys
def refuse(*args, **kwargs):
    raise SystemExit("a connection was opened: " + repr(args))
socket.socket.connect = refuse
socket.create_connection = refuse
from edx_assets.definitions import defs
defs.get_repository_def().load_all_definitions()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
_SLOW = {"duckdb", "moto", "pyarrow"}
"""Each takes a tenth of a second or more, and every process of Dagster loads the definitions."""


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return build_defs(Settings())


def test_they_load_without_a_connection_a_setting_or_what_is_slow_to_load() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", _LOAD], capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
    assert not _SLOW.intersection(loaded.stdout.split())


def test_every_asset_says_what_it_is(definitions: Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert keys >= {
        *(f"{s}/{a}" for s in ("edx", "edge") for a in ("raw_log", "daily_log", "master_tracking")),
        "course/course_structure",
        "course/forum",
        "course/student_courseenrollment",
        "course/certificates_generatedcertificate",
        "course/auth_user",
        "course/user_id_map",
        "course/auth_userprofile",
        "course/tracking",
    }
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.group_name != "default", key
        assert node.owners, key
        assert node.kinds, key
        assert node.code_version, key


def test_every_check_names_its_section_of_the_page_on_checks(definitions: Definitions) -> None:
    page = (Path(__file__).parents[1] / CHECKS_PAGE).read_text(encoding="utf-8")
    sections = set(re.findall(r"^### (\w+)$", page, re.M))
    graph = definitions.get_repository_def().asset_graph
    names = set()
    for key in graph.asset_check_keys:
        assert str(graph.get_check_spec(key).description).endswith(f" {CHECKS_PAGE}#{key.name}")
        names.add(key.name)
    assert names == sections


def test_tracking_shows_its_fields_and_how_it_is_queried(definitions: Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    metadata = graph.get(AssetKey(["course", "tracking"])).metadata
    schema = metadata["dagster/column_schema"]  # as a value of metadata once a run has asked for it
    columns = {each.name: each for each in (getattr(schema, "schema", None) or schema).columns}
    assert columns.keys() >= {"timestamp", "event_type", "module_id", "parent_data", "load_file"}
    assert columns["username"].constraints.other == ["identifier: username"]
    assert all(each.description for each in columns.values())
    query = metadata["example_query"].md_str
    assert "db.tracking.aggregate" in query
    assert "mongodb://USER:PASSWORD@HOST" in query  # its form, whatever the setting holds


def test_tracking_comes_after_the_structure_and_both_masters(definitions: Definitions) -> None:
    graph = definitions.get_repository_def().asset_graph
    upstream = AssetSelection.assets("course/tracking").upstream(depth=1).resolve(graph)
    assert upstream == {
        AssetKey(["course", "tracking"]),
        AssetKey(["course", "course_structure"]),
        AssetKey(["edx", "master_tracking"]),
        AssetKey(["edge", "master_tracking"]),
    }


def test_no_secret_is_in_what_dagster_shows_of_the_resources(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDX_MONGO_URI", "mongodb://czar:sesame@db.example/")
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", "sesame")
    resources = build_defs(load_settings()).resources or {}
    configured = [resource.model_dump_json() for resource in resources.values()]
    shown = [repr(resource) for resource in resources.values()]
    assert len(configured) == 6
    assert "sesame" not in "".join(shown + configured)


def test_the_workspace_names_the_definitions() -> None:
    workspace = Path(__file__).parents[1] / "workspace.yaml"
    assert "edx_assets.definitions" in workspace.read_text()


def test_dg_lists_the_definitions() -> None:
    """Dagster's own command for a project reads `[tool.dg]` of pyproject.toml."""
    root = Path(__file__).parents[1]
    dg = Path(sys.executable).with_name("dg")
    listed = subprocess.run(
        [dg, "list", "defs", "--json"], cwd=root, capture_output=True, text=True, check=False
    )
    assert listed.returncode == 0, listed.stderr
    found = json.loads(listed.stdout)
    keys = {each["asset_key"] for each in found["assets"]}
    assert {"edx/master_tracking", "course/tracking", "upkeep/overview"} <= keys
    assert "nightly_reconcile" in {each["name"] for each in found["schedules"]}
