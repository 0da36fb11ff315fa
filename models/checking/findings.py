"""What a check finds."""

from dataclasses import dataclass


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


def failed(what: str, detail: str, mend: str) -> Finding:
    """Find what is to be mended."""
    return Finding(what, ok=False, detail=detail, mend=mend)
