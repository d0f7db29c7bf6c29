"""The definitions that `edx-assets dev` runs: the project's, up to the demo's newest tracking log.

Every process of Dagster's loads them anew, and `dev` has them reloaded when a later day comes.
"""

import os

from dagster import Definitions

from edx_assets.local.delivered_days import newest_day


def _until_the_newest_day() -> Definitions:
    os.environ["EDX_END_DATE"] = str(newest_day(os.environ["EDX_S3_ENDPOINT_URL"]) or "")
    # imported here: it reads the settings
    from edx_assets.definitions import defs

    return defs


defs = _until_the_newest_day()
