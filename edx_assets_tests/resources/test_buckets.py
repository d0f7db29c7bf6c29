"""The institution's buckets: which object is whose, and of which day."""

from collections.abc import Callable
from datetime import date

import pytest

from edx_assets.edx.file_names import SiteDay
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.delivered import NotDeliveredError
from edx_assets_tests.delivery import Delivery

DAY = date(2014, 3, 9)


def log(day: str = "2014-03-09", site: str = "edx", org: str = "mcgillx", name: str = "") -> str:
    """The key of a tracking log; `name` is how the file name tells the site."""
    file = f"{org}-{name or site}-events-{day}.log.gz.gpg"
    return f"{org}/{site}/events/{day[:4]}/{file}"


@pytest.fixture
def prefixes() -> list[str]:
    """Prefixes that are listed by `listing`."""
    return []


@pytest.fixture
def listing(delivery: Delivery, prefixes: list[str]) -> Callable[[str], Buckets]:
    """Makes the resource for an institution, and notes what it asks S3 to list."""

    def make(org: str) -> Buckets:
        buckets = delivery.buckets(org)
        buckets.client().meta.events.register(
            "before-call.s3.ListObjectsV2",
            lambda params, **_: prefixes.append(params["query_string"].get("prefix", "")),
        )
        return buckets

    return make


@pytest.mark.parametrize(
    ("org", "folder"),
    [("McGillX", "McGillX"), ("McGillX", "mcgillx"), ("mcgillx", "mcgillx")],
)
def test_usual_spellings_are_found_without_listing_the_root(
    delivery: Delivery,
    listing: Callable[[str], Buckets],
    prefixes: list[str],
    org: str,
    folder: str,
) -> None:
    item = delivery.put(log(org=folder), b"log")
    assert listing(org).events_file_of(SiteDay("edx", DAY)) == item
    assert "" not in prefixes
    assert prefixes[-2:] == [f"{folder}/edx/events/{year}/" for year in (2014, 2015)]


@pytest.mark.parametrize(
    ("org", "folder"), [("mcgillx", "McGillX"), ("McGillX", "MCGILLX"), ("MCGILLX", "McGillX")]
)
def test_other_spellings_are_found_in_the_root(
    delivery: Delivery,
    listing: Callable[[str], Buckets],
    prefixes: list[str],
    org: str,
    folder: str,
) -> None:
    delivery.put(log(org="mcgillxx"))
    delivery.put("McGill/edx/events/2014/" + log().rsplit("/", 1)[-1])
    item = delivery.put(log(org=folder), b"log")
    buckets = listing(org)
    assert buckets.check() == [f"{folder}/"]
    assert buckets.events_file_of(SiteDay("edx", DAY)) == item
    assert "" in prefixes


def test_no_folder_of_the_institution(delivery: Delivery) -> None:
    delivery.put(log(org="mitx"))
    buckets = delivery.buckets()
    assert buckets.check() == []
    assert buckets.events_file_of(SiteDay("edx", DAY)) is None
    assert delivery.buckets("MITx").check() == ["mitx/"]


def test_both_usual_spellings_are_looked_into(delivery: Delivery) -> None:
    lower = delivery.put(log("2014-03-09"), b"lower")
    upper = delivery.put(log("2014-03-10", org="McGillX"), b"upper")
    buckets = delivery.buckets()
    assert sorted(buckets.check()) == ["McGillX/", "mcgillx/"]
    assert buckets.events_file_of(SiteDay("edx", DAY)) == lower
    assert buckets.events_file_of(SiteDay("edx", date(2014, 3, 10))) == upper


