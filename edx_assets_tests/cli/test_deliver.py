"""`edx-assets deliver`: what it tells of a file on its way, in real runs and beside `dev`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edx_assets.cli.delivered import Followed, follow
from edx_assets.cli.main import main
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.ledger import IMPORTS
from edx_assets.local.sample import make_institution
from edx_assets.resources.store import Store
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.courses.course_package import COURSE, members, sort

DAY = SiteDay("edx", datetime(2014, 2, 3).date())


def followed(testx: Institution, store: Store, etag: str) -> list[Followed]:
    since = datetime.now(UTC) - timedelta(hours=1)
    return list(follow(store, testx.instance, DAY, etag, since, 1))


def etag_of(store: Store) -> str:
    entry = store.get(IMPORTS, str(DAY))
    assert entry is not None
    return str(entry["etag"])


def test_a_log_is_followed_into_its_courses(testx: Institution, store: Store) -> None:
    testx.deliver_package("2014-03-02", members())
    sort(testx, "2014-03-02")
    testx.deliver(str(DAY.day), [event(1)])
    assert testx.run_day(str(DAY.day)).success
    assert testx.run("course/course_structure", "course/tracking", partition=COURSE).success
    loaded, extracted = followed(testx, store, etag_of(store))
    assert loaded.text.startswith("edx/2014-02-03 is loaded: 1 lines = 1 events + 0 duplicates")
    assert extracted.text == f"1 of its events are in the tracking of {COURSE}"

    testx.deliver(str(DAY.day), [event(1), event(2)])
    assert testx.run_day(str(DAY.day)).success
    loaded, late = followed(testx, store, etag_of(store))
    assert late.late
    assert f"the tracking of {COURSE} lacks edx/2014-02-03 yet" in late.text


def test_a_broken_log_is_told_with_its_cause_and_remedy(testx: Institution, store: Store) -> None:
    testx.deliver_raw(str(DAY.day), b"not encrypted")
    assert not testx.run_day(str(DAY.day)).success
    (told,) = followed(testx, store, "of the new file")
    assert told.failed
    assert "failed for 2014-02-03" in told.text
    assert "Cause: testx-edx-events-2014-02-03.log.gz.gpg: " in told.text
    assert "Remedy: " in told.text


def test_a_log_that_nothing_loads_is_late(testx: Institution, store: Store) -> None:
    (told,) = followed(testx, store, "of the new file")
    assert told.late
    assert "--patience" in told.text


@pytest.mark.parametrize("arguments", [[], ["--new-day", "setup.cfg"]])
def test_one_thing_is_delivered_at_a_time(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "setup.cfg").touch()
    result = CliRunner().invoke(main, ["deliver", *arguments])
    assert result.exit_code == 2
    assert "Name a FILE, or give one of --new-day, --correct and --broken" in result.output


def test_a_day_is_not_waited_for_where_dagster_does_not_run(tmp_path: Path) -> None:
    institution = tmp_path / "data" / "institution"
    institution.mkdir(parents=True)
    (institution / "manifest.json").write_text("{}")
    result = CliRunner().invoke(main, ["deliver", "--new-day", "--wait"])
    assert result.exit_code == 1
    assert "edx-assets dev" in result.output


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short path: gpg's agent has its socket below it."""
    with tempfile.TemporaryDirectory("", "demo-", "/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_dev_beside_an_institution_takes_up_a_day_that_comes_after_it_has_started(
    short_folder: Path,
) -> None:
    data = short_folder / "data"
    make_institution(data / "institution", learners=5, weeks=2)
    for bucket in (data / "institution" / "buckets").iterdir():
        for file in [each for each in bucket.rglob("*") if each.is_file()]:
            file.unlink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-W", "ignore", "-m", "edx_assets.cli.main"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # an institution's own settings, beside the demo: none may get into it
    (short_folder / ".env").write_text("EDX_ORG=OtherX\nEDX_MONGO_URI=mongodb://127.0.0.1:1/\n")
    dev = subprocess.Popen(
        [*command, "dev", "--data", str(data), "--port", port],
        cwd=short_folder,
        start_new_session=True,
        **quiet,
    )
    try:
        told = ""
        for _day in range(2):  # the second comes when the definitions know of the first alone
            given = [*command, "deliver", "--data", str(data), "--new-day"]
            while not told and not (data / "dagster" / "workspace.yaml").is_file():
                assert dev.poll() is None
            waited = subprocess.run(
                [*given, "--wait", "--patience", "240"],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ,
            )
            told = waited.stdout + waited.stderr
            assert waited.returncode == 0, told
            assert "It took" in told
        assert "edx/2014-02-04 is loaded" in told
    finally:
        dev.send_signal(signal.SIGINT)
        dev.wait(60)
