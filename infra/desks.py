"""The desks that reports are sent to: the operator's own file (TOML) of public keys and outboxes. None is shipped."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from domain.errors import InvalidSettings
from domain.report import Classification
from infra.envelopes import PUBLIC_BYTES
from infra.outboxes import ACCEPTED, is_outbox


@dataclass(frozen=True, slots=True)
class Address:
    """How a desk is reached, and what it may have.

    Attributes:
        outbox: the URL of a folder or a prefix of a bucket, from which the desk fetches its packages.
        key: the desk's public key, X25519, 32 bytes.
        media: whether it may have pictures and films at all; else reports and digests.
        categories: its own number for a class of the industry's; VICS of a desk without any has no numbers.
    """

    outbox: str
    key: bytes
    media: bool
    categories: Mapping[str, int]


def _key(text: str) -> str:
    try:
        fits = len(bytes.fromhex(text)) == PUBLIC_BYTES
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"a public key is {PUBLIC_BYTES} bytes in hex, as `breakwater refer make-key` prints it")
    return text


def _outbox(url: str) -> str:
    if not is_outbox(url):
        raise ValueError(f"an outbox is {ACCEPTED}, without keys in it")
    return url


class _Desk(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    outbox: Annotated[str, AfterValidator(_outbox)]
    key: Annotated[str, AfterValidator(_key)]
    media: bool = False
    categories: dict[str, int] = {}


_FILE = TypeAdapter(dict[str, _Desk])


def load_desks(file: Path | None) -> Mapping[str, Address]:
    """Read the operator's file of desks, by code; nobody can be reached without one.

    Raises:
        InvalidSettings: it is not there, is no TOML, or says something that no desk can have; values are not repeated.
    """
    if file is None:
        return {}
    try:
        desks = _FILE.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"the file of desks {file} cannot be read: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"[{'.'.join(map(str, each['loc']))}]: {each['msg']}"
                           for each in error.errors(include_input=False))  # fmt: skip
        raise InvalidSettings(f"the file of desks {file}: {faults}") from None
    for code, desk in desks.items():
        if strange := set(desk.categories) - set(Classification):
            raise InvalidSettings(
                f"the file of desks {file}: [{code}.categories]: no class {', '.join(sorted(strange))}"
            )
    return {code: Address(one.outbox, bytes.fromhex(one.key), one.media, one.categories) for code, one in desks.items()}
