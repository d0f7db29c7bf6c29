"""`edx-assets load --from-folder`: what is on disk already is loaded like what S3 delivers."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from edx_assets.loading.ledger import MASTER_TRACKING, PACKAGES, day_entries
from edx_assets.resources.store import Store
from edx_assets_tests.cli.commands import run, told
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import members

pytestmark = pytest.mark.usefixtures("instance")


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def keep(testx: Institution, folder: Path, name: str, *events: dict[str, Any]) -> Path:
    """A day's log as edX delivers it, or decrypted if its name says so."""
    folder.mkdir(exist_ok=True)
    content = gzip.compress(lines(*events))
    path = folder / name
    path.write_bytes(testx.encrypted(content) if name.endswith(".gpg") else content)
    return path


def keep_tar(testx: Institution, folder: Path, name: str, parts: dict[str, bytes]) -> Path:
    """A tar as edX delivered it before August 2014; parts by path, encrypted here."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / name, "w") as tar:
        for path, content in parts.items():
            encrypted = content if content == b"bad" else testx.encrypted(content)
            info = tarfile.TarInfo(path)
            info.size = len(encrypted)
            tar.addfile(info, io.BytesIO(encrypted))
    return folder / name


def counts(store: Store) -> dict[str, tuple[int, int, int]]:
    """Lines, loaded and duplicates of each loaded day."""
    entries = [entry for entry in day_entries(store) if entry["state"] == "loaded"]
    return {str(e["_id"]): (e["lines"], e["loaded"], e["duplicates"]) for e in entries}


def test_every_form_is_loaded_once_and_s3_wins(
    testx: Institution, store: Store, instance: DagsterInstance, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    keep(testx, folder, "testx-edx-events-2014-02-03.log.gz.gpg", event(1), event(2))
    keep(testx, folder, "TestX-edge-events-2014-02-03.log.gz.gpg", event(3))
    keep(testx, folder, "testx-edx-events-2014-02-04.log.gz", event(4))
    keep(testx, folder, "testx-edx-events-2014-02-05.log.gz.gpg", event(5))
    keep(testx, folder, "otherx-edx-events-2014-02-05.log.gz.gpg", event(6))
    testx.deliver("2014-02-05", [event(50)])
    day = "2014-02-06_TestX.log.gpg"
    keep_tar(
        testx,
        folder,
        "2014-02-06-TestX-tracking.tar",
        {f"prod-edxapp-001/{day}": lines(event(7)), f"prod-edxapp-009/{day}": lines(event(8))},
    )
    keep_tar(
        testx,
        folder,
        "2014-02-08-TestX-tracking.tar",
        {
            f"prod-edxapp-001/{day}": lines(event(7), event(9))[:-1],  # without its last line end
            f"prod-edxapp-002/{day}": lines(event(10)),
            f"prod-edxapp-002/{day.replace('06', '07')}": lines(event(11)),
        },
    )
    result = run("load", "--from-folder", str(folder), "--json")
    assert result.exit_code == 0, result.stderr
    loaded = {
        "edge/2014-02-03": (1, 1, 0),
        "edx/2014-02-03": (2, 2, 0),
        "edx/2014-02-04": (1, 1, 0),
        "edx/2014-02-06": (4, 4, 0),
        "edx/2014-02-07": (1, 1, 0),
    }
    assert counts(store) == loaded
    assert "otherx-edx-events-2014-02-05" in result.stderr
    assert told(result)["left"] == {
        "S3 has them: `edx-assets load` without --from-folder loads them": ["edx/2014-02-05"]
    }
    files = {str(e["_id"]): e["file"] for e in day_entries(store) if e["file"]}
    assert files["edx/2014-02-04"] == "testx-edx-events-2014-02-04.log.gz.gpg"
    assert files["edx/2014-02-06"] == "testx-edx-events-2014-02-06.log.gz.gpg"

    runs = len(instance.get_runs())
    again = run("load", "--from-folder", str(folder))
    assert again.exit_code == 0
    assert "Nothing to do" in again.stdout
    assert len(instance.get_runs()) == runs
    assert testx.run_day("2014-02-03").success  # S3 does not have it: what was brought stays
    assert counts(store) == loaded

    testx.deliver("2014-02-03", [event(1), event(20), event(21)])
    assert run("load", "--site", "edx").exit_code == 0
    assert counts(store)["edx/2014-02-03"] == (3, 3, 0)
    assert store.count(MASTER_TRACKING, {}) == sum(n for _l, n, _d in counts(store).values())
    after = told(run("load", "--from-folder", str(folder), "--rebuild", "--json"))
    assert after["runs"] == []
    assert "edx/2014-02-03" in str(after["left"])


def test_another_file_replaces_what_a_folder_brought_only_if_that_is_wanted(
    testx: Institution, store: Store, tmp_path: Path
) -> None:
    name = "testx-edx-events-2014-02-03.log.gz"
    keep(testx, tmp_path / "old", name, event(1))
    keep(testx, tmp_path / "old", name.replace("03", "06"), event(6))
    keep(testx, tmp_path / "new", name, event(1), event(2))
    assert run("load", "--from-folder", str(tmp_path / "old")).exit_code == 0
    stays = run("load", "--from-folder", str(tmp_path / "new"))
    assert "--rebuild replaces it" in stays.stdout
    assert counts(store)["edx/2014-02-03"] == (1, 1, 0)
    assert run("load", "--site", "edx").exit_code == 0  # the days between are known to be empty
    assert {e["date"] for e in day_entries(store) if e["state"] == "no_file"} == {
        "2014-02-04",
        "2014-02-05",
    }
    assert run("load", "--from-folder", str(tmp_path / "new"), "--rebuild").exit_code == 0
    assert run("load", "--site", "edx", "--rebuild").exit_code == 0
    assert counts(store)["edx/2014-02-03"] == (2, 2, 0)


def test_what_cannot_be_used_harms_its_day_alone(
    testx: Institution, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And S3 need not answer."""
    folder = tmp_path / "kept"
    keep(testx, folder, "testx-edx-events-2014-02-03.log.gz", event(1))
    (folder / "testx-edx-events-2014-02-04.log.gz").write_bytes(b"not gzip")
    (folder / "other").mkdir()
    keep(testx, folder, "testx-edx-events-2014-02-05.log.gz.gpg", event(2))
    keep(testx, folder / "other", "testx-edx-events-2014-02-05.log.gz.gpg", event(3))
    parts = {
        "prod-edxapp-001/2014-02-06_TestX.log.gpg": b"bad",
        "prod-edxapp-001/2014-02-07_TestX.log.gpg": lines(event(4)),
        "prod-edxapp-001/2014-02-08_TestX.log.gpg": lines(event(5)),
    }
    tar = keep_tar(testx, folder, "2014-02-08-TestX-tracking.tar", parts)
    with tarfile.open(tar) as whole:
        cut = whole.getmembers()[-1].offset_data + 100
    with tar.open("r+b") as file:
        file.truncate(cut)
    monkeypatch.setenv("EDX_S3_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    result = run("load", "--from-folder", str(folder), "--json")
    assert result.exit_code == 1
    assert {"edx/2014-02-03", "edx/2014-02-07"} <= counts(store).keys()
    problems = "\n".join(told(result)["problems"])
    for name in ("2014-02-04.log.gz", "both claim", "2014-02-06_TestX.log.gpg", "cut short"):
        assert name in problems
    assert "S3 cannot be asked" in result.stderr


def test_packages(testx: Institution, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for day in ("2013-12-01", "2014-02-09"):
        testx.deliver_package(day, members())
        body = testx.s3.get_object(Bucket="course-data", Key=f"testx-{day}.zip")["Body"].read()
        (folder / f"testx-{day}.zip").write_bytes(body)
    testx.s3.delete_object(Bucket="course-data", Key="testx-2013-12-01.zip")
    result = run("load", "--packages", "--from-folder", str(folder), "--json")
    assert result.exit_code == 0, result.stderr
    assert [entry["_id"] for entry in store.find(PACKAGES, {})] == ["2013-12-01"]
    assert "2014-02-09" in str(told(result)["left"])
    again = told(run("load", "--packages", "--from-folder", str(folder), "--json"))
    assert again["runs"] == []
    stages = ("packages/database_package", "packages/course_files")
    testx.instance.add_dynamic_partitions("packages", ["2013-12-01"])
    assert testx.run(*stages, partition="2013-12-01").success  # S3 does not have it
