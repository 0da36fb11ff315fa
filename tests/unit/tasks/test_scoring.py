"""Files of one origin are drawn together, and of embedders all that hangs together by persons and films."""

from hypothesis import given
from hypothesis import strategies as st

from domain.media import Kind
from domain.model import Role
from tasks.examining import Examined
from tasks.scoring import groups


def examined(told):
    """Have files a, b, c … of these truths and groups."""
    return [
        Examined(chr(97 + place), Kind.IMAGE, truth, 1, 1.0, 1.0, (), group)
        for place, (truth, group) in enumerate(told)
    ]


def test_a_file_is_drawn_with_its_group_or_alone():
    told = [("cat", "x"), ("dog", "x"), ("cat", ""), ("cat", "y")]
    assert groups(Role.CLASSIFIER, examined(told)) == ("x", "x", "c", "y")


def test_files_of_an_embedder_are_drawn_with_their_person():
    told = [("Bo", ""), ("Al", ""), ("Bo", "")]
    assert groups(Role.FACE_EMBEDDER, examined(told)) == ("Bo", "Al", "Bo")


def test_persons_of_one_film_are_drawn_together():
    told = [("Di", "film"), ("Bo", "film"), ("Bo", ""), ("Al", "other"), ("Cy", "")]
    assert groups(Role.FACE_EMBEDDER, examined(told)) == ("Bo", "Bo", "Bo", "Al", "Cy")


@given(
    st.lists(st.tuples(st.sampled_from("pqrstu"), st.sampled_from(["", "1", "2", "3", "4"])), min_size=1, max_size=20)
)
def test_what_hangs_together_is_what_a_walk_reaches(told):
    files = examined(told)
    named = groups(Role.SCENE_EMBEDDER, files)
    for place in range(len(files)):
        reached, before = {place}, set()
        while reached != before:
            before = set(reached)
            reached |= {
                other
                for other, (truth, group) in enumerate(told)
                if any(truth == told[one][0] or (group and group == told[one][1]) for one in before)
            }
        assert {other for other in range(len(files)) if named[other] == named[place]} == reached
        assert named[place] == min(told[one][0] for one in reached)
