"""Grouping: which items were put together, beside which belong together, pair by pair and item by item."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well items were grouped: shares, 0-1, None where there is nothing; of `true` things, `told` were told."""

    precision: float | None
    recall: float | None
    true: int
    told: int


def pairwise(groups: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Compare pairs of items: those told to be together, and those that are.

    Args:
        groups: of each item, the group it belongs to and the group it was put into.
    """
    both = _pairs(Counter(groups).values())
    true, told = (_pairs(Counter(each[side] for each in groups).values()) for side in (0, 1))
    return Agreement(both / told if told else None, both / true if true else None, true, told)


def b_cubed(groups: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Compare items: of what an item was put together with, itself too, how much belongs to it, and the other way.

    Bagga and Baldwin, "Entity-based cross-document coreferencing using the vector space model", 1998: means over all
    items, each of one weight. `true` and `told` count items.
    """
    if not groups:
        return Agreement(None, None, 0, 0)
    both = Counter(groups)
    true, told = (Counter(each[side] for each in groups) for side in (0, 1))
    precision = sum(number * number / told[put] for (_, put), number in both.items()) / len(groups)
    recall = sum(number * number / true[of] for (of, _), number in both.items()) / len(groups)
    return Agreement(precision, recall, len(groups), len(groups))


def _pairs(numbers: Iterable[int]) -> int:
    return sum(number * (number - 1) // 2 for number in numbers)
