"""Variables that look like settings and are none. The settings themselves: `settings`."""

from collections.abc import Mapping
from difflib import get_close_matches

from edx_assets.settings import PREFIX, Settings, variable

_NOT_OURS = ("EDX_TEST_", "EDX_BENCH_")  # of the tests and the benchmarks


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that look like settings and are none, each with the setting that is nearest."""
    known = [variable(name) for name in Settings.model_fields]
    unknown = [
        name
        for name in sorted(environment)
        if name.upper().startswith(PREFIX)
        and name.upper() not in known
        and not name.upper().startswith(_NOT_OURS)
    ]
    return {
        name: next(iter(get_close_matches(name.upper(), known, 1, 0.75)), None) for name in unknown
    }
