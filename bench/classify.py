"""Classifying: stored JPEGs to rows of the ledger, beside decoding alone and running the network alone, in one run.

On a CPU one thread decodes and runs the network in turn: where d files are decoded a second, and i run, none can do
better than 1 / (1/d + 1/i). With a GPU decoders work beside it, and none can do better than the slower of the two.
Rates are of CPU seconds on a CPU and of seconds on a GPU; a ratio is the median over rounds, in each of which
everything is measured, one after the other.
"""

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from domain.media import Kind
from domain.model import ModelVersion, Role, Serving
from infra.ledger import inferences, reports, schema, sealed
from infra.ledger.engine import migrate, upsert
from infra.ledger.inferences import Waiting
from infra.world import world
from models.inputs import fitted, normalised
from models.reference import efficientnet_lite0
from models.session import Session
from tasks.decoders import Decoders
from tasks.decoding import opened
from tasks.gpu_decoding import BATCH, Jpegs, by_gpu, gpu_jpegs
from tasks.inference import decoders_of
from tasks.looking import Look, Looked, looked
from tasks.media import decode_image
from tasks.reports.taking import hold
from tasks.seeing import Models
from tasks.simulating.scenes import draw_scene

SIZE = (1600, 1200)
PICTURES, COPIES = 12, 8
"""Pictures that are drawn, and files of each, which differ in a comment."""
ROUNDS = 5

Rounds = Sequence[dict[str, float]]
Work = Callable[[], object]


