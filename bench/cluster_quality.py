"""Quality of clusters beside the truth: copies after every edit; scenes and faces over a sweep of their threshold.

Copies and scenes are drawn pictures, and photographs of things that installed packages ship; faces are those of the two
portraits of adults that packages ship, edited: nothing general can be told of two persons.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance
from scipy.cluster.hierarchy import fcluster, linkage

from bench.portraits import EDITS, PORTRAITS, photograph
from domain.cluster import components
from domain.match import VIDEO_SHARE
from domain.media import Algorithm, Fingerprint, Kind
from domain.model import Role
from models.contract import DetectorContract, FaceEmbedderContract, SceneEmbedderContract
from models.evaluation.grouping import b_cubed, pairwise
from models.inputs import RGB, fitted, normalised
from models.reference import centerface, dlib_resnet, efficientnet_lite0
from models.runners.detector import faces
from models.runners.embedder import Vectors, aligned, unit
from models.session import Session
from tasks.clustering.copies import copy_edges
from tasks.frames import Sampling
from tasks.hashing.fingerprints import fingerprint
from tasks.pairing import compared
from tasks.simulating.chance import chance
from tasks.simulating.clips import VIDEO_EDITS, choose_encoding, encode_clip, film
from tasks.simulating.edits import IMAGE_EDITS, ORIGINAL, edit_picture, encode_picture
from tasks.simulating.evaluation import COPY_EDITS
from tasks.simulating.figures import draw_figure
from tasks.simulating.photographs import PHOTOGRAPHS, read_photograph
from tasks.simulating.scenes import draw_scene

DRAWN = 60
"""Scenes, and as many figures, that are drawn; the photographs come on top."""

SHOTS, WINDOW = 4, (0.6, 0.9)
"""Shots of each place, and how much of each side they show."""

CLIPS = 12
SWEEP = (0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.98)

_WHOLE = Sampling(seconds=60, max_pixels=10**8, max_frames=100)

Named = Mapping[tuple[str, str], Vectors]
Groups = Sequence[tuple[object, object]]


def run() -> None:
    """Print precision and recall; everything is made in a folder that goes away."""
    began = time.process_time()
    pictures = dict(_pictures())
    _copies(pictures)
    _films()
    with tempfile.TemporaryDirectory() as folder:
        _scenes(pictures, Path(folder))
        _faces(Path(folder))
    print(f"  {time.process_time() - began:.0f} s of CPU")


def _pictures() -> Iterator[tuple[str, Image.Image]]:
    for number in range(DRAWN):
        yield f"scene {number}", draw_scene(chance(7, "scene", number))
        yield f"figure {number}", draw_figure(chance(7, "figure", number))
    for one in PHOTOGRAPHS:
        yield f"photograph {one.name}", read_photograph(one)


def _copies(pictures: Mapping[str, Image.Image]) -> None:
    """Edit every picture in every way, and cluster all of it."""
    frames = []
    for name, picture in pictures.items():
        for edit in (ORIGINAL, *IMAGE_EDITS):
            content, _ = encode_picture(edit_picture(picture, edit, chance(7, name, edit)), chance(7, name, edit, "as"))
            prints = fingerprint(f"{name}/{edit}", Kind.IMAGE, content, _WHOLE).frames
            frames += [(f"{name}/{edit}", Kind.IMAGE, each.bits) for each in prints if each.matchable]
    cluster = {member: group[0] for group in components(copy_edges(frames)) for member in group}
    of = {f"{name}/{edit}": name for name in pictures for edit in (ORIGINAL, *IMAGE_EDITS)}
    print(f"\ncopies: {len(pictures)} pictures, each as it is and after {len(IMAGE_EDITS)} edits")
    kept = [(of[file], cluster.get(file, file)) for file in of if file.rpartition("/")[2] in COPY_EDITS]
    _tell(f"after {', '.join(COPY_EDITS[1:-1])}", kept)
    for edit in IMAGE_EDITS:
        found = [cluster.get(f"{name}/{edit}", "") == cluster.get(f"{name}/{ORIGINAL}") for name in pictures]
        print(f"  {f'with its original after {edit}':<52}{np.mean(found):7.1%}")


def _films() -> None:
    """Write clips anew in every way, and compare every one with every other."""
    versions: dict[tuple[int, str], dict[str, list[Fingerprint]]] = {}
    for number in range(CLIPS):
        frames = film(chance(7, "clip", number))
        for edit in (ORIGINAL, *VIDEO_EDITS):
            content = encode_clip(frames, choose_encoding(edit, chance(7, "clip", number, edit)))
            found = versions.setdefault((number, edit), {})
            for each in fingerprint("clip", Kind.VIDEO, content, _WHOLE).frames:
                if each.matchable and each.algorithm is not Algorithm.PDQ_FILM:
                    found.setdefault(each.algorithm, []).append(each)
    edges = []
    for (one, first), (other, second) in combinations(versions.items(), 2):
        match = compared(first, second)
        if match and min(match.query_share, match.reference_share) >= VIDEO_SHARE:
            edges.append((f"{one}", f"{other}"))
    group = {member: members[0] for members in components(edges) for member in members}
    print(f"  {CLIPS} clips, each as it is and after {', '.join(VIDEO_EDITS)}")
    _tell("… copies", [(str(name[0]), group.get(f"{name}", f"{name}")) for name in versions])


def _scenes(pictures: Mapping[str, Image.Image], folder: Path) -> None:
    """Take several shots of every place, and cluster their vectors at each threshold."""
    session = Session(efficientnet_lite0.build(folder / "scene", Role.SCENE_EMBEDDER))
    assert isinstance(session.contract, SceneEmbedderContract)
    shots = {
        (name, number): np.asarray(_shot(picture, chance(7, name, "shot", number)))
        for name, picture in pictures.items()
        for number in range(SHOTS)
    }
    print(f"\nscenes: {len(pictures)} places, {SHOTS} shots of each, {efficientnet_lite0.NAME}")
    _sweep([name for name, _ in shots], _embedded(list(shots.values()), session))
    whole, least = _embedded([np.asarray(each) for each in pictures.values()], session), session.contract.alike
    for edit in ("crop", "tilt", "caption"):
        edited = [edit_picture(picture, edit, chance(7, name, edit)) for name, picture in pictures.items()]
        near = (whole * _embedded([np.asarray(each) for each in edited], session)).sum(axis=1) >= least
        print(f"  {f'as near as {least} to the original after {edit}':<52}{near.mean():7.1%}")


def _shot(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut a window out of a picture, and light it otherwise."""
    width, height = (round(rng.uniform(*WINDOW) * length) for length in picture.size)
    left, top = int(rng.integers(picture.width - width + 1)), int(rng.integers(picture.height - height + 1))
    window = picture.crop((left, top, left + width, top + height))
    return ImageEnhance.Brightness(window).enhance(rng.uniform(0.7, 1.3))


