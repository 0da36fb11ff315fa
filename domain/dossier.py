"""Dossier: all that is known of a decided case's report, and what of it a recipient may have."""

from dataclasses import dataclass
from enum import StrEnum

from domain.case import Decided
from domain.intake import HeldFile, SealedPerson, SightedFile
from domain.media import Kind
from domain.report import Report
from domain.viewing import Action, Gate, Viewed


@dataclass(frozen=True, slots=True)
class Dossier:
    """A decided report as it was taken in.

    Attributes:
        report: without particulars; those are in `person`, sealed.
        files: one for each of the report's, in their order; the bytes are named only where they are still held.
        documents: the report as it came.
    """

    case: Decided
    report: Report
    files: tuple[SightedFile, ...]
    documents: tuple[HeldFile, ...]
    person: SealedPerson | None = None


class Withheld(StrEnum):
    """Why a file's bytes are not in a package: the closed list."""

    NOT_HELD = "not_held"
    """Only its description came, or it is deleted."""
    QUARANTINED = "quarantined"
    """What is wrong with it stands in the report; nothing that is broken is passed on."""
    NOT_MEDIA = "not_media"
    RECIPIENT = "recipient"
    """The desk receives no media."""
    GATE = "gate"
    """Nobody at the reporter viewed it, and the viewing rules let it be referred by a person's authority alone."""


def withheld(file: SightedFile, gate: Gate, *, media: bool) -> Withheld | None:
    """Say why a file's bytes may not be sent to a desk; None where they may.

    Args:
        file: a file entry.
        gate: the viewing rules in force.
        media: whether the desk may have media at all.
    """
    if not file.content:
        return Withheld.NOT_HELD
    if file.fault:
        return Withheld.QUARANTINED
    if file.content.kind is Kind.OTHER:
        return Withheld.NOT_MEDIA
    if not media:
        return Withheld.RECIPIENT
    if not gate.allows(Action.REFER, Viewed.of(file.named.viewed_by_reporter)):
        return Withheld.GATE
    return None
