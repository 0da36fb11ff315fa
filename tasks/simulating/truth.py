"""Truth: what a perfect clearinghouse would find in the inbox, and the manifest that says the inbox is whole."""

import csv
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from domain.errors import InvalidSettings

VERSION = 3
"""Version of the simulator: raised when the same settings give other bytes."""


@dataclass(frozen=True, slots=True, order=True)
class FileTruth:
    """One row of files.csv.

    `kind` is what the file is, or for a faulty one what its name claims; `marked` is `true` where it bears a mark.
    """

    external_id: str
    file_id: str
    sha256: str
    kind: str
    origin: str
    edit: str
    entry: str
    fault: str
    marked: str


@dataclass(frozen=True, slots=True, order=True)
class ReportTruth:
    """One row of reports.csv; `urgent` is `true` or `false`, `case` is empty for a report that is of none."""

    external_id: str
    rejection: str
    urgent: str
    case: str


def write_rows(path: Path, kind: type[FileTruth | ReportTruth], rows: Iterable[FileTruth | ReportTruth]) -> None:
    """Write rows of one kind as CSV, sorted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in fields(kind))
        writer.writerows(sorted(astuple(row) for row in rows))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an inbox was simulated from."""

    reports: int
    seed: int
    version: int = VERSION

    def _text(self) -> str:
        return json.dumps({"reports": self.reports, "seed": self.seed, "version": self.version}, indent=2) + "\n"

    def begin(self, root: Path) -> bool:
        """Claim `root` for this simulation, half done or not begun; False if it is there already and whole.

        Raises:
            InvalidSettings: `root` holds another simulation, or an inbox that is none.
        """
        done, begun = _manifests(root)
        for manifest in (done, begun):
            if manifest.exists() and manifest.read_text(encoding="utf-8") != self._text():
                raise InvalidSettings(
                    f"{root} holds another simulation ({manifest.name}): choose another folder, or remove it."
                )
        if done.exists():
            return False
        if not begun.exists() and (root / "inbox").exists():
            raise InvalidSettings(f"{root} holds an inbox that no simulation began: choose another folder.")
        begun.parent.mkdir(parents=True, exist_ok=True)
        draft = begun.with_suffix(".draft")
        draft.write_text(self._text(), encoding="utf-8")
        draft.replace(begun)
        return True

    def finish(self, root: Path) -> None:
        """Say, in one step, that the simulation in `root` is whole."""
        done, begun = _manifests(root)
        begun.replace(done)


def _manifests(root: Path) -> tuple[Path, Path]:
    """Name the manifest of a whole simulation, and that of one under way."""
    return root / "truth" / "manifest.json", root / "truth" / "unfinished.json"
