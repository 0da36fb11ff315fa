"""File entries of tables: a kind, a colon, and an MD5 where one is claimed, judged by a compiled loop."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.media import Kind
from infra.compiling import compiled
from infra.digests import texts_of

if TYPE_CHECKING:
    import pyarrow as pa

Bytes = NDArray[np.uint8]

_KINDS: Bytes = np.array([list(kind.encode()) for kind in Kind], np.uint8)
"""Every kind has as many letters."""


def are_no_files(texts: "pa.Array") -> NDArray[np.bool_]:
    """Tell which texts are not a kind and a colon, with 32 hex digits in small letters or nothing behind."""
    wrong = np.ones(len(texts), np.bool_)
    _judge(*texts_of(texts), _KINDS, wrong)
    return wrong


@compiled
def _judge(content: Bytes, starts: NDArray[np.int64], kinds: Bytes, wrong: NDArray[np.bool_]) -> None:
    letters = kinds.shape[1]
    for row in range(len(wrong)):
        start, size = starts[row], starts[row + 1] - starts[row]
        if size != letters + 1 and size != letters + 33:
            continue
        right = content[start + letters] == 58
        for place in range(start + letters + 1, start + size):
            letter = content[place]
            right &= 48 <= letter <= 57 or 97 <= letter <= 102
        known = False
        for kind in range(len(kinds)):
            same = True
            for place in range(letters):
                same &= content[start + place] == kinds[kind, place]
            known |= same
        wrong[row] = not (right and known)
