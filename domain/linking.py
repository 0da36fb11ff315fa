"""Linking: which two reports belong together, by the things that they share.

A shared thing is evidence for as much as it is rare. By Fellegi and Sunter ("A theory for record linkage", 1969), with
the frequency of the value as Newcombe and others took it (1959), the odds that two of the n reports that share a value
are of one case are reach / n: few reports are of the case of a given one, and n of all share the value by chance. What
two reports share hangs together, as a file with its scene, an account with its e-mail: so the odds of several things
are added, not multiplied.
"""

from enum import StrEnum
from typing import NamedTuple

from domain.report import Identifier


class LinkKind(StrEnum):
    """What reports can share: a file or copies of it, a scene, a face, or a particular of somebody involved."""

    FILE = "file"
    SCENE = "scene"
    FACE = "face"
    ACCOUNT = Identifier.ACCOUNT.value
    EMAIL = Identifier.EMAIL.value
    PHONE = Identifier.PHONE.value
    DEVICE = Identifier.DEVICE.value
    POSTAL_ADDRESS = Identifier.POSTAL_ADDRESS.value
    IP_ADDRESS = Identifier.IP_ADDRESS.value
    NAME = Identifier.NAME.value
    BIRTH_DATE = Identifier.BIRTH_DATE.value


_WHOSE, _WHAT, _HINT = 8.0, 3.0, 1.2
REACH = {
    LinkKind.ACCOUNT: _WHOSE,
    LinkKind.EMAIL: _WHOSE,
    LinkKind.PHONE: _WHOSE,
    LinkKind.DEVICE: _WHOSE,
    LinkKind.FILE: _WHAT,
    LinkKind.POSTAL_ADDRESS: _WHAT,
    LinkKind.SCENE: _HINT,
    LinkKind.FACE: _HINT,
    LinkKind.IP_ADDRESS: _HINT,
    LinkKind.NAME: _HINT,
    LinkKind.BIRTH_DATE: _HINT,
}
"""How many reports may share a thing of each kind so that it links them by itself. Under 2 it never does."""

MOST_SHARING = 64
"""What more reports share is no evidence: a viral file, an address that thousands are behind, a name for guests."""


class Shared(NamedTuple):
    """One thing and one of the reports that share it; `thing` is a surrogate."""

    kind: LinkKind
    thing: str
    report: str


class Link(NamedTuple):
    """One thing that links two reports, of which `one` has the smaller id; `reports` share it in all."""

    one: str
    other: str
    kind: LinkKind
    thing: str
    reports: int

    @property
    def odds(self) -> float:
        """Odds, by this thing alone, that both are of one case."""
        return REACH[self.kind] / self.reports
