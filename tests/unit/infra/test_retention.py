"""The retention policy: what ships loads, and a slip of the pen is refused with its line before anything is counted."""

import pytest

from domain.errors import InvalidSettings
from domain.retention import EVENTS, Event, Held
from infra.retention import SHIPPED, load_retention

TEXT = "\n".join(f'[{held}]\ndays = 10\nfrom = "{EVENTS[held][0]}"\nbasis = "a test"\n' for held in Held)


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        file = tmp_path / "retention.toml"
        file.write_text(text)
        return load_retention(file)

    return loaded


def test_the_shipped_policy_loads_and_has_a_basis_for_every_clock():
    clocks = load_retention(None)
    assert set(clocks) == set(Held)
    assert all(clock.days > 0 and len(clock.basis) > 20 for clock in clocks.values())
    assert clocks == load_retention(SHIPPED)


def test_a_policy_says_what_its_file_says(load):
    clocks = load(
        TEXT.replace("[draft]\ndays = 10", "[draft]\ndays = 3").replace('from = "opened"', 'from = "changed"')
    )
    assert (clocks[Held.DRAFT].days, clocks[Held.DRAFT].event, clocks[Held.MEDIA].days) == (3, Event.CHANGED, 10)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("days = 10", "days = 0", r"line 2, media\.days: .*greater"),
        ("days = 10", 'days = "ten"', r"line 2, media\.days: .*integer"),
        ("days = 10", "days = 1.5", r"line 2, media\.days"),
        ("days = 10", "days = 40000", r"line 2, media\.days: .*less"),
        ("days = 10", "dais = 10", r"line 1, media\.days: Field required; line 2, media\.dais"),
        ('basis = "a test"', 'basis = ""', r"line 4, media\.basis"),
        ('from = "received"', 'from = "opened"', r"line 3, media\.from: its clock runs from received"),
        ('from = "received"', 'from = "yesterday"', r"line 3, media\.from"),
        ("[document]\ndays = 10", "[document] # that is all\ndays = -1", r"line 7, document\.days"),
        ("[media]", "[medium]", r"line 1, medium: nothing of this name is held; media\.days: Field required"),
        ("[media]", "keep = true\n[media]", r"line 1, keep: nothing of this name is held"),
        ("[media]", "[media", r"line 1"),
    ],
)
def test_a_slip_is_refused_with_its_line(load, right, wrong, told):
    assert right in TEXT
    with pytest.raises(InvalidSettings, match=told):
        load(TEXT.replace(right, wrong, 1))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_absent_or_no_text_is_refused_by_its_name(tmp_path, content):
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSettings, match=r"mine\.toml cannot be used"):
        load_retention(file)
