"""The work of each stage, on top of the formats and the resources. Nothing here knows Dagster."""
