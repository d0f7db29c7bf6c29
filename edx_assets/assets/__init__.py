"""The Dagster assets: a thin layer over `loading`, which does the work of the stages."""

import warnings

from dagster import BetaWarning

# backfill policies are beta in Dagster 1.13, and every process would warn about it ten times
warnings.filterwarnings("ignore", category=BetaWarning)
