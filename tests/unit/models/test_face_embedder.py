"""Faces are cut out upright: the eyes come to stand where the network was taught them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from domain.model import Face, Role
from models.contract import Embedding, FaceEmbedderContract
from models.inputs import Input
from models.runners.detector import Found
from models.runners.embedder import aligned, embeddable, rows, similarity, warped

EYES = ((30.0, 40.0), (70.0, 40.0))
FIVE = (*EYES, (50.0, 60.0), (35.0, 80.0), (65.0, 80.0))


def contract(align=EYES):
    return FaceEmbedderContract(
        role=Role.FACE_EMBEDDER, name="drawn", licence="CC0-1.0", data="none", outputs=Embedding(embedding="embedding"),
        input=Input(name="image", layout="NCHW", height=110, width=100, colour="RGB", dtype="float32",
                    mean=(0, 0, 0), std=(1, 1, 1), resize="stretch"),
        align=align, least_pixels=32,
    )  # fmt: skip


def complexes(points):
    return np.asarray(points) @ np.array([1, 1j])


coordinate = st.floats(-500, 500).map(lambda x: round(x, 2))
points = st.lists(st.tuples(coordinate, coordinate), min_size=5, max_size=5).filter(
    lambda p: np.ptp(p, axis=0).max() > 1
)


@given(points, points)
def test_the_similarity_is_what_least_squares_finds(before, after):
    """The oracle solves for a, b, c, d in x' = a x - b y + c and y' = b x + a y + d as any linear system."""
    system = [row for x, y in before for row in ([x, -y, 1, 0], [y, x, 0, 1])]
    (a, b, c, d), *_ = np.linalg.lstsq(np.array(system), np.array(after).ravel(), rcond=None)
    turn, shift = similarity(np.array(before), np.array(after))
    assert turn == pytest.approx(complex(a, b), abs=1e-6, rel=1e-6)
    assert shift == pytest.approx(complex(c, d), abs=1e-3, rel=1e-6)


@given(points, points)
def test_the_similarity_is_umeyamas_but_for_mirroring(before, after):
    """The oracle is the published solution by singular values, where it needs no reflection."""
    source, target = np.array(before), np.array(after)
    around, aim = source - source.mean(0), target - target.mean(0)
    u, values, v = np.linalg.svd(aim.T @ around)
    signs = np.array([1, np.sign(np.linalg.det(u @ v))])
    scale = (values * signs).sum() / (around**2).sum()
    turned = scale * u @ np.diag(signs) @ v
    turn, _ = similarity(source, target)
    assert abs(turn) == pytest.approx(abs(scale), abs=1e-6, rel=1e-6)
    if abs(scale) > 1e-6 and values[1] > 1e-6:
        assert turn == pytest.approx(complex(turned[0, 0], turned[1, 0]), abs=1e-5, rel=1e-5)


def test_points_that_coincide_are_moved_and_neither_turned_nor_scaled():
    turn, shift = similarity(np.full((2, 2), 5.0), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (turn, shift) == (1, complex(2 - 5, 3 - 5))


def dotted(size, places):
    drawing = Image.new("RGB", size, (0, 0, 0))
    pen = ImageDraw.Draw(drawing)
    across = max(size) // 40
    for (x, y), colour in zip(
        places, ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)), strict=False
    ):
        pen.ellipse((x - across, y - across, x + across, y + across), fill=colour)
    return np.asarray(drawing)


def middle_of(channel):
    down, along = np.nonzero(channel > 100)
    return (along.mean() + 0.5, down.mean() + 0.5)


@pytest.mark.parametrize("scale", [0.7, 1.6, 3.3, 8.0])
@pytest.mark.parametrize("degrees", [0, 17, -40])
@pytest.mark.parametrize("align", [EYES, FIVE])
def test_eyes_come_to_stand_where_the_contract_wants_them_however_the_head_is_turned(align, degrees, scale):
    turn = scale * np.exp(1j * np.radians(degrees))
    z = complexes(FIVE) * turn
    z += complex(60, 50) - complex(z.real.min(), z.imag.min())
    size = (round(z.real.max() + 60), round(z.imag.max() + 60))
    places = np.stack([z.real, z.imag], 1)
    picture = dotted(size, places[:2])
    cut = aligned(picture, (places / size).astype(np.float32), contract(align))
    assert cut.shape == (110, 100, 3)
    assert middle_of(cut[..., 0]) == pytest.approx(EYES[0], abs=1)
    assert middle_of(cut[..., 1]) == pytest.approx(EYES[1], abs=1)


def test_a_part_that_stays_as_it_is_is_the_part_itself():
    picture = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    assert (warped(picture, 1 + 0j, 20 + 10j, (30, 25)) == picture[10:35, 20:50]).all()


def test_what_is_made_much_smaller_is_averaged_not_sampled():
    stripes = np.zeros((800, 800, 3), np.uint8)
    stripes[:, ::2] = 200
    small = warped(stripes, 8 + 0j, 0j, (100, 100))
    assert np.ptp(small[2:-2, 2:-2]) <= 2
    assert small.mean() == pytest.approx(100, abs=2)


def test_beyond_the_picture_it_is_black():
    white = np.full((40, 40, 3), 255, np.uint8)
    assert warped(white, 1 + 0j, 100 + 100j, (20, 20)).max() == 0
    assert warped(white, 9 + 0j, 1000 + 1000j, (20, 20)).max() == 0


@pytest.mark.parametrize(("height", "enough"), [(200, True), (100, False)])
def test_a_face_of_few_pixels_is_not_embedded(height, enough):
    face = Face(0.0, 0.1, 0.1, 0.4, 0.4, 0.9, 80, blurred=False)
    assert embeddable(Found(face, 0, np.zeros((5, 2), np.float32)), (height, 300), contract()) is enough


def test_a_face_without_landmarks_is_not_embedded():
    face = Face(0.0, 0.1, 0.1, 0.4, 0.4, 0.9, 80, blurred=False)
    assert not embeddable(Found(face, 0, None), (900, 900), contract())


def test_vectors_are_stored_one_by_one_of_unit_length():
    stored = [np.frombuffer(row, "<f2").astype(np.float32) for row in rows(np.array([[3, 4], [0, 2]], np.float32))]
    assert np.stack(stored) == pytest.approx(np.array([[0.6, 0.8], [0, 1]]), abs=1e-3)
