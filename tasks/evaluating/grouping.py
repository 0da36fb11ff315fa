"""Grouping: from which average cosine on an embedder's groups are one, in words and as a part of the report."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from models.evaluation.cuts import Cut, lowest
from tasks.evaluating.page import Part, Table
from tasks.evaluating.wording import cell, share

LINES = 14
"""Cosines that the page lists."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What groups come of an embedder's vectors, at every cosine.

    Attributes:
        alike: the cosine that its contract says.
        precision: what is asked for, 0-1.
        cuts: by rising cosine; that of the contract is one of them.
    """

    alike: float
    precision: float
    cuts: Sequence[Cut]

    @property
    def lowest(self) -> Cut | None:
        """Give the lowest cosine at which groups are as precise as is asked for."""
        return lowest(self.cuts, self.precision)

    def told(self) -> str:
        """Say what to write into the contract, and what it says now."""
        found, now = self.lowest, next(each for each in self.cuts if each.alike == self.alike)
        kept = f"the contract says {self.alike:g}: {_worth(now)}"
        if found is None:
            return f"no cosine is shown to make groups of a precision of {self.precision:.1%} on this set; {kept}"
        asked = f"alike {found.alike:g} is the lowest for groups of a precision of {self.precision:.1%}"
        return f"{asked}: {_worth(found)}; {kept}"

    def part(self) -> Part:
        """List some of the cosines."""
        near = self.lowest or next(each for each in self.cuts if each.alike == self.alike)
        place = list(self.cuts).index(near)
        first = max(0, min(place - LINES // 2, len(self.cuts) - LINES))
        lines = tuple(
            (f"{each.alike:g}", share(each.precision), share(each.low), share(each.recall))
            for each in self.cuts[first : first + LINES]
        )
        caption = (
            f"Items grouped as clusters are, by average linkage, from a cosine on: {self.told()}. Precision is of the "
            "pairs in one group, its lower end as though each person or scene were one trial; where others are many "
            "more than here, as in a whole store, it is lower. All cosines are in the table beside this page."
        )
        return Part("alike", "From which cosine on groups are one", caption,
                    table=Table(("Average cosine", "Precision", "Lower end of 95 %", "Recall"), lines))  # fmt: skip

    def as_csv(self) -> str:
        """Write every cosine, a line each."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["alike", "precision", "low", "recall"])
        for each in self.cuts:
            told = (each.precision, each.low, each.recall)
            writer.writerow([f"{each.alike:g}", *map(cell, told)])
        return text.getvalue()


def _worth(cut: Cut) -> str:
    return f"precision {share(cut.precision)}, {share(cut.low)} at least, recall {share(cut.recall)}"
