"""Population: which files there are, which edits of which pictures they are, and in which reports they are seen."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from domain.report import Classification, FileFault, Rejection
from tasks.simulating.cases import RARE, Homes, plan_cases
from tasks.simulating.chance import chance, happens, one_of
from tasks.simulating.clips import VIDEO_EDITS
from tasks.simulating.edits import IMAGE_EDITS, ORIGINAL
from tasks.simulating.photographs import PHOTOGRAPHS
from tasks.simulating.sharing import IMAGES, VIDEOS, Skew, multiplicities, place, reception_days, return_days

FEWEST_WITH_FAULTS = 24
"""From this many reports on, every fault is planted."""

FILE_FAULTS = (
    FileFault.MISSING,
    FileFault.EMPTY,
    FileFault.DIGEST_MISMATCH,
    FileFault.NOT_MEDIA,
    FileFault.UNDECODABLE,
    FileFault.TOO_MANY_PIXELS,
)
REPORT_FAULTS = (
    Rejection.NOT_WELL_FORMED,
    Rejection.SCHEMA,
    Rejection.FORBIDDEN_XML,
    Rejection.NO_RECEIPT,
    Rejection.NO_REPORT,
)

_FILES_PER_REPORT = 3.0
_MOST_PER_REPORT = 12
_VIDEO_SHARE = 0.11
_OTHER_SHARE = 0.01
_APART = 900_000
"""Numbers of the scenes in malformed reports, far from the others'."""

_EDITED = 0.35
"""Share of distinct files that are edits of a picture or clip that is there already."""

_TRIES = 4
"""Shared origins of which one is looked for that can be edited."""


