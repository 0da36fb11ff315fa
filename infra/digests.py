"""Keyed digests of whole columns: what `infra.keys.keyed_digest` makes, for many rows at once and without Python.

BLAKE2s (RFC 7693) runs over many messages side by side, a lane each, which the compiler turns into the widest
instructions that the processor has. All that is compiled stands here, since numba looks for changes in one file alone.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled
from infra.keys import HEX

if TYPE_CHECKING:
    import pyarrow as pa

Words = NDArray[np.uint32]
"""Words of BLAKE2s; where there are two axes, [word, lane]."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

_BLOCK = 64
"""Bytes that BLAKE2s takes at once, and to which it pads its key."""

_LANES = 128
"""Messages side by side: their words fit in the nearest cache, and a loop over them is worth its start."""

_U = np.uint32


def keyed_digests(key: bytes, *parts: "str | pa.Array") -> "pa.Array":
    """Digest each row of `parts` as `keyed_digest` does; a text stands for itself in every row.

    One part at least is an array of strings; a row in which one is null has no digest. `key` has 32 bytes at most.
    """
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.compute as pc  # noqa: PLC0415 (as above)

    texts, columns = [""], []  # what stands before, between and behind the columns
    for part in parts:
        if isinstance(part, str):
            texts[-1] += f"{len(part)}:{part}\x1f"
        else:
            columns.append(part)
            texts.append("\x1f")
    texts[-1] = texts[-1].removesuffix("\x1f")
    digests = _digests(key, *_messages([text.encode(errors="surrogatepass") for text in texts], columns))
    places = np.arange(0, digests.size + 1, HEX, dtype=np.int32)
    whole = pa.StringArray.from_buffers(len(columns[0]), pa.py_buffer(places), pa.py_buffer(digests))
    for column in columns:
        whole = pc.if_else(column.is_valid(), whole, None) if column.null_count else whole
    return whole


