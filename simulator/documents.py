"""Make small real files: a fax as PDF or TIFF, a picture for an MMS, a contact card."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf

_WIDTH = 1728
"""Dots across a fax page (ITU-T T.4), a whole number of bytes."""
_HEIGHT = 1100


def pdf(pages: int, title: str) -> bytes:
    """Return a PDF with that many pages, each a line of text."""
    font = 3
    first = 4
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(pages))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index in range(pages):
        line = f"{_pdf_text(title)} - page {index + 1} of {pages}"
        drawing = f"BT /F1 18 Tf 72 700 Td ({line}) Tj ET"
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 {font} 0 R >> >> /Contents {first + 2 * index + 1} 0 R >>"
        )
        bodies.append(f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream")
    return _pdf_file(bodies)


def pages(document: bytes) -> int:
    """Return how many pages a PDF has, 1 for what cannot be read."""
    try:
        with pikepdf.open(io.BytesIO(document)) as opened:
            return len(opened.pages)
    except pikepdf.PdfError:
        return 1


def _pdf_text(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _pdf_file(bodies: list[str]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    for offset in offsets:
        out += f"{offset:010d} 00000 n \n".encode()
    trailer = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    return bytes(out + trailer.encode())


def tiff(pages: int) -> bytes:
    """Return a black-and-white TIFF, PackBits compressed, with a bar per page number."""
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for page in range(1, pages + 1):
        strip, strip_at = _strip(page), len(out)
        out += strip + b"\0" * (len(strip) % 2)
        struct.pack_into("<I", out, link, len(out))
        entries = [
            (256, 3, _WIDTH),  # width
            (257, 3, _HEIGHT),  # height
            (258, 3, 1),  # bits per sample
            (259, 3, 32773),  # PackBits
            (262, 3, 0),  # white is zero
            (273, 4, strip_at),  # strip offset
            (277, 3, 1),  # samples per pixel
            (278, 3, _HEIGHT),  # rows per strip
            (279, 4, len(strip)),  # strip length
        ]
        out += struct.pack("<H", len(entries))
        for tag, kind, value in entries:
            out += struct.pack("<HHII", tag, kind, 1, value)
        link = len(out)
        out += b"\0\0\0\0"
    return bytes(out)


def _strip(bars: int) -> bytes:
    """Return the rows of a page: white with `bars` black bars across."""
    rows = bytearray()
    for row in range(_HEIGHT):
        black = row % 80 >= 60 and row // 80 < bars
        rows += _run(0xFF if black else 0x00, _WIDTH // 8)
    return bytes(rows)


def _run(value: int, count: int) -> bytes:
    packed = bytearray()
    while count:
        step = min(count, 128)
        packed += bytes((257 - step & 0xFF, value)) if step > 1 else bytes((0, value))
        count -= step
    return bytes(packed)


def png(width: int = 32, height: int = 32, color: tuple[int, int, int] = (32, 96, 160)) -> bytes:
    """Return a picture of one color."""
    rows = (b"\0" + bytes(color) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def vcard(name: str, number: str) -> bytes:
    """Return a contact card."""
    lines = ("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"TEL:{number}", "END:VCARD", "")
    return "\r\n".join(lines).encode()
