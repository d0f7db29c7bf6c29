"""The days by course, kept from look to look."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edx_assets.automation.due import course_days
from edx_assets.automation.due.course_days import CourseDays
from edx_assets.edx.courses import Window, day_end, day_start
from edx_assets.edx.file_names import SiteDay
from edx_assets.loading.ledger import IMPORTS, set_aside
from edx_assets.loading.stage import CountMismatchError, StageMissingError
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Store
from edx_assets_tests.conftest import empty
from edx_assets_tests.loading.courses.course_package import COURSE
from edx_assets_tests.loading.courses.tracked_course import FIRST, line
from edx_assets_tests.loading.days.deliveries import Lines, load

OTHER = "TestX/T102/2014"
WINDOWS = [
    Window(None, None),
    Window(day_start("2014-02-03"), day_end("2014-02-04")),
    Window(day_start("2014-02-04"), None),
]
SET_ASIDE, REMOVED = "set aside", "removed"

of_days = st.tuples(st.sampled_from(["edx", "edge"]), st.integers(2, 5))
events = st.tuples(st.integers(2, 4), st.integers(1, 3), st.sampled_from([COURSE, OTHER]))
contents = st.none() | st.lists(events.map(lambda of: line(*of)))
changes = st.tuples(of_days, contents | st.sampled_from([SET_ASIDE, REMOVED]))


def _told(kept: CourseDays) -> list[object]:
    courses = [("edx", [COURSE]), ("edx", [COURSE, OTHER]), ("edge", [OTHER])]
    return [
        kept.settled,
        kept.loading,
        *(
            (kept.marks(site, keys, window), kept.digest(site, keys, window))
            for site, keys in courses
            for window in WINDOWS
        ),
    ]


@pytest.mark.parametrize("many", [0, 500])
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(
    updates=[
        [(("edx", 2), [line(2, 1)])],
        [(("edx", 2), REMOVED), (("edx", 2), [])],
    ]
)
@given(updates=st.lists(st.lists(changes, min_size=1, max_size=3), min_size=1, max_size=5))
def test_what_is_kept_is_what_the_ledger_says(
    store: Store,
    tmp_path: Path,
    mongo_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    many: int,
    updates: list[list[tuple[tuple[str, int], Lines | str | None]]],
) -> None:
    monkeypatch.setattr(course_days, "_MANY", many)
    storage = Storage(place=str(tmp_path / "files"))
    empty(mongo_uri)
    kept = CourseDays()
    for update in updates:
        for (site, number), content in update:
            day = SiteDay(site, date(2014, 2, number))
            if content == SET_ASIDE:
                set_aside(store, day)
            elif content == REMOVED:
                store.delete(IMPORTS, {"_id": str(day)})
            elif not isinstance(content, str):
                # its file is gone, and what it had is set aside; or its entry alone was removed
                with suppress(StageMissingError, CountMismatchError):
                    load(store, storage, [(site, number, content)])
        fresh = CourseDays()
        kept.look(store)
        fresh.look(store)
        assert _told(kept) == _told(fresh)


def test_days_that_are_as_they_were_are_not_read_again(store: Store, tmp_path: Path) -> None:
    storage = Storage(place=str(tmp_path / "files"))
    load(store, storage, FIRST)
    kept = CourseDays()
    kept.look(store)
    before = _told(kept)
    assert len(kept.marks("edx", [COURSE], WINDOWS[0])) == 2
    store.update(IMPORTS, {}, {"courses": []})  # without a new token: nothing of ours does that
    kept.look(store)
    assert _told(kept) == before
    load(store, storage, [("edx", 3, [line(3, 1, OTHER)])])
    kept.look(store)
    assert len(kept.marks("edx", [COURSE], WINDOWS[0])) == 1
