"""The policy: what ships loads, and a slip of the pen is refused before anything is ranked by it."""

import pytest

from domain.errors import InvalidSettings
from domain.model import OF_FILES, Role
from domain.priority import Lean
from infra.policy import SHIPPED, load_policy

TEXT = """
name = "mine"
urgent = "high"
clues = ["church"]
minors = ["child"]
skip_settled = ["tagger"]
[[band]]
name = "high"
least = 50
respond_within_hours = 1
[[band]]
name = "low"
least = 0
respond_within_hours = 10
[[factor]]
name = "New content"
evidence = "new"
raises = 6
at_most = 3
[[floor]]
name = "Escalated"
evidence = "escalated"
score = 60
[[cap]]
name = "Viral"
evidence = "viral"
score = 29
unless = ["escalated"]
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        file = tmp_path / "policy.toml"
        file.write_text(text)
        return load_policy(file)

    return loaded


def test_the_shipped_policy_loads():
    policy = load_policy(None)
    assert policy == load_policy(SHIPPED)
    assert policy.name == "default"
    assert [band.name for band in policy.bands] == ["immediate", "urgent", "standard", "routine"]
    assert "church" in policy.clues
    assert policy.skip_settled == set(OF_FILES)


def test_a_policy_says_what_its_file_says(load):
    policy = load(TEXT)
    (factor,), (floor,), (cap,) = policy.factors, policy.floors, policy.caps
    assert (factor.name, factor.evidence, factor.points, factor.at_most) == ("New content", "new", 6, 3)
    assert (floor.evidence, floor.score, floor.unless) == ("escalated", 60, ())
    assert (cap.evidence, cap.score, cap.unless) == ("viral", 29, ("escalated",))
    assert [(band.name, band.least, band.respond_within_hours) for band in policy.bands] == [
        ("high", 50, 1),
        ("low", 0, 10),
    ]
    assert policy.clues == {"church"}
    assert policy.minors == {"child"}
    assert policy.skip_settled == {Role.TAGGER}
    assert load(TEXT.replace('skip_settled = ["tagger"]', "")).skip_settled == set(OF_FILES)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            'evidence = "new"',
            'evidence = "news"',
            r"line 17, factor\.0\.evidence: no evidence is named “news”; did you mean “new”",
        ),
        ('evidence = "escalated"', 'evidence = "escalate"', r"line 22, floor\.0\.evidence"),
        ('unless = ["escalated"]', 'unless = ["escalate"]', r"line 28, cap\.0\.unless\.0"),
        ("raises = 6", "rasies = 6", r"line 18, factor\.0\.rasies: Extra"),
        ("raises = 6", "", r"line 15, factor\.0: a factor says its direction"),
        ("raises = 6", "raises = 6\nlowers = 6", r"line 15, factor\.0: a factor says its direction"),
        ("raises = 6", "raises = 0", r"line 18, factor\.0\.raises"),
        ("raises = 6", "raises = -6", r"line 18, factor\.0\.raises"),
        ("raises = 6", "raises = 600", r"line 18, factor\.0\.raises"),
        ("raises = 6", "raises = nan", r"line 18, factor\.0\.raises"),
        ("raises = 6", 'raises = "six"', r"line 18, factor\.0\.raises"),
        (
            'evidence = "escalated"\n',
            'evidence = "escalated"\nunless = ["viral"]\n',
            r"line 23, floor\.0\.unless: “viral” may lower a score by a factor or a cap; it lifts none",
        ),
        (
            'evidence = "new"',
            'evidence = "file.viral"',
            r"line 17, factor\.0\.evidence: “file\.viral” may lower a score by a factor",
        ),
        ('urgent = "high"', 'urgent = "hihg"', r"line 3, urgent: no band is named “hihg”"),
        ('urgent = "high"', 'urgent = "high"\nkept_days = 0', r"line 4, kept_days"),
        ('name = "low"', 'name = "high"', r"line 7, band: two bands have one name"),
        (
            'evidence = "viral"',
            'evidence = "escalated"',
            r"line 26, cap\.0\.evidence: “escalated” lowers a score here, and in floor\.0\.evidence it raises one",
        ),
        ('unless = ["escalated"]', 'unless = ["viral"]', r"line 28, cap\.0\.unless: “viral” may lower a score by"),
        ("at_most = 3", "at_most = 0", r"factor\.0\.at_most"),
        ("score = 60", "score = 101", r"floor\.0\.score"),
        ("score = 29", "score = -1", r"cap\.0\.score"),
        ("[[cap]]", "[[caps]]", r"line 24, caps"),
        ("[[factor]]", "[[factors]]", r"factor: Field required; line 15, factors: Extra"),
        ("least = 50", "least = 150", r"band\.0\.least"),
        ("respond_within_hours = 10", "respond_within_hours = 0", r"band\.1\.respond_within_hours"),
        ("respond_within_hours = 10", "respond_within_hours = inf", r"band\.1\.respond_within_hours"),
        ("least = 50", "least = 50.04", r"band\.0\.least: scores have tenths"),
        ("score = 60", "score = 60.04", r"floor\.0\.score: scores have tenths"),
        ("at_most = 3", "at_most = inf", r"factor\.0\.at_most"),
        ('name = "mine"', 'name = ""', r"name"),
        ('clues = ["church"]', 'clues = "church"', r"clues"),
        (
            'evidence = "new"\nraises = 6',
            'evidence = "minor"\nlowers = 6',
            r"“minor” may lift a score and never lower",
        ),
        (
            'evidence = "new"\nraises = 6',
            'evidence = "file.generativeAi"\nlowers = 6',
            r"line 17, factor\.0\.evidence: “file\.generativeAi” may lift a score and never lower",
        ),
        ('evidence = "viral"', 'evidence = "minor"', r"“minor” may lift a score and never lower"),
        ('evidence = "escalated"\n', 'evidence = "escalated"\nunless = ["minor"]\n', r"“minor” may lift a score"),
        ("least = 50", "least = 0", r"bands run from the highest"),
        ("least = 0\n", "least = 1\n", r"down to 0"),
        ("least = 0\n", "least = 60\n", r"bands run from the highest"),
        ('name = "mine"', "name = ", r"cannot be used"),
    ],
)
def test_a_slip_is_refused_and_named(load, right, wrong, told):
    assert right in TEXT
    with pytest.raises(InvalidSettings, match=told):
        load(TEXT.replace(right, wrong, 1))


def test_two_bands_never_begin_at_one_score(load):
    twice = TEXT.replace(
        '[[band]]\nname = "low"', '[[band]]\nname = "mid"\nleast = 50\nrespond_within_hours = 2\n[[band]]\nname = "low"'
    )
    with pytest.raises(InvalidSettings, match="bands run"):
        load(twice)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_absent_or_no_text_is_refused_by_its_name(tmp_path, content):
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidSettings, match=r"mine\.toml cannot be used"):
        load_policy(file)


def test_a_policy_that_is_no_toml_is_refused_with_the_line(load):
    with pytest.raises(InvalidSettings, match=r"policy\.toml cannot be used.*line 6"):
        load(TEXT.replace('minors = ["child"]', "minors = ["))


def test_every_factor_of_the_shipped_policy_is_of_evidence_of_its_own_and_has_a_name_of_its_own():
    for told in ("evidence", "name"):
        every = [getattr(factor, told) for factor in load_policy(None).factors]
        assert len(set(every)) == len(every)


def test_one_byte_more_is_another_version(load):
    assert load(TEXT).version == load(TEXT).version
    assert load(TEXT).version != load(TEXT + "\n").version


def test_a_ranker_counts_for_nothing_unless_the_policy_says_how_far(load):
    assert load(TEXT).ranker is None
    assert load(TEXT + "\n[ranker]\nweight = 20\n").ranker == Lean(20, 10)
    with pytest.raises(InvalidSettings, match=r"ranker\.most"):
        load(TEXT + "\n[ranker]\nweight = 20\nmost = 101\n")
