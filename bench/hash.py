"""Fingerprints beside their peers, on one thread: the PDQ kernel, a JPEG to its hash, all of a file, every frame.

Each ratio is the median over rounds of the peer's CPU time by ours, the two measured one after the other. The peers
are a dependency group that nothing else needs: `.venv/bin/uv sync --frozen --inexact --group bench`. vpdq is built from
source, so it is not in the group: `apt install g++ cmake pkg-config libav{codec,device,filter,format,util}-dev
libsw{resample,scale}-dev`, then `.venv/bin/uv pip install vpdq==0.2.5`. What is not there is said and left out.
"""

import hashlib
import importlib.util
import io
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from domain.media import Fingerprint, Kind, Mode, hamming
from tasks.frames import Sampling
from tasks.hashing.fingerprints import digest, pictures
from tasks.hashing.pdq import hashed
from tasks.media import Picture

SIZES = ((640, 480), (1600, 1200), (4000, 3000))
SAMPLES = 5
"""Pictures of each size whose hashes are compared with the peer's."""

FRAMES = 90
Work = Callable[[], object]
HEADING = f"{'':>41} {'640x480':>18} {'1600x1200':>18} {'4000x3000':>18}"


def run() -> None:
    """Print a row for each comparison: our milliseconds of CPU and how many times as long the peer takes."""
    there = {name: importlib.util.find_spec(name) is not None for name in ("pdqhash", "threatexchange", "vpdq")}
    told = (f"{name} {version(name)}" if held else f"no {name}: left out" for name, held in there.items())
    print(
        f"\nhash: CPU ms of one thread, and x: the peer's by ours, median of ratios; {', '.join(told)}; {_processor()}"
    )
    if not (there["pdqhash"] and there["threatexchange"]):
        print("  the peers are not installed: .venv/bin/uv sync --frozen --inexact --group bench")
        return
    print(HEADING)
    with tempfile.TemporaryDirectory() as folder:
        rgb = {size: photograph(*size, seed=0) for size in SIZES}
        files = {size: written(Path(folder), pixels) for size, pixels in rgb.items()}
        print("bytes of the JPEG".ljust(41), *(f"{file.stat().st_size:>18,}" for file in files.values()))
        kernels(rgb)
        whole_files(files)
        everything(files)
        faithfulness(Path(folder))
        films(Path(folder), vpdq=there["vpdq"])


def kernels(rgb: dict[tuple[int, int], NDArray[np.uint8]]) -> None:
    """Compare pixels to hash: ours from luma, as decoders give it, the peer's from colours, which it takes."""
    import pdqhash  # noqa: PLC0415 (a peer, perhaps not there)

    greys = {size: np.asarray(Image.fromarray(pixels).convert("L")) for size, pixels in rgb.items()}
    for turned, name, peer in (
        (False, "PDQ kernel / pdqhash.compute", pdqhash.compute),
        (True, "8 orientations / compute_dihedral", pdqhash.compute_dihedral),
        (True, "8 orientations / pdqhash.compute", pdqhash.compute),
    ):
        row(name, [
            (partial(hashed, Picture(greys[size], *greys[size].shape), turned=turned), partial(peer, rgb[size]))
            for size in SIZES
        ])  # fmt: skip


def whole_files(files: dict[tuple[int, int], Path]) -> None:
    """Compare a JPEG file to its hash."""
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file  # noqa: PLC0415 (as above)

    for mode in (Mode.MATCH, Mode.TRIAGE, Mode.EXACT):
        row(f"JPEG to PDQ, {mode} / threatexchange", [
            (partial(ours, file, mode, turned=False), partial(pdq_from_file, file)) for file in files.values()
        ])  # fmt: skip


def everything(files: dict[tuple[int, int], Path]) -> None:
    """Compare all of a file in one read with a tool for each: MD5, SHA-256, PDQ, and the other orientations or not."""
    import pdqhash  # noqa: PLC0415 (as above)
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file  # noqa: PLC0415 (as above)

    def at_once(file: Path, mode: Mode) -> None:
        content = file.read_bytes()
        digest(io.BytesIO(content))
        fingerprints(content, mode, turned=True)

    def apart(file: Path, *, dihedral: bool) -> None:
        hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        hashlib.sha256(file.read_bytes()).hexdigest()
        pdq_from_file(file)
        if dihedral:
            pdqhash.compute_dihedral(np.asarray(Image.open(file).convert("RGB")))

    for mode in (Mode.MATCH, Mode.TRIAGE):
        for dihedral in (True, False):
            row(f"all + 8 turns, {mode} / sum{'' if dihedral else ' without turns'}", [
                (partial(at_once, file, mode), partial(apart, file, dihedral=dihedral)) for file in files.values()
            ])  # fmt: skip


def faithfulness(folder: Path) -> None:
    """Print how many bits our hashes of JPEGs are off the peer's."""
    from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file  # noqa: PLC0415 (as above)

    bits: dict[Mode, list[str]] = {mode: [] for mode in Mode}
    for width, height in SIZES:
        off: dict[Mode, list[int]] = {mode: [] for mode in Mode}
        for seed in range(1, SAMPLES + 1):
            file = written(folder, photograph(width, height, seed))
            peer = bytes.fromhex(pdq_from_file(file)[0])
            for mode in Mode:
                off[mode].append(hamming(ours(file, mode, turned=False).bits, peer))
        for mode in Mode:
            bits[mode].append(f"{median(off[mode]):.0f}, at most {max(off[mode])}")
    for mode, cells in bits.items():
        print(f"{f'bits off threatexchange, {mode}':<41}", *(f"{cell:>18}" for cell in cells))


