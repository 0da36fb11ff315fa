"""Viewing: whether anyone at the reporter viewed a file is a legal state, and decides what may be done unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Viewed(StrEnum):
    """Whether a person at the reporter viewed the file before it was reported."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, flag: bool | None) -> "Viewed":  # noqa: FBT001 (the protocol's own flag)
        """Name the state that a reporter's flag stands for."""
        return cls.UNKNOWN if flag is None else cls.YES if flag else cls.NO


class Action(StrEnum):
    """What may be done to a file without a person's decision."""

    OPEN = "open"
    """Decode it: perceptual fingerprints, previews."""
    CLASSIFY = "classify"
    """Have a model look at it."""
    REFER = "refer"
    """Send it to the police with its report."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one jurisdiction: for each action the states that allow it."""

    jurisdiction: str
    allowed: Mapping[Action, frozenset[Viewed]]

    def allows(self, action: Action, viewed: Viewed) -> bool:
        """Whether `action` may happen by itself on a file in this state."""
        return viewed in self.allowed[action]

    def flags(self, action: Action) -> tuple[bool | None, ...]:
        """Give the reporter's flags that allow `action`, as the ledger keeps them."""
        flags = {Viewed.YES: True, Viewed.NO: False, Viewed.UNKNOWN: None}
        return tuple(flags[state] for state in Viewed if state in self.allowed[action])
