"""PDFs opened and cleaned: of a page nothing stays but what it shows."""

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name, Object

from services.fax.documents.confined.tiff_pages import MOST_PIXELS
from services.fax.documents.model import MOST_PAGES, Active, Problem, Rejected

_PAGE_KEYS = frozenset(
    ("/Type", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group")
)
_NOT_IN_STREAMS = (
    # What leads to other files.
    *("/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI", "/Alternates"),
    *("/Metadata", "/PieceInfo", "/AF", "/LastModified", "/StructParent", "/StructParents"),
)
_NOT_IN_DICTIONARIES = ("/Metadata", "/PieceInfo", "/JS", "/EF")
_ACTIONS = {
    "/JavaScript": Active.JAVASCRIPT,
    "/Launch": Active.LAUNCH,
    "/SubmitForm": Active.LAUNCH,
    "/ImportData": Active.LAUNCH,
    "/GoToR": Active.LAUNCH,
    "/GoToE": Active.LAUNCH,
    "/URI": Active.LINK,
}
_LETTER = (612.0, 792.0)
_LARGEST = 1e6
"""Points of a page that is believed: more than 300 metres."""


def load_ciphers() -> None:
    """Open an encrypted PDF of our own: ciphers are loaded from files when they are first used."""
    written = io.BytesIO()
    with pikepdf.new() as empty:
        empty.save(written, encryption=pikepdf.Encryption(user="", owner="owner"))
    pikepdf.open(written).close()


def opened(content: bytes, index: int = 0) -> pikepdf.Pdf:
    """Open a PDF whose pages can be counted; raises Rejected, PasswordError and PdfError."""
    pdf = pikepdf.open(io.BytesIO(content))
    if pdf.is_encrypted:
        raise Rejected(Problem.ENCRYPTED, "it is encrypted", index)
    count = len(pdf.pages)
    if count == 0:
        raise Rejected(Problem.EMPTY, "it has no pages", index)
    if count > MOST_PAGES:
        raise Rejected(Problem.TOO_MANY_PAGES, f"it has more than {MOST_PAGES} pages", index)
    return pdf


def page_size(page: pikepdf.Page) -> tuple[float, float]:
    """Return width and height of a page as it is looked at, in points."""
    try:
        left, bottom, right, top = (float(edge) for edge in page.cropbox)
        unit = float(page.obj.get("/UserUnit", 1))
        turned = int(page.obj.get("/Rotate", 0)) % 180 == 90
    except (TypeError, ValueError, AttributeError, pikepdf.PdfError):
        return _LETTER
    width, height = abs(right - left) * unit, abs(top - bottom) * unit
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        return _LETTER
    return (height, width) if turned else (width, height)


def active_content(pdf: pikepdf.Pdf) -> list[Active]:
    """Return what the PDF carries besides its pages; raises Rejected for a picture too large."""
    found: set[Active] = set()
    for each in pdf.objects:
        if isinstance(each, Dictionary | pikepdf.Stream):
            found.update(_active(each))
            _check_pixels(each)
    if "/AcroForm" in pdf.Root:
        found.add(Active.FORM)
    return sorted(found)


def _active(found: Object) -> Iterator[Active]:
    # An object may hold actions directly, a level or two down.
    waiting, left = [found], 1000
    while waiting and left:
        each, left = waiting.pop(), left - 1
        for key, value in _entries(each):
            if key in ("/JS", "/JavaScript"):
                yield Active.JAVASCRIPT
            elif key in ("/EF", "/EmbeddedFiles"):
                yield Active.ATTACHMENT
            elif key == "/S" and isinstance(value, Name) and str(value) in _ACTIONS:
                yield _ACTIONS[str(value)]
            elif isinstance(value, Dictionary | pikepdf.Array) and not value.is_indirect:
                waiting.append(value)


def _entries(found: Object) -> list[tuple[str, Any]]:
    if isinstance(found, pikepdf.Array):
        return [("", each) for each in found]
    return [(str(key), found.get(key)) for key in found.keys()]  # noqa: SIM118 - no mapping


def _check_pixels(found: Object) -> None:
    if not isinstance(found, pikepdf.Stream) or found.get("/Subtype") != Name.Image:
        return
    width, height = found.get("/Width", 0), found.get("/Height", 0)
    if int(width) * int(height) > MOST_PIXELS:
        raise Rejected(Problem.TOO_MANY_PIXELS, "a picture in it claims too many pixels")


def clean(pdf: pikepdf.Pdf, first: int, last: int) -> None:
    """Leave of the pages from first to last what they show, and of their forms the answers."""
    _flatten(pdf)
    seen: set[tuple[int, int]] = set()
    for number in range(first - 1, last):
        page = pdf.pages[number].obj
        for key in list(page.keys()):
            if key not in _PAGE_KEYS:
                del page[key]
        _clean_below(page, seen)


def _flatten(pdf: pikepdf.Pdf) -> None:
    """Draw onto the pages what has been filled in and stamped onto them."""
    form = pdf.Root.get("/AcroForm")
    if form is not None and form.get("/NeedAppearances"):
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("print")


def _clean_below(page: Object, seen: set[tuple[int, int]]) -> None:
    waiting = [page]
    while waiting:
        each = waiting.pop()
        if each.is_indirect:
            if each.objgen in seen:
                continue
            seen.add(each.objgen)
        if isinstance(each, pikepdf.Stream):
            _drop(each, _NOT_IN_STREAMS)
            _check_pixels(each)
        elif isinstance(each, Dictionary):
            _drop(each, _NOT_IN_DICTIONARIES)
        waiting += [
            value
            for _, value in _entries(each)
            if isinstance(value, Dictionary | pikepdf.Stream | pikepdf.Array)
        ]


def _drop(found: Object, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in found:
            del found[key]
