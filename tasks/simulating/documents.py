"""Documents: small PDF files and web pages, which are neither pictures nor films."""

import numpy as np

from tasks.simulating.chance import happens
from tasks.simulating.reserved import word


def write_document(rng: np.random.Generator) -> tuple[bytes, str]:
    """Write a page of made-up words as PDF or HTML, and give its bytes and the suffix of its name."""
    line = " ".join(word(rng) for _ in range(8))
    return (_pdf(line), "pdf") if happens(rng, 0.5) else (_html(line), "html")


def _html(line: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><head><title>Notes</title></head><body><p>{line}</p></body></html>\n".encode()


def _pdf(line: str) -> bytes:
    """Write a PDF of one page by hand (ISO 32000-1, annex H.3: the minimal file)."""
    text = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET".encode()
    fonts = b"<< /Font << /F1 5 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    written, places = b"%PDF-1.4\n", b""
    for number, content in enumerate(objects, 1):
        places += b"%010d 00000 n \n" % len(written)
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, places)
    return (
        written
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    )
