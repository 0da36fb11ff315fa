"""Kept: what the measures take from the ledger beside the archive: counts alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.ledger import desk, found, measured
from infra.ledger.engine import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger tells, each by the function of its name; nothing, unless it is read."""

    said: Sequence[measured.Said] = ()
    looks: Sequence[desk.Looks] = ()
    ranked: Sequence[desk.Ranked] = ()
    referred: Sequence[desk.Referred] = ()
    made: Sequence[desk.Made] = ()
    fed_back: Sequence[desk.FedBack] = ()
    listed: Sequence[found.Listed] = ()
    held: Sequence[found.Held] = ()
    fresh: Sequence[found.Fresh] = ()
    spared: Sequence[found.Spared] = ()


NOTHING = Kept()


def read_kept(connection: Transaction) -> Kept:
    """Read what the ledger tells, of one state."""
    of_desk = {name: getattr(desk, name)(connection) for name in ("looks", "ranked", "referred", "made", "fed_back")}
    of_files = {name: getattr(found, name)(connection) for name in ("listed", "held", "fresh", "spared")}
    return Kept(said=measured.said(connection), **of_desk, **of_files)
