"""Keyed digests of whole columns: what `infra.keys.keyed_digest` makes, for many rows at once and without Python.

SHA-256 (FIPS 180-4) runs over many messages side by side, a lane each, which the compiler turns into the widest
instructions that the processor has. All that is compiled stands here, since numba looks for changes in one file alone.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.compiling import compiled

if TYPE_CHECKING:
    import pyarrow as pa

Words = NDArray[np.uint32]
"""Words of SHA-256; where there are two axes, [word, lane]."""

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

HEX = 64
"""Characters of a digest."""

_BLOCK = 64
"""Bytes that SHA-256 takes at once, and to which HMAC pads its key (RFC 2104)."""

_LANES = 128
"""Messages side by side: their words fit in the nearest cache, and a loop over them is worth its start."""

_U = np.uint32


def keyed_digests(key: bytes, *parts: "str | pa.Array") -> "pa.Array":
    """HMAC-SHA-256 (hex) of each row of `parts`, as `keyed_digest` makes it; a text stands for itself in every row.

    One part at least is an array of strings; a row in which one is null has no digest. `key` has 64 bytes at most.
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

    content, starts = _texts(digests)
    out = np.zeros((len(digests), count), np.uint8)
    there = digests.is_valid()
    _unhex(content, starts, there.to_numpy(zero_copy_only=False), out)
    bits = there.buffers()[1] if digests.null_count else None
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(count), len(digests), [bits, pa.py_buffer(out)])


def ordered(digests: "pa.Array") -> Places:
    """Give the places of digests (hex, none null) in their order, without those that repeat an earlier one."""
    content, starts = _texts(digests)
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


def _texts(column: "pa.Array") -> tuple[Bytes, Places]:
    """Give the bytes of a column of strings, and where each begins and the last ends; null has none."""
    _, offsets, content = column.buffers()
    if not len(column):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    starts = np.frombuffer(offsets, np.int32)[column.offset :][: len(column) + 1].astype(np.int64)
    return np.frombuffer(content or b"", np.uint8)[starts[0] : starts[-1]], starts - starts[0]


def _messages(texts: list[bytes], columns: "list[pa.Array]") -> tuple[Bytes, Places]:
    """Join what stands in each row, its length in characters before it, between `texts`, one more than columns."""
    read = [_texts(column) for column in columns]
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
    """Hash the texts of `content` that begin and end at `starts`, 64 characters each."""
    blocks = (np.diff(starts) + 8) // _BLOCK + 1
    padded = np.frombuffer(key.ljust(_BLOCK, b"\0"), ">u4").astype(_U)
    keys = np.stack([padded ^ _U(0x36363636), padded ^ _U(0x5C5C5C5C)], axis=1)
    states = np.repeat(_START[:, np.newaxis], 2, axis=1)
    _compress(states, keys, np.empty_like(states), _ROUNDS, 2)
    out = np.empty(len(blocks) * HEX, np.uint8)
    order = np.argsort(blocks.astype(np.uint32), kind="stable")
    _hash_all(content, starts, order, blocks[order], states, _ROUNDS, out)
    return out


