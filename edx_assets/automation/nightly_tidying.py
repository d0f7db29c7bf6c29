"""The schedule that removes, each night, what the storage need not keep."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from edx_assets.settings import Settings


def nightly_tidying(settings: Settings) -> ScheduleDefinition:
    """The schedule; its job is defined in `jobs`."""
    return ScheduleDefinition(
        name="nightly_tidying",
        job_name="tidy_the_storage",
        cron_schedule="0 5 * * *",  # after the nightly reconcile, before the overview
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING
        if settings.automation
        else DefaultScheduleStatus.STOPPED,
        description="Each night: removes files that the settings do not keep and nothing needs.",
    )
