"""Deliveries into the demo's bucket: named and encrypted as edX does it, and there to stay."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from edx_assets.local.delivered_days import newest_day
from edx_assets.local.deliveries import (
    MORE_EVENTS,
    Delivery,
    Demo,
    UndeliverableError,
    deliver_correction,
    deliver_file,
    deliver_new_day,
)
from edx_assets.local.embedded_s3 import embedded_s3, s3_client
from edx_assets.local.sample import make_institution
from edx_assets_tests.local.decrypted_sample import opened

KEY = "mcgillx/{0}/events/2014/mcgillx-{0}-events-{1}.log.gz.gpg"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("data") / "institution"
    make_institution(folder, learners=6, weeks=2)
    with embedded_s3(folder / "buckets") as endpoint:
        yield Demo(folder, endpoint)


def stored(demo: Demo, delivery: Delivery) -> bytes:
    """What the server has, which is what the next one will have."""
    got = s3_client(demo.endpoint_url).get_object(Bucket=delivery.bucket, Key=delivery.key)
    content: bytes = got["Body"].read()
    assert got["ETag"].strip('"') == delivery.etag
    path = demo.institution / "buckets" / delivery.bucket / delivery.key
    assert path.read_bytes() == content
    return content


def lines_of(demo: Demo, delivery: Delivery) -> list[bytes]:
    with opened(demo.institution) as gpg:
        passphrase = (demo.institution / "passphrase").read_text()
        plain = gpg.decrypt(stored(demo, delivery), passphrase=passphrase)
    assert plain.ok, plain.status
    return gzip.decompress(plain.data).splitlines()


def test_a_new_day_is_the_one_after_the_newest_of_both_sites(demo: Demo) -> None:
    before = newest_day(demo.endpoint_url)
    edge, edx = deliver_new_day(demo)
    day = newest_day(demo.endpoint_url)
    assert before is not None
    assert day is not None
    assert (day - before).days == 1
    assert (edge.key, edx.key) == (KEY.format("edge", day), KEY.format("edx", day))
    for each in (edge, edx):
        events = [json.loads(line) for line in lines_of(demo, each)]
        assert len(events) == each.lines
        assert {event["time"][:10] for event in events} == {str(day)}
    assert edx.lines


def test_a_corrected_day_has_its_lines_and_some_more(demo: Demo) -> None:
    _edge, first = deliver_new_day(demo)
    lines = lines_of(demo, first)
    (second,) = deliver_correction(demo)
    assert second.key == first.key
    assert second.etag != first.etag
    more = lines_of(demo, second)
    assert more[: len(lines)] == lines
    assert 0 < len(more) - len(lines) <= MORE_EVENTS
    assert len(set(more)) == len(more)
    (third,) = deliver_correction(demo)
    assert len(set(lines_of(demo, third)) - set(more)) > 0


def test_a_broken_day_is_mended_by_a_correction(demo: Demo) -> None:
    _edge, broken = deliver_new_day(demo, broken=True)
    with opened(demo.institution) as gpg:
        passphrase = (demo.institution / "passphrase").read_text()
        assert not gpg.decrypt(stored(demo, broken), passphrase=passphrase).ok
    (whole,) = deliver_correction(demo)
    assert whole.key == broken.key
    assert len(lines_of(demo, whole)) == whole.lines
    assert whole.lines is not None
    assert broken.lines is not None
    assert whole.lines > broken.lines


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_of_ones_own_is_compressed_and_encrypted(
    demo: Demo, tmp_path: Path, packed: bool
) -> None:
    file = tmp_path / ("mcgillx-edge-events-2014-02-04.log" + ".gz" * packed)
    file.write_bytes(gzip.compress(b"{}\n") if packed else b"{}\n")
    (done,) = deliver_file(demo, file, None, None)
    assert done.key == KEY.format("edge", "2014-02-04")
    assert lines_of(demo, done) == [b"{}"]


def test_a_file_takes_the_place_of_its_days_whatever_that_is_called(
    demo: Demo, tmp_path: Path
) -> None:
    file = tmp_path / "events.txt"
    file.write_bytes(b"{}\n")
    (done,) = deliver_file(demo, file, "edx", date(2014, 2, 6))
    assert done.name == "mcgillx-prod-events-2014-02-06.log.gz.gpg"


def test_an_encrypted_file_and_a_package_stay_as_they_are(demo: Demo, tmp_path: Path) -> None:
    for name in ("mcgillx-edx-events-2014-02-05.log.gz.gpg", "mcgillx-2014-03-30.zip"):
        (tmp_path / name).write_bytes(b"as it is")
        (done,) = deliver_file(demo, tmp_path / name, None, None)
        assert done.name == name
        assert stored(demo, done) == b"as it is"


@pytest.mark.parametrize(
    ("name", "told"), [("events.txt", "--site"), ("x-edx-events-2014-01-31.log", "first day")]
)
def test_a_file_that_has_no_place_is_refused(
    demo: Demo, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / name).write_bytes(b"{}\n")
    with pytest.raises(UndeliverableError, match=told):
        deliver_file(demo, tmp_path / name, None, None)
