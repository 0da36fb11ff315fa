"""Decoders: what comes from other processes is what is decoded here; one that dies costs its file, and no more."""

import io
import os
import signal
import subprocess
import sys
import time
from multiprocessing import Pipe

import numpy as np
import pytest
from films import film
from looks import VIEW, stored
from PIL import Image

from domain.media import Kind
from domain.report import FileFault
from infra.failures import of_the_world
from infra.world import world
from tasks.decoders import Decoder, Decoders, receive, send
from tasks.inference import decoders_of
from tasks.looking import Look, Sight, looked


@pytest.fixture
def store(data, monkeypatch):
    """Store files, with a bound of three seconds on decoding one."""
    monkeypatch.setenv("BREAKWATER_MAX_DECODE_SECONDS", "3")
    world.cache_clear()
    return stored


@pytest.fixture
def decoders():
    two = Decoders(2)
    yield two
    two.close()


def picture(seed):
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (60, 90, 3), np.uint8)).save(out, "JPEG")
    return out.getvalue()


def same(one, other):
    """Say whether two looks at a file saw the same."""
    if isinstance(one, FileFault) or isinstance(other, FileFault):
        return one is other
    return len(one) == len(other) and all(
        mine.seconds == theirs.seconds
        and all(map(np.array_equal, (*mine.fitted, *mine.kept), (*theirs.fitted, *theirs.kept)))
        for mine, theirs in zip(one, other, strict=True)
    )


def endless():
    """Make a film that takes far longer than three seconds to decode."""
    return film("mpegts", "mpeg2video", moments=range(50), size=(1280, 720), shade=lambda _: 99) * 400


def test_what_decoders_send_is_what_is_seen_here_file_by_file(store, decoders):
    orders = [store(picture(seed)) for seed in range(7)] + [store(b"broken"), store(film(), Kind.VIDEO)]
    found = dict(decoders.looked(orders))
    assert sorted(found) == list(range(9))
    assert all(same(found[place], looked(order)) for place, order in enumerate(orders))
    assert found[7] is FileFault.UNDECODABLE
    assert len(found[8]) == 2
    assert list(decoders.looked([])) == []


def test_a_decoder_that_takes_too_long_costs_its_file_alone(store, decoders):
    orders = [store(picture(seed)) for seed in range(6)]
    orders[2:2] = [store(endless(), Kind.VIDEO)]
    found = dict(decoders.looked(orders))
    assert found.pop(2) is FileFault.DECODER_CRASHED
    assert all(same(seen, looked(orders[place])) for place, seen in found.items())
    assert sorted(found) == [0, 1, 3, 4, 5, 6]
    assert len(dict(decoders.looked(orders[:2]))) == 2


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_decoder_that_is_killed_costs_the_file_that_it_was_on(store, how):
    decoder = Decoder()
    decoder.hand(5, store(endless(), Kind.VIDEO))
    decoder.hand(6, store(picture(1)))
    os.kill(decoder.process.pid, how)
    assert decoder.answer() == (5, FileFault.DECODER_CRASHED)
    assert decoder.pipe.closed
    assert [place for place, _ in decoder.orders] == [6]


def test_a_failure_of_the_world_blames_no_file_and_is_tried_again(store, decoders):
    good = store(picture(1))
    with pytest.raises(ChildProcessError) as failed:
        list(decoders.looked([Look("0" * 64, Kind.IMAGE, VIEW)]))
    assert of_the_world(failed.value)
    assert len(list(decoders.looked([good]))) == 1


def test_a_decoder_that_is_told_to_end_blames_no_file(store):
    decoder = Decoder()
    decoder.hand(0, store(endless(), Kind.VIDEO))
    decoder.process.terminate()
    with pytest.raises(ChildProcessError):
        decoder.answer()


def test_a_decoder_ends_when_nobody_asks_it_any_more(store):
    decoder = Decoder()
    decoder.hand(0, store(picture(1)))
    decoder.answer()
    decoder.pipe.close()
    assert decoder.process.wait(timeout=30) == 0


def test_who_stops_listening_is_not_waited_for_with_all_that_is_left(store, decoders):
    orders = [store(picture(seed)) for seed in range(40)]
    some = decoders.looked(orders)
    next(some)
    some.close()
    assert all(not each.orders for each in decoders._every)
    assert len(list(decoders.looked(orders[:3]))) == 3


def test_pixels_cross_a_pipe_unchanged():
    rng = np.random.default_rng(1)
    parts = [rng.integers(0, 256, (height, 5, 3), np.uint8) for height in (1, 4, 9)]
    ours, theirs = Pipe()
    for found in ((Sight(0.5, (parts[0], parts[1]), (parts[2],)), Sight(1.5, (), ())), (), FileFault.TOO_LARGE):
        send(ours, found)
        assert same(receive(theirs), found)


def test_a_decoder_loads_no_network_and_no_scheduler():
    asked = (
        "import sys, tasks.decoders; print([m for m in ('onnxruntime', 'distributed', 'prefect') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert told.stdout == b"[]\n"


def test_the_settings_say_how_many_decoders_a_worker_has():
    assert [decoders_of(told) for told in (0, 3)] == [0, 3]
    assert decoders_of(None) >= 0


def test_decoders_work_while_the_answers_wait(store):
    orders = [store(picture(seed)) for seed in range(8)]
    three = Decoders(3)
    found = []
    for one in three.looked(orders):
        found.append(one)
        time.sleep(0.05)
    three.close()
    assert sorted(place for place, _ in found) == list(range(8))
