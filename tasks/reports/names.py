"""Names that came from outside, cut to what a database keeps."""

import hashlib
import re

NAME_LENGTH = 128
"""Characters of a report's number, a file's id or a reporter's name that are kept."""


_DIGEST = 32
"""Hex digits that stand for what was cut off."""


def plain(name: str) -> str:
    """Keep printable characters, bounded; what is cut off leaves a digest at the end, or two names would be one."""
    kept = "".join(letter if letter.isprintable() else "?" for letter in name)
    if len(kept) <= NAME_LENGTH:
        return kept
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{kept[: NAME_LENGTH - 1 - _DIGEST]}~{digest[:_DIGEST]}"


def is_md5(text: str) -> bool:
    """Whether this is an MD5 in lower-case hex."""
    return bool(re.fullmatch(r"[0-9a-f]{32}", text))
