"""One tree of exceptions; each carries one message that says what to do.

    BreakwaterError
    ├── Rejected          a report or a list that does not validate: a value to record, never a crash
    ├── Unreadable        a file that cannot be decoded: as `Rejected`, with a `domain.report.FileFault`
    ├── DraftRefused      a call of the gateway that a draft's state does not allow, with a `domain.draft.Refusal`
    ├── UnusableModel     a model folder that does not keep its contract
    ├── ModelNotOpened    a model at work that a worker cannot open, with all who share its network
    ├── PromotionRefused  a model version that does not become champion: the gate asks why, or another was first
    ├── CaseRefused       a decision or a referral that the state of a case does not allow, or that names none
    ├── PackageRefused    a package that its recipient cannot open, or that is not as its sender made it
    ├── BlobMissing       bytes that the ledger names and the store does not hold
    ├── BlobCorrupt       bytes that are not what their name says
    ├── IndexDamaged      an index on disk that is not whole: it is built again from the ledger
    ├── AuditBroken       the record of who did what is not as it was written
    ├── LedgerRefused     rows that the ledger does not take: a fault of ours, told without their values
    ├── InvalidSettings   a setting, a policy or a key that cannot be used
    └── ServiceFailed     a server of ours that did not start, or stopped

Bad data is a value, a bad world is an exception that its stage retries, a bug crashes the run.
"""


class BreakwaterError(Exception):
    """Anything that Breakwater raises by intention."""


class Rejected(BreakwaterError):
    """What came in does not validate; `args[0]` is a `domain.report.Rejection` or a list's own reason."""


class Unreadable(BreakwaterError):
    """A file cannot be decoded; `args[0]` is the `domain.report.FileFault` to record."""


class DraftRefused(BreakwaterError):
    """A draft does not allow what was asked of it; `args[0]` is the `domain.draft.Refusal`."""


class UnusableModel(BreakwaterError):
    """A model folder does not keep its contract."""


class ModelNotOpened(BreakwaterError):
    """A worker cannot open a model at work; `args[0]` says why, `args[1]` whom it concerns."""

    def __str__(self) -> str:
        """Say why."""
        return str(self.args[0])


class PromotionRefused(BreakwaterError):
    """A version does not become champion: the gate asks for a reason in words, or another became champion meanwhile."""


class CaseRefused(BreakwaterError):
    """The state of a case does not allow what was asked, or there is no such case or package."""


class PackageRefused(BreakwaterError):
    """A package cannot be opened, was changed, or is none of the sender that is named."""


class BlobMissing(BreakwaterError):
    """The store holds no bytes under this key."""


class BlobCorrupt(BreakwaterError):
    """The stored bytes are not those that the key names."""


class IndexDamaged(BreakwaterError):
    """The files of an index are not whole."""


class AuditBroken(BreakwaterError):
    """The audit chain has a row that was changed, moved or taken away."""


class LedgerRefused(BreakwaterError):
    """The ledger does not take what was to be written."""


class InvalidSettings(BreakwaterError):
    """A setting, a policy file or a key file cannot be used."""


class ServiceFailed(BreakwaterError):
    """A server that we started did not become ready, or ended by itself."""
