"""Fingerprints: seconds of CPU from a JPEG to its eight PDQ hashes, and where they go."""

import io
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from PIL import Image

from tasks.hashing import digest, pdq
from tasks.media import decode_image

SIZES = ((640, 480), (1600, 1200), (4000, 3000))
ROUNDS = 5


def picture(width: int, height: int) -> bytes:
    """Make a JPEG that compresses like a photograph: smooth shapes under noise."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 255, (height // 40, width // 40, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noisy = np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(noisy).save(content, "JPEG", quality=88)
    return content.getvalue()


def cpu_ms(work: Callable[[], object]) -> float:
    """Give the median CPU milliseconds of a few rounds, after one to warm up."""
    work()
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        rounds.append(1000 * (time.process_time() - began))
    return median(rounds)


def run() -> None:
    """Print milliseconds of CPU by size and step."""
    print("\nfingerprints: CPU ms a picture, one thread, median of 5")
    print(f"{'size':>12} {'decode':>8} {'PDQ x 8':>8} {'digests':>8} {'pictures/s':>11}")
    for width, height in SIZES:
        content = picture(width, height)
        rgb = decode_image(content, 10**9)
        steps = [
            cpu_ms(lambda content=content: decode_image(content, 10**9)),  # type: ignore[misc]
            cpu_ms(lambda rgb=rgb: pdq(rgb)),  # type: ignore[misc]
            cpu_ms(lambda content=content: digest(io.BytesIO(content))),  # type: ignore[misc]
        ]
        cells = " ".join(f"{step:>8.1f}" for step in steps)
        print(f"{f'{width}x{height}':>12} {cells} {1000 / sum(steps):>11.1f}")
