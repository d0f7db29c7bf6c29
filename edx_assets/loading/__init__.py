"""The work of each stage over the formats and the resources; no Dagster."""
