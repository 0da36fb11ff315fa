"""Faults: files and reports that are malformed on purpose, as hostile or careless senders make them."""

import struct
import zlib
from functools import cache

import numpy as np
from lxml import etree

from domain.report import FileFault, Rejection
from tasks.simulating.edits import encode_picture
from tasks.simulating.scenes import draw_scene

BOMB_SIDE = 30_000
"""Pixels of a side of the decompression bomb: 900 million of them in about 110 kB."""

_TEXT = b"This is plain text under the name of a picture.\n"
_SCHEMA_FREE = b"<!DOCTYPE report [<!ENTITY note 'a made-up note'>]>\n"
_SCHEMA_AFAR = b"<!DOCTYPE report SYSTEM 'http://example.org/report.dtd'>\n"


def faulty_content(fault: FileFault, rng: np.random.Generator) -> tuple[bytes | None, str]:
    """Make the bytes of a file with `fault` (none where it is missing), and the suffix of its name."""
    if fault is FileFault.TOO_MANY_PIXELS:
        return bomb(), "png"
    if fault is FileFault.NOT_MEDIA:
        return _TEXT * int(rng.integers(2, 200)), "jpg"
    if fault is FileFault.EMPTY:
        return b"", "mp4"
    if fault is FileFault.MISSING:
        return None, "jpg"
    content, suffix = encode_picture(draw_scene(rng, (480, 360)), rng, "JPEG")
    return (content[: len(content) // 3] if fault is FileFault.UNDECODABLE else content), suffix


@cache
def bomb() -> bytes:
    """Build a PNG of one bit a pixel, all black, that is vast when decoded (PNG specification, chunks and filters)."""
    packer, row = zlib.compressobj(9), bytes(1 + BOMB_SIDE // 8)
    packed = b"".join(packer.compress(row * 1000) for _ in range(BOMB_SIDE // 1000)) + packer.flush()
    header = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def spoil(report: bytes, rejection: Rejection | None, number: int) -> bytes | None:
    """Make the report malformed so that it is rejected for `rejection`; none where it does not come at all."""
    if rejection is Rejection.NOT_WELL_FORMED:
        return report[: len(report) * 2 // 3]
    if rejection is Rejection.SCHEMA:
        return _disorder(report)
    if rejection is Rejection.FORBIDDEN_XML:
        start = report.index(b"<report")
        return report[:start] + (_SCHEMA_AFAR if number % 2 else _SCHEMA_FREE) + report[start:]
    return None if rejection is Rejection.NO_REPORT else report


def _disorder(report: bytes) -> bytes:
    """Put the summary last: the protocol's sequence wants it before the reporter."""
    root = etree.fromstring(report)
    root.extend(root.findall("incidentSummary"))  # appending an element moves it
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
