"""Reserved names and numbers: the only hosts, addresses and telephones that a simulated report may hold.

Sources: RFC 2606 (example domains), RFC 5737 (documentation addresses), the North American Numbering Plan
(555-0100 to 555-0199, for fiction). The `.onion` names have characters and lengths that no real one has.
"""

import numpy as np

from tasks.simulating.chance import one_of

_DOMAINS = ("example.org", "example.com", "example.net")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "lagoon")


def word(rng: np.random.Generator) -> str:
    """Draw a harmless word with a number."""
    return f"{one_of(rng, _WORDS)}{rng.integers(10, 10_000)}"


def host(rng: np.random.Generator) -> str:
    """Draw a host in an example domain."""
    return f"{one_of(rng, _WORDS)}.{one_of(rng, _DOMAINS)}"


def onion_host(rng: np.random.Generator) -> str:
    """Draw a name that looks like an onion service's and can be none."""
    return f"example-{one_of(rng, _WORDS)}-{rng.integers(1, 100)}.onion"


def url(rng: np.random.Generator, at: str, scheme: str = "https") -> str:
    """Draw the address of a page at the host `at`."""
    return f"{scheme}://{at}/{one_of(rng, _WORDS)}/{rng.integers(1000, 1_000_000)}"


def mail_address(rng: np.random.Generator) -> str:
    """Draw an e-mail address in an example domain."""
    return f"{word(rng)}@{one_of(rng, _DOMAINS)}"


def ip_address(rng: np.random.Generator) -> str:
    """Draw an IPv4 address from the documentation ranges."""
    return f"{one_of(rng, _NETWORKS)}.{rng.integers(1, 255)}"


def telephone(rng: np.random.Generator) -> str:
    """Draw a telephone number that is kept for fiction; in every area code the same hundred are."""
    return f"{rng.integers(200, 1000)}-555-01{rng.integers(0, 100):02d}"
