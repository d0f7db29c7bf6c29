"""The edX formats: pure functions over bytes and documents; no Dagster, no database, no network."""