def _faces(folder: Path) -> None:
    """Cut the face out of every edit of every portrait, and cluster their vectors at each threshold."""
    detector, session = Session(centerface.build(folder / "faces")), Session(dlib_resnet.build(folder / "face"))
    assert isinstance(detector.contract, DetectorContract)
    assert isinstance(session.contract, FaceEmbedderContract)
    told, of, chips = detector.contract.input, list[str](), list[RGB]()
    for name, file in PORTRAITS.items():
        for change in EDITS.values():
            rgb = np.asarray(change(photograph(file)))
            answers = detector.run(normalised(fitted(rgb, told)[np.newaxis], told))
            for face in faces(answers, [(0.0, rgb)], detector.contract):
                if face.landmarks is not None:
                    of.append(name)
                    chips.append(aligned(rgb, face.landmarks, session.contract))
    print(f"\nfaces: {len(chips)} of {len(PORTRAITS)} adults, {dlib_resnet.NAME}")
    _sweep(of, unit(session.run(normalised(np.stack(chips), session.contract.input))["embedding"]))


def _embedded(pictures: Sequence[RGB], session: Session) -> Vectors:
    told, size = session.contract.input, session.contract.batch
    fit = [fitted(each, told) for each in pictures]
    batches = (np.stack(fit[start : start + size]) for start in range(0, len(fit), size))
    return np.concatenate([unit(session.run(normalised(each, told))["embedding"]) for each in batches])


def _sweep(of: Sequence[str], vectors: Vectors) -> None:
    """Group by average linkage at each threshold, by SciPy's: the tests hold ours to it."""
    tree = linkage(vectors.astype(np.float64), "average", metric="cosine")
    for least in SWEEP:
        put = map(str, fcluster(tree, 1 - least, "distance").tolist())
        _tell(f"at {least:.2f}", list(zip(of, put, strict=True)))


def _tell(what: str, groups: Sequence[tuple[str, str]]) -> None:
    both = (("pairs", pairwise(groups)), ("B-cubed", b_cubed(groups)))
    shares = (f"{metric} {_share(told.precision)} {_share(told.recall)}" for metric, told in both)
    print(f"  {what:<52}precision and recall: {', '.join(shares)}")


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"
