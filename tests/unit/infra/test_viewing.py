"""What may happen to a file unasked follows from a table, by jurisdiction."""

import pytest

from domain.errors import InvalidSettings
from domain.viewing import Action, Viewed
from infra.viewing import SHIPPED, load_gate

CLOSED = '[strict]\nwhy = "a test"\nopen = []\nclassify = []\nrefer = ["yes"]\n'


def test_every_shipped_table_is_sound_and_says_why():
    import tomllib

    for jurisdiction in tomllib.loads(SHIPPED.read_text()):
        assert set(load_gate(jurisdiction).allowed) == set(Action)


def test_the_open_table_allows_everything():
    gate = load_gate("open")
    assert all(gate.allows(action, viewed) for action in Action for viewed in Viewed)


def test_where_only_what_was_viewed_may_be_opened_the_rest_stays_closed():
    gate = load_gate("us")
    assert gate.flags(Action.OPEN) == gate.flags(Action.CLASSIFY) == (True,)
    assert gate.allows(Action.REFER, Viewed.UNKNOWN)


@pytest.mark.parametrize(("flag", "state"), [(True, Viewed.YES), (False, Viewed.NO), (None, Viewed.UNKNOWN)])
def test_a_reporters_flag_is_a_state(flag, state):
    assert Viewed.of(flag) is state


def test_an_operator_brings_a_table_of_their_own(tmp_path):
    (tmp_path / "ours.toml").write_text(CLOSED)
    gate = load_gate("strict", tmp_path / "ours.toml")
    assert gate.flags(Action.OPEN) == ()
    assert gate.flags(Action.REFER) == (True,)


@pytest.mark.parametrize(
    "table", ["[strict", CLOSED.replace("open = []", ""), CLOSED.replace('"yes"', '"perhaps"'), CLOSED + "send = []\n"]
)
def test_a_table_that_is_none_is_told(tmp_path, table):
    (tmp_path / "ours.toml").write_text(table)
    with pytest.raises(InvalidSettings, match=r"ours\.toml"):
        load_gate("strict", tmp_path / "ours.toml")


def test_an_unknown_jurisdiction_is_told_with_those_that_are_known():
    with pytest.raises(InvalidSettings, match="open, us"):
        load_gate("nowhere")
