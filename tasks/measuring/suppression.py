"""Suppression: which counts of a table with sums are withheld, so that none of them can be told from the others.

The method is that of hypercubes (Repsilber, “Preservation of confidentiality in aggregated data”, 1994; Giessing and
Repsilber in “Inference Control in Statistical Databases”, LNCS 2316, 2002), in two dimensions: a count that is withheld
is a corner of a rectangle whose corners are all withheld. That withheld counts must lie on such cycles is of Cox,
“Suppression methodology and statistical disclosure control”, JASA 75, 1980.

Here a rectangle must bear a move as well: *k* − 1 are added to two corners and taken from the others, and all sums that
are told hold still; a count from which they are taken is *k* at least. So the moved table, and every step on the way to
it, is as true to what is told as the table itself. For each corner at least *k* numbers are possible.

Where a corner is a sum it goes up and down with the counts that it sums. The rectangle of a count, the sums of its row
and its column, and the sum of all, all of which go up, is always there.
"""

import numpy as np
from numpy.typing import NDArray

from tasks.measuring.tally import Numbers

Mask = NDArray[np.bool_]


def with_sums(counts: Numbers) -> Numbers:
    """Add to a table a last row, of its columns' sums, and a last column, of its rows' sums."""
    rows = np.concatenate([counts, counts.sum(0, keepdims=True)])
    return np.concatenate([rows, rows.sum(1, keepdims=True)], axis=1)


def small(counts: Numbers, k: int) -> Mask:
    """Mark what is never told: from 1 to *k* − 1. A zero is told: it is a count of nobody."""
    return (counts > 0) & (counts < k)


def withheld(moved: Numbers, shown: Numbers, needing: Mask, hidden: Mask, k: int) -> Mask:
    """Mark what is withheld of a table: what was `hidden` already, `needing`, and what protects these.

    All have the shape of the table with its sums, as `with_sums` gives it. `shown` are the counts that are told or
    withheld; what is 0 stays told. `moved` is the part of them that a move changes: all of it, or what is left where
    other counts that are told stay. What needs to be withheld is shown above 0. Of the rectangles that bear a move
    that is taken whose corners not yet withheld have the least sum.
    """
    found, done = hidden.copy(), np.zeros_like(hidden)
    for row, column in np.argwhere(needing).tolist():
        if not done[row, column]:
            rows, columns = _cheapest(moved, shown, np.where(found, 0, shown), (row, column), k)
            corners = np.ix_(rows, columns)
            found[corners] = done[corners] = True
    return found


def _cheapest(
    moved: Numbers, shown: Numbers, price: Numbers, corner: tuple[int, int], k: int
) -> tuple[list[int], list[int]]:
    """Give the rows and the columns of the cheapest rectangle in which `corner` can go up by `k` − 1."""
    row, column = corner
    sums = np.ones(moved.shape, np.int64)
    sums[-1] *= -1
    sums[:, -1] *= -1
    up = sums * sums[corner] > 0
    there, enough = shown > 0, moved >= k
    beside = there & (~up | enough)
    opposite = there & (up | enough)
    allowed = opposite & beside[row] & beside[:, [column]]
    allowed[row], allowed[:, column] = False, False
    cost = np.where(allowed, price + price[row] + price[:, [column]], np.iinfo(np.int64).max)
    other = np.unravel_index(int(cost.argmin()), cost.shape)
    return [row, int(other[0])], [column, int(other[1])]
