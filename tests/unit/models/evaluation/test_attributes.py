"""Attributes are right or wrong where the truth is known."""

import numpy as np
import pytest

from models.evaluation.attributes import Attributes
from models.evaluation.resampling import Name


def test_accuracy_is_of_the_known_faces_and_silence_is_wrong():
    faces = Attributes(
        {"hair": ["dark", "fair", "", "fair"], "blurred": ["no", "no", "yes", "yes"]},
        {"hair": ["dark", "dark", "fair", ""], "blurred": ["no", "no", "yes", "yes"]},
    )
    found = dict(zip(faces.names, faces.of(np.ones((4, 1)))[:, 0], strict=True))
    assert found == {
        Name("accuracy", "blurred"): 1,
        Name("accuracy", "hair"): pytest.approx(1 / 3),
        Name("accuracy"): pytest.approx(2 / 3),
    }


def test_an_attribute_that_nobody_knows_has_no_accuracy_and_no_part_in_the_mean():
    faces = Attributes({"hair": [""], "blurred": ["no"]}, {"hair": ["dark"], "blurred": ["no"]})
    blurred, hair, every = faces.of(np.ones((1, 1)))[:, 0]
    assert (blurred, every) == (1, 1)
    assert np.isnan(hair)


def test_other_attributes_are_refused():
    with pytest.raises(ValueError, match="the same attributes"):
        Attributes({"hair": ["dark"]}, {"blurred": ["no"]})