def first_bytes(digests: "pa.Array", count: int) -> "pa.Array":
    """Give the first so many bytes of digests (hex) as binaries of that size; null stays null."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    content, starts = texts_of(digests)
    out = np.zeros((len(digests), count), np.uint8)
    there = digests.is_valid()
    _unhex(content, starts, there.to_numpy(zero_copy_only=False), out)
    bits = there.buffers()[1] if digests.null_count else None
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(count), len(digests), [bits, pa.py_buffer(out)])


def ordered(digests: "pa.Array") -> Places:
    """Give the places of digests (hex, none null) in their order, without those that repeat an earlier one."""
    content, starts = texts_of(digests)
    numbers = np.empty((len(digests), 8), np.uint8)
    _unhex(content, starts, np.ones(len(digests), np.bool_), numbers)
    keys = numbers.view(">u8")[:, 0].astype(np.uint64)
    order: Places = np.argsort(keys)
    if (np.diff(keys[order]) != 0).all():
        return order
    whole = digests.to_numpy(zero_copy_only=False).astype(f"S{HEX}")  # equal digests, or a part of them equal
    order = np.argsort(whole, kind="stable")
    first: Places = order[np.append(True, whole[order][1:] != whole[order][:-1])]
    return first


def texts_of(column: "pa.Array") -> tuple[Bytes, Places]:
    """Give the bytes of a column of strings, and where each begins and the last ends; null has none."""
    _, offsets, content = column.buffers()
    if not len(column):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, np.int32)[column.offset :][: len(column) + 1].astype(np.int64)
    return np.frombuffer(content or b"", np.uint8)[starts[0] : starts[-1]], starts - starts[0]


def _messages(texts: list[bytes], columns: "list[pa.Array]") -> tuple[Bytes, Places]:
    """Join what stands in each row, its length in characters before it, between `texts`, one more than columns."""
    read = [texts_of(column) for column in columns]
    before = np.cumsum([0, *(len(content) for content, _ in read)])
    content = np.concatenate([content for content, _ in read])
    starts = np.stack([starts + first for (_, starts), first in zip(read, before[:-1], strict=True)])
    between = np.cumsum([0, *map(len, texts)])
    characters = np.empty((len(columns), starts.shape[1] - 1), np.int64)
    ends = np.zeros(starts.shape[1], np.int64)
    _measure(content, starts, between[-1], characters, ends)
    out = np.empty(ends[-1], np.uint8)
    _join(content, starts, np.frombuffer(b"".join(texts), np.uint8), between, characters, ends, out)
    return out, ends


def _digests(key: bytes, content: Bytes, starts: Places) -> Bytes:
    """Hash the texts of `content` that begin and end at `starts`, none of them empty, `HEX` letters each."""
    blocks = (np.diff(starts) - 1) // _BLOCK + 1
    told = _U(0x01010000 | len(key) << 8 | HEX // 2)  # how long key and digest are, no tree
    first = np.concatenate([_START[:1] ^ told, _START[1:]])[:, np.newaxis]
    if key:
        padded = np.frombuffer(key.ljust(_BLOCK, b"\0"), "<u4").astype(_U)[:, np.newaxis]
        _compress(first, padded, np.full(1, _BLOCK, _U), _U(0), np.empty((16, 1), _U), 1)
    out = np.empty(len(blocks) * HEX, np.uint8)
    order = np.argsort(blocks.astype(np.uint32), kind="stable")
    _hash_all(content, starts, order, blocks[order], first[:, 0], _BLOCK if key else 0, out)
    return out


_START = np.array([0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], _U)
"""The first 32 bits of the fractions of the square roots of the first eight primes."""

_ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ]
)
"""The words that each round takes in, in turns."""

_MIXED = np.array(
    [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
     [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]]
)  # fmt: skip
"""The words of the state that are mixed with one another: columns, then diagonals."""


@compiled
def _measure(content: Bytes, starts: Places, fixed: int, characters: Places, ends: Places) -> None:
    """Count the characters of each text [column, row], and where each row's message ends."""
    for row in range(characters.shape[1]):
        size = fixed
        for column in range(len(characters)):
            first, end = starts[column, row], starts[column, row + 1]
            count = 0
            for at in range(first, end):
                count += (content[at] & 0xC0) != 0x80
            characters[column, row] = count
            size += end - first + 2
            while count >= 10:
                count //= 10
                size += 1
        ends[row + 1] = ends[row] + size


@compiled
def _join(
    content: Bytes, starts: Places, texts: Bytes, between: Places, characters: Places, ends: Places, out: Bytes
) -> None:
    """Write each row's message: a text, a length, a colon, what it counts, and so on to the last text."""
    for row in range(characters.shape[1]):
        to = ends[row]
        for column in range(len(between) - 1):
            for at in range(between[column], between[column + 1]):
                out[to] = texts[at]
                to += 1
            if column == len(characters):
                break
            count, digit = characters[column, row], 1
            while count // digit >= 10:
                digit *= 10
            while digit:
                out[to] = 48 + count // digit % 10
                to += 1
                digit //= 10
            out[to] = 58
            to += 1
            for at in range(starts[column, row], starts[column, row + 1]):
                out[to] = content[at]
                to += 1


@compiled
def _unhex(content: Bytes, starts: Places, there: NDArray[np.bool_], out: Bytes) -> None:
    """Read the first letters of each text as bytes, two letters each."""
    for row in range(len(out)):
        for byte in range(out.shape[1] if there[row] else 0):
            high, low = content[starts[row] + 2 * byte], content[starts[row] + 2 * byte + 1]
            high, low = high - (48 if high < 58 else 87), low - (48 if low < 58 else 87)
            out[row, byte] = high * 16 + low


@compiled
def _rotated(word: np.uint32, by: int) -> np.uint32:
    """Rotate a word to the right; numba computes in 64 bits unless it is told each time that 32 are enough."""
    return _U(_U(word >> _U(by)) | _U(word << _U(32 - by)))


