"""Plan: all counts of a simulated history, before any report is written."""

from dataclasses import dataclass

import numpy as np

from domain.media import Kind
from tasks.simulating.history.geography import by_country_and_year
from tasks.simulating.history.months import YEARS, of_year
from tasks.simulating.history.numbers import Whole
from tasks.simulating.history.sightings import Sightings, plan_sightings
from tasks.simulating.history.vectors import by_label_and_year
from tasks.simulating.history.volumes import from_providers, reports_by_month


@dataclass(frozen=True, slots=True)
class Plan:
    """All counts of a history.

    Attributes:
        seed: what all chance follows from.
        reports: reports of each of the 235 months.
        providers: those of them that providers sent.
        countries: reports that name each of `geography.countries` in each year (countries × 20).
        labels: reports that name each of `vectors.LABELS` in each year (22 × 20).
        files: sightings of each kind.
    """

    seed: int
    reports: Whole
    providers: Whole
    countries: Whole
    labels: Whole
    files: tuple[Sightings, ...]

    def yearly(self) -> Whole:
        """Give the reports of each year."""
        return by_year(self.reports)


def by_year(monthly: Whole) -> Whole:
    """Add months up to years."""
    return np.array([monthly[of_year(year)].sum() for year in YEARS], dtype=np.int64)


def plan_history(seed: int, reports: int) -> Plan:
    """Plan a history of `reports` reports; the same for the same arguments."""
    monthly = reports_by_month(reports)
    yearly = by_year(monthly)
    return Plan(
        seed=seed,
        reports=monthly,
        providers=from_providers(monthly),
        countries=by_country_and_year(seed, reports, yearly),
        labels=by_label_and_year(reports, yearly),
        files=tuple(plan_sightings(kind, seed, reports) for kind in Kind),
    )