class Genre(StrEnum):
    """How an origin is made."""

    PHOTOGRAPH = "photograph"
    SCENE = "scene"
    FIGURE = "figure"
    CLIP = "clip"
    DOCUMENT = "document"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Origin:
    """A source picture, clip or document, before any edit. `entry` names the list entry that it stands on."""

    genre: Genre
    number: int
    entry: str = ""
    category: Classification = Classification.A1

    @property
    def name(self) -> str:
        """Its name in the truth."""
        return f"{self.genre}-{self.number:04d}"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A distinct file: one edit of one origin, and the reports (by number) that name it."""

    origin: Origin
    kind: Kind
    edit: str = ORIGINAL
    fault: FileFault | None = None
    reports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Population:
    """All that is simulated: when each report came in (days), which are rejected or of one case, and the files."""

    received: tuple[float, ...]
    rejections: Mapping[int, Rejection]
    cases: tuple[tuple[int, ...], ...]
    files: tuple[PlannedFile, ...]


class _Sources:
    """Makes origins and their edits, none twice."""

    def __init__(self, seed: int) -> None:
        self._rng = chance(seed, "sources")
        self._numbers: Counter[Genre] = Counter()
        self._photographs = [int(each) for each in self._rng.permutation(len(PHOTOGRAPHS))]
        self._edits: dict[Origin, list[str]] = {}
        self._shared: defaultdict[Kind, list[Origin]] = defaultdict(list)

    def draw(self, kind: Kind, times: int, homes: Homes) -> PlannedFile:
        """Make a file that is seen so often: an edit of what was shared, or the original of something new.

        What stays in a case is edited there alone, and what few reports share outside of any case is not edited.
        """
        known = self._shared[kind]
        if known and kind is not Kind.OTHER and not 1 < times <= RARE and happens(self._rng, _EDITED):
            some = (one_of(self._rng, known) for _ in range(_TRIES))
            origin = next((one for one in some if self._edits[one] and homes.takes(one.name, times)), None)
            if origin:
                left = self._edits[origin]
                return PlannedFile(origin, kind, left.pop(int(self._rng.integers(len(left)))))
        origin = self._next(self._genre(kind, shared=times > 1))
        self._edits[origin] = list(IMAGE_EDITS if kind is Kind.IMAGE else VIDEO_EDITS)
        if times > 1:
            known.append(origin)
            homes.assign(origin.name, times)
        return PlannedFile(origin, kind)

    def _genre(self, kind: Kind, *, shared: bool) -> Genre:
        if kind is not Kind.IMAGE:
            return Genre.CLIP if kind is Kind.VIDEO else Genre.DOCUMENT
        if shared and self._photographs and happens(self._rng, 0.35):
            return Genre.PHOTOGRAPH
        return Genre.FIGURE if happens(self._rng, 0.3) else Genre.SCENE

    def _next(self, genre: Genre) -> Origin:
        if genre is Genre.PHOTOGRAPH:
            return Origin(genre, self._photographs.pop())
        self._numbers[genre] += 1
        return Origin(genre, self._numbers[genre])


def plan_population(seed: int, reports: int) -> Population:
    """Plan `reports` reports and the files that they name; the same for the same arguments."""
    rng = chance(seed, "population")
    received = reception_days(rng, reports)
    rejections = _rejections(seed, reports)
    room = np.minimum(rng.geometric(1 / _FILES_PER_REPORT, reports), _MOST_PER_REPORT)
    room[list(rejections)] = 0
    cases = plan_cases(seed, received, rejections)
    files = [*_whole_files(seed, received, room, cases), *_faulty_files(seed, reports, rejections)]
    return Population(tuple(float(day) for day in received), rejections, tuple(cases), _listed(seed, files))


def _quota(reports: int) -> int:
    """Say how often each fault is planted."""
    return max(1, reports // 100) if reports >= FEWEST_WITH_FAULTS else 0


def _rejections(seed: int, reports: int) -> dict[int, Rejection]:
    """Choose the reports that are malformed."""
    order = chance(seed, "rejections").permutation(reports)
    faults = REPORT_FAULTS * _quota(reports)
    return {int(report): fault for report, fault in zip(order, faults, strict=False)}


def _whole_files(
    seed: int, received: NDArray[np.float64], room: NDArray[np.int64], cases: Sequence[tuple[int, ...]]
) -> list[PlannedFile]:
    """Plan the files without fault: the shared ones in a case or near the days wanted, then the single ones."""
    sources, homes, total = _Sources(seed), Homes(chance(seed, "homes"), cases, room), int(room.sum())
    videos, others = round(total * _VIDEO_SHARE), min(total, max(2, round(total * _OTHER_SHARE)))
    most = max(2, len(received) // 5)
    plans: list[tuple[Kind, Skew, int]] = [(Kind.OTHER, IMAGES, 1)] * others
    for kind, skew, sightings in ((Kind.VIDEO, VIDEOS, videos), (Kind.IMAGE, IMAGES, total - videos - others)):
        plans += [(kind, skew, times) for times in multiplicities(chance(seed, kind), sightings, skew, most)]
    plans.sort(key=lambda plan: -plan[2])
    slots = _free(chance(seed, "room"), room)
    files: list[PlannedFile] = []
    for number, (kind, skew, times) in enumerate(plans):
        file, rng = sources.draw(kind, times, homes), chance(seed, "returns", number)
        seen = homes.place(file.origin.name, times)
        if not seen and times > 1:
            seen = place(return_days(rng, times, skew, received.tolist()), received, room)
        elif not seen:
            seen = [next(slots)]
        files.append(replace(file, reports=tuple(sorted(seen))))
    return files + [replace(sources.draw(Kind.IMAGE, 1, homes), reports=(report,)) for report in slots]


def _free(rng: np.random.Generator, room: NDArray[np.int64]) -> Iterator[int]:
    """Name each report as often as it has room when the first is asked for, in a random order, and take that room."""
    for report in rng.permutation(np.repeat(np.arange(len(room)), room)).tolist():
        if room[report]:
            room[report] -= 1
            yield report


def _faulty_files(seed: int, reports: int, rejections: Mapping[int, Rejection]) -> Iterable[PlannedFile]:
    """Plan one file for each malformed report, and the faulty files of others."""
    for number, report in enumerate(sorted(rejections)):
        yield PlannedFile(
            Origin(Genre.SCENE, _APART + number), Kind.IMAGE, ORIGINAL, FileFault.REPORT_REJECTED, (report,)
        )
    accepted = [report for report in chance(seed, "faults").permutation(reports) if report not in rejections]
    for number, (report, fault) in enumerate(zip(accepted, FILE_FAULTS * _quota(reports), strict=False)):
        kind = Kind.VIDEO if fault is FileFault.EMPTY else Kind.IMAGE
        yield PlannedFile(Origin(Genre.FAULT, number), kind, ORIGINAL, fault, (int(report),))


def _listed(seed: int, files: Sequence[PlannedFile]) -> tuple[PlannedFile, ...]:
    """Put a third of the origins that were seen again on the known list."""
    seen: Counter[Origin] = Counter()
    for file in files:
        seen[file.origin] += len(file.reports)
    again = [origin for origin, times in seen.items() if times > 1 and _listable(origin)]
    rng = chance(seed, "list")
    clips, pictures = ([o for o in again if (o.genre is Genre.CLIP) is film] for film in (True, False))
    chosen = [group[i] for group in (clips, pictures) for i in rng.permutation(len(group))[: -(-len(group) // 3)]]
    entries = {
        origin: replace(origin, entry=f"K{number:04d}", category=one_of(rng, tuple(Classification)))
        for number, origin in enumerate(chosen, 1)
    }
    return tuple(replace(file, origin=entries.get(file.origin, file.origin)) for file in files)


def _listable(origin: Origin) -> bool:
    return not (origin.genre is Genre.PHOTOGRAPH and PHOTOGRAPHS[origin.number].plain)
