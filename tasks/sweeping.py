"""Sweeping: objects that nobody names are removed, keys are wrapped anew. Neither touches a file that is kept."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from domain.audit import Act
from domain.counts import Counts
from domain.errors import InvalidSettings
from infra.ledger import sealed
from infra.ledger.engine import reading
from infra.world import world
from infra.wrapping import LocalKeys, add_key, drop_old_keys, key_file, open_wrapping

PATIENCE = timedelta(days=2)
"""How old an object is before it counts as abandoned: longer than any intake takes to record what it stored."""

REWRAPPED_TOGETHER = 1000

LISTED_TOGETHER = 500
"""Objects of one question to the ledger."""


def sweep(now: datetime | None = None) -> Counts:
    """Remove objects that neither a file nor a draft names: what killed processes and lost races left behind."""
    blobs = world().blobs
    before = (now or datetime.now(UTC)) - PATIENCE
    counts, objects = Counts(objects_kept=0, objects_swept=0), blobs.objects()
    while some := list(islice(objects, LISTED_TOGETHER)):
        old = [name for name, written in some if written < before]
        with reading(world().ledger) as connection:
            left = set(old) - sealed.named(connection, old)
        for name in left:
            blobs.discard(name)
        counts += Counts(objects_kept=len(some) - len(left), objects_swept=len(left))
    return counts


def rotate() -> Counts:
    """Make a new sealing key and have every data key wrapped by it; no file is touched.

    The older keys stay in their file until `forget_old_keys`: processes that run still wrap with them.

    Raises:
        InvalidSettings: the sealing keys are not in a file of ours; a key service rotates its own.
    """
    file = _file()
    _record(Act.KEY_ADDED)
    add_key(file)
    return rewrap()


def rewrap() -> Counts:
    """Have every data key wrapped by the newest sealing key, those alone that are not; stopped, it goes on later."""
    wrapping = open_wrapping(world().settings)
    rewrapped = 0
    while True:
        with world().ledger.begin() as connection:
            some = sealed.wrapped_by_others(connection, wrapping.current, REWRAPPED_TOGETHER)
            for each in some:
                kek, wrapped = wrapping.wrap(wrapping.unwrap(each.kek, each.wrapped, each.owner), each.owner)
                sealed.rewrap(connection, each, kek, wrapped)
        if not some:
            return Counts(keys_rewrapped=rewrapped)
        rewrapped += len(some)


def forget_old_keys() -> Counts:
    """Leave the newest sealing key alone in its file, once every process was started anew since it was made.

    Raises:
        InvalidSettings: the sealing keys are not in a file of ours.
    """
    file, counts = _file(), rewrap()
    _record(Act.OLD_KEYS_FORGOTTEN)
    drop_old_keys(file)
    return counts


def _record(act: Act) -> None:
    """Put what happens to a file of keys on record, before it happens: the ledger cannot do both at once."""
    with world().ledger.begin() as connection:
        world().audit.append(connection, act)


def _file() -> Path:
    """Give the file of the sealing keys."""
    if not isinstance(world().wrapping, LocalKeys) or world().settings.sealing == "environment":
        raise InvalidSettings("the sealing keys are in no file here; rotate them where they are")
    return key_file(world().settings)