@pytest.mark.parametrize(
    ("site", "name"), [("edx", "edx"), ("edx", "prod"), ("edx", "ex"), ("edge", "edge")]
)
def test_the_day_of_a_site_by_its_file_name(delivery: Delivery, site: str, name: str) -> None:
    item = delivery.put(log(site=site, name=name), b"log")
    buckets = delivery.buckets()
    other = "edge" if site == "edx" else "edx"
    assert buckets.events_file_of(SiteDay(site, DAY)) == item
    assert buckets.events_file_of(SiteDay(other, DAY)) is None
    assert buckets.events_file_of(SiteDay(site, date(2014, 3, 8))) is None
    assert item.name == f"mcgillx-{name}-events-2014-03-09.log.gz.gpg"
    assert (item.size, item.etag) == (3, "dc1d71bbb5c4d2a5e936db79ef10c19f")


def test_what_is_no_tracking_log_of_the_institution(delivery: Delivery) -> None:
    folder = "mcgillx/edx/events/2014/"
    for name in (
        "",
        "README",
        "mcgillx-edx-events-2014-03-09.log.gz",
        "mcgillx-edx-events-2014-02-30.log.gz.gpg",
        "mcgillx-edge-events-2014-03-09.log.gz.gpg",
        "mitx-edx-events-2014-03-09.log.gz.gpg",
        "mcgillx-edx-events-2014-03-09.log.gz.gpg.part",
    ):
        delivery.put(folder + name)
    delivery.put("mcgillx/edx/events/2014-03-09.log.gz.gpg")
    assert delivery.buckets().events_files("edx", 2014) == []


def test_a_year_of_logs_in_order(delivery: Delivery) -> None:
    days = ["2014-12-31", "2014-01-01", "2014-03-09"]
    for day in [*days, "2013-12-31", "2015-01-01"]:
        delivery.put(log(day))
    found = [day for _item, day in delivery.buckets().events_files("edx", 2014)]
    assert found == [date.fromisoformat(day) for day in sorted(days)]


def test_two_different_files_of_a_day_are_refused(delivery: Delivery) -> None:
    first = delivery.put(log(name="edx"), b"one")
    second = delivery.put(log(name="prod"), b"other")
    with pytest.raises(
        NotDeliveredError, match="both claim 2014-03-09: remove the wrong one"
    ) as error:
        delivery.buckets().events_file_of(SiteDay("edx", DAY))
    assert first.key in str(error.value)
    assert second.key in str(error.value)
    assert delivery.buckets().events_file_of(SiteDay("edx", date(2014, 3, 10))) is None


def test_two_equal_files_of_a_day_are_one(delivery: Delivery) -> None:
    first = delivery.put(log(name="edx"), b"same")
    delivery.put(log(name="prod"), b"same")
    delivery.put(log(org="McGillX"), b"same")
    found = delivery.buckets().events_file_of(SiteDay("edx", DAY))
    assert found is not None
    assert found.etag == first.etag


@pytest.mark.parametrize(
    ("delivered", "after"),
    [
        ([], False),
        (["2013-12-31"], False),
        (["2013-12-30"], False),
        (["2014-01-01"], True),
        (["2013-12-30", "2015-06-01"], True),
    ],
)
def test_events_after_the_end_of_a_year(
    delivery: Delivery, delivered: list[str], after: bool
) -> None:
    for day in delivered:
        delivery.put(log(day))
    delivery.put(log("2016-01-01", site="edge"))
    buckets = delivery.buckets()
    assert buckets.has_events_after(SiteDay("edx", date(2013, 12, 31)), date(2016, 1, 9)) is after


def test_events_after_a_day_of_the_same_year(delivery: Delivery) -> None:
    delivery.put(log("2014-03-10"))
    buckets = delivery.buckets()
    assert buckets.has_events_after(SiteDay("edx", DAY), date(2014, 3, 11))
    assert not buckets.has_events_after(SiteDay("edx", date(2014, 3, 10)), date(2014, 3, 11))


