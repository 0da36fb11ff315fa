"""The desk: reports come, analysts on shift take them in some order, one at a time; simulated event by event.

An analyst who has begun with a report ends it, be it after the end of the shift. Nobody drops a report for another.
"""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

DAY = 24.0
"""Hours."""

_NO_TIME = 1e-9
"""Hours that are rounding and no time."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A report that comes: when, in hours; how long a look at it takes, in hours; and what it is ordered by.

    Attributes:
        band: the name of its band, by its score under the policy.
        flat: its score if every factor counted the same.
        sort: the place of what it is like, among what arrivals are drawn from.
    """

    at: float
    hours: float
    score: float = 0.0
    band: str = ""
    flat: float = 0.0
    sort: int = 0


class Order(StrEnum):
    """In which order analysts take what waits; of equals the one that came first."""

    POLICY = "policy"
    FLAT = "flat"
    FIRST = "first come"
    NEWEST = "newest first"


RANKS: dict[Order, Callable[[Arrival], float]] = {
    Order.POLICY: lambda one: -one.score,
    Order.FLAT: lambda one: -one.flat,
    Order.FIRST: lambda one: one.at,
    Order.NEWEST: lambda one: -one.at,
}
"""What is taken first has the smallest rank."""


@dataclass(frozen=True, slots=True)
class Shift:
    """So many analysts from one hour of the day to another, every day; over midnight where it ends before it begins."""

    begins: float
    ends: float
    analysts: int

    @property
    def hours(self) -> float:
        """Hours a day."""
        return (self.ends - self.begins) % DAY or DAY

    def left(self, now: float) -> float:
        """Give the hours until it ends; 0 where nobody of it is there, infinity where somebody always is."""
        if self.hours == DAY:
            return math.inf
        since = (now - self.begins) % DAY
        left = self.hours - since
        return left if left > _NO_TIME else 0.0

    def until(self, now: float) -> float:
        """Give the hours until it begins next."""
        return (self.begins - now) % DAY or DAY


Process = Generator[simpy.Event, Any, None]


def waits(arrivals: Sequence[Arrival], shifts: Sequence[Shift], order: Order, until: float) -> NDArray[np.float64]:
    """Give the hours that each arrival waits for the first look; infinity for those not looked at by `until`."""
    waited = np.full(len(arrivals), math.inf)
    world = simpy.Environment()
    waiting = simpy.PriorityStore(world)
    world.process(_coming(world, waiting, arrivals, order))
    for shift in shifts:
        for _ in range(shift.analysts):
            world.process(_looking(world, waiting, shift, arrivals, waited))
    world.run(until)
    return waited


def _coming(world: simpy.Environment, waiting: simpy.PriorityStore, some: Sequence[Arrival], order: Order) -> Process:
    for number in sorted(range(len(some)), key=lambda number: some[number].at):
        yield world.timeout(max(0.0, some[number].at - world.now))
        waiting.put(simpy.PriorityItem((RANKS[order](some[number]), some[number].at, number), number))


def _looking(
    world: simpy.Environment,
    waiting: simpy.PriorityStore,
    shift: Shift,
    arrivals: Sequence[Arrival],
    waited: NDArray[np.float64],
) -> Process:
    """Be one analyst: take what is first, look at it, and take the next, while the shift lasts."""
    while True:
        left = shift.left(world.now)
        if not left:
            yield world.timeout(shift.until(world.now))
            continue
        taken = waiting.get()
        yield taken if left == math.inf else taken | world.timeout(left)
        if not taken.triggered:
            taken.cancel()
            continue
        number: int = taken.value.item  # type: ignore[union-attr]  # what is taken is there
        waited[number] = world.now - arrivals[number].at
        yield world.timeout(arrivals[number].hours)
