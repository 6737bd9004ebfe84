"""Looking at a document: what it is, what its pages look like, what they say."""

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image

from services.fax.documents.confined import pdf_pages, pictures
from services.fax.documents.confined.layers import Layers
from services.fax.documents.confined.part import PDF, Part
from services.fax.documents.model import Problem, Rejected, range_of

_HASHED_PAGES = 32
_HASH_WIDTH = 288
_HEADER_SHARE = 0.08
"""The line that every machine prints at the top, with the time: it differs in every scan."""
_MOST_TEXT = 1024 * 1024
_DRAWING_CPU_SECONDS, _TEXT_CPU_SECONDS, _PROVING_CPU_SECONDS = 4.0, 6.0, 7.0
"""Of the processor, since the child was started. Pages whose turn comes later are not hashed, have
no text, or are not proven: many honest pages may take long, and only a single one may not."""
_TALLEST = 4.0
"""A drawn page is at most so many times as high as wide."""

Answer = tuple[Mapping[str, Any], bytes]


def inspect(_order: Mapping[str, Any], parts: Sequence[Part]) -> Answer:
    """Count and measure the pages, and draw the first ones: what cannot be drawn is no fax."""
    part = parts[0]
    if part.kind == PDF:
        return _inspect_pdf(part), b""
    count = pictures.frame_count(part)
    shown = pictures.frames(part, 1, min(count, _HASHED_PAGES))
    hashes = list(_hashes(found.image.convert("L") for found in shown))
    sizes = list(pictures.sizes(part, 1, count))
    return {**_facts(part), "pages": sizes, "hashes": hashes, "texts": []}, b""


def _inspect_pdf(part: Part) -> Mapping[str, Any]:
    pdf = pdf_pages.opened(part.content)
    # Counted by one reader and drawn by another: both must see the same pages.
    drawn = _Drawn(pdf, 1, len(pdf.pages))
    first = range(min(_HASHED_PAGES, drawn.count))
    hashes = list(_hashes(drawn.picture(number, _HASH_WIDTH) for number in first))
    return {
        **_facts(part),
        "pages": [pdf_pages.page_size(page) for page in pdf.pages],
        "repaired": bool(pdf.get_warnings()),
        "active": pdf_pages.active_content(pdf),
        "hashes": hashes,
        "texts": list(_texts(drawn)),
    }


def _hashes(drawn: Iterator[Image.Image]) -> Iterator[int]:
    for picture in drawn:
        yield page_hash(picture)
        if time.process_time() > _DRAWING_CPU_SECONDS:
            return


def _facts(part: Part) -> Mapping[str, Any]:
    return {"kind": part.kind, "size": len(part.content)}


def draw(order: Mapping[str, Any], parts: Sequence[Part]) -> Answer:
    """Draw pages as PNGs, one after the other; the answer says how long each is."""
    part, width = parts[0], int(order["width"])
    if part.kind == PDF:
        pdf = pdf_pages.opened(part.content)
        first, last = _some(order, len(pdf.pages))
        drawn = _Drawn(pdf, first, last)
        images = (drawn.picture(number, width) for number in range(drawn.count))
    else:
        first, last = _some(order, pictures.frame_count(part))
        images = (_shrunk(found, width) for found in pictures.frames(part, first, last))
    written = [_png(image) for image in images]
    return {"sizes": [len(each) for each in written]}, b"".join(written)


def page_hash(page: Image.Image) -> int:
    """Return the difference hash of a page: alike for two scans of the same sheet.

    One bit for each pixel of a picture of 8 by 8, row by row: whether it is brighter than the one
    to its right.
    """
    below = page.crop((0, round(page.height * _HEADER_SHARE), page.width, page.height))
    small = below.resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (
        small[9 * row + column] > small[9 * row + column + 1]
        for row in range(8)
        for column in range(8)
    )
    return sum(bit << (63 - place) for place, bit in enumerate(bits))


class _Drawn:
    """Some pages of a PDF, ready to be drawn."""

    def __init__(self, pdf: pikepdf.Pdf, first: int, last: int) -> None:
        some = pikepdf.new()
        some.pages.extend(pdf.pages[first - 1 : last])
        layers = Layers(some)
        layers.take(pdf)
        layers.write()
        written = io.BytesIO()
        some.save(written, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        self._document = pypdfium2.PdfDocument(written.getvalue())
        self.count = last - first + 1

    def picture(self, number: int, width: int) -> Image.Image:
        """Return a page, from 0, in shades of grey and so many pixels wide, unless it is high."""
        page = self._document[number]
        across, down = page.get_size()
        if not (across >= 1 and down >= 1):
            raise Rejected(Problem.DAMAGED, "a page has no size")
        scale = min(width / across, _TALLEST * width / down)
        picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
        page.close()
        return picture.convert("L")

    def text(self, number: int) -> str:
        """Return what a page, from 0, says itself."""
        page = self._document[number]
        found: str = page.get_textpage().get_text_range()
        page.close()
        # Half a character at the end of a surrogate pair is no text.
        whole = found.encode("utf-8", "replace").decode("utf-8")
        return whole.replace("\r\n", "\n").replace("\x00", "").strip()


def _texts(drawn: _Drawn) -> Iterator[str]:
    left = _MOST_TEXT
    for number in range(drawn.count):
        if time.process_time() > _TEXT_CPU_SECONDS or left <= 0:
            return
        text = drawn.text(number)[:left]
        left -= len(text)
        yield text


def _shrunk(found: pictures.Frame, width: int) -> Image.Image:
    across, down = found.points
    height = max(1, min(round(width * down / across), round(_TALLEST * width)))
    return found.image.convert("L").resize((width, height), Image.Resampling.BOX)


def _png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _some(order: Mapping[str, Any], page_count: int) -> tuple[int, int]:
    return range_of(int(order["first"]), int(order["last"]), page_count)


def prove(content: bytes) -> None:
    """Draw the first pages of a PDF made here, so that what cannot be drawn is not sent."""
    pdf = pdf_pages.opened(content)
    drawn = _Drawn(pdf, 1, min(_HASHED_PAGES, len(pdf.pages)))
    for number in range(drawn.count):
        drawn.picture(number, _HASH_WIDTH)
        if time.process_time() > _PROVING_CPU_SECONDS:
            return
