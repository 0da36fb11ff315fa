"""Cases: offenders of whom several reports tell, what is known of each, and what unrelated reports share by chance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.simulating.chance import chance, happens, one_of
from tasks.simulating.reserved import ip_address, mail_address, telephone, word
from tasks.simulating.sharing import Skew, place, return_days

SHARE = 0.3
"""Share of the accepted reports that are of some case."""

GUEST = "guest"
"""What some platforms write as the name of whoever has none."""

GATEWAYS = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
"""Addresses behind which many unrelated people are, as a carrier's are."""

_REPORTED = Skew(0.0, 0.0, 365.0, 0.9)
"""Over how long an offender is reported: made up, so that what stays in a case lives about as long as other files."""

_MOST = 9
_MORE = 0.45
"""Chance that a case has no further report."""


RARE, _STAYS = 4, 0.85
"""What is seen at most so often stays, with this chance, in one case; the rest is seen wherever it was traded."""

_TRIES = 8
"""Cases of which one is looked for that has room."""


@dataclass(frozen=True, slots=True)
class Offender:
    """What there is to be known of one offender; a report tells a part of it."""

    accounts: tuple[str, ...]
    email: str
    phone: str
    device: str
    addresses: tuple[str, ...]


def plan_cases(seed: int, received: NDArray[np.float64], rejected: Collection[int]) -> list[tuple[int, ...]]:
    """Plan which reports are of one case, each of at most one: two reports and more, over time."""
    rng = chance(seed, "cases")
    free = np.ones(len(received), np.int64)
    free[list(rejected)] = 0
    wanted, cases = round(SHARE * int(free.sum())), list[tuple[int, ...]]()
    while sum(map(len, cases)) + 2 <= wanted:
        size = min(1 + int(rng.geometric(_MORE)), _MOST, wanted - sum(map(len, cases)))
        cases.append(tuple(sorted(place(return_days(rng, size, _REPORTED, received.tolist()), received, free))))
    return cases


class Homes:
    """Which case an origin stays in: what few reports bring is mostly known to one offender.

    Args:
        rng: by which it is drawn.
        cases: the reports of each case.
        room: [reports], how many files each can still name.
    """

    def __init__(self, rng: np.random.Generator, cases: Sequence[tuple[int, ...]], room: NDArray[np.int64]) -> None:
        self._rng, self._cases, self._room = rng, cases, room
        self._of: dict[str, tuple[int, ...]] = {}

    def assign(self, origin: str, times: int) -> None:
        """Choose the case of an origin whose original is seen so often; what is seen often has none."""
        if times <= RARE:
            some = (one_of(self._rng, self._cases) for _ in range(_TRIES if self._cases else 0))
            fit = next((case for case in some if len(self._free(case)) >= times), ())
            self._of[origin] = fit if happens(self._rng, _STAYS) else ()

    def takes(self, origin: str, times: int) -> bool:
        """Whether a further file of an origin can be placed: in its case, or anywhere for what has none."""
        return origin not in self._of or len(self._free(self._of[origin])) >= times

    def place(self, origin: str, times: int) -> list[int]:
        """Choose reports of the origin's case and take their room; none where it has no case, or no room there."""
        free = self._free(self._of.get(origin, ()))
        if len(free) < times:
            return []
        inner = [int(each) for each in self._rng.permutation(free[1:-1])]
        chosen = [free[0], free[-1], *inner][:times] if times > 1 else [one_of(self._rng, free)]
        self._room[chosen] -= 1
        return chosen

    def _free(self, case: tuple[int, ...]) -> list[int]:
        return [report for report in case if self._room[report] > 0]


def offender(seed: int, case: int) -> Offender:
    """Draw the offender of a case."""
    rng = chance(seed, "offender", case)
    return Offender(
        accounts=(word(rng), word(rng)),
        email=mail_address(rng),
        phone=telephone(rng),
        device=_device(rng),
        addresses=(ip_address(rng), ip_address(rng)),
    )


def stranger(rng: np.random.Generator) -> Offender:
    """Draw somebody of whom one report tells."""
    addresses = tuple(ip_address(rng) for _ in range(int(rng.integers(0, 4))))
    return Offender((word(rng),), mail_address(rng), telephone(rng), _device(rng), addresses)


def _device(rng: np.random.Generator) -> str:
    return f"EXAMPLE-{rng.integers(10**6):06d}"


def part(rng: np.random.Generator, whole: Offender, *, often: bool) -> Offender:
    """Draw what one report tells of somebody: a part of what there is, one account or the name of a guest.

    `often`: an offender's device and addresses are told more often than a stranger's, whose addresses are drawn few.
    """
    addresses = tuple(each for each in whole.addresses if not often or happens(rng, 0.4))
    return Offender(
        accounts=(GUEST if happens(rng, 0.05) else one_of(rng, whole.accounts),),
        email=whole.email if happens(rng, 0.7) else "",
        phone=whole.phone if happens(rng, 0.3) else "",
        device=whole.device if happens(rng, 0.4 if often else 0.15) else "",
        addresses=(*addresses, one_of(rng, GATEWAYS)) if happens(rng, 0.12) else addresses,
    )
