"""Synthetic histories, as the archive gives them."""

import pytest
from synthetic_history import as_tables, synthetic_rows


@pytest.fixture(scope="session")
def synthetic():
    """Give the two tables of a synthetic history."""
    return as_tables(*synthetic_rows())
