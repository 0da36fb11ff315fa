"""Evaluation sets: files of which the truth is known, sealed like all others, by which models of a role are judged.

A set is a folder with a table `labels.csv` of the columns `file` (a path inside the folder) and `truth`, and of `group`
where files are of one origin.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from domain.audit import Act
from domain.errors import InvalidSettings
from domain.intake import HeldFile
from domain.media import Kind
from domain.model import OF_FILES, Role
from infra.ledger import evaluation_sets
from infra.ledger.engine import reading
from infra.ledger.evaluation_sets import EvaluationSet, Told
from infra.world import world
from tasks.reports.taking import hold

TABLE = "labels.csv"
LONGEST_TRUTH = 512
"""Characters of a truth, and of a group."""
LONGEST_NAME = 96
LONGEST_NUMBER = 6
"""Digits of a number of faces."""


class Line(NamedTuple):
    """A line of the table: its number, the file, what is true of it, and its group, if it has one."""

    number: int
    file: str
    truth: str
    group: str = ""


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
        group = (row.get("group") or "").strip()
        if len(group) > LONGEST_TRUTH:
            raise InvalidSettings(f"{TABLE}, line {rows.line_num}: a group has at most {LONGEST_TRUTH} characters")
        found.append(Line(rows.line_num, name, truth, group))
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
        return str(int(said)) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_NUMBER else None
    if role in (Role.TAGGER, Role.FACE_ATTRIBUTES):
        parts = sorted({part.strip() for part in said.split("|")} - {""})
        pairs = [part.partition("=") for part in parts]
        named = role is Role.TAGGER or (parts and all(name and label for name, _, label in pairs))
        return "|".join(parts) if named else None
    return said or None


def import_set(name: str, role: Role, folder: Path) -> EvaluationSet:
    """Take a folder as the set `name` for `role`; what it holds is sealed, and what was held already is not again.

    The version is a keyed digest of its files, truths and groups: another content is another version, the same is the
    same.

    Raises:
        InvalidSettings: a line of its table cannot be used, a file is not there, is neither picture nor video, or
            stands there twice with two truths or groups.
    """
    if role not in OF_FILES:
        raise InvalidSettings(f"a {role} looks at no files; it is measured by what feedback says of reports")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidSettings(f"a set has a name of at most {LONGEST_NAME} characters")
    table = folder / TABLE
    if not table.is_file():
        raise InvalidSettings(f"{folder} has no {TABLE}: a table of the columns file and truth")
    try:
        lines = read_table(table.read_text(encoding="utf-8-sig"), role)
    except UnicodeDecodeError:
        raise InvalidSettings(f"{TABLE} is no UTF-8; save it as that") from None
    except csv.Error as error:
        raise InvalidSettings(f"{TABLE} cannot be read: {error}") from None
    files: dict[str, Told] = {}
    for line, held in _held(folder, lines):
        one = files.setdefault(held.blob, Told(held, line.truth, line.group))
        if (one.truth, one.group) != (line.truth, line.group):
            other = "truth" if one.truth != line.truth else "group"
            raise InvalidSettings(
                f"{TABLE}, line {line.number}: the same file stands there before, with another {other}"
            )
    world().blobs.flush()
    version, now = world().surrogate("evaluation set", *sorted(map(_content, files.values()))), datetime.now(UTC)
    with world().ledger.begin() as connection:
        evaluation_sets.record(connection, name, role, version, list(files.values()), now)
        world().audit.append(connection, Act.EVALUATION_SET_IMPORTED, version, role=role, items=len(files))
    return EvaluationSet(name, version, role, now, len(files))


def _content(one: Told) -> str:
    """Write what a version is made of; a truth has no line break, so that nothing reads as two things."""
    return "\n".join([f"{one.file.digests.sha256} {one.truth}", *([one.group] if one.group else [])])


def _held(folder: Path, lines: Sequence[Line]) -> Iterator[tuple[Line, HeldFile]]:
    """Seal each file of a folder, one after the other."""
    for line in lines:
        file = folder / line.file
        if not file.is_file():
            raise InvalidSettings(f"{TABLE}, line {line.number}: there is no such file in the folder")
        with file.open("rb") as content:
            held = hold(world().blobs.store(content))
        if held.kind not in (Kind.IMAGE, Kind.VIDEO):
            raise InvalidSettings(f"{TABLE}, line {line.number}: the file is neither a picture nor a video")
        yield line, held


def standing() -> list[EvaluationSet]:
    """List every version of every set, the one imported last first."""
    with reading(world().ledger) as connection:
        return evaluation_sets.sets(connection)
