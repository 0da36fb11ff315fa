"""Forecasts: what the coming months may bring, with intervals, for those who plan staff.

Exponential smoothing of the logarithm, in the state-space form that has intervals (Hyndman, Koehler, Ord and Snyder,
“Forecasting with Exponential Smoothing”, 2008, models AAdN and AAdA): a level, a trend that is damped, and a season of
twelve months where there are months enough; fitted by `statsmodels`, from states that its heuristic sets. Intervals are
widened by as much as the same method, tried year by year on the months that it uses, missed what came after.

An interval holds what would come if the months ahead differed from those behind as these did from one another. No
forecast from counts knows what has not happened yet: a provider that begins or ends to look, a law, encryption,
bundling (NCMEC's reports fell by two fifths in 2024, when bundled ones counted once), a flood of one video.
"""

from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.measuring.tally import Numbers

if TYPE_CHECKING:
    import pandas as pd

AHEAD = 12
"""Months that are told."""
LEAST = 24
"""Months without a gap below which nothing is told: a trend that is not chance wants two years."""
SEASONS = 4
"""Seasons from which on one is fitted: 48 months."""
LEAST_DEVIATION = 1e-3
"""Of the logarithm: months that were all the same do not say that the next one is."""
MOST = 120
"""Months that are used; what lies further back was another world."""
LEVELS = (80, 95)
"""Per cent of the intervals."""
COLUMNS = ("subject", "month", "expected", *(f"{end}_{level}" for level in LEVELS for end in ("low", "high")), "basis")


def forecast(subjects: "Mapping[str, pd.Series[int]]") -> "pd.DataFrame":
    """Tell the next twelve months of monthly counts; the same counts give the same forecast.

    Args:
        subjects: counts by name, each with a row for every month, indexed by the month's first day.

    Columns: subject, month, expected, low_80, high_80, low_95, high_95, basis (the method, and how many months it
    used). `expected` is the median: as likely too much as too little. The last month of the counts is not used, since
    it may not be over; it is the first one told. Of a subject with fewer than 24 months since the last one of nothing
    there are no rows: too little to tell a trend from chance.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    parts = []
    for subject, counts in subjects.items():
        used = since_last_gap(np.asarray(counts.iloc[:-1], np.int64))[-MOST:]
        if len(used) >= LEAST:
            told = predicted(used, AHEAD, season=12)
            told.insert(0, "subject", subject)
            told.insert(1, "month", pd.date_range(counts.index[-1], periods=AHEAD, freq="MS"))
            told["basis"] = f"log, damped trend{', season' * (len(used) >= SEASONS * 12)}; {len(used)} months"
            parts.append(told)
    nothing = pd.DataFrame({name: np.zeros(0) for name in COLUMNS})
    types = {"subject": "str", "month": "datetime64[us]", "basis": "str"}
    return pd.concat(parts or [nothing], ignore_index=True).astype(types)


def since_last_gap(counts: Numbers) -> Numbers:
    """Keep what comes after the last zero, of which there is no logarithm."""
    return counts[np.append(-1, np.flatnonzero(counts == 0))[-1] + 1 :]


def predicted(counts: Numbers, ahead: int, season: int) -> "pd.DataFrame":
    """Predict so many steps after counts above zero, ten at least; `season` is the steps of one, 1 for none.

    Columns: expected, then low and high of each of `LEVELS`.
    """
    import pandas as pd  # noqa: PLC0415 (as above)

    logs = np.log(counts)
    middle, deviation = smoothed(logs, ahead, season)
    deviation *= widening(logs, ahead, season)
    columns = {"expected": middle}
    for level in LEVELS:
        reach = NormalDist().inv_cdf(0.5 + level / 200) * deviation
        columns |= {f"low_{level}": middle - reach, f"high_{level}": middle + reach}
    return pd.DataFrame({name: np.exp(values) for name, values in columns.items()})


def widening(logs: NDArray[np.float64], ahead: int, season: int) -> float:
    """Say by what intervals must be widened: the root mean square of past misses in deviations, 1 at least.

    The method is tried at the end of each year (each step, where there is no season), from `LEAST` months on (of steps
    without a season ten), on up to `ahead` steps that followed.
    """
    misses = [np.ones(0)]
    for end in range(LEAST if season > 1 else 10, len(logs), season):
        after = logs[end : end + ahead]
        middle, deviation = smoothed(logs[:end], len(after), season)
        misses.append(((after - middle) / deviation) ** 2)
    found = np.concatenate(misses)
    return float(max(1.0, np.sqrt(found.mean()))) if len(found) else 1.0


def smoothed(logs: NDArray[np.float64], ahead: int, season: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the model and give the mean and the standard deviation of each of the next steps."""
    import warnings  # noqa: PLC0415 (with the following: 1 s that a flow's start need not pay)

    import pandas as pd  # noqa: PLC0415 (as above)
    from statsmodels.tools.sm_exceptions import ConvergenceWarning  # noqa: PLC0415 (as above)
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415 (as above)

    seasons: dict[str, Any] = (
        {"seasonal": "add", "seasonal_periods": season} if 1 < season <= len(logs) / SEASONS else {}
    )
    model = ETSModel(
        pd.Series(logs), error="add", trend="add", damped_trend=True, initialization_method="heuristic", **seasons
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        told = model.fit(disp=False).get_prediction(start=len(logs), end=len(logs) + ahead - 1)
    return np.asarray(told.predicted_mean), np.maximum(np.sqrt(np.asarray(told.forecast_variance)), LEAST_DEVIATION)
