"""What stands: the roll-up as it was brought up last, what it covers, and the levels beneath it, in the data folder.

All of it is made of the archive and the ledger. Where it is lost, old, half-written or damaged, it is made again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra import durable
from infra.archive import Dataset
from infra.ledger.history import Corrections
from infra.seen.levels import Levels, Part, tidy
from tasks.measuring.corrections import said
from tasks.measuring.cube import numbering
from tasks.measuring.rollup import RollUp, total_of
from tasks.measuring.scanning import Named, Span
from tasks.measuring.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "rollup"
VERSION = 2
"""Raised when what is kept means something else than before."""

_DIGEST = 32
_TALLIES = ("volumes", "reports", "days")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands.

    Attributes:
        covered: the archive's batches that are counted, and of each the first and the last moment of a report in it.
        said: the corrections with which they are.
        rollup: what they come to.
        levels: what was seen in them.
    """

    covered: Mapping[Named, Span]
    said: "pa.Table"
    rollup: RollUp
    levels: Levels


def nothing(folder: Path) -> Standing:
    """Give what stands before any batch is counted."""
    nobody = Corrections(frozenset(), {}, {}, {})
    return Standing({}, said(nobody), total_of([]), Levels(folder))


def load(folder: Path) -> Standing:
    """Read what stands in a folder; nothing, where it is not whole or was made by another version."""
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return nothing(folder)
    if hashlib.sha256(_made_by() + content[_DIGEST:]).digest() != content[:_DIGEST]:
        return nothing(folder)
    with np.load(BytesIO(content[_DIGEST:])) as kept:
        levels = [[Part(**part) for part in level] for level in json.loads(kept["levels"].tobytes())]
        return Standing(
            {(Dataset(of), batch): span for of, batch, *span in json.loads(kept["covered"].tobytes())},
            _unpacked(kept["said"]),
            RollUp(*(Tally(*kept[name]) for name in _TALLIES)),
            Levels(folder, [tuple(level) for level in levels]),
        )


def keep(folder: Path, standing: Standing) -> None:
    """Have this stand from now on, whole or not at all, and remove the parts of levels that no longer count."""
    levels = [[asdict(part) for part in level] for level in standing.levels.levels]
    covered = sorted((*batch, *span) for batch, span in standing.covered.items())
    tallies = {name: getattr(standing.rollup, name) for name in _TALLIES}
    out = BytesIO()
    np.savez(
        out,
        allow_pickle=False,
        levels=np.frombuffer(json.dumps(levels).encode(), np.uint8),
        covered=np.frombuffer(json.dumps(covered).encode(), np.uint8),
        said=_packed(standing.said),
        **{name: np.stack([each.cells, each.counts]) for name, each in tallies.items()},
    )
    durable.write(folder / FILE, hashlib.sha256(_made_by() + out.getbuffer()).digest() + out.getvalue())
    tidy(folder, standing.levels)


def _made_by() -> bytes:
    """Say what the numbers in a kept roll-up stand for."""
    return f"{VERSION} {numbering()}".encode()


def _packed(table: "pa.Table") -> NDArray[np.uint8]:
    import pyarrow as pa  # noqa: PLC0415 (0.3 s that a flow's start need not pay)

    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(out.getvalue(), np.uint8)


def _unpacked(content: NDArray[np.uint8]) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 (as above)

    with pa.ipc.open_stream(pa.py_buffer(content)) as reader:
        return reader.read_all()
