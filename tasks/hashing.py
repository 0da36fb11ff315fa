"""Fingerprint files: exact digests for lookup, perceptual bits for near-duplicates."""

import functools
from collections.abc import Sequence
from itertools import chain
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from domain.counts import Counts
from domain.errors import Unreadable
from domain.media import Algorithm, BlobKey, Digester, Digests, Fingerprint, Fingerprints, Kind
from domain.report import FileFault
from domain.viewing import Action
from infra.cluster import fan_out
from infra.ledger import media
from infra.ledger.engine import reading
from infra.world import world
from tasks.decoding import bounds, opened
from tasks.frames import Frame, Sampling, sample
from tasks.media import RGB, crashed, decode_image
from tasks.staging import shown_progress, step

ORIENTATIONS = (
    "upright",
    "rotated_90",
    "rotated_180",
    "rotated_270",
    "mirrored",
    "flipped",
    "transposed",
    "transverse",
)
"""The dihedral group, rotations counter-clockwise, in the order of `domain.media.Fingerprint.bits`."""

_READ_BYTES = 1 << 20
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_STRIP = 512
_SIDE = 64
_KEPT = 16
_DCT = (
    np.sqrt(2 / _SIDE) * np.cos(np.pi / (2 * _SIDE) * np.outer(np.arange(1, _KEPT + 1), 2 * np.arange(_SIDE) + 1))
).astype(np.float32)


def digest(content: BinaryIO) -> Digests:
    """Digest a file in one read: MD5, SHA-1, SHA-256 and its size."""
    digester = Digester()
    while chunk := content.read(_READ_BYTES):
        digester.update(chunk)
    return digester.finish()


def pdq(rgb: RGB, seconds: float = 0.0) -> Fingerprint:
    """Compute the PDQ hash of a picture (H × W × 3, any size from 1 × 1) in all eight orientations.

    Source: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook, 2019), section 5.
    """
    rows, columns = (_decimation(length) for length in rgb.shape[:2])
    upright_rows, flipped_rows = np.split(_through_rows(rgb, np.concatenate([rows, rows[:, ::-1]])), 2)
    smalls = [half @ c.T for half in (upright_rows, flipped_rows) for c in (columns, columns[:, ::-1])]
    upright, mirrored, flipped, half_turned = (_DCT @ small @ _DCT.T for small in smalls)
    orientations = (upright, mirrored.T, half_turned, flipped.T, mirrored, flipped, upright.T, half_turned.T)
    return Fingerprint(b"".join(_bits(each) for each in orientations), _quality(smalls[0]), seconds)


def _through_rows(rgb: RGB, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give `weights` @ luma for a picture, strip by strip, so that its luma never stands in memory whole."""
    strips = range(0, rgb.shape[0], _STRIP)
    parts = (weights[:, at : at + _STRIP] @ (rgb[at : at + _STRIP].astype(np.float32) @ _LUMA) for at in strips)
    return functools.reduce(np.add, parts)


@functools.lru_cache(maxsize=16)
def _decimation(length: int) -> NDArray[np.float32]:
    """Give the 64 × `length` matrix of PDQ's two box filters and its decimation along one axis.

    A box filter is the moving average of `length` / 128 samples, rounded up, its windows cut at the ends. A row is
    the average of averages: steps up and down at the windows' ends, summed up.
    """
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    first = np.maximum(np.arange(length) - (window - ahead), 0)
    after = np.minimum(np.arange(length) + ahead, length)
    share = 1.0 / (after - first)
    steps = np.zeros((_SIDE, length + 1))
    for row, centre in enumerate(((np.arange(_SIDE) + 0.5) * length / _SIDE).astype(int)):
        inside = slice(first[centre], after[centre])
        np.add.at(steps[row], first[inside], share[centre] * share[inside])
        np.add.at(steps[row], after[inside], -share[centre] * share[inside])
    return np.ascontiguousarray(steps.cumsum(axis=1)[:, :-1].astype(np.float32))


def _quality(small: NDArray[np.float32]) -> int:
    """Sum up the gradients of the 64 × 64 picture, 0–100: featureless pictures are of low quality."""
    steps = (np.diff(small, axis=axis) * np.float32(100) / np.float32(255) for axis in (0, 1))
    return min(100, int(sum(int(np.abs(step.astype(int)).sum()) for step in steps) / 90))


def _bits(terms: NDArray[np.float32]) -> bytes:
    """Set the bits of the terms above the median; the first term is the last bit."""
    flat = terms.ravel()
    median = np.partition(flat, flat.size // 2 - 1)[flat.size // 2 - 1]
    return np.packbits((flat > median)[::-1]).tobytes()


def fingerprint(blob: BlobKey, kind: Kind, content: bytes, sampling: Sampling) -> Fingerprints:
    """Fingerprint one file: a picture once, a video once each `sampling.every` seconds.

    Raises:
        Unreadable: it cannot be decoded.
    """
    if kind is Kind.IMAGE:
        frames = iter([Frame(0.0, decode_image(content, sampling.max_pixels))])
    else:
        frames = sample(content, sampling)
    first = next(frames)
    height, width = first.rgb.shape[:2]
    hashes = tuple(pdq(frame.rgb, frame.seconds) for frame in chain((first,), frames))
    return Fingerprints(blob, hashes, width, height, hashes[-1].seconds)


def fingerprint_batch(files: Sequence[tuple[BlobKey, Kind]]) -> list[Fingerprints | tuple[BlobKey, FileFault]]:
    """Fingerprint the files named, one small outcome each. A Dask worker runs this."""
    outcomes: list[Fingerprints | tuple[BlobKey, FileFault]] = []
    for blob, kind in files:
        try:
            with opened(blob) as content:
                outcomes.append(fingerprint(blob, kind, content, bounds()))
        except Unreadable as unreadable:
            outcomes.append((blob, FileFault(unreadable.args[0])))
    return outcomes


@step
def fingerprint_files() -> Counts:
    """Fingerprint every stored picture and video that has no fingerprint yet."""
    flags = world().gate.flags(Action.OPEN)
    with reading(world().ledger) as connection:
        files = media.without_fingerprint(connection, Algorithm.PDQ, flags)
        counts = Counts(files_not_to_open=media.closed(connection, flags))
    with shown_progress("fingerprint"):
        for outcomes in fan_out(fingerprint_batch, files, batch=16, name="fingerprint", crashed=crashed):
            with world().ledger.begin() as connection:
                counts += media.record_fingerprints(connection, outcomes)
    return counts
