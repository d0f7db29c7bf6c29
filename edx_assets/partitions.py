"""The definitions of partitions: days of tracking logs, delivery dates of packages, and courses."""

from datetime import date, timedelta

from dagster import DailyPartitionsDefinition, DynamicPartitionsDefinition

packages_partitions = DynamicPartitionsDefinition(name="packages")
"""Delivery dates (YYYY-MM-DD) of the database packages on S3."""

courses_partitions = DynamicPartitionsDefinition(name="courses")
"""Canonical course keys, followed by `@edge` on edge; added when packages or events name them."""


def days(start: date, end: date | None) -> DailyPartitionsDefinition:
    """Days (UTC) of tracking logs, as in the files' names: up to `end`, or to yesterday."""
    after = (end + timedelta(days=1)).isoformat() if end else None
    return DailyPartitionsDefinition(start_date=start.isoformat(), end_date=after)
