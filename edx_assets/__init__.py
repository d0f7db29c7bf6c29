"""A university's edX research data as per-course MongoDB databases, built with Dagster assets."""
