"""What is told: counts by time and one more thing, year by year a table with sums, of which some are withheld."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.measuring.suppression import Mask, with_sums
from tasks.measuring.tally import Numbers

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, Numbers]
Masks = Mapping[str, Mask]


@dataclass(frozen=True, slots=True)
class Told:
    """Counts by month and by year.

    Attributes:
        column: what `names` name.
        names: the columns of every array; one more follows, of their sums.
        times: the rows of the arrays, by the step of time, `month` or `year`.
        counts: arrays by step and by what is counted.
        hidden: which of these are withheld.
    """

    column: str
    names: Sequence[str]
    times: Mapping[str, NDArray[Any]]
    counts: Mapping[str, Columns]
    hidden: Mapping[str, Masks]

    def frame(self, step: str, *, sums: bool = False) -> "pd.DataFrame":
        """Lay out the counts of a step: a row for each time and name, or of the sums a row for each time."""
        import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

        texts, times = np.array(list(map(str, self.names)), object), self.times[step]
        order = [len(texts)] if sums else np.argsort(texts).tolist()
        keys: dict[str, Any] = {step: np.repeat(times, len(order))}
        if not sums:
            keys[self.column] = pd.array(np.tile(texts[order], len(times)), "str")
        counts = {name: array[:, order].reshape(-1) for name, array in self.counts[step].items()}
        hidden = {name: array[:, order].reshape(-1) for name, array in self.hidden[step].items()}
        return marked(pd.DataFrame(keys), counts, hidden)


def told(
    rows: tuple[str, Sequence[str]],
    months: NDArray[np.datetime64],
    counts: Columns,
    hide: Callable[..., Sequence[Mask]],
) -> Told:
    """Withhold year by year.

    Args:
        rows: what the counts are by, beside time, and its names.
        months: the first day of each month, ascending, without a gap.
        counts: of (months, names), by what is counted.
        hide: marks what is withheld of a year: takes each of `counts` as a table of its months with its sums, gives a
            mask for each.
    """
    column, names = rows
    years, starts = np.unique(months.astype("datetime64[Y]").astype(np.int64) + 1970, return_index=True)
    ends = [*starts[1:].tolist(), len(months)]
    tables = [
        [with_sums(each[start:end]) for each in counts.values()]
        for start, end in zip(starts.tolist(), ends, strict=False)
    ]
    masks = [hide(*year) for year in tables]
    nothing = np.zeros((0, len(names) + 1), np.bool_)

    def laid(years: Sequence[Sequence[Any]], kept: slice) -> dict[str, Any]:
        """Put what is kept of the years' tables one below the other."""
        return {
            name: np.concatenate([nothing, *(year[place][kept] for year in years)]) for place, name in enumerate(counts)
        }

    steps = {"month": slice(None, -1), "year": slice(-1, None)}
    return Told(
        column,
        names,
        {"month": months, "year": years},
        {step: laid(tables, kept) for step, kept in steps.items()},
        {step: laid(masks, kept) for step, kept in steps.items()},
    )


def marked(frame: "pd.DataFrame", counts: Columns, hidden: Masks) -> "pd.DataFrame":
    """Add counts to a frame of keys, missing where they are withheld, and the column `withheld` that says which are."""
    import pandas as pd  # noqa: PLC0415 (as above)

    for name, values in counts.items():
        frame[name] = pd.arrays.IntegerArray(values.astype(np.int64), hidden[name].copy())
    names = np.array(list(hidden), object)
    which = np.stack([hidden[name] for name in names], axis=1)
    frame["withheld"] = pd.array([" ".join(names[row]) for row in which], "str")
    return frame
