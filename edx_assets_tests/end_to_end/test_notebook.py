"""The notebook runs as it is, and shows what the sample's manifest knows."""

import runpy
from collections import Counter
from pathlib import Path

from edx_assets_tests.end_to_end.built import Built

_NOTEBOOK = Path(__file__).parents[2] / "examples" / "reports.py"


def test_the_reports_of_a_course(built: Built) -> None:
    _outputs, found = runpy.run_path(str(_NOTEBOOK))["app"].run()
    [course] = [
        each for each in built.manifest["courses"] if each["course_key"] == found["course_key"]
    ]
    answers = course["answers"]
    completers = found["completers"]
    certified = dict(zip(completers["username"], completers["grade"], strict=True))
    told = answers["downloadable_certificates"].items()
    assert certified == {name: float(grade) for name, grade in told}
    assert len(certified) > 1
    assert found["registered"].sum() == course["collections"]["auth_user"]
    posts = Counter(kind == "initial_post" for kind in found["posts"]["slug_type"])
    threads = Counter[bool]()
    for of_author in answers["posts_by_author_and_type"].values():
        threads[True] += of_author.get("CommentThread", 0)
        threads[False] += of_author.get("Comment", 0)
    assert posts == threads
    assert len(found["sequentials"]) > 1
    assert found["answers"]["module_id"].nunique() == len(found["problems"]) == 2
