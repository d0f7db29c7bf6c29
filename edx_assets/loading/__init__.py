"""The work of each stage, over the formats and the resources. Nothing of Dagster belongs here."""
