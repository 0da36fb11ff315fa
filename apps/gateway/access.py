"""Access: who reports, by HTTP Basic, and how often they may call."""

import base64
import binascii
import hmac
import secrets
import time

from apps.gateway.answers import Answer, Code
from domain.audit import Act
from domain.errors import InvalidSettings
from domain.report import Source
from infra.ledger import reporters
from infra.ledger.engine import reading
from infra.ledger.reporters import Account
from infra.world import world
from tasks.reports.taking import pseudonym

REMEMBERED = 10.0
"""Seconds for which an account is not looked up again: as long as a closed one may still report."""

NAME_LENGTH = 128
"""Characters of a reporter's name."""

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="breakwater", charset="UTF-8"'}


def add_reporter(name: str, source: Source) -> str:
    """Let a reporter in, and give the password that nobody can read again; another one replaces the last.

    Without `BREAKWATER_AUTHORITY` the account is for simulated reports alone.
    """
    if not name.strip() or ":" in name or len(name) > NAME_LENGTH or not name.isprintable():
        raise InvalidSettings("a reporter's name is 1–128 printable characters without a colon")
    password = secrets.token_urlsafe(32)  # so strong that a slow digest would add nothing
    known = Account(pseudonym(name), name, source, _digest(name, password), not world().settings.authority)
    with world().ledger.begin() as connection:
        reporters.save(connection, known)
        world().audit.append(connection, Act.REPORTER_LET_IN, known.id, simulated=known.simulated)
    return password


def _digest(name: str, password: str) -> str:
    return world().surrogate("gateway password", name, password)


class Access:
    """Tells who calls, and holds back who calls too often. `rate` is calls a second, twice as many at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._known: dict[str, tuple[float, Account | None]] = {}
        self._left: dict[str, tuple[float, float]] = {}

    def account(self, authorization: str) -> Account:
        """Tell whose credentials these are.

        Raises:
            Answer: nobody's, or they may not report now.
        """
        name, password = _credentials(authorization)
        found = self._find(name)
        if found is None or not hmac.compare_digest(found.secret, _digest(name, password)):
            raise Answer(Code.AUTHENTICATION_REQUIRED, headers=_CHALLENGE)
        if not found.simulated and not world().settings.authority:
            raise Answer(Code.NOT_AUTHORISED, "simulated reports alone are taken in here")
        self._hold_back(found)
        return found

    def _find(self, name: str) -> Account | None:
        now = time.monotonic()
        until, found = self._known.get(name, (0.0, None))
        if now > until:
            with reading(world().ledger) as connection:
                found = reporters.find(connection, pseudonym(name))
            if len(self._known) > 10_000:  # names that nobody has must not fill the memory
                self._known.clear()
            self._known[name] = now + REMEMBERED, found
        return found

    def _hold_back(self, found: Account) -> None:
        """Count a call: each reporter's allowance fills at the rate, up to twice a second's worth."""
        now, most = time.monotonic(), 2 * self._rate
        then, left = self._left.get(found.id, (now, most))
        left = min(most, left + (now - then) * self._rate)
        if left < 1:
            self._left[found.id] = now, left
            raise Answer(Code.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})
        self._left[found.id] = now, left - 1


def _credentials(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Answer(Code.AUTHENTICATION_REQUIRED, headers=_CHALLENGE) from None
    if kind.lower() != "basic" or not colon or len(name) > NAME_LENGTH:
        raise Answer(Code.AUTHENTICATION_REQUIRED, headers=_CHALLENGE)
    return name, password
