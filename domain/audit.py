"""The audit chain's words: which acts are recorded, and what can be wrong with the record of them."""

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What is recorded: the closed list."""

    ANNOTATED = "annotated"
    BUNDLE_UNDONE = "bundle_undone"
    LIST_IMPORTED = "list_imported"
    LIST_EXPORTED = "list_exported"
    LIST_TERMS_CHANGED = "list_terms_changed"
    ENTRY_PROPOSED = "entry_proposed"
    ENTRY_VOTED = "entry_voted"
    ENTRY_WITHDRAWN = "entry_withdrawn"
    ENTRY_QUARANTINED = "entry_quarantined"
    ENTRY_RELEASED = "entry_released"
    VOTES_HANDED_OVER = "votes_handed_over"
    CLUSTER_RULED = "cluster_ruled"
    HOLD_PLACED = "hold_placed"
    HOLD_LIFTED = "hold_lifted"
    CASE_DECIDED = "case_decided"
    CASE_ADDRESSED = "case_addressed"
    """A person said to which desks a case goes, beside or in place of what the routing tables say."""
    PACKAGE_MADE = "package_made"
    """A report's package for a desk: recorded before anything of the report is opened for it."""
    PACKAGE_SENT = "package_sent"
    PACKAGE_ACKNOWLEDGED = "package_acknowledged"
    PACKAGE_RECALLED = "package_recalled"
    FEEDBACK_TAKEN = "feedback_taken"
    FILES_OPENED = "files_opened"
    """A stage opens so many files by itself: one row a run, before the first is opened."""
    KEY_ADDED = "key_added"
    OLD_KEYS_FORGOTTEN = "old_keys_forgotten"
    ROLES_GRANTED = "roles_granted"
    ACCOUNT_LET_IN = "account_let_in"
    REPORTER_LET_IN = "reporter_let_in"
    REPORTER_SHUT_OUT = "reporter_shut_out"
    EVALUATION_SET_IMPORTED = "evaluation_set_imported"
    POLICY_PROPOSED = "policy_proposed"
    POLICY_APPROVED = "policy_approved"
    """Reports are ranked by it from the next run on."""
    MODEL_REGISTERED = "model_registered"
    MODEL_PROMOTION_BEGUN = "model_promotion_begun"
    """A version is to serve under an alias, or again; nothing is done yet."""
    MODEL_PROMOTED = "model_promoted"
    """It serves."""


class Breach(StrEnum):
    """What is wrong with the first bad row of a chain."""

    MISSING = "is missing"
    MISPLACED = "does not follow the row before it"
    CHANGED = "was changed"
    CUT = "is missing, and all after it: they were there at the last check"
    REWRITTEN = "is not the row that stood there at an earlier check"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a chain found.

    Attributes:
        rows: how many rows from the first on are as they were written.
        head: the hash (64 hex digits) of the last of them.
        breach: what is wrong with the row after them; None where the chain is whole.
    """

    rows: int
    head: str
    breach: Breach | None = None

    def __str__(self) -> str:
        if self.breach:
            return f"The audit chain is broken: row {self.rows + 1} {self.breach}."
        return f"The audit chain is whole: {self.rows:,} rows, the last of hash {self.head}."
