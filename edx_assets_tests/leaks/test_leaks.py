"""Nothing is left in any log, database of Dagster's, command line or file of a demo that fails."""

from collections.abc import Iterator

import pytest

from edx_assets_tests.leaks.scene import Scene, played

WHY = {
    "a wrong passphrase": "the passphrase does not fit the secret key",
    "a package that is no zip": "is not a zip file",
    "a package that is not there": "has no package of 2014-02-23",
    "days": "5 of 7 days failed",
    "a course": "its first line is a row",
    "a cut structure": "it is not JSON",
    "no package": "no package with course-v1:TestX+T103+2014",
    "a courses file that cannot be read": "is not YAML",
    "a user without rights": "Unauthorized",
    "a wrong password": "AuthenticationFailed",
    "no database": "ServerSelectionTimeoutError",
    "no connection string": "is not a connection string",
    "no S3": "EndpointConnectionError",
    "no bucket": "NoSuchBucket",
    "no storage": "EDX_STORAGE: /dev/null/storage",
}
GOOD = {"the list of packages", "a package", "the overview"}

KEPT = {
    "the username in an event",
    "a word of a line that is cut",
    "a word of a line that is no JSON",
    "the e-mail in a row",
    "the e-mail in a row with too many cells",
    "a bio",
    "a post",
    "a line that is no post",
    "the e-mail in the opt-in list",
}
"""Some of what belongs into the databases, the quarantine included: the words came so far."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with played(tmp_path_factory.mktemp("scene")) as made:
        yield made


def test_everything_was_run_and_failed_for_its_reason(scene: Scene) -> None:
    assert scene.codes == {"runs": 0, "materialize": 1, "doctor": 0, "status": 1}
    assert {title for title, why in scene.ended.items() if not why} == GOOD
    assert {title for title, why in WHY.items() if why not in scene.ended[title]} == set()
    assert scene.ended.keys() == WHY.keys() | GOOD
    assert scene.loaded >= KEPT


def test_no_secret_and_nothing_of_a_learner_is_left_anywhere(scene: Scene) -> None:
    assert scene.leaks() == []


def test_no_temporary_file_is_left(scene: Scene) -> None:
    assert list((scene.folder / "tmp").iterdir()) == []
    assert list(scene.folder.rglob(".writing-*")) == []


def test_a_word_in_a_log_of_the_scene_would_be_found(scene: Scene) -> None:
    password = next(w for w, what in scene.marks.words.items() if what == "the database's password")
    log = scene.folder / "output" / "doctor"
    before = log.read_text()
    log.write_text(f"{before}mongodb://czar:{password}@127.0.0.1/\n")
    assert scene.leaks() == [f"output/doctor: plain: {password} (the database's password)"]
    log.write_text(before)
