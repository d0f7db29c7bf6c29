"""What is known about when edX delivers. What its files are named is in `file_names`."""

from datetime import timedelta

LOG_DELAY = timedelta(days=3)
"""How late a day's log can come: on the next day as a rule, and some days later at times."""

PACKAGE_AGE = timedelta(days=3)
"""How old a package can be on its delivery date: later events are not in its tables."""
