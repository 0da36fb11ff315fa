"""Frames: arrays of counts as rows for pandas."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from tasks.measuring.tally import Numbers

if TYPE_CHECKING:
    import pandas as pd

_TYPES: Mapping[type, Any] = {int: "int64", float: "float64", str: "str", bool: "bool"}


def crossed(rows: tuple[str, NDArray[Any]], names: tuple[str, Sequence[str]], **counts: Numbers) -> "pd.DataFrame":
    """Lay counts of (rows, names) out, a row for each pair: columns for both, by their titles, and for each count.

    The names come in the order of the alphabet.
    """
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    texts = np.array(list(map(str, names[1])), object)
    order = np.argsort(texts)
    columns = {
        rows[0]: np.repeat(rows[1], len(texts)),
        names[0]: pd.array(np.tile(texts[order], len(rows[1])), "str"),
        **{title: count[:, order].reshape(-1) for title, count in counts.items()},
    }
    return pd.DataFrame(columns)


def of_rows(kind: type[tuple[Any, ...]], rows: Iterable[tuple[Any, ...]]) -> "pd.DataFrame":
    """Lay named tuples of one `kind`, of numbers, texts and truths, out as a table; none too has columns and types."""
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    types = {name: _TYPES[each] for name, each in get_type_hints(kind).items()}
    return pd.DataFrame(list(rows), columns=list(types)).astype(types)


def by_year(months: NDArray[np.datetime64], counts: Numbers) -> tuple[Numbers, Numbers]:
    """Add counts of months, along their first axis, up to calendar years; give the years too."""
    year = months.astype("datetime64[Y]").astype(np.int64) + 1970
    starts = np.flatnonzero(np.diff(year, prepend=-1))
    return year[starts], np.add.reduceat(counts, starts) if len(year) else counts
