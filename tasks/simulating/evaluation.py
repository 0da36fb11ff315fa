"""Evaluation: what the platform found, beside the truth that the simulator wrote. Nothing else reads that truth."""

import csv
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from infra.ledger import outcomes
from infra.ledger.engine import reading
from infra.ledger.outcomes import Outcomes
from infra.world import world
from models.evaluation.grouping import b_cubed, pairwise
from tasks.simulating.edits import ORIGINAL
from tasks.simulating.photographs import PHOTOGRAPHS
from tasks.simulating.population import Genre

COPY_EDITS = ("original", "resize", "recompress", "recolour", "mirror", "letterbox", "reencode")
"""Edits after which copies are found; what a crop, a caption or a turn costs is printed by itself."""

PLAIN = frozenset(f"{Genre.PHOTOGRAPH}-{place:04d}" for place, one in enumerate(PHOTOGRAPHS) if one.plain)
"""Origins with too little structure for their hashes to be matched, by the PDQ authors' rule."""

ONE_SCENE = {f"{Genre.PHOTOGRAPH}-0001": f"{Genre.PHOTOGRAPH}-0000"}
"""Of two photographs that show one place, the one by which the place is named."""

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
        *_copies(whole, found),
        *_by_edit(whole, found.clusters),
        *_scenes(whole, found),
        *_cases(reports, found),
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


def _grouped(what: str, groups: Sequence[tuple[str, str]]) -> list[Quality]:
    """Compare groups with the truth, pair by pair and item by item."""
    both = ((what, pairwise(groups)), ("… each by itself (B-cubed)", b_cubed(groups)))
    return [Quality(name, told.precision, told.recall, told.true, told.told) for name, told in both]


def _copies(whole: Mapping[str, Row], found: Outcomes) -> list[Quality]:
    """Compare clusters of copies with the truth; what is too plain to be matched is told by itself."""
    rows = [(blob, row["origin"]) for blob, row in whole.items() if row["edit"] in COPY_EDITS]
    plain, others = ([(origin, found.clusters.get(blob, blob)) for blob, origin in rows if (origin in PLAIN) is which]
                     for which in (True, False))  # fmt: skip
    of_plain = pairwise(plain)
    told = Quality("… too plain to be matched", of_plain.precision, of_plain.recall, of_plain.true, of_plain.told)
    return [*_grouped("Copies of one another", others), told]


def _by_edit(whole: Mapping[str, Row], clusters: Mapping[str, str]) -> list[Quality]:
    """Tell, edit by edit, how many edited files share a cluster with an unedited file of their origin."""
    originals: defaultdict[str, set[str]] = defaultdict(set)
    for blob, row in whole.items():
        if row["edit"] == ORIGINAL:
            originals[row["origin"]].add(clusters.get(blob, blob))
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for blob, row in whole.items():
        if row["edit"] != ORIGINAL and originals[row["origin"]]:
            hits[row["edit"]].append(clusters.get(blob, blob) in originals[row["origin"]])
    found_again = ((edit, len(hit), sum(hit)) for edit, hit in sorted(hits.items()))
    return [Quality(f"… after {edit}", None, _share(hit, of), of, hit) for edit, of, hit in found_again]


def _scenes(whole: Mapping[str, Row], found: Outcomes) -> list[Quality]:
    """Compare clusters of one scene with the truth: whatever was made of one picture or clip shows one scene."""
    groups = [
        (ONE_SCENE.get(row["origin"], row["origin"]), found.scenes.get(blob, blob)) for blob, row in whole.items()
    ]
    crops = [one for one in _by_edit(whole, found.scenes) if one.what.endswith("crop")]
    return [
        *_grouped("Files of one scene", groups),
        *(replace(one, what="… crops with their originals") for one in crops),
    ]


def _cases(reports: Sequence[Row], found: Outcomes) -> list[Quality]:
    """Compare clusters of reports with the cases that were simulated; a report of no case belongs to nothing."""
    accepted = [(row["external_id"], row["case"]) for row in reports if not row["rejection"]]
    return _grouped("Reports of one case", [(case or name, found.cases.get(name, name)) for name, case in accepted])


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
