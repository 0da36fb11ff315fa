"""Photographs: only those that somebody looked at."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from domain.errors import InvalidSettings
from tasks.hashing.pdq import pdq
from tasks.simulating.photographs import PHOTOGRAPHS, read_photograph

LEFT_OUT = ("astronaut", "camera", "retina", "page", "lfw", "microaneurysms", "coins", "cell", "ihc")


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda each: each.name)
def test_every_photograph_is_there_pinned_and_hashes_well_unless_it_is_called_plain(photograph):
    picture = read_photograph(photograph)
    assert picture.mode == "RGB"
    assert re.fullmatch(r"[0-9a-f]{64}", photograph.sha256)
    assert (pdq(np.asarray(picture)).quality >= 80) is not photograph.plain


def test_photographs_with_persons_and_medical_ones_are_not_listed():
    assert not [each.file for each in PHOTOGRAPHS if any(name in each.file for name in LEFT_OUT)]


def test_a_file_that_nobody_looked_at_is_refused():
    with pytest.raises(InvalidSettings, match="look at it"):
        read_photograph(replace(PHOTOGRAPHS[0], sha256="0" * 64))
    with pytest.raises(InvalidSettings, match="look at it"):
        read_photograph(replace(PHOTOGRAPHS[0], file="data/nothing.png"))


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(InvalidSettings, match="Install not_a_package"):
        read_photograph(replace(PHOTOGRAPHS[0], package="not_a_package"))


def test_reading_a_photograph_imports_no_heavy_package():
    before = set(sys.modules)
    read_photograph(PHOTOGRAPHS[0])
    assert not {name for name in set(sys.modules) - before if name.startswith(("skimage", "sklearn"))}
