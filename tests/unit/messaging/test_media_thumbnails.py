"""Thumbnails of good pictures, and what becomes of pictures made to break what opens them."""

import io
import os
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from PIL import Image

from chassis.sandbox import Sandbox
from services.messaging.media import thumbnail_child
from services.messaging.media.model import ThumbnailReason
from services.messaging.media.thumbnails import LIMITS, Made, small_picture

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
LONGER = thumbnail_child.LONGER_SIDE


async def of(content: bytes, form: str = "PNG", seconds: float = 30.0) -> Made | ThumbnailReason:
    """Ask for the thumbnail of a picture in two chunks."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content[:100]
        yield content[100:]

    limits = replace(LIMITS, wall_seconds=seconds)
    return await small_picture(chunks(), TYPES[form], Sandbox(), limits)


def picture(
    form: str, size: tuple[int, int] = (600, 300), mode: str = "RGB", **more: object
) -> bytes:
    """Return a picture whose left half is red and whose right half is blue."""
    drawn = Image.new("RGB", size, (200, 0, 0))
    drawn.paste((0, 0, 200), (size[0] // 2, 0, *size))
    written = io.BytesIO()
    drawn.convert(mode).save(written, form, **more)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    """Return a PNG that claims a size, whatever pixels it has."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    data = zlib.compress(pixels, 9)
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def opened(made: Made | ThumbnailReason) -> Image.Image:
    """Open a thumbnail."""
    assert isinstance(made, Made)
    return Image.open(io.BytesIO(made.content), formats=["JPEG", "PNG"])


@pytest.mark.parametrize("form", TYPES)
async def test_a_picture_becomes_a_small_one(form: str) -> None:
    """The longer side fits, the shape stays, and so do the colours."""
    small = opened(await of(picture(form), form)).convert("RGB")
    assert small.size == (LONGER, LONGER // 2)
    left, right = small.getpixel((20, 60)), small.getpixel((LONGER - 20, 60))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


async def test_a_small_picture_is_not_enlarged() -> None:
    """A picture that fits keeps its size."""
    assert opened(await of(picture("PNG", (10, 4)))).size == (10, 4)


async def test_a_see_through_picture_stays_so() -> None:
    """Transparency makes the thumbnail a PNG."""
    made = await of(picture("PNG", mode="RGBA"))
    assert isinstance(made, Made)
    assert made.content_type == "image/png"


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16", "CMYK"])
async def test_every_colour_mode_is_read(mode: str) -> None:
    """Pictures of one bit, grey, palettes, 16 bits and four inks are pictures too."""
    form = "JPEG" if mode == "CMYK" else "PNG"
    drawn = io.BytesIO()
    grey = Image.new("L", (300, 300), 90)
    (Image.new(mode, (300, 300)) if mode == "I;16" else grey.convert(mode)).save(drawn, form)
    assert opened(await of(drawn.getvalue(), form)).size == (LONGER, LONGER)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_stands_upright_and_tells_nothing_of_its_maker(orientation: int) -> None:
    """The EXIF orientation is applied; place, camera and comments are gone."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    made = await of(picture("JPEG", exif=exif, comment=b"SECRET-COMMENT"), "JPEG")
    small = opened(made)
    expected = (LONGER, LONGER // 2) if orientation < 5 else (LONGER // 2, LONGER)
    assert small.size == expected
    assert not small.getexif()
    assert isinstance(made, Made)
    assert b"SECRET" not in made.content


async def test_only_the_first_of_thousands_of_frames_is_opened() -> None:
    """An animation without end costs no more than a still."""
    frame = picture("GIF", (64, 64))
    start = frame.index(b",")
    endless = frame[:start] + frame[start:-1] * 5000 + b";"
    assert opened(await of(endless, "GIF")).size == (64, 64)


def hostile() -> dict[str, tuple[str, bytes]]:
    """Return pictures that are none, or claim to be what they are not."""
    whole = {form: picture(form) for form in TYPES}
    noise = os.urandom(4000)
    return {
        "empty": ("PNG", b""),
        "noise": ("JPEG", noise),
        **{f"cut {form}": (form, content[:60]) for form, content in whole.items()},
        **{
            f"half a {form}": (form, content[: len(content) // 2])
            for form, content in whole.items()
        },
        "a PNG called JPEG": ("JPEG", whole["PNG"]),
        "a JPEG called PNG": ("PNG", whole["JPEG"]),
        "a GIF called WEBP": ("WEBP", whole["GIF"]),
        "a TIFF called JPEG": ("JPEG", tiff()),
        "a PostScript program called PNG": ("PNG", b"%!PS-Adobe-3.0 EPSF-3.0\n" + noise),
        "no pixels": ("PNG", png_of(300, 300)),
        "no width": ("PNG", png_of(0, 300)),
        "a header and noise": ("WEBP", whole["WEBP"][:16] + noise),
        "an endless chunk": ("PNG", whole["PNG"][:8] + struct.pack(">I", 0x7FFFFFFF) + b"IDAT"),
    }


def tiff() -> bytes:
    """Return a TIFF, which is not opened for messages."""
    written = io.BytesIO()
    Image.new("RGB", (10, 10)).save(written, "TIFF")
    return written.getvalue()


HOSTILE = hostile()


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_picture_is_called_unreadable(name: str) -> None:
    """Broken, cut or mislabelled files have a reason and no thumbnail."""
    form, content = HOSTILE[name]
    assert await of(content, form) is ThumbnailReason.UNREADABLE


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (60_000, 60_000, ThumbnailReason.TOO_MANY_PIXELS),
        (0x7FFFFFFF, 1, ThumbnailReason.TOO_MANY_PIXELS),
        (9_500, 9_500, ThumbnailReason.TOO_MANY_PIXELS),
    ],
)
async def test_a_bomb_is_not_opened(width: int, height: int, reason: ThumbnailReason) -> None:
    """A few bytes that claim to be thousands of millions of pixels are left alone."""
    assert await of(png_of(width, height, bytes(1000))) is reason


async def test_a_picture_that_eats_memory_dies_of_it() -> None:
    """A picture under the limit of pixels may still need more memory than there is."""
    side = 9_400
    content = png_of(side, side, bytes((3 * side + 1) * side))
    assert len(content) < 10**6
    assert await of(content) is ThumbnailReason.OUT_OF_RESOURCES


async def test_a_child_that_takes_too_long_is_killed() -> None:
    """Time runs out for the child and for nobody else."""
    assert await of(picture("PNG"), seconds=0.001) is ThumbnailReason.OUT_OF_RESOURCES
