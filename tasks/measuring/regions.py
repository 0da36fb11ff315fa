"""Regions: every country of ISO 3166-1, its short English name and its United Nations region."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

UNASSIGNED = "Unassigned"
"""The region of a code that ISO 3166-1 does not list (such as a withdrawn or a user-assigned one)."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country: ISO 3166-1 alpha-2 code, M49 macro region, short English name."""

    code: str
    region: str
    name: str


@cache
def countries() -> tuple[Country, ...]:
    """Give all 249 countries, by code; source and date stand at the top of `regions.csv`."""
    with Path(__file__).with_name("regions.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return tuple(Country(row["country"], row["region"], row["name"]) for row in rows)
