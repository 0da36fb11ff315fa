"""Who calls: names that nobody has fill no memory."""

import base64

import pytest

from apps.gateway.access import Access
from apps.gateway.answers import Answer, Code


def basic(name):
    return "Basic " + base64.b64encode(f"{name}:guess".encode()).decode()


def test_a_name_that_can_be_nobodys_is_not_remembered(data):
    access = Access(100)
    for name in ("x" * 40_000, "x" * 129, "nobody"):
        with pytest.raises(Answer) as refused:
            access.account(basic(name))
        assert refused.value.code is Code.AUTHENTICATION_REQUIRED
    assert list(access._known) == ["nobody"]
