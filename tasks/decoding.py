"""Decoding within bounds: one file at a time, of bounded size and time, in a process that may die of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from domain.audit import Act
from domain.errors import Unreadable
from domain.media import BlobKey
from domain.report import FileFault
from infra.limits import at_most
from infra.world import world
from tasks.frames import Sampling


def bounds(*, films: bool = False) -> Sampling:
    """Give how much of a video is hashed, by the settings; or how much models look at of films."""
    settings = world().settings
    sampling = Sampling(
        seconds=settings.max_video_seconds, max_pixels=settings.max_pixels, max_frames=settings.max_frames
    )
    return replace(sampling, every=settings.film_every, frames=settings.film_frames) if films else sampling


def record_opening(stage: str, files: int) -> None:
    """Put on record, before the first is opened, that a stage opens so many files by itself."""
    if files:
        with world().ledger.begin() as connection:
            world().audit.append(connection, Act.FILES_OPENED, stage=stage, files=files)


@contextmanager
def opened(blob: BlobKey) -> Iterator[bytes]:
    """Have a file's bytes, to be decoded in the block; a worker that takes too long over it is ended.

    Raises:
        Unreadable: it is larger than may be decoded; no more of it was read.
    """
    with at_most(world().settings.max_decode_seconds):
        content, most = bytearray(), world().settings.max_media_bytes
        for piece in world().blobs.pieces(blob):
            content += piece
            if len(content) > most:
                raise Unreadable(FileFault.TOO_LARGE)
        yield bytes(content)
