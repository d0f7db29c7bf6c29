"""Where learners are: the address with the most events, and what the database of places says."""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edx_assets.resources.geoip import GeoIp
from edx_assets.settings import InvalidSettingError
from edx_assets_tests.datasets.made import made
from edx_assets_tests.datasets.plain import Event
from edx_assets_tests.datasets.plain_persons import of_learners
from edx_assets_tests.datasets.test_against_plain import START
from edx_assets_tests.mmdb import write_mmdb

HOME, AWAY, SIX, UNKNOWN = "192.0.2.7", "198.51.100.1", "2001:db8::1", "203.0.113.9"
PLACES: dict[str, dict[str, Any]] = {
    "192.0.2.0/24": {
        "country": {"iso_code": "CA", "names": {"en": "Canada", "fr": "le Canada"}},
        "continent": {"code": "NA", "names": {"en": "North America"}},
        "subdivisions": [
            {"iso_code": "QC", "names": {"en": "Quebec"}},
            {"iso_code": "06", "names": {"en": "Montréal"}},
        ],
        "city": {"names": {"en": "Montreal"}},
        "postal": {"code": "H3A"},
        "location": {"latitude": 45.5, "longitude": -73.57},
    },
    "198.51.100.0/25": {"country": {"iso_code": "PE", "names": {"en": "Peru"}}},
    "2001:db8::/32": {"country": {"iso_code": "IS"}, "city": "odd", "location": {}},
}
MONTREAL = ["CA", "Canada", "North America", "06", "Montréal", "Montreal", "H3A", 45.5, -73.57]


@pytest.fixture
def geoip(tmp_path: Path) -> GeoIp:
    return GeoIp(file=str(write_mmdb(tmp_path / "City.mmdb", PLACES, built=1_391_379_000)))


def came(*ips: str | None, user_id: int = 7) -> list[Event]:
    """A learner's events, a second apart, each from an address."""
    return [
        Event(100 * user_id + n, START + 1000 * n, user_id, "page_close", fields={"ip": ip or ""})
        for n, ip in enumerate(ips)
    ]


def test_a_place_is_told_by_the_database(geoip: GeoIp) -> None:
    events = [
        *came(HOME, AWAY, HOME, None),
        *came(AWAY, user_id=8),
        *came(SIX, user_id=9),
        *came(UNKNOWN, user_id=10),
        *came("no address", user_id=11),
        *came(None, user_id=12),
    ]
    rows = [
        list(row.values()) for row in made(["person_places"], events, None, geoip)["person_places"]
    ]
    nothing = [None] * 9
    assert rows == [
        [7, HOME, 2, 2, *MONTREAL],
        [8, AWAY, 1, 1, "PE", "Peru", *nothing[2:]],
        [9, SIX, 1, 1, "IS", *nothing[1:]],
        [10, UNKNOWN, 1, 1, *nothing],
        [11, "no address", 1, 1, *nothing],
    ]


def test_without_a_database_there_is_the_address_alone() -> None:
    [row] = made(["person_places"], came(HOME))["person_places"]
    assert list(row.values()) == [7, HOME, 1, 1, *[None] * 9]


@pytest.mark.parametrize(
    ("ips", "modal"),
    [((HOME, HOME, AWAY), HOME), ((HOME, AWAY), AWAY), ((AWAY, HOME, HOME, AWAY), AWAY)],
)
def test_of_addresses_with_as_many_events_it_is_the_latest(
    ips: tuple[str, ...], modal: str
) -> None:
    [row] = made(["person_places"], came(*ips))["person_places"]
    assert row["ip"] == modal


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_the_query_agrees_with_plain_python(geoip: GeoIp, seed: int) -> None:
    random = Random(seed)
    events = [
        Event(number, START + random.choice((0, number)), random.choice((7, 8, None)), "page_close",
              fields={"ip": random.choice((HOME, AWAY, UNKNOWN, ""))})
        for number in range(random.choice((0, 3, 20)))
    ]  # fmt: skip
    expected = []
    for user_id, own in sorted(of_learners(events).items()):
        counts = Counter(e.fields["ip"] for e in own if e.fields["ip"])
        last = {each.fields["ip"]: each.at for each in own}
        if counts:
            ip = max(counts, key=lambda ip: (counts[ip], last[ip], ip))
            country = {HOME: "CA", AWAY: "PE"}.get(ip)
            expected.append([user_id, ip, counts[ip], len(counts), country])
    rows = made(["person_places"], events, None, geoip)["person_places"]
    assert [list(row.values())[:5] for row in rows] == expected


def test_the_database_says_what_it_is_and_changes_with_its_content(
    geoip: GeoIp, tmp_path: Path
) -> None:
    assert geoip.check() == "Test-City of 2014-02-02"
    first = geoip.digest()
    write_mmdb(tmp_path / "City.mmdb", PLACES, built=1_391_379_000)
    assert geoip.digest() == first
    write_mmdb(tmp_path / "City.mmdb", {"192.0.2.0/24": {}}, built=1_391_379_000)
    assert geoip.digest() != first
    assert (GeoIp().check(), GeoIp().digest(), GeoIp().path()) == (None, None, None)


def test_a_database_that_cannot_be_read_is_named(geoip: GeoIp, tmp_path: Path) -> None:
    file = tmp_path / "City.mmdb"
    with pytest.raises(InvalidSettingError, match=r"EDX_GEOIP_DB: .*/none cannot be read"):
        GeoIp(file=str(tmp_path / "none")).digest()
    whole = file.read_bytes()
    beginning = bytes(16) + b"\xe6"  # of the first place, a map of six
    file.write_bytes(whole.replace(beginning, bytes(16) + b"\x38"))  # a pointer, to nowhere
    with pytest.raises(InvalidSettingError, match=r"City\.mmdb is damaged"):
        made(["person_places"], came(HOME), None, geoip)
    file.write_bytes(whole[:100])
    with pytest.raises(InvalidSettingError, match=r"City\.mmdb is damaged"):
        geoip.digest()
