"""Countries of IP addresses, by a dated table that the operator brings; none is shipped.

The table is CSV with the header `network,country,from,until`: a network in CIDR notation, an ISO 3166 alpha-2 code,
and the first and last day (ISO 8601, UTC; empty: open) on which that held.
"""

import csv
import re
from collections import defaultdict
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from domain.errors import InvalidSettings
from domain.report import NO_COUNTRY

HEADER = ["network", "country", "from", "until"]
_Network = IPv4Network | IPv6Network
_Held = tuple[date, date, str]


class AddressCountries:
    """A table in memory: the narrowest network that held on the day decides."""

    def __init__(self, networks: dict[_Network, list[_Held]]) -> None:
        self._networks = networks
        self._lengths = {
            version: sorted({each.prefixlen for each in networks if each.version == version}, reverse=True)
            for version in (4, 6)
        }

    def country(self, address: str, on: date) -> str | None:
        """Give the country (ISO 3166 alpha-2) of an IP address on a day (UTC); None where nobody knows."""
        try:
            found = ip_address(address.strip())
        except ValueError:
            return None
        for length in self._lengths[found.version]:
            for first, last, country in self._networks.get(ip_network((found, length), strict=False), ()):
                if first <= on <= last:
                    return country
        return None


def load_address_countries(file: Path | None) -> AddressCountries:
    """Read the operator's table; without a file no address has a country.

    Raises:
        InvalidSettings: the file is no such table; the line is named, its values are not.
    """
    networks: defaultdict[_Network, list[_Held]] = defaultdict(list)
    if file is None:
        return AddressCountries({})
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            table = csv.reader(lines)
            if next(table, None) != HEADER:
                raise InvalidSettings(f"BREAKWATER_ADDRESS_COUNTRIES: {file} must begin with {','.join(HEADER)}")
            for line in table:
                _add(networks, line, f"{file}, line {table.line_num}")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"BREAKWATER_ADDRESS_COUNTRIES: {file} cannot be read ({type(error).__name__})") from None
    return AddressCountries(dict(networks))


def _add(networks: dict[_Network, list[_Held]], line: list[str], where: str) -> None:
    """Add one line; a pseudo-code for anonymous proxies and the like says nothing."""
    try:
        network, country, first, last = line
        held = (date.fromisoformat(first) if first else date.min, date.fromisoformat(last) if last else date.max)
        assert re.fullmatch("[A-Z0-9]{2}", country)
        if country not in NO_COUNTRY:
            networks.setdefault(ip_network(network), []).append((*held, country))
    except (ValueError, AssertionError):
        raise InvalidSettings(f"BREAKWATER_ADDRESS_COUNTRIES: {where} is no network, country and two days") from None
