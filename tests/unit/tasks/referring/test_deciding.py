"""Deciding: places are read from countries and addresses, never guessed."""

import pytest

from domain.report import Identifier, Location, LocationRole, Particular, PersonRole
from domain.routing import Located, Place
from tasks.referring.deciding import located, us_state


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("1 Example Street, Sampletown, 00000, CA, US", "CA"),
        ("Sampletown, NY, United States", "NY"),
        ("CA, US", "CA"),
        ("Sampletown, CA", ""),  # Canada, or California
        ("CA", ""),
        ("", ""),
        ("Sampletown, California, US", ""),
        ("Sampletown, ca, US", ""),
        ("Sampletown, CA, DE", ""),
        ("US", ""),
    ],
)
def test_a_state_is_read_where_it_is_sure(address, state):
    assert us_state(address) == state


def lives(address, role=PersonRole.SUSPECT):
    return Particular(role, Identifier.POSTAL_ADDRESS, address)


def test_a_state_takes_the_place_of_its_country_for_that_role_alone():
    countries = [
        Location("US", LocationRole.SUSPECT),
        Location("US", LocationRole.VICTIM),
        Location("DE", LocationRole.VICTIM),
    ]
    assert located(countries, [lives("A, TX, US")]) == {
        Located(Place("US", "TX"), LocationRole.SUSPECT),
        Located(Place("US"), LocationRole.VICTIM),
        Located(Place("DE"), LocationRole.VICTIM),
    }


def test_where_the_reporter_s_own_people_live_says_nothing():
    assert located(
        [], [lives("A, TX, US", PersonRole.REPORTER), Particular(PersonRole.SUSPECT, Identifier.NAME, "A, TX, US")]
    ) == (frozenset())
