"""The locked set: it fits what pyproject.toml asks for, and every file in it has its hash."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OWN = "edx-assets"
# what `make lock` locks beside the project's own dependencies
EXTRAS = ("frames", "local", "postgres", "dev")
REMEDY = "run `make lock`, and commit requirements.lock"


def asked_for() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in EXTRAS for line in project["optional-dependencies"][extra]),
    ]
    return [each for each in map(Requirement, lines) if each.name != OWN]


def locked(text: str) -> list[tuple[Requirement, str]]:
    """Each pin, and the lines that belong to it: hashes, and who asks for it."""
    pins = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]
    return [(Requirement(pin.partition("\\\n")[0]), pin.partition("\\\n")[2]) for pin in pins]


def misfits(text: str, wanted: list[Requirement]) -> list[str]:
    """What a locked set lacks, or has at a version outside its range, or has without need."""
    pins = locked(text)
    found = []
    for requirement in wanted:
        name = canonicalize_name(requirement.name)
        versions = [
            next(iter(pin.specifier)).version
            for pin, _more in pins
            if canonicalize_name(pin.name) == name
        ]
        found += [
            f"{requirement}: {v} is locked" for v in versions if v not in requirement.specifier
        ]
        found += [] if versions else [f"{requirement}: not locked"]
    needed = {canonicalize_name(requirement.name) for requirement in wanted}
    found += [
        f"{pin.name}: locked for {OWN}, which does not ask for it"
        for pin, more in pins
        if re.search(rf"^ +# +(via )?{OWN} \(", more, re.M) and pin.name not in needed
    ]
    return found


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_locked_set_fits_the_project(lock: str) -> None:
    assert misfits(lock, asked_for()) == [], REMEDY


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("click>=99", "click>=99: "),
        ("no-such-package", "no-such-package: not locked"),
    ],
)
def test_what_does_not_fit_is_told(lock: str, wanted: str, told: str) -> None:
    others = [each for each in asked_for() if each.name != Requirement(wanted).name]
    (found,) = misfits(lock, [*others, Requirement(wanted)])
    assert found.startswith(told)


def test_what_nobody_asks_for_any_more_is_told(lock: str) -> None:
    fewer = [each for each in asked_for() if each.name != "xxhash"]
    assert misfits(lock, fewer) == ["xxhash: locked for edx-assets, which does not ask for it"]


def test_every_pin_is_one_version_with_hashes_and_from_no_named_place(lock: str) -> None:
    for pin, more in locked(lock):
        assert [each.operator for each in pin.specifier] == ["=="], pin
        assert pin.url is None
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", more), pin
    assert not re.search(r"https?://|file:|^-", lock, re.M)