def run() -> None:
    """Print rates and ratios; everything is made in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BREAKWATER_DATA"] = folder
        world.cache_clear()
        migrate(world().ledger)
        _measure(Path(folder))
        world().ledger.dispose()
        world.cache_clear()


def _measure(folder: Path) -> None:
    folders = {role: efficientnet_lite0.build(folder / role, role) for role in efficientnet_lite0.ROLES}
    serving = [Serving(ModelVersion(f"{role}/efficientnet_lite0", 1, "e" * 64)) for role in folders]
    models = Models(serving, lambda model: folders[model.role])
    files = _stored(tuple(range(len(serving))))
    orders = [Look(each.blob, each.kind, models.plan(each.wanted).view) for each in files]
    began = time.perf_counter()
    session = Session(folders[Role.TAGGER], pixels=True)
    seconds = time.perf_counter() - began
    print(f"  the roles {' and '.join(folders)}, of one network, by {session.provider}")
    print(f"  a session from its folder                      {seconds:8.2f} s (target: under 3)")
    _beside_a_gpu(files, orders, models, session) if session.on_gpu else _on_one_core(
        files, orders, models, Session(folders[Role.TAGGER])
    )


def _stored(wanted: tuple[int, ...]) -> list[Waiting]:
    """Draw pictures with some grain, and store files of them."""
    held = []
    for seed in range(PICTURES):
        rng = np.random.default_rng(seed)
        grainy = np.asarray(draw_scene(rng, SIZE), np.int16) + rng.integers(-9, 10, (SIZE[1], SIZE[0], 1), np.int16)
        picture = Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))
        for copy in range(COPIES):
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=85, comment=f"{seed} {copy}")
            held.append(hold(world().blobs.store(io.BytesIO(out.getvalue()))))
    world().blobs.flush()
    with world().ledger.begin() as connection:
        upsert(connection, schema.blob, [reports._blob(each) for each in held])  # noqa: SLF001 (no report names them)
        sealed.record(connection, {each.blob: each.sealed for each in held if each.sealed})
    kilobytes = sum(each.digests.size for each in held) / len(held) / 1000
    print(f"\nclassify: {len(held)} JPEGs of {SIZE[0]}x{SIZE[1]}, {kilobytes:.0f} kB each, medians of {ROUNDS} rounds")
    return [Waiting(each.blob, Kind.IMAGE, wanted) for each in held]


def _on_one_core(files: Sequence[Waiting], orders: Sequence[Look], models: Models, bare: Session) -> None:
    """Compare all of it with its parts, on one thread; `bare` takes what the contract says."""
    seen = [(file, looked(order)) for file, order in zip(files, orders, strict=True)]
    batches = [normalised(each, bare.contract.input) for each in _batches(seen, bare)]
    outputs = ["probabilities", "embedding"]
    few = orders[: len(orders) // 4]
    rounds = _measured(len(files), time.process_time, {
        "decode": lambda: [looked(order) for order in orders],
        "whole": lambda: [_decoded_whole(order, bare) for order in few],
        "network": lambda: [bare._session.run(outputs, {"image": each}) for each in batches],  # noqa: SLF001 (onnxruntime)
        "models": lambda: models.see(seen),
        "all": lambda: _recorded(models, ((f, looked(order)) for f, order in zip(files, orders, strict=True))),
    })  # fmt: skip
    least = [1 / (1 / each["decode"] + 1 / each["network"]) for each in rounds]
    _tell("decoding alone, as small as is wanted", rounds, "decode")
    share = len(few) / len(orders)
    whole = _all(rounds, "whole", share)
    print(f"  … beside decoding whole                        {_ratio(rounds, 'decode', whole):8.2f} x")
    _tell("the network alone, bare onnxruntime, same batch", rounds, "network")
    print(f"  models on what is decoded, of bare onnxruntime {_ratio(rounds, 'models', _all(rounds, 'network')):8.2f}")
    _tell("stored JPEG to rows of the ledger", rounds, "all")
    print(f"  … of 1 / (1/decoding + 1/network)              {_ratio(rounds, 'all', least):8.2f} (target: 0.90)")
    print("  there is no GPU here: what is measured beside one is left out")


def _beside_a_gpu(files: Sequence[Waiting], orders: Sequence[Look], models: Models, session: Session) -> None:
    """Compare all of it with its parts, decoders beside a GPU; and the engine with bare onnxruntime, both bound."""
    decoders = Decoders(decoders_of(None))
    pairs = [(files[place], found) for place, found in decoders.looked(orders)]
    batches = _batches(pairs, session)
    outputs = ["probabilities", "embedding"]
    jpegs = gpu_jpegs()
    on_it = _on_the_gpu(jpegs, files, orders, models) if jpegs else {}
    rounds = _measured(len(files), time.perf_counter, {
        "decode": lambda: list(decoders.looked(orders)),
        "network": lambda: [session._bound(outputs, each) for each in batches],  # noqa: SLF001 (onnxruntime, bound)
        "models": lambda: models.see(pairs),
        "all": lambda: _recorded(models, ((files[place], found) for place, found in decoders.looked(orders))),
        **on_it,
    })  # fmt: skip
    decoders.close()
    slower = [min(each["decode"], each["network"]) for each in rounds]
    _tell(f"{decoders_of(None)} decoders alone", rounds, "decode")
    _tell("the network alone, bound, same batch", rounds, "network")
    of_bare = _ratio(rounds, "models", _all(rounds, "network"))
    print(f"  models on what is decoded, of the network      {of_bare:8.2f} (target: 0.95)")
    _tell("stored JPEG to rows of the ledger", rounds, "all")
    print(f"  … of the slower of the two                     {_ratio(rounds, 'all', slower):8.2f} (target: 0.90)")

    if on_it:
        _tell_of_the_gpu(rounds)
    else:
        print("  decoding on the GPU is left out: the extra gpu-decoding is not there, or decodes otherwise than we do")


def _on_the_gpu(jpegs: Jpegs, files: Sequence[Waiting], orders: Sequence[Look], models: Models) -> dict[str, Work]:
    """Name what is measured of decoding on a GPU: the library alone, on bytes at hand, with all of it, and to rows."""
    contents = [world().blobs.read(file.blob) for file in files]

    def seen() -> Iterable[tuple[int, Looked]]:
        return by_gpu(jpegs, orders, lambda refused: ((at, looked(order)) for at, order in enumerate(refused)))

    return {
        "nvjpeg": lambda: [
            list(jpegs.whole([jpegs.stream(each) for each in contents[start : start + BATCH]]))
            for start in range(0, len(contents), BATCH)
        ],
        "gpu decode": lambda: list(seen()),
        "gpu all": lambda: _recorded(models, ((files[place], found) for place, found in seen())),
    }


def _tell_of_the_gpu(rounds: Rounds) -> None:
    bare, decoders = (_ratio(rounds, "gpu decode", _all(rounds, of)) for of in ("nvjpeg", "decode"))
    slower = [min(each["gpu decode"], each["network"]) for each in rounds]
    _tell("nvJPEG alone, whole pictures, left on the GPU", rounds, "nvjpeg")
    _tell("decoding on the GPU, as small as is wanted", rounds, "gpu decode")
    print(f"  … of nvJPEG alone                              {bare:8.2f} (target: 0.90)")
    print(f"  … beside the decoders                          {decoders:8.2f} x")
    _tell("stored JPEG to rows, decoded on the GPU", rounds, "gpu all")
    print(f"  … of the slower of the two                     {_ratio(rounds, 'gpu all', slower):8.2f} (target: 0.90)")


def _recorded(models: Models, pairs: Iterable[tuple[Waiting, Looked]]) -> None:
    """Have models look at files, and write what they say."""
    outcomes = models.see(pairs)
    with world().ledger.begin() as connection:
        inferences.record_answers(connection, outcomes, datetime.now(UTC))


def _decoded_whole(order: Look, session: Session) -> object:
    """Decode a file at full size, and fit it as the network wants it."""
    with opened(order.blob) as content:
        return fitted(decode_image(content, 10**8), session.contract.input)


def _batches(pairs: Iterable[tuple[Waiting, Looked]], session: Session) -> list[Any]:
    """Make full runs of what was decoded."""
    pixels = np.stack([found[0].fitted[0] for _, found in pairs if isinstance(found, tuple)])
    size = session.contract.batch
    return [pixels[start : start + size] for start in range(0, len(pixels), size)]


def _measured(files: int, clock: Callable[[], float], works: dict[str, Work]) -> Rounds:
    """Give, for each round, how many files a second each work does."""
    for work in works.values():
        work()
    return [{name: _rate(work, files, clock) for name, work in works.items()} for _ in range(ROUNDS)]


def _rate(work: Work, files: int, clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return files / (clock() - began)


def _all(rounds: Rounds, name: str, share: float = 1.0) -> list[float]:
    """Give a work's rate in each round; `share` is how much of the files it did."""
    return [each[name] * share for each in rounds]


def _ratio(rounds: Rounds, name: str, of: Sequence[float]) -> float:
    return median(each[name] / other for each, other in zip(rounds, of, strict=True))


def _tell(what: str, rounds: Rounds, name: str) -> None:
    print(f"  {what:<47}{median(_all(rounds, name)):8.1f} files/s")