@compiled
def _compress(states: Words, words: Words, taken: Words, last: np.uint32, work: Words, lanes: int) -> None:
    """Take a block of each lane, `words` (16, …), into its state (8, …); `work` is (16, …).

    `taken` are the bytes of each lane's message that are in it then, those of a key among them; `last` is all ones for
    the last block, else 0.
    """
    for word in range(8):
        for i in range(lanes):
            work[word, i] = states[word, i]
            work[word + 8, i] = _START[word]
    for i in range(lanes):
        work[12, i] ^= taken[i]
        work[14, i] ^= last
    for turn in range(10):
        for step in range(8):
            a, b, c, d = _MIXED[step]
            x, y = _ORDER[turn, 2 * step], _ORDER[turn, 2 * step + 1]
            for i in range(lanes):
                p, q, r, s = work[a, i], work[b, i], work[c, i], work[d, i]
                p = _U(_U(p + q) + words[x, i])
                s = _rotated(_U(s ^ p), 16)
                r = _U(r + s)
                q = _rotated(_U(q ^ r), 12)
                p = _U(_U(p + q) + words[y, i])
                s = _rotated(_U(s ^ p), 8)
                r = _U(r + s)
                q = _rotated(_U(q ^ r), 7)
                work[a, i], work[b, i], work[c, i], work[d, i] = p, q, r, s
    for word in range(8):
        for i in range(lanes):
            states[word, i] ^= _U(work[word, i] ^ work[word + 8, i])


@compiled
def _fill(words: Words, lane: int, content: Bytes, start: int, size: int) -> None:
    """Lay the next bytes of a text into a lane, a block of them, or `size` with nothing behind them."""
    for word in range(16):
        at, value = start + word * 4, _U(0)
        if word * 4 + 4 <= size:
            value = _U(
                _U(content[at])
                | _U(_U(content[at + 1]) << _U(8))
                | _U(_U(content[at + 2]) << _U(16))
                | _U(_U(content[at + 3]) << _U(24))
            )
        else:
            for byte in range(min(4, size - word * 4)):
                value = _U(value | _U(_U(content[at + byte]) << _U(8 * byte)))
        words[word, lane] = value


@compiled
def _write(out: Bytes, at: int, states: Words, lane: int) -> None:
    """Write a lane's digest as `HEX` letters."""
    for letter in range(HEX):
        byte = _U(states[letter // 8, lane] >> _U(8 * (letter // 2 % 4)))
        digit = _U(byte >> _U(4 - 4 * (letter % 2))) & _U(15)
        out[at + letter] = digit + (_U(48) if digit < 10 else _U(87))


@compiled
def _hash_all(
    content: Bytes, starts: Places, order: Places, blocks: Places, first: Words, before: int, out: Bytes
) -> None:
    """Hash every text, in an order in which those of as many `blocks` follow one another.

    Each begins with the state `first`, into which `before` bytes were taken.
    """
    states, work = np.empty((8, _LANES), np.uint32), np.empty((16, _LANES), np.uint32)
    words, taken = np.empty((16, _LANES), np.uint32), np.empty(_LANES, np.uint32)
    at = 0
    while at < len(order):
        lanes = 1
        while at + lanes < len(order) and lanes < _LANES and blocks[at + lanes] == blocks[at]:
            lanes += 1
        for word in range(8):
            for lane in range(lanes):
                states[word, lane] = first[word]
        for block in range(blocks[at]):
            for lane in range(lanes):
                start, end = starts[order[at + lane]] + 64 * block, starts[order[at + lane] + 1]
                _fill(words, lane, content, start, end - start)
                taken[lane] = before + 64 * block + min(64, end - start)
            _compress(states, words, taken, _U(0xFFFFFFFF if block == blocks[at] - 1 else 0), work, lanes)
        for lane in range(lanes):
            _write(out, order[at + lane] * HEX, states, lane)
        at += lanes
