"""What is delivered in the world of the faults: three days, one of them anew, and a package."""

import gzip
import json
from datetime import date, timedelta
from random import Random

from edx_assets_tests.institution import EVENTS, PACKAGES, Institution
from edx_assets_tests.soak.packages import make_package
from edx_assets_tests.soak.scenario import log

FIRST = date(2014, 2, 3)
DAYS = tuple(str(FIRST + timedelta(days=n)) for n in range(3))
ANEW = DAYS[1]
PACKAGE = "2014-02-09"
COURSE = "course-v1:TestX+T101+2014"

LEARNER = "quercus.robur"
"""Part of a name that nothing but the data may hold."""

_SEED = 7
_LARGE = 120_000  # characters that do not pack: a file is larger than what pipes and sockets hold


def day_log(day: str, corrected: bool = False) -> bytes:
    """A day's log, not yet encrypted: odd lines as well, and some of the day before."""
    when = date.fromisoformat(day)
    large = {
        "username": LEARNER,
        "event_type": "page_close",
        "event_source": "browser",
        "event": "{}",
        "answer": Random(day).randbytes(_LARGE // 2).hex(),
        "context": {"course_id": "TestX/T101/2014", "user_id": 77},
        "time": f"{day}T12:00:00.5+00:00",
    }
    broken = f'{{"username": "{LEARNER}", "event": '.encode()
    lines = log("edx", when, _SEED, corrected) + json.dumps(large).encode() + b"\n" + broken
    return gzip.compress(lines, mtime=0)


class Delivered:
    """The encrypted objects, made once."""

    def __init__(self, testx: Institution) -> None:
        self._s3 = testx.s3
        self._logs = {day: testx.encrypted(day_log(day)) for day in DAYS}
        self._anew = testx.encrypted(day_log(ANEW, corrected=True))
        courses = ("T101", "T102")
        ends = FIRST + timedelta(days=90)
        self._package = make_package(
            testx.encrypted, date.fromisoformat(PACKAGE), courses, "first", ends, 9
        )

    def reset(self) -> None:
        """Put everything on S3 as it was delivered first."""
        for day, content in self._logs.items():
            self._put(day, content)
        self._s3.put_object(Bucket=PACKAGES, Key=f"testx-{PACKAGE}.zip", Body=self._package)

    def anew(self) -> None:
        """Deliver a day once more, with other content."""
        self._put(ANEW, self._anew)

    def _put(self, day: str, content: bytes) -> None:
        key = f"testx/edx/events/{day[:4]}/testx-edx-events-{day}.log.gz.gpg"
        self._s3.put_object(Bucket=EVENTS, Key=key, Body=content)
