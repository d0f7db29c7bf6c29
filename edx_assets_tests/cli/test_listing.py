"""`edx-assets list`: what S3 has, and what of it is loaded."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.ledger import set_aside
from edx_assets.resources.store import Store
from edx_assets_tests.cli.commands import run
from edx_assets_tests.institution import EVENTS, Institution, event
from edx_assets_tests.loading.courses.course_package import members, sort


def listed(*arguments: str) -> list[dict[str, Any]]:
    result = run("list", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def states(*arguments: str) -> dict[str, str]:
    return {f"{row['site']} {row['date']}": row["state"] for row in listed(*arguments)}


def test_each_log_with_its_state(testx: Institution, store: Store) -> None:
    for day in range(3, 8):
        testx.deliver(f"2014-02-0{day}", [event(day)])
        if day != 7:
            testx.run_day(f"2014-02-0{day}")
    testx.deliver("2014-02-04", [event(44)])
    set_aside(store, SiteDay("edx", date(2014, 2, 5)))
    testx.s3.delete_object(
        Bucket=EVENTS, Key="testx/edx/events/2014/testx-edx-events-2014-02-06.log.gz.gpg"
    )
    testx.deliver("2014-02-03", [event(1)], site="edge")
    testx.deliver("2014-03-01", [event(1)])
    testx.deliver("2014-03-01", [event(2)], name="TestX-edx-events-2014-03-01.log.gz.gpg")
    assert states("--to", "2014-02-28") == {
        "edx 2014-02-03": "loaded",
        "edx 2014-02-04": "changed",
        "edx 2014-02-05": "half loaded",
        "edx 2014-02-06": "loaded, not on S3",
        "edx 2014-02-07": "not loaded",
        "edge 2014-02-03": "not loaded",
    }
    assert states("--site", "edge") == {"edge 2014-02-03": "not loaded"}
    two = listed("--site", "edx", "--from", "2014-03-01", "--to", "2014-03-01")
    assert [row["state"] for row in two] == ["two files for a day"] * 2
    [row] = listed("--site", "edge")
    assert row["file"] == "testx-edge-events-2014-02-03.log.gz.gpg"
    assert row["bytes"] > 0
    assert row["delivered"].startswith("20")

    lines = run("list", "--site", "edx", "--from", "2014-02-07", "--to", "2014-02-07").stdout
    assert "not loaded   testx-edx-events-2014-02-07.log.gz.gpg" in lines
    assert lines.splitlines()[-1].startswith("1 files, ")


def test_each_package_with_its_state(testx: Institution) -> None:
    for day in ("2014-02-09", "2014-02-16"):
        testx.deliver_package(day, members())
    testx.deliver_opt_in("2014-02-16", b"")
    assert sort(testx, "2014-02-09").success
    first, second = listed("--packages")
    assert (first["state"], first["courses"], first["opt_in_list"]) == ("loaded", 1, None)
    assert second["state"] == "not loaded"
    assert second["opt_in_list"] == "email-opt-in-testx-2014-02-16.zip"
    testx.deliver_package("2014-02-09", members(forum=None))
    [first] = listed("--packages", "--to", "2014-02-09")
    assert first["state"] == "changed"


def test_what_cannot_be_listed(testx: Institution) -> None:
    assert run("list", "--packages", "--site", "edx").exit_code == 2
    wrong = run("list", "--from", "2014-03-02", "--to", "2014-03-01")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert "swap them" in wrong.stderr


def test_a_connection_string_in_a_file_names_the_database_too(
    testx: Institution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    testx.deliver("2014-02-03", [event(1)])
    testx.run_day("2014-02-03")
    (tmp_path / "uri").write_text(os.environ["EDX_MONGO_URI"])
    monkeypatch.delenv("EDX_MONGO_URI")
    monkeypatch.setenv("EDX_MONGO_URI_FILE", str(tmp_path / "uri"))
    assert states() == {"edx 2014-02-03": "loaded"}
