"""The report of a disagreement: champion and challenger over the same files, as a page and as a table."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.disagreement import WORDS, AttributeAgreement, CountAgreement, LabelAgreement, NeighbourAgreement
from tasks.evaluating.drawings import draw_counts, draw_words
from tasks.evaluating.page import Page, Part, Table, Tile, render_page
from tasks.evaluating.wording import cell, share

PANELS = 4
"""Labels whose words are drawn: those on which the two differ most often."""

MEANINGS = (
    ("Agreement", "The share of files of which both say the same (yes, unsure, no); of faces, the same label."),
    ("Kappa", "The agreement beyond chance: 1 is full agreement, 0 is chance (Cohen, 1960)."),
    ("Rank correlation", "Whether both rank the files alike, whatever their probabilities: 1 is the same order."),
    ("Common neighbours", "The share of each file's nearest others that both models name."),
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Champion and challenger, and where they differ over `files` files.

    Attributes:
        labels: of classifiers and taggers; `faces` of detectors; `neighbours` of embedders; `attributes` of faces.
    """

    champion: str
    challenger: str
    files: int
    labels: Sequence[LabelAgreement] = ()
    faces: CountAgreement | None = None
    neighbours: NeighbourAgreement | None = None
    attributes: Sequence[AttributeAgreement] = ()


def as_page(found: Disagreement) -> str:
    """Render the comparison as one HTML file that needs nothing else."""
    parts = (part for part in (_words(found), _labels(found), _faces(found), _attributes(found)) if part)
    return render_page(
        Page(
            title=f"{found.challenger} beside {found.champion}",
            lead=f"Both looked at the same {found.files:,} files; what the challenger says is shown to nobody. "
            "Whichever is right, this is where they differ.",
            tiles=tuple(_tiles(found)),
            parts=tuple(parts),
            meanings=MEANINGS,
        )
    )


def as_csv(found: Disagreement) -> str:
    """Write every number, a line for each label or attribute; or one for faces, or for neighbours."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    pairs = [f"{one}_{other}" for one in WORDS for other in WORDS]
    writer.writerow(["of", "n", "agreement", "kappa", "correlation", *pairs])
    for each in found.labels:
        numbers = [cell(value) for value in (each.agreement, each.kappa, each.correlation)]
        writer.writerow([each.label, each.n, *numbers, *(number for row in each.counts for number in row)])
    if found.faces:
        writer.writerow(["faces", found.faces.n, cell(found.faces.same)])
    for one in found.attributes:
        writer.writerow([one.name, one.n, cell(one.agreement), cell(one.kappa)])
    if found.neighbours:
        writer.writerow(["neighbours", found.neighbours.n, cell(found.neighbours.common)])
    return text.getvalue()


def _score(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _tiles(found: Disagreement) -> Iterator[Tile]:
    yield Tile("Files", f"{found.files:,}", "Looked at by both models.")
    said = sum(each.said for each in found.labels)
    if said:
        same = sum(each.counts[place][place] for each in found.labels for place in range(len(WORDS)))
        yield Tile("Agreement", share(same / said), f"Of {said:,} words on files and labels, the same from both.")
    if found.faces:
        yield Tile("Same count", share(found.faces.same), "Of the files, those in which both find as many faces.")
        yield Tile(
            "Difference", f"{found.faces.difference:+.2f}", "Faces in a file, challenger less champion, on average."
        )
    given = sum(each.n for each in found.attributes)
    if given:
        agreed = sum(each.agreement * each.n for each in found.attributes)
        yield Tile("Same label", share(agreed / given), f"Of {given:,} labels of faces, the same from both.")
    if found.neighbours:
        one = found.neighbours
        chance = one.nearest / (one.n - 1) if one.n > 1 else math.nan
        told = f"Of each file's {one.nearest} nearest, both name these; by chance {share(chance)}."
        yield Tile("Common neighbours", share(one.common), told)


def _words(found: Disagreement) -> Part | None:
    """Draw what both say, for the labels on which they differ most often."""
    said = [each for each in found.labels if each.said]
    if not said:
        return None
    apart = sorted(said, key=lambda each: each.agreement)[:PANELS]
    rows = [
        {"label": each.label, "champion": one.value, "challenger": other.value, "files": files,
         "share": files / each.said, "same": "the same" if one is other else "not the same"}
        for each in apart
        for one, row in zip(WORDS, each.counts, strict=True)
        for other, files in zip(WORDS, row, strict=True)
    ]  # fmt: skip
    some = f" Drawn are the {PANELS} labels on which they differ most often." if len(said) > PANELS else ""
    caption = f"Files by the words of both; off the diagonal the models differ.{some}"
    return Part("words", "What both say", caption, draw_words(rows, [word.value for word in WORDS]))


def _labels(found: Disagreement) -> Part | None:
    if not found.labels:
        return None
    columns = ("Label", "Files", "Agreement", "Kappa", "Rank correlation")
    lines = tuple(
        (each.label, f"{each.n:,}", share(each.agreement), _score(each.kappa), _score(each.correlation))
        for each in found.labels
    )
    return Part("labels", "Label by label", "A dash stands where a number is not defined.", table=Table(columns, lines))


def _faces(found: Disagreement) -> Part | None:
    if not found.faces or not found.faces.n:
        return None
    rows = [{"difference": difference, "files": files} for difference, files in found.faces.by_difference]
    table = Table(("Difference", "Files"), tuple((f"{row['difference']:+d}", f"{row['files']:,}") for row in rows))
    caption = "Files by how many faces more (or fewer) the challenger finds."
    return Part("faces", "Faces found", caption, draw_counts(rows), table)


def _attributes(found: Disagreement) -> Part | None:
    if not found.attributes:
        return None
    lines = tuple((each.name, f"{each.n:,}", share(each.agreement), _score(each.kappa)) for each in found.attributes)
    table = Table(("Attribute", "Faces", "Agreement", "Kappa"), lines)
    caption = "Faces by the label that each model holds most probable. A dash stands where a number is not defined."
    return Part("attributes", "Attributes of faces", caption, table=table)
