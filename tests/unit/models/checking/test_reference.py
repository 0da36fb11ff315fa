"""The reference models keep the examples of their own cards, and the examples tell when a picture is prepared wrong."""

import json
from shutil import copytree

import pytest

from domain.model import Role
from models.checking.examples import examine_examples
from models.reference import efficientnet_lite0
from models.session import Session


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {role: efficientnet_lite0.build(place / role.value, role) for role in efficientnet_lite0.ROLES}


@pytest.mark.parametrize(("role", "told"), [(Role.TAGGER, "2 hold"), (Role.SCENE_EMBEDDER, "1 holds")])
def test_each_role_keeps_the_examples_that_are_for_it(folders, role, told):
    finding = examine_examples(folders[role], Session(folders[role]))
    assert (finding.ok, finding.detail) == (True, told)


@pytest.mark.parametrize(
    ("changes", "number"), [({"colour": "BGR"}, 1), ({"mean": [0, 0, 0], "std": [255, 255, 255]}, 1)]
)
def test_a_picture_prepared_wrong_is_told(folders, tmp_path, changes, number):
    folder = copytree(folders[Role.TAGGER], tmp_path / "wrong")
    contract = json.loads((folder / "contract.json").read_text())
    contract["input"] |= changes
    (folder / "contract.json").write_text(json.dumps(contract))
    finding = examine_examples(folder, Session(folder))
    assert not finding.ok
    assert finding.detail.startswith(f"example {number}: velvet is ")
