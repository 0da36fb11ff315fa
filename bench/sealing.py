"""Sealing at rest: gigabytes a second of one core, beside the bare cipher, and with the digests that storing takes."""

import io
import secrets
import time
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.media import Digester
from infra.sealing import CHUNK, Sealer, new_key, seal, unseal

SIZES = (100_000, 2_000_000, 64_000_000)
ROUNDS = 5


def speed(work: Callable[[], object], size: int) -> float:
    """Give the best GB of CPU second of a few rounds, after one to warm up."""
    work()
    repeats, best = max(1, 64_000_000 // size), 0.0
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(repeats):
            work()
        best = max(best, repeats * size / (time.process_time() - began) / 1e9)
    return best


def bare(key: bytes, content: bytes) -> None:
    """Encrypt chunk by chunk with the library alone."""
    cipher = AESGCM(key)
    for number, start in enumerate(range(0, len(content), CHUNK)):
        cipher.encrypt(number.to_bytes(12), content[start : start + CHUNK], None)


def sealed_piecewise(key: bytes, pieces: list[bytes]) -> None:
    """Seal a file as it comes, and let go of what is sealed, as an upload does."""
    sealer = Sealer(key)
    for piece in pieces:
        sealer.update(piece)
    sealer.finish()


def digested(content: bytes) -> None:
    """Digest as storing does: MD5, SHA-1 and SHA-256."""
    digester, pieces = Digester(), io.BytesIO(content)
    while piece := pieces.read(CHUNK):
        digester.update(piece)


def opened(key: bytes, pieces: list[bytes]) -> int:
    """Open a sealed file, and let go of what is in it."""
    return sum(map(len, unseal(key, pieces)))


def run() -> None:
    """Print a table of speeds and their ratio to the bare cipher."""
    print("sealing, GB/s of one core       seal   of bare    open   digests alone")
    for size in SIZES:
        key, content = new_key(), secrets.token_bytes(size)
        sealed = seal(key, content)
        plain, pieces = (
            [whole[start : start + CHUNK] for start in range(0, len(whole), CHUNK)] for whole in (content, sealed)
        )
        seals, bares = speed(partial(sealed_piecewise, key, plain), size), speed(partial(bare, key, content), size)
        opens, digests = speed(partial(opened, key, pieces), size), speed(partial(digested, content), size)
        print(f"  {size:>11,} bytes          {seals:6.2f}   {seals / bares:6.2f}   {opens:6.2f}   {digests:6.2f}")