def test_packages_by_day(delivery: Delivery) -> None:
    for key in (
        "mcgillx-2014-03-02.zip",
        "McGillX-2014-03-09.zip",
        "mcgillxx-2014-03-16.zip",
        "mitx-2014-03-23.zip",
        "mcgillx-2014-13-01.zip",
        "mcgillx-2014-03-30.zip.part",
        "email-opt-in/mcgillx-2014-03-30.zip",
    ):
        delivery.put_package(key)
    packages = delivery.buckets().packages()
    assert {day: item.key for day, item in packages.items()} == {
        date(2014, 3, 2): "mcgillx-2014-03-02.zip",
        DAY: "McGillX-2014-03-09.zip",
    }
    assert packages[DAY].bucket == delivery.packages
    assert delivery.buckets("edX").packages() == {}


def test_packages_are_the_institution_s_whatever_the_case_of_their_names(
    delivery: Delivery,
) -> None:
    names = ["McGillX-2014-03-02.zip", "mcgillx-2014-03-09.zip", "MCGILLX-2014-03-16.zip"]
    for name in (*names, "mcgillx-old/mcgillx-2014-03-23.zip", "Mcgill-2014-03-30.zip"):
        delivery.put_package(name)
    for org in ("mcgillx", "McGillX", "MCGILLX"):
        found = delivery.buckets(org).packages()
        assert {item.key for item in found.values()} == set(names)


def test_of_two_packages_of_a_day_the_same_is_one_and_different_ones_are_both_named(
    delivery: Delivery,
) -> None:
    for folder, claim in (("", "package_of"), ("email-opt-in/", "opt_in_list_of")):
        for key in (f"{folder}McGillX-{DAY}.zip", f"{folder}mcgillx-{DAY}.zip"):
            delivery.put_package(key)
        buckets = delivery.buckets()
        assert getattr(buckets, claim)(DAY).name == f"McGillX-{DAY}.zip"
        assert getattr(buckets, claim)(date(2014, 3, 10)) is None
        delivery.put_package(f"{folder}mcgillx-{DAY}.zip", b"other")
        with pytest.raises(NotDeliveredError) as error:
            getattr(buckets, claim)(DAY)
        assert (
            str(error.value) == f"{folder}McGillX-{DAY}.zip and {folder}mcgillx-{DAY}.zip"
            f" both claim {DAY}: remove the wrong one"
        )
    assert list(buckets.packages()) == list(buckets.opt_in_lists()) == [DAY]


def test_more_objects_than_a_page(delivery: Delivery) -> None:
    """S3 lists a thousand at a time; here it is asked for three."""
    days = [date(2014, month, day) for month in (1, 2, 3) for day in (1, 2, 3, 4)]
    for day in days:
        delivery.put(log(str(day), org="MCGILLX"))
        delivery.put_package(f"mcgillx-{day}.zip")
    for org in range(7):
        delivery.put(f"A{org}/edx/events/2014/x")
    buckets = delivery.buckets()
    truncated: list[bool] = []
    events = buckets.client().meta.events
    events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=3)
    )
    events.register(
        "after-call.s3.ListObjectsV2", lambda parsed, **_: truncated.append(parsed["IsTruncated"])
    )
    assert [day for _item, day in buckets.events_files("edx", 2014)] == days
    assert sorted(buckets.packages()) == days
    assert truncated.count(True) > 6


def test_the_days_of_a_run_share_the_list_of_their_year_for_a_minute(
    delivery: Delivery,
    listing: Callable[[str], Buckets],
    prefixes: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = delivery.put(log(), b"log")
    buckets = listing("mcgillx")
    assert buckets.events_file_of(SiteDay("edx", DAY)) == item
    assert not buckets.has_events_after(SiteDay("edx", DAY), DAY)
    assert buckets.events_file_of(SiteDay("edx", date(2014, 3, 10))) is None
    assert prefixes.count("mcgillx/edx/events/2014/") == 1
    monkeypatch.setattr("edx_assets.resources.buckets._FRESH_SECONDS", 0)
    changed = delivery.put(log(), b"other")
    assert buckets.events_file_of(SiteDay("edx", DAY)) == changed
