"""Evaluation: what the platform found, beside the truth that the simulator wrote. Nothing else reads that truth."""

import csv
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from infra.ledger import outcomes
from infra.ledger.engine import reading
from infra.ledger.outcomes import Outcomes
from infra.world import world

COPY_EDITS = ("original", "resize", "recompress", "recolour", "mirror", "reencode")
"""Edits after which copies are found; what a crop, a caption or a letterbox costs is printed by itself."""

Row = Mapping[str, str]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one thing was found: shares 0-1, of `of` true ones, `found` told; None where there is nothing."""

    what: str
    precision: float | None
    recall: float | None
    of: int
    found: int


def evaluate(files: Sequence[Row], reports: Sequence[Row], found: Outcomes) -> list[Quality]:
    """Compare the rows of `truth/files.csv` and `truth/reports.csv` with what was found."""
    whole = _whole(files, found)
    return [
        _labels("Rejected reports", {r["external_id"]: r["rejection"] for r in reports}, found.rejections),
        _labels("Faulty files", {(f["external_id"], f["file_id"]): f["fault"] for f in files}, found.faults),
        *_known(whole, found),
        _copies("Copies of one another", [one for one in whole.items() if one[1]["edit"] in COPY_EDITS], found),
        *_copies_by_edit(whole, found),
        _marked(whole, found),
        _urgent(reports, list(found.scores), "Urgent reports at the head of the queue"),
        _urgent(reports, found.received, "… first come, first served"),
    ]


def _whole(files: Sequence[Row], found: Outcomes) -> dict[str, Row]:
    """Give the truth of each distinct stored picture and video, by surrogate key."""
    named = ((found.blobs.get((row["external_id"], row["file_id"])), row) for row in files)
    return {blob: row for blob, row in named if blob and row["kind"] in ("image", "video") and row["origin"]}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _labels(what: str, truth: Mapping[Name, str], found: Mapping[Name, str]) -> Quality:
    """Compare reasons, name by name; the right thing for a wrong reason is wrong."""
    true = {name: why for name, why in truth.items() if why}
    told = {name: why for name, why in found.items() if why}
    right = sum(told.get(name) == why for name, why in true.items())
    return Quality(what, _share(right, len(told)), _share(right, len(true)), len(true), len(told))


def _known(whole: Mapping[str, Row], found: Outcomes) -> list[Quality]:
    """Compare matches with the list: files whose origin stands on it, by the right entry."""
    copies = {blob: row for blob, row in whole.items() if row["edit"] in COPY_EDITS}
    told = [(blob, entry) for blob in whole for entry in found.entries.get(blob, ())]
    right = sum(whole[blob]["entry"] == entry for blob, entry in told)
    true = [blob for blob, row in copies.items() if row["entry"]]
    recalled = sum(copies[blob]["entry"] in found.entries.get(blob, ()) for blob in true)
    precision, recall = _share(right, len(told)), _share(recalled, len(true))
    return [Quality("Files on the known list", precision, recall, len(true), len(told))]


def _marked(whole: Mapping[str, Row], found: Outcomes) -> Quality:
    """Compare what the classifier is sure of with the pictures that bear a mark, among those it looked at."""
    truth = {blob: row["marked"] == "true" for blob, row in whole.items() if blob in found.marked}
    told = [blob for blob in truth if found.marked[blob]]
    right = sum(truth[blob] for blob in told)
    return Quality(
        "Marked pictures", _share(right, len(told)), _share(right, sum(truth.values())), sum(truth.values()), len(told)
    )


def _pairs(numbers: Iterable[int]) -> int:
    return sum(number * (number - 1) // 2 for number in numbers)


def _copies(what: str, files: Sequence[tuple[str, Row]], found: Outcomes) -> Quality:
    """Compare clusters of copies with the truth, pair by pair of distinct files."""
    pairs = [(row["origin"], found.clusters.get(blob, blob)) for blob, row in files]
    both = _pairs(Counter(pairs).values())
    true, told = (_pairs(Counter(pair[side] for pair in pairs).values()) for side in (0, 1))
    return Quality(what, _share(both, told), _share(both, true), true, told)


def _copies_by_edit(whole: Mapping[str, Row], found: Outcomes) -> list[Quality]:
    """Tell, edit by edit, how many edited files share a cluster with an unedited file of their origin."""
    originals: defaultdict[str, set[str]] = defaultdict(set)
    for blob, row in whole.items():
        if row["edit"] == "original":
            originals[row["origin"]].add(found.clusters.get(blob, blob))
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for blob, row in whole.items():
        if row["edit"] != "original" and originals[row["origin"]]:
            hits[row["edit"]].append(found.clusters.get(blob, blob) in originals[row["origin"]])
    found_again = ((edit, len(hit), sum(hit)) for edit, hit in sorted(hits.items()))
    return [Quality(f"… after {edit}", None, _share(hit, of), of, hit) for edit, of, hit in found_again]


def _urgent(reports: Sequence[Row], order: Sequence[str], what: str) -> Quality:
    """Tell how many of the urgent reports an analyst meets who looks at as many reports as are urgent."""
    urgent = {row["external_id"] for row in reports if row["urgent"] == "true" and not row["rejection"]}
    met = len(urgent & set(order[: len(urgent)]))
    return Quality(what, _share(met, len(urgent)), _share(met, len(urgent)), len(urgent), len(urgent))


def evaluation() -> list[Quality]:
    """Evaluate the ledger against the truth in the data folder."""
    truth = world().settings.root / "truth"
    with reading(world().ledger) as connection:
        found = outcomes.read(connection)
    return evaluate(_rows(truth / "files.csv"), _rows(truth / "reports.csv"), found)


def _rows(file: Path) -> list[Row]:
    with file.open(newline="") as content:
        return list(csv.DictReader(content))
