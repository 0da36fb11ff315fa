"""What a check finds."""

from dataclasses import dataclass

MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: the question, in a few words.
        ok: whether all is well.
        detail: what was found.
        mend: what to do, where it is not well.
    """

    what: str
    ok: bool
    detail: str
    mend: str = ""


def passed(what: str, detail: str) -> Finding:
    """Find that all is well."""
    return Finding(what, ok=True, detail=detail)


def too_large(doing: str) -> Finding:
    """Find that it needs more memory than there is while it is `doing` something."""
    mend = "make it smaller, or lower `batch`; BREAKWATER_WORKER_MEMORY is what a worker has, and allows more"
    return failed(MEMORY, f"it asks for more memory than a worker has, {doing}", mend)


def failed(what: str, detail: str, mend: str) -> Finding:
    """Find what is to be mended."""
    return Finding(what, ok=False, detail=detail, mend=mend)
