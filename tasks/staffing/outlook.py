"""Outlook: how long reports of each band wait for the first look, under each order, and with more people or fewer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.priority import Band, Policy
from tasks.staffing.arrivals import Demand, drawn
from tasks.staffing.desk import DAY, Arrival, Order, Shift, waits

FEWER, MORE = 2, 3
"""Analysts fewer and more on each shift that are tried as well."""


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the reports of a band wait for the first look, in hours; infinity where it never came.

    Attributes:
        in_time: share, 0-1, that was looked at within the band's hours, of those whose hours were over; NaN: of none.
        waiting: reports that nobody had looked at in the end.
    """

    order: Order
    band: str
    reports: int
    median: float
    nine_of_ten: float
    in_time: float
    waiting: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a simulation tells.

    Attributes:
        waits: of each order and band.
        arrivals: that came.
        waited: the hours that each of them waited, by order.
        staffed: by analysts on each shift, the waits under the policy.
    """

    policy: Policy
    demand: Demand
    shifts: tuple[Shift, ...]
    days: float
    seed: int
    waits: tuple[Wait, ...]
    arrivals: tuple[Arrival, ...]
    waited: dict[Order, NDArray[np.float64]]
    staffed: tuple[tuple[tuple[Shift, ...], tuple[Wait, ...]], ...]


def outlook(policy: Policy, demand: Demand, shifts: Sequence[Shift], days: float, seed: int) -> Outlook:
    """Simulate the same reports under every order; and, under the policy, with fewer and with more analysts."""
    arrivals, until = drawn(demand, days, seed), days * DAY
    flat_differs = len({sort.flat for sort in demand.sorts}) > 1
    orders = [order for order in Order if order is not Order.FLAT or flat_differs]
    waited = {order: waits(arrivals, shifts, order, until) for order in orders}
    staffed = []
    for change in range(-FEWER, MORE + 1):
        changed = tuple(replace(shift, analysts=shift.analysts + change) for shift in shifts)
        if all(shift.analysts > 0 for shift in changed):
            each = waits(arrivals, changed, Order.POLICY, until) if change else waited[Order.POLICY]
            staffed.append((changed, by_band(policy, arrivals, each, Order.POLICY, until)))
    return Outlook(
        policy=policy,
        demand=demand,
        shifts=tuple(shifts),
        days=days,
        seed=seed,
        waits=tuple(each for order in orders for each in by_band(policy, arrivals, waited[order], order, until)),
        arrivals=tuple(arrivals),
        waited=waited,
        staffed=tuple(staffed),
    )


def by_band(
    policy: Policy, arrivals: Sequence[Arrival], waited: NDArray[np.float64], order: Order, until: float
) -> tuple[Wait, ...]:
    """Sum up what the reports of each band that occurs waited, the most urgent band first."""
    bands = np.array([one.band for one in arrivals])
    came = np.array([one.at for one in arrivals])
    return tuple(
        _wait(band, order, waited[bands == band.name], came[bands == band.name], until)
        for band in policy.bands
        if np.any(bands == band.name)
    )


def _wait(band: Band, order: Order, waited: NDArray[np.float64], came: NDArray[np.float64], until: float) -> Wait:
    over = came + band.respond_within_hours <= until
    return Wait(
        order=order,
        band=band.name,
        reports=len(waited),
        median=_quantile(waited, 0.5),
        nine_of_ten=_quantile(waited, 0.9),
        in_time=float(np.mean(waited[over] <= band.respond_within_hours)) if np.any(over) else math.nan,
        waiting=int(np.sum(np.isinf(waited))),
    )


def _quantile(waited: NDArray[np.float64], share: float) -> float:
    """Give the least wait that so many did not exceed; one that occurred, so that it may be infinite."""
    return float(np.quantile(waited, share, method="inverted_cdf"))
