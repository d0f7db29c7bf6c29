"""What runs after each other in the world of the faults."""

from edx_assets_tests.torture.faults.deliveries import ANEW, COURSE, DAYS, PACKAGE
from edx_assets_tests.torture.faults.worker import WHOLE, Work

_OF_A_DAY = ("edx/raw_log", "edx/daily_log", "edx/master_tracking")

STAGES = {
    "days": Work(_OF_A_DAY, days=(DAYS[0], DAYS[-1])),
    "anew": Work(_OF_A_DAY, partition=ANEW),
    "package": Work(("packages/database_package", "packages/course_files"), partition=PACKAGE),
    "course": Work((WHOLE,), partition=COURSE),
}
"""What runs after each other: three days; one of them, delivered anew; a package; a course."""
