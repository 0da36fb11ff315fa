"""A connection to a ledger of its own."""

import pytest

from infra.world import world


@pytest.fixture
def connection(data):
    with world().ledger.begin() as connection:
        yield connection
