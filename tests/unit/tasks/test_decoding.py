"""Files are decoded within bounds of bytes and frames; one that is over costs itself alone."""

from io import BytesIO

import pytest
from films import film

from domain.errors import Unreadable
from domain.media import Kind
from domain.report import FileFault
from infra.ledger import reports, schema, sealed
from infra.ledger.engine import upsert
from infra.world import world
from tasks.decoding import bounds, opened
from tasks.frames import Sampling, sample
from tasks.hashing.files import fingerprint_batch
from tasks.reports.taking import hold


def stored(content):
    one = hold(world().blobs.store(BytesIO(content)))
    world().blobs.flush()
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, [reports._blob(one)])
        sealed.record(connection, {one.blob: one.sealed} if one.sealed else {})
    return one.blob


def test_a_file_that_is_larger_than_may_be_decoded_is_not_read_whole(data, monkeypatch):
    monkeypatch.setenv("BREAKWATER_MAX_MEDIA_BYTES", "2000")
    world.cache_clear()
    small, large = stored(bytes(2000)), stored(bytes(2001))
    with opened(small) as content:
        assert content == bytes(2000)
    with pytest.raises(Unreadable) as refused, opened(large):
        pass
    assert refused.value.args == (FileFault.TOO_LARGE,)
    assert fingerprint_batch([(large, Kind.IMAGE), (small, Kind.IMAGE)]) == [
        (large, FileFault.TOO_LARGE), (small, FileFault.UNDECODABLE),
    ]  # fmt: skip


def test_of_a_film_only_so_many_frames_are_decoded():
    whole = film(moments=range(30))
    seconds = [[frame.seconds for frame in sample(whole, Sampling(every=0.001, max_frames=most))] for most in (5, 99)]
    assert len(seconds[0]) == 5
    assert seconds[0] == seconds[1][:5]
    assert len(seconds[1]) == 30


def test_the_bounds_are_those_of_the_settings(data, monkeypatch):
    for name, value in {"MAX_FRAMES": "7", "MAX_PIXELS": "8", "MAX_VIDEO_SECONDS": "9"}.items():
        monkeypatch.setenv(f"BREAKWATER_{name}", value)
    world.cache_clear()
    assert (bounds().max_frames, bounds().max_pixels, bounds().seconds) == (7, 8, 9)
