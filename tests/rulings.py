"""Rulings of analysts, for tests of grouping: drawn ones, and whether groups keep to them."""

from hypothesis import strategies as st

from domain.cluster import Ruling, components


def drawn(members, most):
    """Draw rulings of two different members, so many at most."""
    of_two = st.builds(Ruling, members, members, st.booleans()).filter(lambda ruling: ruling.one != ruling.other)
    return st.lists(of_two, max_size=most)


def assert_kept(rulings, groups):
    """See that groups keep to every ruling that no other contradicts."""
    of = {member: place for place, group in enumerate(groups) for member in group}
    ruled = enumerate(components((each.one, each.other) for each in rulings if each.same))
    same = {member: place for place, group in ruled for member in group}
    for each in rulings:
        if each.same:
            assert of[each.one] == of[each.other]
        elif same.get(each.one, -1) != same.get(each.other, -2):
            assert of.get(each.one, -1) != of.get(each.other, -2)
