"""Reports: how many incidents one stands for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.report import IncidentType, Receipt, Report, Source

MOMENT = datetime(2016, 5, 3, tzinfo=UTC)


def report(**said):
    return Report(Receipt("1", "esp-01", Source.ESP, MOMENT), IncidentType.POSSESSION, MOMENT, **said)


@given(st.integers(0, 10_000))
def test_a_report_stands_for_one_incident_whomever_it_names(users):
    assert report(users=users).incidents == 1


@pytest.mark.parametrize(("users", "incidents"), [(0, 1), (1, 1), (2, 2), (500, 500)])
def test_a_batched_report_stands_for_its_users_and_for_one_at_least(users, incidents):
    assert report(users=users, batched=True).incidents == incidents
