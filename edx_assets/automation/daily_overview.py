"""The schedule that makes the overview each morning and evaluates its checks."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from edx_assets.settings import Settings


def daily_overview(settings: Settings) -> ScheduleDefinition:
    """The schedule; its job is defined in `jobs`."""
    return ScheduleDefinition(
        name="daily_overview",
        job_name="make_the_overview",
        cron_schedule="0 6 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING
        if settings.automation
        else DefaultScheduleStatus.STOPPED,
        description="Each morning: what is loaded, missing, late or broken, the GPG key, and why"
        " lines were not loaded.",
    )
