"""Names that came from outside, cut to what a database keeps."""

import re

NAME_LENGTH = 128
"""Characters of a report's number, a file's id or a reporter's name that are kept."""


def plain(name: str) -> str:
    """Keep printable characters, bounded."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:NAME_LENGTH]


def is_md5(text: str) -> bool:
    """Whether this is an MD5 in lower-case hex."""
    return bool(re.fullmatch(r"[0-9a-f]{32}", text))
