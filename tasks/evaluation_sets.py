"""Evaluation sets: files of which the truth is known, sealed like all others, by which models of a role are judged.

A set is a folder with a table `labels.csv` of two columns, `file` (a path inside the folder) and `truth`.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.intake import HeldFile
from domain.media import Kind
from domain.model import Role
from infra.ledger import evaluation_sets
from infra.ledger.engine import reading
from infra.ledger.evaluation_sets import EvaluationSet
from infra.world import world
from tasks.reports.taking import hold

TABLE = "labels.csv"
LONGEST_TRUTH = 512
LONGEST_NAME = 96

Line = tuple[int, str, str]
"""Of the table: its number, the file, and what is true of it."""


def read_table(text: str, role: Role) -> list[Line]:
    """Read a table of truths, each in the one spelling of its kind.

    Raises:
        InvalidSettings: a column is missing, or a line cannot be used; the message names the line, never the file.
    """
    rows = csv.DictReader(text.splitlines())
    if not {"file", "truth"} <= set(rows.fieldnames or ()):
        raise InvalidSettings(f"{TABLE} needs the columns file and truth in its first line")
    found = []
    for row in rows:
        name, said = (row["file"] or "").strip(), (row["truth"] or "").strip()
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts:
            raise InvalidSettings(f"{TABLE}, line {rows.line_num}: file is a path inside the folder")
        truth = _truth(said, role)
        if truth is None or len(truth) > LONGEST_TRUTH:
            raise InvalidSettings(f"{TABLE}, line {rows.line_num}: the truth for {role} is {_FORMS[role]}")
        found.append((rows.line_num, name, truth))
    if not found:
        raise InvalidSettings(f"{TABLE} names no file")
    return found


_FORMS = {
    Role.CLASSIFIER: "the label that holds",
    Role.TAGGER: "the labels that hold, joined by |, or nothing where none does",
    Role.FACE_DETECTOR: "the number of faces",
    Role.FACE_EMBEDDER: "a name for whose face it is, the same on every file of that face",
    Role.SCENE_EMBEDDER: "a name for the scene, the same on every file of it",
    Role.FACE_ATTRIBUTES: "attributes of the one face as name=label, joined by |",
}
"""What is said of a file, role by role; at most 512 characters."""


def _truth(said: str, role: Role) -> str | None:
    """Give a truth in its one spelling; None for what is none."""
    if role is Role.FACE_DETECTOR:
        return str(int(said)) if said.isascii() and said.isdecimal() else None
    if role in (Role.TAGGER, Role.FACE_ATTRIBUTES):
        parts = sorted({part.strip() for part in said.split("|")} - {""})
        pairs = [part.partition("=") for part in parts]
        named = role is Role.TAGGER or (parts and all(name and label for name, _, label in pairs))
        return "|".join(parts) if named else None
    return said or None


def import_set(name: str, role: Role, folder: Path) -> EvaluationSet:
    """Take a folder as the set `name` for `role`; what it holds is sealed, and what was held already is not again.

    The version is a keyed digest of its files and truths: another content is another version, the same is the same.

    Raises:
        InvalidSettings: a line of its table cannot be used, a file is not there, is neither picture nor video, or
            stands there twice with two truths.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidSettings(f"a set has a name of at most {LONGEST_NAME} characters")
    table = folder / TABLE
    if not table.is_file():
        raise InvalidSettings(f"{folder} has no {TABLE}: a table of the columns file and truth")
    try:
        lines = read_table(table.read_text(encoding="utf-8-sig"), role)
    except UnicodeDecodeError:
        raise InvalidSettings(f"{TABLE} is no UTF-8; save it as that") from None
    truths: dict[str, tuple[HeldFile, str]] = {}
    for number, held, truth in _held(folder, lines):
        if truths.setdefault(held.blob, (held, truth))[1] != truth:
            raise InvalidSettings(f"{TABLE}, line {number}: the same file stands there before, with another truth")
    world().blobs.flush()
    content = sorted(f"{held.digests.sha256} {truth}" for held, truth in truths.values())
    version, now = world().surrogate("evaluation set", *content), datetime.now(UTC)
    with world().ledger.begin() as connection:
        evaluation_sets.record(connection, name, role, version, list(truths.values()), now)
        world().audit.append(connection, Act.EVALUATION_SET_IMPORTED, version, role=role, items=len(truths))
    return EvaluationSet(name, version, role, now, len(truths))


def _held(folder: Path, lines: list[Line]) -> Iterator[tuple[int, HeldFile, str]]:
    """Seal each file of a folder, one after the other."""
    for number, name, truth in lines:
        file = folder / name
        if not file.is_file():
            raise InvalidSettings(f"{TABLE}, line {number}: there is no such file in the folder")
        with file.open("rb") as content:
            held = hold(world().blobs.store(content))
        if held.kind not in (Kind.IMAGE, Kind.VIDEO):
            raise InvalidSettings(f"{TABLE}, line {number}: the file is neither a picture nor a video")
        yield number, held, truth


def standing() -> list[EvaluationSet]:
    """List every version of every set, the one imported last first."""
    with reading(world().ledger) as connection:
        return evaluation_sets.sets(connection)
