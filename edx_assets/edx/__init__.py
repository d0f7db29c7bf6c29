"""The edX formats: pure functions on bytes and documents, without Dagster, database or network."""
