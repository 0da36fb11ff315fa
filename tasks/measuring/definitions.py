"""Definitions: what each series counts, of what, and what is left out, in the words of the function that makes it."""

import inspect
from collections.abc import Callable
from typing import Any

from tasks.measuring import (
    desk,
    forecasts,
    found,
    geography,
    growth,
    lifetimes,
    reference,
    revisions,
    uniqueness,
    vectors,
    volumes,
)

MADE_BY: dict[str, Callable[..., Any]] = {
    "monthly": volumes.monthly_volume,
    "yearly": volumes.yearly_volume,
    "published": reference.beside_published,
    "sources": volumes.monthly_by_source,
    "crossover": volumes.crossover,
    "regions": geography.by_region,
    "countries": geography.by_country,
    "rates": geography.country_rates,
    "vectors": vectors.by_vector,
    "kinds": volumes.monthly_by_kind,
    "uniqueness": uniqueness.uniqueness,
    "lifetimes": lifetimes.lifetimes,
    "lifetime_distribution": lifetimes.lifetime_distribution,
    "growth": growth.growth,
    "forecast": forecasts.forecast,
    "contents": found.contents,
    "revisions": revisions.revisions,
    "outcomes": desk.outcomes,
    "recipients": desk.recipients,
    "first_look": desk.first_look,
    "list_hits": found.list_hits,
    "novelty": found.novelty,
    "exposure": found.exposure,
}
"""The function of each series of `tasks.measuring.series`."""


def definition(series: str) -> tuple[str, ...]:
    """Give the paragraphs that define a series; code in them stands between backticks."""
    text = inspect.getdoc(MADE_BY[series]) or ""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return tuple(part for part in paragraphs if not part.startswith("Args:"))
