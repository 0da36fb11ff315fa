"""Exporting: a list as it stands, into a file of any format that carries it."""

from pathlib import Path

from domain.audit import Act
from domain.counts import Counts
from domain.errors import InvalidSettings
from domain.lists import ListFormat
from infra.ledger import lists
from infra.ledger.engine import reading
from infra.world import world
from tasks.lists.formats import WRITERS


def export_list(name: str, form: ListFormat, out: Path) -> Counts:
    """Write what a list says; entries that wait for reviewers are left out. Counts hashes that were not carried.

    Raises:
        InvalidSettings: there is no such list, or the format is none to write.
    """
    if form not in WRITERS:
        raise InvalidSettings(f"say in which format to export: {', '.join(WRITERS)}")
    with world().ledger.begin() as connection:  # on record before a word is written
        if lists.terms(connection, name) is None:
            raise InvalidSettings(f"there is no list {name}; `breakwater lists show` names them all")
        world().audit.append(connection, Act.LIST_EXPORTED, world().surrogate("list", name), form=form)
    with reading(world().ledger) as connection, out.open("w", encoding="utf-8", newline="") as stream:
        lost = WRITERS[form](lists.entries(connection, name), stream)
    return Counts(hashes_not_carried=lost)
