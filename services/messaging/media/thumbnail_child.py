"""Make one thumbnail: a picture on standard input, a JPEG or PNG on standard output.

Runs in a child that has given up all power (see `chassis.confined`), because what it reads may be
made to break what reads it. The exit status says what went wrong.
"""

import copy  # noqa: F401 - Pillow imports it when files can no longer be opened
import io
import warnings
from contextlib import suppress
from typing import BinaryIO

# The same holds for these.
from PIL import Image, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

LONGER_SIDE = 256
"""Pixels of the longer side; smaller pictures are not enlarged."""

TOO_MANY_PIXELS = 4
"""An exit status, besides those every program has."""
_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each EXIF orientation asks for; 1 is upright."""

warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.preinit()


def perform(decoder: str, source: BinaryIO, target: BinaryIO) -> int:
    """Make the thumbnail of what `source` holds, read by this decoder alone."""
    try:
        target.write(thumbnail(source.read(), decoder))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    return 0


def thumbnail(content: bytes, decoder: str) -> bytes:
    """Return the picture's first frame, upright and small, with nothing but its pixels."""
    with Image.open(io.BytesIO(content), formats=[decoder]) as picture:
        # JPEG can be decoded at a fraction of its size; others ignore this.
        picture.draft("RGB", (2 * LONGER_SIDE, 2 * LONGER_SIDE))
        small = picture.convert("RGBA" if _has_alpha(picture) else "RGB")
        turn = _turn(picture)
    small.thumbnail((LONGER_SIDE, LONGER_SIDE))
    upright = small if turn is None else small.transpose(turn)
    # A new picture has no metadata to take along: no place, no camera, no profile.
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    if clean.mode == "RGBA":
        clean.save(written, "PNG", optimize=True)
    else:
        clean.save(written, "JPEG", quality=80)
    return written.getvalue()


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in _ALPHA or "transparency" in picture.info


def _turn(picture: Image.Image) -> Image.Transpose | None:
    # Pixels may be fine where the metadata is not.
    with suppress(Exception):
        return _TURNS.get(int(picture.getexif()[_ORIENTATION]))
    return None
