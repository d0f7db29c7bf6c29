"""What every tick of a sensor or schedule has in common: its interval, its status, its failures."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DefaultSensorStatus, Failure

from edx_assets.errors import EXPECTED
from edx_assets.settings import Settings

INTERVAL_SECONDS = 9  # the daemon looks every 5 s: 10 would come to be 15


def default_status(settings: Settings) -> DefaultSensorStatus:
    """Off until it is switched on in the UI, unless EDX_AUTOMATION says otherwise."""
    return DefaultSensorStatus.RUNNING if settings.automation else DefaultSensorStatus.STOPPED


@contextmanager
def plain_ticks() -> Iterator[None]:
    """Let a tick fail with a message that says what is down; its cursor then stays as it was."""
    try:
        yield
    except EXPECTED as error:
        raise Failure(str(error)) from None
