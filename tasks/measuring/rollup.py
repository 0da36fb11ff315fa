"""The roll-up: all that the figures need of a history, in some hundred thousand numbers that add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

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

    def counts(self, facet: Facet) -> "pd.DataFrame":
        """Give the counts of a facet that are not 0: month (its first day), source, code, number; in this order."""
        import pandas as pd  # noqa: PLC0415 (a flow's start need not pay for it)

        month, source, code, number = cube.cells_of(facet, self.volumes)
        return pd.DataFrame({
            "month": _days(month), "source": _names(SOURCES, source), "code": _names(CODES_OF[facet], code),
            "number": number,
        })  # fmt: skip

    def months(self) -> "pd.DatetimeIndex":
        """Give every month from the first report's to the last one's."""
        return self._span(Facet.REPORTS)

    def months_with_files(self) -> "pd.DatetimeIndex":
        """Give every month from the first sighting's to the last one's."""
        return self._span(Facet.SIGHTINGS)

    def _span(self, facet: Facet) -> "pd.DatetimeIndex":
        import pandas as pd  # noqa: PLC0415 (as above)

        month = cube.cells_of(facet, self.volumes)[0]
        return pd.DatetimeIndex(_days(np.arange(month[0], month[-1] + 1) if len(month) else month), name="month")

    def by_reports(self) -> "pd.DataFrame":
        """Give how many files of each kind so many reports named: kind, number, files."""
        return _by_kind(self.reports)

    def by_days(self) -> "pd.DataFrame":
        """Give how many files of each kind came back for so many days: kind, number, files."""
        return _by_kind(self.days)


def total_of(rollups: Iterable[RollUp]) -> RollUp:
    """Add roll-ups up."""
    several = list(rollups)
    return RollUp(*(total([getattr(each, name) for each in several]) for name in ("volumes", "reports", "days")))


def of_volumes(volumes: Tally) -> RollUp:
    """Make a roll-up that knows no files."""
    return RollUp(volumes, total([]), total([]))


def of_files(files: Totals) -> RollUp:
    """Roll up what was seen of files."""
    return RollUp(cube.of_files(files), cube.reports_each(files), cube.days_each(files))


def _month(day: date) -> int:
    return (day.year - 1970) * 12 + day.month - 1


def _days(months: Numbers) -> "np.typing.NDArray[np.datetime64]":
    return months.astype("datetime64[M]").astype("datetime64[us]")


def _names(names: Sequence[str], places: Numbers) -> "pd.Series[str]":
    import pandas as pd  # noqa: PLC0415 (as above)

    return pd.Series(pd.Categorical.from_codes(places, pd.Index(list(map(str, names)), dtype="str")))


def _by_kind(counts: Tally) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 (as above)

    kind, number = cube.kind_and_number(counts.cells)
    frame = pd.DataFrame({"kind": _names(KINDS, kind).astype("str"), "number": number, "files": counts.counts})
    return frame.sort_values(["kind", "number"], ignore_index=True)
