"""Valid inputs to start from: the sample institution's files, and lines of the benchmarks' logs."""

from functools import cache
from random import Random

from benchmarks.generator import lines
from edx_assets.edx.file_names import package_member
from edx_assets.edx.schema import tables
from edx_assets.local.sample.calendar import Calendar
from edx_assets.local.sample.history import History, make_history
from edx_assets.local.sample.logs import make_logs
from edx_assets.local.sample.packages import make_packages

_LEARNERS, _WEEKS = 5, 2
_OF_THE_BENCHMARKS = 500


@cache
def log_lines() -> list[bytes]:
    """Lines of tracking logs, without their ends; the sample's have oddities of their own."""
    files = make_logs(Random("seeds"), _history().events, Calendar(_WEEKS))
    found = [line.raw for file in files for line in file.lines]
    return found + [line.rstrip(b"\n") for line in lines(_OF_THE_BENCHMARKS)]


@cache
def members() -> dict[str, list[bytes]]:
    """The files of packages by collection."""
    found: dict[str, list[bytes]] = {}
    for package in make_packages(_history(), Calendar(_WEEKS)):
        for name, content in package.members.items():
            member = package_member(name, frozenset(tables()))
            assert member is not None
            if content not in (held := found.setdefault(member.table, [])):
                held.append(content)
    return found


@cache
def member_names() -> list[str]:
    """The names of a package's members."""
    return list(make_packages(_history(), Calendar(_WEEKS))[0].members)


@cache
def _history() -> History:
    return make_history(1, _LEARNERS, Calendar(_WEEKS))
