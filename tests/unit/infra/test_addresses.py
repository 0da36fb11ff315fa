"""Countries of addresses come from the operator's dated table alone."""

from datetime import date
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidSettings
from infra.addresses import AddressCountries, load_address_countries

TABLE = """network,country,from,until
192.0.2.0/24,BR,2010-01-01,2015-12-31
192.0.2.0/24,IN,2016-01-01,
192.0.2.128/25,TH,,
2001:db8::/32,DE,,
198.51.100.0/24,A1,,
"""


@pytest.fixture
def countries(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    return load_address_countries(tmp_path / "table.csv")


@pytest.mark.parametrize(
    ("address", "on", "country"),
    [
        ("192.0.2.1", date(2012, 1, 1), "BR"),
        ("192.0.2.1", date(2015, 12, 31), "BR"),
        ("192.0.2.1", date(2016, 1, 1), "IN"),
        ("192.0.2.1", date(2009, 12, 31), None),
        ("192.0.2.200", date(2012, 1, 1), "TH"),
        (" 2001:db8::1 ", date(2012, 1, 1), "DE"),
        ("198.51.100.7", date(2012, 1, 1), None),
        ("203.0.113.1", date(2012, 1, 1), None),
        ("no address", date(2012, 1, 1), None),
    ],
)
def test_the_narrowest_network_of_that_day_decides(countries, address, on, country):
    assert countries.country(address, on) == country


def test_without_a_table_nobody_knows():
    assert load_address_countries(None).country("192.0.2.1", date(2012, 1, 1)) is None


networks = st.builds(
    lambda number, length: ip_network((0xC0000200 | number, length), strict=False),
    st.integers(0, 255),
    st.integers(24, 32),
)


@given(st.dictionaries(networks, st.sampled_from(["BR", "IN", "TH"]), max_size=8), st.integers(0, 255))
def test_a_lookup_agrees_with_looking_at_every_network(known, number):
    address = ip_address(0xC0000200 | number)
    table = AddressCountries({net: [(date.min, date.max, country)] for net, country in known.items()})
    holding = [net for net in known if address in net]
    expected = known[max(holding, key=lambda net: net.prefixlen)] if holding else None
    assert table.country(str(address), date(2020, 1, 1)) == expected


@pytest.mark.parametrize("line", ["192.0.2.0/33,IN,,", "192.0.2.0/24,india,,", "192.0.2.0/24,IN,soon,", "192.0.2.0/24"])
def test_a_line_that_is_none_is_told_by_its_number(tmp_path, line):
    (tmp_path / "table.csv").write_text(f"network,country,from,until\n{line}\n")
    with pytest.raises(InvalidSettings, match="line 2"):
        load_address_countries(tmp_path / "table.csv")


def test_another_file_is_told(tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(InvalidSettings, match="must begin with"):
        load_address_countries(tmp_path / "table.csv")
    with pytest.raises(InvalidSettings, match="cannot be read"):
        load_address_countries(tmp_path / "absent.csv")
