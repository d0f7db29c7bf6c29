"""Names of tracking logs as institutions keep them."""

from datetime import date

import pytest

from edx_assets.edx.file_names import SiteDay, events_file
from edx_assets.edx.kept_names import kept_log, kept_part, kept_tar, merged_name

DAY = date(2014, 1, 31)


@pytest.mark.parametrize("ending", [".log.gz", ".log.gz.gpg"])
@pytest.mark.parametrize("site", ["edx", "edge", "prod"])
def test_a_whole_log(site: str, ending: str) -> None:
    found = kept_log(f"McGillX-{site}-events-2014-01-31{ending}")
    assert found is not None
    assert found.name == f"McGillX-{site}-events-2014-01-31.log.gz.gpg"
    assert found.day == SiteDay("edge" if site == "edge" else "edx", DAY)
    assert found.org == "McGillX"
    assert found.encrypted == ending.endswith("gpg")


@pytest.mark.parametrize(
    "name", ["x.log.gz", "a-edx-events-2014-02-30.log.gz", "a-edx-events-2014-01-31.log", ".gpg"]
)
def test_no_log(name: str) -> None:
    assert kept_log(name) is None


def test_a_tar() -> None:
    assert kept_tar("2014-01-31-McGill-X-tracking.tar") == (DAY, "McGill-X")
    assert kept_tar("2014-02-30-McGillX-tracking.tar") is None
    assert kept_tar("2014-01-31-McGillX-tracking.tar.gz") is None


@pytest.mark.parametrize(
    ("path", "server", "site"),
    [
        ("prod-edxapp-001/2014-01-31_McGillX.log.gpg", "prod-edxapp-001", "edx"),
        ("./a/prod-edge-edxapp-2/2014-01-31_McGillX.log.gpg", "prod-edge-edxapp-2", "edge"),
    ],
)
def test_a_part(path: str, server: str, site: str) -> None:
    found = kept_part(path)
    assert found == (server, "McGillX", SiteDay(site, DAY))


@pytest.mark.parametrize("path", ["2014-01-31_McGillX.log.gpg", "s/2014-01-32_McGillX.log.gpg"])
def test_no_part(path: str) -> None:
    assert kept_part(path) is None


def test_merged_parts_have_a_name_that_tells_their_day() -> None:
    told = events_file(merged_name("McGillX", SiteDay("edge", DAY)))
    assert told is not None
    assert (told.org, told.site, told.day) == ("mcgillx", "edge", DAY)
