"""Kinds: sightings of images, videos and other files in each month since 2013 (Figure 7)."""

from domain.media import Kind
from tasks.simulating.history.months import COUNT, FILES_SINCE, number
from tasks.simulating.history.numbers import Whole, scaled, through, whole
from tasks.simulating.history.volumes import REPORTS

SIGHTINGS = {Kind.IMAGE: 20_568_240, Kind.VIDEO: 2_335_536, Kind.OTHER: 337_575}
"""Files that the reports reference (section 3.1)."""

GROWTH = {Kind.IMAGE: 0.18, Kind.VIDEO: 3.79}
"""Growth of the last twelve months over the twelve before (section 4.4)."""

_LAST_YEAR = {Kind.IMAGE: 8_000_000, Kind.VIDEO: 1_850_000}
_IN_2013 = {Kind.IMAGE: 900_000, Kind.VIDEO: 5_400}
"""Ours: the paper prints no more than that videos were under 1,000 a month in 2013. Its "over 2 million reports per
month" of videos cannot be: it counts 2,335,536 in all."""

MONTHS = COUNT - FILES_SINCE


def sightings_by_month(kind: Kind, reports: int) -> Whole:
    """Give the sightings of a kind in each month since 2013 (57), in a history of `reports`; others come evenly."""
    total = SIGHTINGS[kind]
    knots: dict[int, float] = {0: 0, MONTHS: total}
    if kind in GROWTH:
        last = _LAST_YEAR[kind]
        before = last / (1 + GROWTH[kind])
        in_2013 = number("2014-01") - FILES_SINCE
        knots |= {in_2013: _IN_2013[kind], MONTHS - 24: total - last - before, MONTHS - 12: total - last}
    return whole(through(dict(sorted(knots.items())), MONTHS), scaled(total, reports / REPORTS))
