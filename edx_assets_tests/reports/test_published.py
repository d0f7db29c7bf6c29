"""What is published of numbers, above all of small ones: tried for every number up to some 100."""

from collections import defaultdict

import pytest

from edx_assets.reports.published import learners, of_learners, share


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "unknown"), (0, "0"), (1, "under 10"), (9, "under 10"), (10, "10"), (14, "10"),
     (15, "20"), (1_234, "1,230"), (1_235, "1,240")],
)  # fmt: skip
def test_numbers_of_learners_are_rounded_and_small_groups_not_told(
    number: int | None, text: str
) -> None:
    assert learners(number).text == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "nobody"), (3, 9, "under 10 learners"), (0, 100, "0%"), (9, 100, "under 11%"),
     (9, 12, "under 10 learners"), (50, 200, "25%"), (100, 100, "100%"), (None, 20, "unknown"),
     (20, None, "unknown"), (300, 900, "33%")],
)  # fmt: skip
def test_a_share_is_that_of_the_rounded_numbers(
    part: int | None, whole: int | None, text: str
) -> None:
    assert share(part, whole).text == text


def test_what_a_small_group_did_is_not_told() -> None:
    assert of_learners(500, 9).text == "under 10 learners"
    assert of_learners(2.46, 9, digits=1).text == "under 10 learners"
    assert of_learners(0, 0).text == "0"
    assert of_learners(504, 10).text == "500"
    assert of_learners(2.46, 10, digits=1).text == "2.5"
    assert of_learners(None, 10).text == of_learners(5, None).text == "unknown"


def test_no_difference_between_published_numbers_tells_a_small_group() -> None:
    """Whatever is published of a group and a part of it, the rest may be none, or ten or more."""
    rests: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for whole in range(10, 160):
        for part in range(10, whole + 1):
            texts = learners(whole).text, learners(part).text, share(part, whole).text
            rests[texts].add(whole - part)
    told = {texts: rest for texts, rest in rests.items() if not rest & {0, *range(10, 160)}}
    assert len(rests) > 100
    assert told == {}


def test_a_bound_is_true() -> None:
    for whole in range(10, 160):
        for part in range(1, 10):
            bound = share(part, whole).drawn
            assert bound is None or 100 * part / whole < bound
