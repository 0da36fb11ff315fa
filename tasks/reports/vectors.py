"""Distribution vectors, those of the paper's Figure 6, from what a report says of where it happened."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from domain.report import Vector

_INCIDENTS = {
    "emailincident": Vector.EMAIL,
    "newsgroupincident": Vector.FORUM,
    "onlinegamingincident": Vector.GAMING,
    "cellphoneincident": Vector.CELL_PHONE,
    "peer2peerincident": Vector.P2P,
}


def vectors_of(incident: str, urls: Sequence[str] = (), *, room: bool = False) -> set[Vector]:
    """Derive the vectors of one incident by the protocol's name for its kind, however that is cased.

    A page's URLs tell Tor (`.onion`), FTP and the web apart; a chat with a room is a chat room, one without is a
    messenger. An incident off the Internet has none.
    """
    name = incident.lower()
    if name == "webpageincident":
        return {url_vector(url) for url in urls} or {Vector.URL}
    if name == "chatimincident":
        return {Vector.CHAT if room else Vector.MESSENGER}
    return {_INCIDENTS[name]} if name in _INCIDENTS else set()


def url_vector(url: str) -> Vector:
    """Tell a URL's vector by its scheme and host; nothing is looked up."""
    try:
        parts = urlsplit(url.strip() if "//" in url else f"//{url.strip()}")
        host = (parts.hostname or "").removesuffix(".")  # a name with its root
    except ValueError:
        return Vector.URL
    if host.endswith(".onion"):
        return Vector.TOR
    return Vector.FTP if parts.scheme.lower() in ("ftp", "ftps", "sftp") else Vector.URL
