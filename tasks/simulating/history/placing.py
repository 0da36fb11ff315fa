"""Placing: which report of a month names which file, so that no report names a file twice."""

from math import gcd

import numpy as np

from domain.errors import InvalidSettings
from tasks.simulating.history.numbers import Whole

_MOST_FILES = (12, 8, 6, 5, 4, 3, 2, 1)
"""The most files of one report; months with few reports, of which many name one file, have to do with fewer."""

_MEAN_FILES = 3
_GOLDEN = (5**0.5 - 1) / 2
_STRIDES = 200
"""Strides tried before a report may name fewer files."""


def place(sightings: int, together: int, reports: int, rng: np.random.Generator) -> Whole:
    """Choose a report (0 to `reports` - 1) for each of a month's sightings; any `together` in a row have all different.

    Each report has a few places, side by side, with all of them in a circle. Sightings go round it in strides near the
    golden section, which keeps any few that follow one another far apart (the three-gap theorem; V. T. Sós, 1958): at
    least as far as one report's places reach.

    Raises:
        InvalidSettings: there are too few reports.
    """
    order = rng.permutation(reports)
    drawn = rng.geometric(1 / _MEAN_FILES, reports)
    for most in _MOST_FILES:
        places = np.minimum(drawn, most)
        places += max(0, -((places.sum() - sightings) // reports)) if reports else 0
        circle = int(places.sum())
        stride = _stride(circle, together, int(places.max(initial=0)))
        if stride and circle >= sightings:
            steps = (np.arange(sightings, dtype=np.int64) * stride + int(rng.integers(circle))) % circle
            return np.repeat(order, places)[steps].astype(np.int64)
    raise InvalidSettings("So few reports cannot name all the files that the paper counts: simulate more.")


def _stride(circle: int, together: int, apart: int) -> int:
    """Find a stride in which any `together` steps round a circle end at least `apart` from one another; 0: none."""
    begin = int(circle * _GOLDEN)
    steps = np.arange(1, together, dtype=np.int64)
    for stride in range(max(begin, 1), min(begin + _STRIDES, circle)):
        if gcd(stride, circle) == 1:
            ends = steps * stride % circle
            if np.minimum(ends, circle - ends).min(initial=circle) >= apart:
                return stride
    return 1 if circle == 1 >= together else 0
