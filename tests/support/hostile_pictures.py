"""Pictures made to break what reads them; all made by code."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, TiffImagePlugin

SHORT, LONG = 3, 4
Entry = tuple[int, int, int]


def tiff_of(directories: Sequence[Sequence[Entry]], data: bytes = b"", loop_to: int = -1) -> bytes:
    """Return a TIFF of these directories; the last leads to the directory `loop_to`, or nowhere."""
    out = bytearray(b"II*\0\0\0\0\0") + data
    link, places = 4, []
    for entries in directories:
        struct.pack_into("<I", out, link, len(out))
        places.append(len(out))
        out += struct.pack("<H", len(entries))
        for tag, kind, value in entries:
            shown = struct.pack("<HH", value, 0) if kind == SHORT else struct.pack("<I", value)
            out += struct.pack("<HHI", tag, kind, 1) + shown
        link = len(out)
        out += b"\0\0\0\0"
    if loop_to >= 0:
        struct.pack_into("<I", out, link, places[loop_to])
    return bytes(out)


def page(width: int, height: int, length: int = 8, compression: int = 1) -> list[Entry]:
    """Return the directory of a black-and-white page whose data begins at byte 8."""
    size = LONG
    return [
        (256, size, width),
        (257, size, height),
        (258, SHORT, 1),
        (259, SHORT, compression),
        (262, SHORT, 0),
        (273, LONG, 8),
        (277, SHORT, 1),
        (278, LONG, height),
        (279, LONG, length),
    ]


def good_tiff(pages: int = 1, size: tuple[int, int] = (1728, 2200)) -> bytes:
    """Return a fax as machines send it: black and white, group 4, 204 by 196 dots an inch."""
    drawn = Image.new("1", size, 1)
    drawn.paste(0, (200, 300, 900, 700))
    written = io.BytesIO()
    drawn.save(
        written,
        "TIFF",
        compression="group4",
        dpi=(204, 196),
        save_all=True,
        append_images=[drawn] * (pages - 1),
    )
    return written.getvalue()


def swelling_tiff(pages: int, side: int) -> bytes:
    """Return a TIFF whose pages all show the same few bytes, which unpack to a square."""
    single = io.BytesIO()
    Image.new("1", (side, side), 0).save(single, "TIFF", compression="packbits", strip_size=side**2)
    single.seek(0)
    with TiffImagePlugin.TiffImageFile(single) as made:
        (place,), (length,) = made.tag_v2[273], made.tag_v2[279]
    strip = single.getvalue()[place : place + length]
    return tiff_of([page(side, side, length, 32773)] * pages, strip)


def lzw_tiff(side: int) -> bytes:
    """Return a TIFF of a few kilobytes that unpacks to a square by LZW."""
    written = io.BytesIO()
    Image.new("L", (side, side), 0).save(written, "TIFF", compression="tiff_lzw")
    return written.getvalue()


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """Return a PNG that claims a size, whatever pixels it has."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def jpeg(size: tuple[int, int] = (300, 400)) -> bytes:
    """Return an honest JPEG."""
    written = io.BytesIO()
    Image.new("L", size, 200).save(written, "JPEG")
    return written.getvalue()


def jpeg_that_claims(width: int, height: int) -> bytes:
    """Return a small JPEG that claims another size."""
    content = bytearray(jpeg())
    frame = content.index(b"\xff\xc0")
    struct.pack_into(">HH", content, frame + 5, height, width)
    return bytes(content)