def _fractions(root: float, count: int) -> Words:
    """First 32 bits of the fractions of a root of the first primes: the constants of FIPS 180-4."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))][:count]
    return np.array([int(prime**root % 1 * 2**32) for prime in primes], _U)


_ROUNDS = _fractions(1 / 3, 64)
_START = _fractions(1 / 2, 8)


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
def _compress(states: Words, words: Words, work: Words, rounds: Words, lanes: int) -> None:
    """Take a block of each lane into its state: `states` (8, …), `words` (16, …), which it uses up, `work` (8, …)."""
    for word in range(8):
        for i in range(lanes):
            work[word, i] = states[word, i]
    for t in range(64):
        new, near, middle, far = t & 15, (t + 1) & 15, (t + 9) & 15, (t + 14) & 15
        for i in range(lanes if t >= 16 else 0):
            x, y = words[near, i], words[far, i]
            x = _U(_U(_rotated(x, 7) ^ _rotated(x, 18)) ^ _U(x >> _U(3)))
            y = _U(_U(_rotated(y, 17) ^ _rotated(y, 19)) ^ _U(y >> _U(10)))
            words[new, i] = _U(_U(_U(words[new, i] + x) + words[middle, i]) + y)
        a, b, c, d = -t & 7, (1 - t) & 7, (2 - t) & 7, (3 - t) & 7
        e, f, g, h = (4 - t) & 7, (5 - t) & 7, (6 - t) & 7, (7 - t) & 7
        for i in range(lanes):
            x, y, z = work[e, i], work[f, i], work[g, i]
            chosen = _U(z ^ _U(x & _U(y ^ z)))
            mixed = _U(_U(_rotated(x, 6) ^ _rotated(x, 11)) ^ _rotated(x, 25))
            first = _U(_U(_U(_U(work[h, i] + rounds[t]) + words[new, i]) + chosen) + mixed)
            x, y, z = work[a, i], work[b, i], work[c, i]
            most = _U(_U(x & _U(y | z)) | _U(y & z))
            mixed = _U(_U(_rotated(x, 2) ^ _rotated(x, 13)) ^ _rotated(x, 22))
            work[d, i] = _U(work[d, i] + first)
            work[h, i] = _U(_U(first + most) + mixed)
    for word in range(8):
        for i in range(lanes):
            states[word, i] = _U(states[word, i] + work[word, i])


@compiled
def _fill(words: Words, lane: int, content: Bytes, start: int, size: int, block: int) -> None:
    """Lay a block of a text of `size` bytes from `start` into a lane; behind the text stand a bit and its length."""
    for word in range(16):
        at = block * 64 + word * 4
        value = _U(0)
        if at + 4 <= size:
            for place in range(start + at, start + at + 4):
                value = _U(_U(value << _U(8)) | content[place])
        else:
            for byte in range(at, at + 4):
                told = content[start + byte] if byte < size else (128 if byte == size else 0)
                value = _U(_U(value << _U(8)) | _U(told))
        words[word, lane] = value
    if block == (size + 8) // 64:
        words[15, lane] = _U((64 + size) * 8)


@compiled
def _write(out: Bytes, at: int, states: Words, lane: int) -> None:
    """Write a lane's digest as 64 letters."""
    for word in range(8):
        value = states[word, lane]
        for letter in range(8):
            digit = _U(value >> _U(28 - 4 * letter)) & _U(15)
            out[at + word * 8 + letter] = digit + (_U(48) if digit < 10 else _U(87))


@compiled
def _begin(states: Words, keys: Words, which: int, lanes: int) -> None:
    """Begin each lane with the key's own block taken in: the inner one (0) or the outer one (1)."""
    for word in range(8):
        for lane in range(lanes):
            states[word, lane] = keys[word, which]


@compiled
def _fill_again(words: Words, states: Words, lanes: int) -> None:
    """Lay the inner digests into the lanes, with a bit and their length behind them."""
    for word in range(8):
        for lane in range(lanes):
            words[word, lane] = states[word, lane]
            words[word + 8, lane] = _U(0)
    for lane in range(lanes):
        words[8, lane], words[15, lane] = _U(1 << 31), _U(96 * 8)


@compiled
def _hash_all(
    content: Bytes, starts: Places, order: Places, blocks: Places, keys: Words, rounds: Words, out: Bytes
) -> None:
    """Hash every text, in an order in which those of as many `blocks` follow one another; `keys` are [word, 2]."""
    states, work = np.empty((8, _LANES), np.uint32), np.empty((8, _LANES), np.uint32)
    words = np.empty((16, _LANES), np.uint32)
    at = 0
    while at < len(order):
        lanes = 1
        while at + lanes < len(order) and lanes < _LANES and blocks[at + lanes] == blocks[at]:
            lanes += 1
        _begin(states, keys, 0, lanes)
        for block in range(blocks[at]):
            for lane in range(lanes):
                row = order[at + lane]
                _fill(words, lane, content, starts[row], starts[row + 1] - starts[row], block)
            _compress(states, words, work, rounds, lanes)
        _fill_again(words, states, lanes)
        _begin(states, keys, 1, lanes)
        _compress(states, words, work, rounds, lanes)
        for lane in range(lanes):
            _write(out, order[at + lane] * 64, states, lane)
        at += lanes
