"""Software-defined assets, a module a stage, thin over `loading`."""

import warnings

from dagster import BetaWarning

# backfill policies are beta in Dagster 1.13, and every process would say so ten times
warnings.filterwarnings("ignore", category=BetaWarning)
