"""Who imports whom, and what every module has: read from the source, and true of all of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edx_assets_tests.architecture import (
    LAYERS,
    Sources,
    cycles,
    dagster_in_loading,
    into_local,
    longer_than,
    of_formats,
    of_leaves,
    out_of_local,
    private_dagster,
    upward,
    without_docstring,
    without_place,
)

ROOT = Path(__file__).parents[1]
MOST_LINES = 300

Rule = Callable[[Sources], list[str]]
RULES: dict[Rule, str] = {
    without_place: "a part of the package is in no layer: name its place in `architecture`",
    upward: "a module may import its own layer and lower ones only, from top to bottom "
    + " → ".join("/".join(sorted(layer)) for layer in LAYERS),
    of_leaves: "what anybody may import has to import nothing of ours, but settings the errors",
    of_formats: "`edx` may import no Dagster, no pymongo (bson it may), and of ours only `errors`",
    dagster_in_loading: "`loading` may not import Dagster: what needs it belongs in `assets`",
    out_of_local: "`local` may import nothing of ours outside, nor its sample outside the sample",
    into_local: "only `cli` may import `local`: the rest does not know that it can be embedded",
    private_dagster: "Dagster's private names may be imported in `dagster_internals` only",
    cycles: "modules may not import each other in a circle",
    without_docstring: "every module says in its docstring what it is",
}


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources(ROOT, "edx_assets", "edx_assets_tests", "benchmarks")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(sources: Sources, rule: Rule) -> None:
    offending = rule(sources)
    assert not offending, "\n".join([RULES[rule], *offending])


def test_no_module_is_too_long(sources: Sources) -> None:
    ours = {
        module: lines
        for module, lines in longer_than(sources, MOST_LINES).items()
        if not module.startswith("benchmarks")
    }
    assert not ours, f"over {MOST_LINES} lines, split by subject: {ours}"


def test_the_whole_source_is_read(sources: Sources) -> None:
    assert {"edx_assets", "edx_assets.cli.main", "edx_assets.local.sample", __name__} <= {
        *sources.files
    }
    assert len(sources.imports) > 1000


PLANTED: list[tuple[Rule, str, str, str]] = [
    (without_place, "edx_assets/web.py", "", "web"),
    (
        upward,
        "edx_assets/resources/store.py",
        "from edx_assets.loading.ledger import IMPORTS",
        "edx_assets.resources.store:2 imports edx_assets.loading.ledger.IMPORTS",
    ),
    (
        upward,
        "edx_assets/assets/courses.py",
        "def late() -> None:\n    from edx_assets import jobs",
        "edx_assets.assets.courses:3 imports edx_assets.jobs",
    ),
    (
        upward,
        "edx_assets/assets/deep/courses.py",
        "from ...checks import enrolments",
        "edx_assets.assets.deep.courses:2 imports edx_assets.checks.enrolments",
    ),
    (
        of_leaves,
        "edx_assets/errors.py",
        "import edx_assets.settings",
        "edx_assets.errors:2 imports edx_assets.settings",
    ),
    (
        of_formats,
        "edx_assets/edx/keys.py",
        "from edx_assets import settings",
        "edx_assets.edx.keys:2 imports edx_assets.settings",
    ),
    (
        of_formats,
        "edx_assets/edx/keys.py",
        "from pymongo import MongoClient",
        "edx_assets.edx.keys:2 imports pymongo.MongoClient",
    ),
    (
        of_formats,
        "edx_assets/edx/keys.py",
        "import dagster",
        "edx_assets.edx.keys:2 imports dagster",
    ),
    (
        dagster_in_loading,
        "edx_assets/loading/days/raw_log.py",
        "from dagster_aws.s3 import S3Resource",
        "edx_assets.loading.days.raw_log:2 imports dagster_aws.s3.S3Resource",
    ),
    (
        out_of_local,
        "edx_assets/local/truth.py",
        "from edx_assets.errors import FinalError",
        "edx_assets.local.truth:2 imports edx_assets.errors.FinalError",
    ),
    (
        out_of_local,
        "edx_assets/local/sample/logs.py",
        "from edx_assets.local.truth import facts",
        "edx_assets.local.sample.logs:2 imports edx_assets.local.truth.facts",
    ),
    (
        into_local,
        "edx_assets/definitions.py",
        "from edx_assets.local.environment import local_environment",
        "edx_assets.definitions:2 imports edx_assets.local.environment.local_environment",
    ),
    (
        private_dagster,
        "benchmarks/load.py",
        "from dagster._core.storage.tags import PRIORITY_TAG",
        "benchmarks.load:2 imports dagster._core.storage.tags.PRIORITY_TAG",
    ),
    (
        private_dagster,
        "edx_assets_tests/test_x.py",
        "from dagster import _check",
        "edx_assets_tests.test_x:2 imports dagster._check",
    ),
    (
        private_dagster,
        "edx_assets_tests/test_x.py",
        "import dagster_shared.error",
        "edx_assets_tests.test_x:2 imports dagster_shared.error",
    ),
    (
        private_dagster,
        "edx_assets_tests/test_x.py",
        "import dagster\ndagster._core",
        "edx_assets_tests.test_x:3 imports dagster._core",
    ),
    (
        cycles,
        "edx_assets/edx/keys.py",
        "from edx_assets.edx import keys_of",
        "edx_assets.edx.keys → edx_assets.edx.keys_of → edx_assets.edx.keys",
    ),
    (without_docstring, "edx_assets/edx/__init__.py", "", "edx_assets.edx"),
]


@pytest.mark.parametrize(("rule", "path", "code", "offence"), PLANTED)
def test_a_planted_offence_is_found_by_its_rule(
    tmp_path: Path, rule: Rule, path: str, code: str, offence: str
) -> None:
    docstring = "" if rule is without_docstring else '"""A module."""\n'
    planted = {
        "edx_assets/edx/keys_of.py": '"""A module."""\nfrom edx_assets.edx.keys import key\n',
        path: docstring + code,
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    sources = Sources(tmp_path, "edx_assets", "edx_assets_tests", "benchmarks")
    assert rule(sources) == [offence]
    assert [each for each in RULES if each is not rule and each(sources)] == []


def test_every_rule_has_a_planted_offence() -> None:
    assert {rule for rule, *_offence in PLANTED} == set(RULES)


def test_a_long_module_is_found(tmp_path: Path) -> None:
    (tmp_path / "edx_assets").mkdir()
    (tmp_path / "edx_assets" / "jobs.py").write_text("x = 1\n" * (MOST_LINES + 1))
    assert longer_than(Sources(tmp_path, "edx_assets"), MOST_LINES) == {"edx_assets.jobs": 301}
