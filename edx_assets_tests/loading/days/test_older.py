"""Two workers, each with a storage of its own: an older delivery never replaces a newer one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import sleep

import pytest

from edx_assets.definitions import build_resources
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.days.daily_log import decrypt_day
from edx_assets.loading.days.files import daily_log, note_daily_log, raw_log
from edx_assets.loading.days.master_tracking import OlderFileError, load_day
from edx_assets.loading.days.raw_log import fetch_day
from edx_assets.loading.ledger import IMPORTS
from edx_assets.loading.stage import CountMismatchError
from edx_assets.resources import lock
from edx_assets.resources.buckets import Buckets
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings
from edx_assets_tests.institution import Institution, event
from edx_assets_tests.loading.days.deliveries import deliver, line, state
from edx_assets_tests.loading.days.mortal_store import Killed, Mortal

DAY = SiteDay("edx", date(2014, 2, 3))
EARLY, LATE = "2014-02-04T05:00:00.000+00:00", "2014-02-05T05:00:00.000+00:00"


def worker(folder: Path) -> Storage:
    return Storage(place=str(folder))


def deliver_at(storage: Storage, lines: list[bytes], delivered: str) -> SiteDay:
    day = deliver(storage, ("edx", 3, lines))
    note = daily_log(storage, day)
    assert note is not None
    note_daily_log(storage, day, replace(note, delivered=delivered))
    return day


@pytest.mark.parametrize("known", [EARLY, ""], ids=["an older one", "of an earlier version"])
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_worker_with_an_older_copy_is_refused(
    store: Store, tmp_path: Path, known: str, rebuild: bool
) -> None:
    old, new = worker(tmp_path / "old"), worker(tmp_path / "new")
    deliver_at(old, [line(1)], known)
    deliver_at(new, [line(1), line(2)], LATE)
    load_day(store, old, DAY)
    load_day(store, new, DAY)
    before = state(store)
    with pytest.raises(OlderFileError, match=f"{LATE[:19]}.* is newer .* from raw_log on"):
        load_day(store, old, DAY, rebuild)
    assert state(store) == before
    deliver_at(old, [line(1), line(2)], LATE)
    assert load_day(store, old, DAY)["outcome"] == "unchanged"


def test_a_newer_one_that_was_loaded_in_part_counts_as_well(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.1)
    old, new = worker(tmp_path / "old"), worker(tmp_path / "new")
    deliver_at(old, [line(1)], EARLY)
    deliver_at(new, [line(1), line(2)], LATE)
    load_day(store, old, DAY)
    for writes in range(1000):
        with pytest.raises(Killed):
            load_day(Mortal(store, writes), new, DAY)
        entry = store.get(IMPORTS, str(DAY))
        if entry and entry["state"] == "loading":
            break
    with pytest.raises(OlderFileError):
        load_day(store, old, DAY)


def test_another_load_of_the_day_in_the_middle_is_noticed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many lines, so that the counts alone would add up."""
    old, new = worker(tmp_path / "old"), worker(tmp_path / "new")
    deliver_at(old, [line(1), line(2)], EARLY)
    deliver_at(new, [line(1), line(3)], LATE)
    during: list[Callable[[], object]] = [lambda: load_day(store, new, DAY)]

    def register(*_args: object) -> list[str]:
        if during:
            during.pop()()
        return []

    monkeypatch.setattr("edx_assets.loading.days.master_tracking.register_courses", register)
    with pytest.raises(CountMismatchError, match="by another run at the same time"):
        load_day(store, old, DAY)
    entry = store.get(IMPORTS, str(DAY))
    assert entry is not None
    assert (entry["delivered"], entry["loaded"]) == (LATE, 2)


def test_s3_orders_the_deliveries(testx: Institution, store: Store, tmp_path: Path) -> None:
    settings = load_settings()
    gnupg = Gnupg(home=settings.gnupg_home)

    def stages(storage: Storage, fetch: bool = True) -> str:
        if fetch:  # a listing is kept for a minute: a run of its own each time
            fetch_day(buckets(), storage, DAY, date(2014, 2, 10))
        decrypt_day(gnupg, storage, DAY)
        return str(load_day(store, storage, DAY)["outcome"])

    old, new = worker(tmp_path / "old"), worker(tmp_path / "new")
    testx.deliver("2014-02-03", [event(1)])
    assert stages(old) == "loaded"
    sleep(1.1)  # S3 tells seconds
    testx.deliver("2014-02-03", [event(1), event(2)])
    assert stages(new) == "loaded"
    with pytest.raises(OlderFileError):
        stages(old, fetch=False)
    assert stages(old) == "unchanged"
    sleep(1.1)
    key = "testx/edx/events/2014/testx-edx-events-2014-02-03.log.gz.gpg"
    content = testx.s3.get_object(Bucket="edx-course-data", Key=key)["Body"].read()
    first = raw_log(old, DAY)
    testx.deliver_raw("2014-02-03", content)  # the same again
    assert fetch_day(buckets(), old, DAY, date(2014, 2, 10))["outcome"] == "unchanged"
    second = raw_log(old, DAY)
    assert first is not None
    assert second is not None
    assert first.delivered < second.delivered
    decrypt_day(gnupg, old, DAY)
    decrypted = daily_log(old, DAY)
    assert decrypted is not None
    assert decrypted.delivered == second.delivered


def buckets() -> Buckets:
    made = build_resources(load_settings())["buckets"]
    assert isinstance(made, Buckets)
    return made
