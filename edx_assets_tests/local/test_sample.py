"""The sample institution: reproducible, complete, and counted by its manifest."""

import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from edx_assets.local.sample import make_institution
from edx_assets_tests.local.decrypted_sample import (
    Contents,
    Manifest,
    decrypted,
    log_key,
    opened,
    verdict,
)


class Size(TypedDict, total=False):
    seed: int
    learners: int
    weeks: int


SMALL: Size = {"seed": 7, "learners": 6, "weeks": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("sample") / "institution"
    return folder, make_institution(folder, **SMALL)


@pytest.fixture(scope="module")
def contents(made: tuple[Path, Manifest]) -> Contents:
    return decrypted(made[0])


def test_the_same_parameters_make_the_same_content(
    made: tuple[Path, Manifest], contents: Contents, tmp_path: Path
) -> None:
    _folder, manifest = made
    again = make_institution(tmp_path / "again", **SMALL)
    assert again == manifest
    assert decrypted(tmp_path / "again") == contents
    assert json.loads((tmp_path / "again" / "manifest.json").read_text()) == manifest


def test_every_objects_place_is_told(made: tuple[Path, Manifest], contents: Contents) -> None:
    _folder, manifest = made
    logs = {log_key(file) for file in manifest["files"] if file["file"]}
    assert {key for key in contents if key.startswith("edx-course-data/")} == logs
    members = [key for key in contents if key.startswith("course-data/")]
    for package in manifest["packages"]:
        inside = f"course-data/{package['file']}/{package['file'].removesuffix('.zip')}/"
        assert sum(key.startswith(inside) for key in members) == package["members"]
    assert len(members) == sum(package["members"] for package in manifest["packages"])
    assert len(logs) + len(members) == len(contents)


def test_every_line_is_counted(made: tuple[Path, Manifest], contents: Contents) -> None:
    _folder, manifest = made
    seen: dict[str, set[bytes]] = {"edx": set(), "edge": set()}
    for file in manifest["files"]:
        counts: Counter[str] = Counter()
        for line in io.BytesIO(contents[log_key(file)]) if file["file"] else []:
            word, told = verdict(line.removesuffix(b"\n"))
            if told and told[0] in seen[file["site"]]:
                word = "duplicate"
            elif told:
                seen[file["site"]].add(told[0])
                counts["implicit"] += told[1]["event_type"].startswith("/")
            counts[word] += 1
            counts["lines"] += 1
        reasons = file["rejected_by_reason"]
        told_counts = Counter(lines=file["lines"], event=file["loaded"], **reasons)
        told_counts += Counter(duplicate=file["duplicates"], implicit=file["implicit"])
        assert +counts == told_counts, file["date"]
        assert file["lines"] == file["loaded"] + file["duplicates"] + file["rejected"]
        assert file["rejected"] == sum(reasons.values())
        assert sum(file["courses"].values()) <= file["loaded"]
    assert seen["edx"].isdisjoint(seen["edge"])


def test_every_row_of_the_newest_packages_is_counted(
    made: tuple[Path, Manifest], contents: Contents
) -> None:
    _folder, manifest = made
    for course in manifest["courses"]:
        prefix = course["course_key"].removeprefix("course-v1:").replace("+", "-")
        site = "prod-analytics" if course["site"] == "edx" else "prod-edge-analytics"
        inside = f"course-data/mcgillx-{course['package']}.zip/mcgillx-{course['package']}/{prefix}"
        forum = f"{inside}-{'prod' if course['site'] == 'edx' else 'edge'}.mongo.gpg"
        for name, documents in course["collections"].items():
            if name == "forum":
                posts = [json.loads(line) for line in contents[forum].splitlines()]
                assert len({post["_id"]["$oid"] for post in posts}) == documents
            elif name == "course_structure":
                blocks = json.loads(contents[f"{inside}-{name}-{site}.json.gpg"])
                spliced = {"conditional", "wrapper"}
                kept = [b for b in blocks.values() if b["category"] not in spliced]
                assert len(kept) == documents
                assert (len(kept) < len(blocks)) == ("CHEM" in prefix)
                assert all(child in blocks for b in blocks.values() for child in b["children"])
            elif name != "tracking":
                header, *rows = contents[f"{inside}-{name}-{site}.sql.gpg"].split(b"\n")[:-1]
                assert len(rows) == documents
                assert {row.count(b"\t") for row in rows} <= {header.count(b"\t")}


def test_packages_grow_and_the_last_lacks_a_course(
    made: tuple[Path, Manifest], contents: Contents
) -> None:
    _folder, manifest = made
    packages = manifest["packages"]
    assert [package["date"] for package in packages] == ["2014-02-09", "2014-02-16"]
    first = {"course_key": "course-v1:McGillX+CHEM181x+1T2014", "site": "edx"}
    assert [first in package["courses"] for package in packages] == [True, False]
    name = "McGillX-ATOC185x-2T2014-student_courseenrollment-prod-analytics.sql.gpg"
    older, newer = (
        contents[f"course-data/{package['file']}/{package['file'][:-4]}/{name}"].count(b"\n")
        for package in packages
    )
    assert 1 < older < newer


def test_the_tables_hold_what_escaping_is_for(contents: Contents) -> None:
    profiles = b"".join(text for key, text in contents.items() if "-auth_userprofile-" in key)
    assert b"\r" in profiles
    assert b"Chemist.\\n\\tLikes:\\n\\t- C:\\\\labs\\\\new\\n" in profiles
    assert "Zoë Núñez-Lévesque".encode() in profiles
    assert b'"Shiv" O\'Brien' in profiles
    assert b"\tNULL\t" in profiles


def test_the_odd_files_are_there(made: tuple[Path, Manifest], contents: Contents) -> None:
    _folder, manifest = made
    edx = [file for file in manifest["files"] if file["site"] == "edx"]
    assert [file["date"] for file in edx if not file["file"]] == ["2014-02-10"]
    words = Counter(file["file"].split("-")[1] for file in edx if file["file"])
    assert words == {"edx": 11, "prod": 1, "ex": 1}
    edge = [file for file in manifest["files"] if file["site"] == "edge" and file["file"]]
    assert len(edge) == 5
    assert edge[-1]["date"] == manifest["last_day"]
    assert sum(file["lines"] == 0 for file in edge) == 1
    unended = [key for key, text in contents.items() if "/events/" in key and text[-1:] == b"}"]
    assert len(unended) == 1


def test_oddities_are_as_many_as_told(made: tuple[Path, Manifest], contents: Contents) -> None:
    _folder, manifest = made
    oddities = manifest["oddities"]
    lines = [
        line.removesuffix(b"\n")
        for key, text in contents.items()
        if "/events/" in key
        for line in io.BytesIO(text)
    ]
    assert sum(line.startswith(b"\0") for line in lines) == oddities["nul_led"]
    assert sum(line.startswith(b"tracking.log") for line in lines) == oddities["prefix_grep"]
    assert sum(len(line) == 2043 and line[-1:] != b"}" for line in lines) >= 1
    assert sum(b": NaN" in line for line in lines) == oddities["not_a_number"]
    assert sum(b'\\ud83d", "event_source' in line for line in lines) == oddities["lone_surrogate"]
    assert sum(b'"$x": ' in line for line in lines) == oddities["dollar_key"]
    assert sum(b'"context": {}' in line for line in lines) == oddities["context_empty"]
    for name in ("repeated_in_file", "repeated_with_prefix", "repeated_later", "late"):
        assert oddities[name] > 0
    repeated = sum(number for name, number in oddities.items() if name.startswith("repeated_"))
    assert repeated == sum(file["duplicates"] for file in manifest["files"])


def test_events_bind_but_not_all(made: tuple[Path, Manifest]) -> None:
    _folder, manifest = made
    for course in manifest["courses"]:
        tracking = course["tracking"]
        assert 0 < tracking["bound"] < tracking["with_module"] < course["collections"]["tracking"]
    loaded: Counter[tuple[str, str]] = Counter()
    for file in manifest["files"]:
        loaded.update({(key, file["site"]): n for key, n in file["courses"].items()})
    listed = manifest["courses"][0]
    key = listed["course_key"], listed["site"]
    assert listed["collections"]["tracking"] < loaded[key]  # some are outside its window
    running = next(c for c in manifest["courses"] if c["window"]["end"] is None)
    key = running["course_key"], running["site"]
    assert running["collections"]["tracking"] == loaded[key]
    assert running["collections"]["certificates_generatedcertificate"] == 0


def test_the_courses_file_lists_the_first_course(made: tuple[Path, Manifest]) -> None:
    folder, manifest = made
    (entry,) = yaml.safe_load((folder / "courses.yaml").read_text())["courses"]
    window = manifest["courses"][0]["window"]
    assert entry["course_key"] == manifest["courses"][0]["course_key"]
    assert entry["spellings"] == ["McGillX/CHEM181x/1T2014"]
    assert window["start"].startswith(str(entry["enrolment_start"]))
    assert window["end"] == str(entry["course_end"])


def test_the_key_is_private(made: tuple[Path, Manifest]) -> None:
    folder, _manifest = made
    assert (folder / "passphrase").stat().st_mode & 0o777 == 0o600
    assert (folder / "gnupg").stat().st_mode & 0o777 == 0o700
    for path in (folder / "gnupg").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    with opened(folder) as gpg:
        sealed = gpg.encrypt(b"x", gpg.list_keys()[0]["fingerprint"], always_trust=True)
        assert not gpg.decrypt(bytes(sealed.data), passphrase="another").ok


def test_what_is_there_is_left_alone_and_what_is_half_made_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "institution"
    folder.mkdir()
    (folder / "notes").write_text("of someone else")
    small: Size = {"learners": 5, "weeks": 2}
    manifest = make_institution(folder, **small)
    passphrase = (folder / "passphrase").read_text()
    assert make_institution(folder, **small) == manifest
    assert (folder / "passphrase").read_text() == passphrase
    (folder / "manifest.json").unlink()
    assert make_institution(folder, **small) == manifest
    assert (folder / "passphrase").read_text() != passphrase
    other: Size = {**small, "seed": 2}
    assert make_institution(folder, **other) != manifest
    assert (folder / "notes").read_text() == "of someone else"


def test_a_sample_can_be_too_small(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 5 learners"):
        make_institution(tmp_path, learners=4)
    with pytest.raises(ValueError, match="2 weeks"):
        make_institution(tmp_path, weeks=1)
    assert list(tmp_path.iterdir()) == []


def test_its_truth_owes_nothing_to_the_rest_of_the_project() -> None:
    program = "import sys, edx_assets.local.sample; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    ours = {name for name in done.stdout.split() if name.startswith("edx_assets.")}
    others = {name for name in ours if not name.startswith("edx_assets.local.sample")}
    assert others == {"edx_assets.local"}
