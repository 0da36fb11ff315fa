"""A trial of models: drawn pictures of which the truth is known, and two stand-ins, a good one and a fair one.

Everything is drawn; no picture shows anybody. The marks mean nothing (`models.reference.marks`).
"""

import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image

from domain.errors import InvalidSettings
from models.reference import marked
from models.reference.convolutions import Weights
from models.reference.folder import write_files
from models.reference.scenery import draw_example
from tasks.evaluation_sets import TABLE

SET, GOOD, FAIR = "marks", "good", "fair"
"""Folders of a trial: an evaluation set, and two models."""

SHAKEN = 0.5
"""How far the fair one's weights stray, in standard deviations of each layer's."""

_SEED = 1
_CARD = """# Marked, fair

The stand-in `marked` with weights that stray by chance: it is there to be worse than that, and for nothing else.
"""


def write_trial(folder: Path, files: int, seed: int) -> None:
    """Write an evaluation set of `files` pictures, half of them marked, and two model folders.

    The same seed gives the same bytes.

    Raises:
        InvalidSettings: the folder is there already, with something in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InvalidSettings(f"{folder} is not empty; name a folder that is not there yet")
    write_set(folder / SET, files, seed)
    marked.build(folder / GOOD)
    _write_fair(folder / FAIR)


def _write_fair(folder: Path) -> None:
    """Write the fair one, with a name and a card of its own."""
    folder.mkdir()
    contract = marked.contract().model_copy(update={"name": f"{marked.NAME}_fair"})
    write_files(folder, contract, marked.network(shaken(marked.weights())), _CARD)


def write_set(folder: Path, files: int, seed: int) -> None:
    """Draw pictures, every other one with a mark, as JPEG of several qualities, with their table."""
    folder.mkdir(parents=True)
    rows = [("file", "truth")]
    for place, chance in enumerate(np.random.SeedSequence(seed).spawn(files)):
        rng, truth = np.random.default_rng(chance), marked.LABELS[place % 2]
        pixels, _ = draw_example(rng, marked=truth == marked.LABELS[1])
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "JPEG", quality=int(rng.integers(30, 96)))
        name = f"{place:05}.jpg"
        (folder / name).write_bytes(content.getvalue())
        rows.append((name, truth))
    with (folder / TABLE).open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows(rows)


def shaken(weights: Weights) -> Weights:
    """Have every weight stray by chance, which makes a worse network of a good one."""
    rng = np.random.default_rng(_SEED)
    return {
        name: (value + rng.normal(0, SHAKEN * float(np.std(value)), value.shape)).astype(np.float32)
        for name, value in weights.items()
    }
