"""What all ticks of sensors and schedules share: interval, default status, failures."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DefaultSensorStatus, Failure

from edx_assets.errors import EXPECTED
from edx_assets.settings import Settings

INTERVAL_SECONDS = 9  # the daemon looks every 5 s: 10 would become 15


def default_status(settings: Settings) -> DefaultSensorStatus:
    """Off until switched on in the UI; on if EDX_AUTOMATION is set."""
    return DefaultSensorStatus.RUNNING if settings.automation else DefaultSensorStatus.STOPPED


@contextmanager
def plain_ticks(settings: Settings) -> Iterator[None]:
    """Let a tick fail with a message that says what is down or set wrongly; its cursor then stays.

    Which days there are is in every tick's settings: with the default in their place it would
    request runs that nobody asked for.
    """
    try:
        settings.require("start_date", "end_date", "automation")
        yield
    except EXPECTED as error:
        raise Failure(str(error)) from None
