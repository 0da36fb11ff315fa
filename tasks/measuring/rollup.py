"""The roll-up: all that the figures need of a history, in some hundred thousand numbers that add up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.seen.totals import Totals
from tasks.measuring import cube
from tasks.measuring.cube import CODES_OF, KINDS, SOURCES, WIDTH, Facet
from tasks.measuring.tally import Numbers, Tally, total

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RollUp:
    """Counts of a history.

    Attributes:
        volumes: the cube.
        reports: files by how many reports named them, and by kind.
        days: files that several reports named by their days from first to last, and by kind.
    """

    volumes: Tally
    reports: Tally
    days: Tally

    def __sub__(self, other: "RollUp") -> "RollUp":
        return RollUp(self.volumes - other.volumes, self.reports - other.reports, self.days - other.days)

    def between(self, since: date | None, until: date | None) -> "RollUp":
        """Keep the volumes of the months from that of `since` to that of `until`; files are told of as before."""
        low = -(2**62) if since is None else _month(since) * len(SOURCES) * WIDTH
        high = 2**62 if until is None else (_month(until) + 1) * len(SOURCES) * WIDTH
        return replace(self, volumes=self.volumes.between(low, high))

    def table(self, facet: Facet) -> Numbers:
        """Give the counts of a facet: (months, sources, codes), where months are those of `months`."""
        first, count = self._span()
        month, source, code, number = cube.cells_of(facet, self.volumes)
        counts = np.zeros((count, len(SOURCES), len(CODES_OF[facet])), np.int64)
        counts[month - first, source, code] = number
        return counts

    def months(self) -> NDArray[np.datetime64]:
        """Give the first day of every month from the first report's to the last one's."""
        first, count = self._span()
        return (first + np.arange(count)).astype("datetime64[M]").astype("datetime64[us]")

    def _span(self) -> tuple[int, int]:
        """Give the number of the first month of a report, and how many there are to the last one's."""
        if not len(self.volumes.cells):
            return 0, 0
        first, last = (self.volumes.cells[[0, -1]] // (len(SOURCES) * WIDTH)).tolist()
        return first, last - first + 1

    def by_reports(self) -> "pd.DataFrame":
        """Give how many files of each kind so many reports named: kind, number, files; in this order."""
        return _by_kind(self.reports)

    def by_days(self) -> "pd.DataFrame":
        """Give how many files of each kind came back for so many days: kind, number, files; in this order."""
        return _by_kind(self.days)


def total_of(rollups: Iterable[RollUp]) -> RollUp:
    """Add roll-ups up."""
    several = list(rollups)
    return RollUp(*(total([getattr(each, name) for each in several]) for name in ("volumes", "reports", "days")))


def of_volumes(volumes: Tally) -> RollUp:
    """Make a roll-up that knows no files."""
    return RollUp(volumes, total([]), total([]))


def of_files(files: Totals) -> RollUp:
    """Roll up what was seen of files; those that no report names are none."""
    return RollUp(*cube.of_files(files.seen()))


def _month(day: date) -> int:
    return (day.year - 1970) * 12 + day.month - 1


def _by_kind(counts: Tally) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

    kind, number = cube.kind_and_number(counts.cells)
    ranks = np.array(sorted(KINDS)).searchsorted(KINDS)[kind]
    order = np.lexsort((number, ranks))
    names = np.array(KINDS, object)[kind[order]]
    return pd.DataFrame({
        "kind": pd.array(names, "str"), "number": number[order], "files": counts.counts[order],
    })  # fmt: skip
