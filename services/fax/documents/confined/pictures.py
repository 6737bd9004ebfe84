"""Pictures as pages: TIFF, PNG and JPEG."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Loaded now: the child can open no file when they are first needed.
from PIL import Image, ImageOps, JpegImagePlugin, PdfImagePlugin, PngImagePlugin, TiffImagePlugin

from services.fax.documents.confined.part import JPEG, PNG, TIFF, Part
from services.fax.documents.confined.tiff_pages import MOST_PIXELS, page_sizes
from services.fax.documents.model import Problem, Rejected

PLUGINS = (JpegImagePlugin, PdfImagePlugin, PngImagePlugin, TiffImagePlugin)

_DECODERS = {TIFF: "TIFF", PNG: "PNG", JPEG: "JPEG"}
_UNIT = 296
_RESOLUTION_X, _RESOLUTION_Y = 282, 283
_PER_CENTIMETRE = 3
_ORIENTATION = 0x0112
_LYING = frozenset((5, 6, 7, 8))
"""The orientations that turn a picture by a quarter."""
_STRIPS = (273, 279)
_COMPRESSION, _GROUP_4, _GROUP_4_OPTIONS = 259, 4, 293
_PHOTOMETRIC, _FILL_ORDER, _LOWEST_FIRST = 262, 266, 2
_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_FAX_WIDTH = 1728
"""Dots across the page of every fax; such a page may leave out that it has 204 by 196 an inch.
Source: ITU-T T.4."""
_FAX_DOTS = (204.0, 196.0)
_FEWEST, _MOST = 36.0, 2400.0
"""Dots per inch that are believed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: black and white, or grey, with its dots per inch, if it says so."""

    image: Image.Image
    dots: tuple[float, float] | None

    @property
    def points(self) -> tuple[float, float]:
        """Width and height on paper in points."""
        return points(self.image.size, self.dots)


@dataclass(frozen=True, slots=True)
class Strip:
    """A page in fax compression, as PDFs hold it too: it need not be unpacked to be shown."""

    content: bytes
    size: tuple[int, int]
    dots: tuple[float, float] | None
    black_is_one: bool

    @property
    def points(self) -> tuple[float, float]:
        """Width and height on paper in points."""
        return points(self.size, self.dots)


def frame_count(part: Part) -> int:
    """Return how many pages a picture has, having looked at the size of each."""
    if part.kind == TIFF:
        return len(page_sizes(part.content))
    with _opened(part) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Rejected(Problem.TOO_MANY_PIXELS, "it claims too many pixels", part.index)
    return 1


def frames(part: Part, first: int, last: int) -> Iterator[Frame]:
    """Yield the pages from first to last, counted from 1."""
    with _opened(part) as picture:
        for number in range(first, last + 1):
            if number > 1:
                picture.seek(number - 1)
            yield frame(picture)


def sizes(part: Part, first: int, last: int) -> Iterator[tuple[float, float]]:
    """Yield width and height of the pages from first to last in points, decoding none."""
    with _opened(part) as picture:
        for number in range(first, last + 1):
            if number > 1:
                picture.seek(number - 1)
            width, height = points(picture.size, _dots(picture))
            turned = picture.getexif().get(_ORIENTATION, 1) in _LYING
            yield (height, width) if turned else (width, height)


def sheets(part: Part, first: int, last: int) -> Iterator[Frame | Strip]:
    """Yield the pages from first to last, those in fax compression as they are."""
    with _opened(part) as picture:
        for number in range(first, last + 1):
            if number > 1:
                picture.seek(number - 1)
            yield _strip(picture, part.content) or frame(picture)


def _strip(picture: Image.Image, content: bytes) -> Strip | None:
    """Return an upright page that is one strip of group 4 without extensions, None for others."""
    tags = getattr(picture, "tag_v2", {})
    places, lengths = tags.get(_STRIPS[0], ()), tags.get(_STRIPS[1], ())
    plain = tags.get(_COMPRESSION) == _GROUP_4 and not tags.get(_GROUP_4_OPTIONS)
    upright = tags.get(_ORIENTATION, 1) == 1 and picture.height >= picture.width
    if not (plain and upright and picture.mode == "1" and len(places) == len(lengths) == 1):
        return None
    packed = content[places[0] : places[0] + lengths[0]]
    if tags.get(_FILL_ORDER) == _LOWEST_FIRST:
        packed = packed.translate(_MIRRORED)
    return Strip(packed, picture.size, _dots(picture), tags.get(_PHOTOMETRIC) == 1)


def frame(picture: Image.Image) -> Frame:
    """Return the picture as it stands, upright, without colour and on white."""
    dots = _dots(picture)
    orientation = picture.getexif().get(_ORIENTATION, 1)
    upright = picture
    if orientation != 1:
        upright = ImageOps.exif_transpose(picture)
        dots = (dots[1], dots[0]) if dots and orientation in _LYING else dots
    return Frame(_greyed(upright, picture.info), dots)


def points(size: tuple[int, int], dots: tuple[float, float] | None) -> tuple[float, float]:
    """Return width and height on paper in points; 100 dots per inch where nothing is stated."""
    across, down = dots or (100.0, 100.0)
    return size[0] * 72 / across, size[1] * 72 / down


def _greyed(picture: Image.Image, info: Mapping[Any, Any]) -> Image.Image:
    if picture.mode == "1":
        return picture.copy()
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in info:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("L")
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256).convert("L")
    return picture.convert("L")


@contextmanager
def _opened(part: Part) -> Iterator[Image.Image]:
    with Image.open(io.BytesIO(part.content), formats=[_DECODERS[part.kind]]) as picture:
        yield picture


def _dots(picture: Image.Image) -> tuple[float, float] | None:
    """Return the dots per inch that a picture states, if they can be believed."""
    if picture.format == "TIFF":
        tags = getattr(picture, "tag_v2", {})
        factor = 2.54 if tags.get(_UNIT) == _PER_CENTIMETRE else 1.0
        stated = (tags.get(_RESOLUTION_X, 0), tags.get(_RESOLUTION_Y, 0))
        dots = (_number(stated[0]) * factor, _number(stated[1]) * factor)
    else:
        stated = picture.info.get("dpi", (0, 0))
        dots = (_number(stated[0]), _number(stated[1]))
    if all(_FEWEST <= each <= _MOST for each in dots):
        return dots
    return _FAX_DOTS if picture.width == _FAX_WIDTH else None


def _number(stated: object) -> float:
    try:
        return float(stated)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0
