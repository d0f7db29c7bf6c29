"""A disk that is full is told as that, and not as a query that has to be corrected."""

import os
from errno import ENOSPC
from pathlib import Path

import pytest

from edx_assets.datasets import engine as engine_module
from edx_assets.datasets.definition import read
from edx_assets.datasets.engine import engine, make
from edx_assets.errors import can_pass, foreseen

HEAD = """\
-- Words.
--
-- Grain: a word.
-- Source: our own.
-- Needs: numbers
--
-- | column | type | meaning |
-- |---|---|---|
-- | word | VARCHAR | the word |
"""
LONG = "SELECT repeat('a', 100) || hash(n) AS word FROM numbers"


@pytest.mark.parametrize("memory", ["1GB", "60MB"])  # it writes the result, or what is sorted
def test_a_full_disk_has_its_remedy(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, memory: str
) -> None:
    monkeypatch.setattr(engine_module, "_MEMORY", memory)
    with engine(small_disk) as session:
        session.execute("CREATE VIEW numbers AS SELECT range AS n FROM range(500_000)")
        with pytest.raises(OSError, match=os.strerror(ENOSPC)) as caught:
            make(session, read("words", HEAD + LONG), small_disk / "words.parquet")
    told = foreseen(caught.value)
    assert "the disk is full: make room where EDX_STORAGE is" in str(told)
    assert can_pass(told)


def test_so_has_one_that_is_full_before_any_dataset(small_disk: Path) -> None:
    target = str(small_disk / "words.parquet")
    with pytest.raises(OSError, match=os.strerror(ENOSPC)), engine(small_disk) as session:
        session.sql("SELECT hash(range) AS word FROM range(2_000_000)").write_parquet(target)