def films(folder: Path, *, vpdq: bool) -> None:
    """Compare the hash of every frame, and its bits; without vpdq, with the same work in Python."""
    file = folder / "clip.mp4"
    file.write_bytes(clip())
    content, every = file.read_bytes(), Sampling(every=0, frames=10**6)

    def each_frame() -> list[Fingerprint]:
        seen = pictures(Kind.VIDEO, content, every, Mode.MATCH)
        return [hashed(picture, seconds, turned=False) for seconds, picture in seen]

    theirs = partial(frames_by_vpdq if vpdq else frames_by_pdqhash, file)
    ours_ms, ratio = measured(each_frame, theirs, rounds=5)
    off = [hamming(one.bits, other) for one, other in zip(each_frame(), theirs(), strict=True)]
    name = "vpdq" if vpdq else "PyAV + pdqhash, in place of vpdq"
    print(f"every frame, 1280x720 / {name}: {ours_ms / len(off):.2f} ms a frame, {ratio:.1f} x; "
          f"bits off: median {median(off):.0f}, at most {max(off)}")  # fmt: skip


def frames_by_vpdq(file: Path) -> list[bytes]:
    """Hash every frame as the published program does, on its own threads, all of whose CPU counts."""
    import vpdq  # noqa: PLC0415 (as above)

    return [bytes.fromhex(frame.hex) for frame in vpdq.computeHash(str(file), seconds_per_hash=0)]


def frames_by_pdqhash(file: Path) -> list[bytes]:
    """Hash every frame as a Python program would: PyAV's colours to pdqhash."""
    import pdqhash  # noqa: PLC0415 (as above)

    with av.open(str(file)) as film:
        return [
            np.packbits(pdqhash.compute(frame.to_ndarray(format="rgb24"))[0].astype(np.uint8)).tobytes()
            for frame in film.decode(video=0)
        ]


def ours(file: Path, mode: Mode, *, turned: bool) -> Fingerprint:
    """Hash a file as the product does."""
    return fingerprints(file.read_bytes(), mode, turned=turned)


def fingerprints(content: bytes, mode: Mode, *, turned: bool) -> Fingerprint:
    """Hash the first frame of a picture."""
    seconds, picture = next(pictures(Kind.IMAGE, content, Sampling(), mode))
    return hashed(picture, seconds, mode, turned=turned)


def row(name: str, pairs: list[tuple[Work, Work]]) -> None:
    """Measure a pair (ours, the peer's) for each size and print them."""
    cells = (measured(mine, theirs, rounds) for (mine, theirs), rounds in zip(pairs, (9, 5, 2), strict=True))
    print(f"{name:<41}", *(f"{f'{ms:.2f} ms {ratio:>6.1f} x':>18}" for ms, ratio in cells), flush=True)


def measured(mine: Work, theirs: Work, rounds: int) -> tuple[float, float]:
    """Give our median CPU milliseconds, and the median ratio of the peer's to ours, after one round to warm up."""
    mine(), theirs()
    own, ratios = [], []
    for _ in range(rounds):
        own.append(cpu_ms(mine))
        ratios.append(cpu_ms(theirs, 1) / own[-1])
    return median(own), median(ratios)


def cpu_ms(work: Work, repeats: int = 5) -> float:
    """Give the CPU milliseconds of one call, by a few."""
    began = time.process_time()
    for _ in range(repeats):
        work()
    return 1000 * (time.process_time() - began) / repeats


def photograph(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """Draw what compresses like a photograph: soft shapes of many sizes under a little noise."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3))
    for cells, weight in ((4, 90), (9, 60), (30, 30), (120, 12)):
        coarse = rng.integers(0, 255, (cells * 3 // 4 + 1, cells, 3), dtype=np.uint8)
        grown = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        pixels += weight / 192 * np.asarray(grown, np.float32)
    return np.clip(pixels + rng.normal(0, 4, pixels.shape), 0, 255).astype(np.uint8)


def written(folder: Path, pixels: NDArray[np.uint8]) -> Path:
    """Write a JPEG."""
    file = folder / f"{pixels.shape[1]}.jpg"
    Image.fromarray(pixels).save(file, quality=85)
    return file


def clip() -> bytes:
    """Film a pan over a photograph: three seconds of 30 frames, 1280 × 720, H.264."""
    wide = photograph(1280 + 4 * FRAMES, 720, seed=1)
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as writer:
        stream = writer.add_stream("h264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for place in range(FRAMES):
            pixels = np.ascontiguousarray(wide[:, 4 * place : 4 * place + 1280])
            writer.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        writer.mux(stream.encode())
    return out.getvalue()


def _processor() -> str:
    told = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
    return next((line.partition(": ")[2] for line in told.splitlines() if line.startswith("model name")), "")


if __name__ == "__main__":
    run()
