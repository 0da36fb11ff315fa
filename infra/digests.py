"""Keyed digests of whole columns: what `infra.keys.keyed_digest` makes, for many rows at once and without Python.

SHA-256 (FIPS 180-4) runs over many messages side by side, a lane each, which the compiler turns into the widest
instructions that the processor has. All that is compiled stands here, since numba looks for changes in one file alone.
"""

from typing import TYPE_CHECKING, Any

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

    told: list[Any] = [""]  # texts stand between the columns, joined as far as they follow one another
    for part in parts:
        if isinstance(part, str):
            told[-1] += f"{len(part)}:{part}\x1f"
        else:
            told += [pc.utf8_length(part).cast(pa.string()), ":", part, "\x1f"]
    told[-1] = told[-1].removesuffix("\x1f")
    messages = pc.binary_join_element_wise(*told, "")
    _, offsets, content = messages.buffers()
    starts = np.frombuffer(offsets, np.int32)[messages.offset :][: len(messages) + 1].astype(np.int64)
    digests = _digests(key, np.frombuffer(content or b"", np.uint8), starts)
    ends = np.arange(0, digests.size + 1, HEX, dtype=np.int32)
    whole = pa.StringArray.from_buffers(len(messages), pa.py_buffer(ends), pa.py_buffer(digests))
    return pc.if_else(messages.is_valid(), whole, None) if messages.null_count else whole


def ordered(digests: "pa.Array") -> "pa.Array":
    """Give the places of digests (hex, none null) in their order; equal ones follow one another as they came."""
    import pyarrow as pa  # noqa: PLC0415 (as above)

    _, _, content = digests.buffers()
    numbers = np.empty(len(digests), np.uint64)
    _read(np.frombuffer(content or b"", np.uint8)[digests.offset * HEX :], numbers)
    order = np.argsort(numbers, kind="stable")
    if (np.diff(numbers[order]) == 0).any():  # equal digests, or half of them equal
        return pa.array(np.argsort(digests.to_numpy(zero_copy_only=False), kind="stable"))
    return pa.array(order)


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
def _read(digests: Bytes, numbers: NDArray[np.uint64]) -> None:
    """Read the first 16 letters of each digest as a number."""
    for row in range(len(numbers)):
        number = np.uint64(0)
        for place in range(row * 64, row * 64 + 16):
            letter = digests[place]
            number = number << np.uint64(4) | np.uint64(letter - (48 if letter < 58 else 87))
        numbers[row] = number


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
