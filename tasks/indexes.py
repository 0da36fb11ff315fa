"""Indexes: those on this host's disk of what is stored and of what is listed, and what is near in them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.media import MATCH_RADIUS
from infra.index.following import followed
from infra.index.hash_index import HashIndex, words
from infra.ledger.engine import Transaction
from infra.ledger.hashes import Listed, Stored
from infra.world import world

HASH_BYTES = 32


def stored_index(connection: Transaction) -> HashIndex:
    """Open the index of stored fingerprints, in all orientations, as the ledger has them now."""
    return followed(world().settings.root / "index" / "stored", Stored(connection))


def listed_index(connection: Transaction) -> HashIndex:
    """Open the index of the PDQ hashes that lists have, as the ledger has them now."""
    return followed(world().settings.root / "index" / "listed", Listed(connection))


def near_by(index: HashIndex, hashes: Sequence[bytes]) -> tuple[list[int], NDArray[np.int64]]:
    """Find which of these (each 32 bytes, or several hashes in a row) have anything within 31 bits, and those's ids."""
    places, ids = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    if hashes:
        for at, hits, _ in index.within(words(list(hashes)), MATCH_RADIUS):
            places.append(np.unique(at // (len(hashes[0]) // HASH_BYTES)))
            ids.append(np.unique(hits))
    return np.unique(np.concatenate(places)).tolist(), np.unique(np.concatenate(ids))
