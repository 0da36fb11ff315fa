"""Switching: two people, on record, and what is in force is what the ledger says."""

import pytest
from sqlalchemy import select

from domain.audit import Act
from domain.errors import InvalidSettings
from infra.ledger import schema
from infra.policy import SHIPPED, load_policy
from infra.world import world
from tasks.switching import approve, named, propose, standing

WHY = "the night shift is gone"


@pytest.fixture
def ours(data):
    """Write policies that differ in their names."""

    def written(name):
        file = data / f"{name}.toml"
        file.write_text(SHIPPED.read_text().replace('name = "default"', f'name = "{name}"'))
        return file

    return written


def test_until_one_is_approved_the_policy_of_the_settings_is_in_force(data, ours, monkeypatch):
    assert world().policy == load_policy(None)
    monkeypatch.setenv("BREAKWATER_POLICY", str(ours("other")))
    world.cache_clear()
    assert world().policy.name == "other"


def test_a_policy_is_in_force_once_a_second_person_approved_it_and_not_before(ours):
    proposed = propose(ours("night"), "7", WHY)
    assert standing().in_force.name == "default"
    with pytest.raises(InvalidSettings, match="a second person"):
        approve(proposed.version[:8], "7")
    assert standing().in_force.name == "default"
    assert approve(proposed.version[:8], "8") == proposed
    assert world().policy == proposed
    (switch,) = standing().switches
    assert (switch.version, switch.name, switch.reason) == (proposed.version, "night", WHY)
    assert switch.approved_at
    assert switch.proposed_by != switch.approved_by


@pytest.mark.parametrize("again", [" anna", "Anna", "anna\n"])
def test_who_writes_a_name_another_way_is_no_second_person(ours, again):
    proposed = propose(ours("night"), "anna", WHY)
    with pytest.raises(InvalidSettings, match="a second person"):
        approve(proposed.version, again)


def test_who_did_what_is_on_record_by_pseudonym(ours):
    proposed = propose(ours("night"), "7", WHY)
    approve(proposed.version, "8")
    with world().ledger.begin() as connection:
        acts = connection.execute(select(schema.audit.c.action, schema.audit.c.subject, schema.audit.c.details)).all()
    assert [(action, subject) for action, subject, _ in acts] == [
        (Act.POLICY_PROPOSED, proposed.version), (Act.POLICY_APPROVED, proposed.version),
    ]  # fmt: skip
    assert acts[0].details == f'{{"by":"{world().surrogate("analyst", "7")}"}}'


def test_the_one_approved_last_is_in_force_and_an_older_one_may_come_back(ours):
    first, second = propose(ours("first"), "7", WHY), propose(ours("second"), "8", WHY)
    approve(first.version, "8")
    approve(second.version, "7")
    assert world().policy == second
    propose(ours("first"), "7", "the second one sank what it should not")
    approve(first.version, "9")
    assert world().policy == first
    assert [bool(each.approved_at) for each in standing().switches] == [True] * 3


def test_what_is_no_policy_or_has_no_reason_is_not_proposed(ours, data):
    with pytest.raises(InvalidSettings, match="say in words why"):
        propose(ours("night"), "7", "because")
    (data / "bad.toml").write_text("nothing = 1")
    with pytest.raises(InvalidSettings, match=r"bad\.toml cannot be used"):
        propose(data / "bad.toml", "7", WHY)
    assert standing().switches == ()


def test_what_nobody_proposed_or_several_did_is_not_approved(ours):
    for start in ("", "0123"):
        with pytest.raises(InvalidSettings, match="no proposal waits"):
            approve(start, "8")
    propose(ours("one"), "7", WHY)
    propose(ours("two"), "7", WHY)
    with pytest.raises(InvalidSettings, match="several proposals"):
        approve("", "8")


def test_a_policy_is_named_by_its_file_by_its_version_or_as_the_one_in_force(ours):
    proposed = propose(ours("night"), "7", WHY)
    assert named(str(ours("night"))) == named(proposed.version[:10]) == proposed
    assert named("in-force") == load_policy(None)
    for name in ("", "nothing"):
        with pytest.raises(InvalidSettings, match="no file and no version"):
            named(name)
