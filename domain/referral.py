"""Referral: what became of a report, in roles and codes from closed lists; never a name, never free text."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

COLUMNS = ("reporter", "external_id", "outcome", "at", "recipient", "detail", "status", "useful")
"""The columns of a table of outcomes, in any order; the last four may be missing where no line needs them."""


ANSWERS = ("package", "at", "status", "useful", "close_reason", "child_identified", "more_victims", "self_production")
"""The columns of a recipient's feedback on packages, in any order; the first three are needed."""


class Recipient(StrEnum):
    """Whom a report is made available to, in the groups that NCMEC publishes; no agency and no person."""

    ICAC = "icac"
    """A task force on Internet crimes against children."""
    FEDERAL = "federal"
    LOCAL = "local"
    INTERNATIONAL = "international"
    OTHER = "other"


class Detail(StrEnum):
    """How much a referral lets its recipient do."""

    ACTIONABLE = "actionable"
    """It tells enough to find out who, where or what, and to act on it."""
    INFORMATIONAL = "informational"
    """It is thin, or of what went around widely; it is there to be known."""


class CaseStatus(StrEnum):
    """Where a recipient's case stands, as the form for feedback that NCMEC published asks it."""

    CONVICTION = "conviction"
    ARREST = "arrest"
    ONGOING = "ongoing"
    REFERRED = "referred"
    CLOSED = "closed"


class Usefulness(StrEnum):
    """Whether a recipient found a report useful, and if not why, as that form asks it."""

    USEFUL = "useful"
    STALE = "stale"
    LIMITED = "limited"
    OTHER = "other"
    """It was not useful for another reason."""
    UNSAID = "unsaid"


class CloseReason(StrEnum):
    """Why a recipient closed its case, as that form asks it."""

    NOT_LOCATED = "not_located"
    """Unable to locate the subject."""
    LACKING_RESPONSE = "lacking_response"
    """The provider's answer to legal process lacks information."""
    NO_CRIME = "no_crime"
    NO_MERIT = "no_merit"
    """No prosecutorial merit."""
    ADULT = "adult"
    """The alleged child is an adult."""
    AGE_UNKNOWN = "age_unknown"
    FALSE_REPORT = "false_report"
    UNFOUNDED = "unfounded"
    DECEASED = "deceased"
    OTHER = "other"


class Outcome(StrEnum):
    """What can become of a report."""

    LOOK = "look"
    REFERRAL = "referral"
    FEEDBACK = "feedback"


class OutcomeFault(StrEnum):
    """Why a line of outcomes is not taken: the closed list."""

    INCOMPLETE = "incomplete"
    """It has more or fewer values than columns, names no report, or lacks a column that its outcome needs."""
    UNKNOWN_CODE = "unknown_code"
    """An outcome, recipient, detail, status or usefulness that is none."""
    IMPOSSIBLE_DATE = "impossible_date"
    """No moment with a time zone, or one to come."""
    UNKNOWN_REPORT = "unknown_report"
    """Nobody of this name sent an accepted report of this number."""
    BEFORE_RECEIPT = "before_receipt"
    """The report had not been received then."""


class AnswerFault(StrEnum):
    """Why feedback is not matched with a package: the closed list. What it said is kept."""

    INCOMPLETE = "incomplete"
    """It has more or fewer values than columns, or lacks one that is needed."""
    UNKNOWN_CODE = "unknown_code"
    """A status, usefulness, reason or truth that is none."""
    IMPOSSIBLE_DATE = "impossible_date"
    """No moment with a time zone, or one to come."""
    UNKNOWN_PACKAGE = "unknown_package"
    """No package of this number was delivered."""
    BEFORE_REFERRAL = "before_referral"
    """The package had not been delivered then."""
    NOT_CLOSED = "not_closed"
    """It says why the case was closed, and that it is not."""


@dataclass(frozen=True, slots=True)
class Look:
    """A person looked at a report."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Referral:
    """A report was made available to a recipient."""

    at: datetime
    recipient: Recipient
    detail: Detail


@dataclass(frozen=True, slots=True)
class Feedback:
    """A recipient said what came of a report; what it did not say is None.

    Attributes:
        number: of the package that it answers.
    """

    at: datetime
    recipient: Recipient
    status: CaseStatus
    useful: Usefulness
    close_reason: CloseReason | None = None
    child_identified: bool | None = None
    more_victims: bool | None = None
    self_production: bool | None = None
    number: str | None = None


Event: TypeAlias = Look | Referral | Feedback


def helped(said: Iterable[Feedback]) -> bool | None:
    """Say whether a report helped, by all feedback on it; None where none of it decides that.

    It did where one recipient found it useful, arrested or convicted somebody, or identified a child. It did not where
    none of that is said, and one found it of no use or closed its case. A case that goes on decides nothing.
    """
    every = tuple(said)
    if any(_good(each) for each in every):
        return True
    useless = (Usefulness.STALE, Usefulness.LIMITED, Usefulness.OTHER)
    return False if any(each.useful in useless or each.status is CaseStatus.CLOSED for each in every) else None


def _good(said: Feedback) -> bool:
    caught = said.status in (CaseStatus.ARREST, CaseStatus.CONVICTION)
    return said.useful is Usefulness.USEFUL or caught or bool(said.child_identified)
