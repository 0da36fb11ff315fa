"""Every role but that of attributes has a reference model, and a folder that keeps its contract."""

import pytest

from domain.model import OF_FILES, Role
from models.contract import load_contract
from models.reference.shelf import BUILDERS


@pytest.mark.parametrize("role", BUILDERS)
def test_each_builder_makes_a_model_of_its_role(role, tmp_path):
    assert load_contract(BUILDERS[role](tmp_path / "model")).role is role


def test_no_reference_model_tells_how_faces_look():
    assert set(OF_FILES) - BUILDERS.keys() == {Role.FACE_ATTRIBUTES}
