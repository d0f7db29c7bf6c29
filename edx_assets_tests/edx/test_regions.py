"""Countries by region and continent."""

import re

import pytest

from edx_assets.edx.regions import regions


def test_every_country_has_one_region_of_one_continent() -> None:
    assert len(regions()) == 250  # ISO 3166 has 249, and there is Kosovo
    assert all(re.fullmatch("[A-Z]{2}", country) for country in regions())
    continents: dict[str, set[str]] = {}
    for region, continent in regions().values():
        continents.setdefault(region, set()).add(continent)
    assert all(len(found) == 1 for found in continents.values())


@pytest.mark.parametrize(
    ("country", "region", "continent"),
    [
        ("CA", "Northern America", "Americas"),
        ("NA", "Southern Africa", "Africa"),  # Namibia: not an empty cell
        ("IR", "Southern Asia", "Asia"),
        ("NZ", "Australia and New Zealand", "Oceania"),
    ],
)
def test_a_country_is_where_the_united_nations_have_it(
    country: str, region: str, continent: str
) -> None:
    assert regions()[country] == (region, continent)
