"""The region and the continent of each country, as the United Nations' standard M49 has them.

https://unstats.un.org/unsd/methodology/m49/. Not in it, and here with their neighbours: Taiwan (TW)
and Kosovo (XK, as MaxMind writes it); Antarctica has no region there.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def regions() -> dict[str, tuple[str, str]]:
    """Region and continent by country code (ISO 3166, two capitals)."""
    text = files(__package__).joinpath("regions.tsv").read_text(encoding="utf-8")
    return {
        country: (row["region"], row["continent"])
        for row in csv.DictReader(text.splitlines(), delimiter="\t")
        for country in row["countries"].split()
    }
