"""The short form of the kills, with a fixed seed: every kind of run is killed at a write or two."""

from edx_assets_tests.torture.kills.part import SHORT, run


def test_killed_at_a_write_and_run_again_everything_is_as_if_undisturbed() -> None:
    assert run(True, 1) == {
        "kills": SHORT,
        "lost": 0,
        "doubled": 0,
        "half_seen": 0,
        "leftovers": 0,
        "crashes": 0,
    }
