"""Making a clean PDF of documents, whole or some pages, on paper of one size or as they are."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Rectangle

from services.fax.documents.confined import looking, pdf_pages, pictures, written
from services.fax.documents.confined.blame import blamed
from services.fax.documents.confined.layers import Layers
from services.fax.documents.confined.part import PDF, TEXT, Part
from services.fax.documents.model import LARGEST_BYTES, MOST_PAGES, Problem, Rejected, range_of

_PAPER = {"letter": (612.0, 792.0), "a4": (595.28, 841.89)}
_SAME = 2.0
"""Points by which a page may differ from its paper and stay as it is."""
_PICTURE_MARGIN = 18.0
_WIDEST_GREY = 2550
"""Pixels across a page that is not black and white: 300 per inch of Letter."""

Answer = tuple[Mapping[str, Any], bytes]


def make(order: Mapping[str, Any], parts: Sequence[Part]) -> Answer:
    """Make one PDF of all parts, behind a cover page if one is given.

    The same order gives the same bytes.
    """
    paper = _PAPER.get(str(order.get("paper", "")))
    made = pikepdf.new()
    layers = Layers(made)
    for part in parts:
        with blamed(part.index):
            _add(made, layers, part, order, paper)
        _check_count(made, part.index)
    if order.get("cover"):
        _put_cover(made, order["cover"], paper or _PAPER["letter"])
        _check_count(made, None)
    layers.write()
    content = _saved(made)
    if order.get("proven"):
        looking.prove(content)
    return {"page_count": len(made.pages)}, content


def _check_count(made: pikepdf.Pdf, index: int | None) -> None:
    if len(made.pages) > MOST_PAGES:
        raise Rejected(Problem.TOO_MANY_PAGES, f"together more than {MOST_PAGES} pages", index)


def _add(
    made: pikepdf.Pdf,
    layers: Layers,
    part: Part,
    order: Mapping[str, Any],
    paper: tuple[float, float] | None,
) -> None:
    first, last = int(order.get("first", 0)), int(order.get("last", 0))
    if part.kind not in (PDF, TEXT):
        first, last = range_of(first, last, pictures.frame_count(part))
        for found in pictures.sheets(part, first, last):
            _add_picture(made, found, paper)
        return
    content = part.content
    if part.kind == TEXT:
        content = written.text_pdf(content, paper or _PAPER["letter"], part.index)
    source = pdf_pages.opened(content, part.index)
    first, last = range_of(first, last, len(source.pages))
    pdf_pages.clean(source, first, last)
    for page in source.pages[first - 1 : last]:
        made.pages.append(page)
        if paper is not None:
            _fit(made, len(made.pages) - 1, paper)
    layers.take(source)


def _fit(made: pikepdf.Pdf, number: int, paper: tuple[float, float]) -> None:
    """Put a page onto the paper: upright, as large as it is unless that is too large."""
    page = made.pages[number]
    width, height = pdf_pages.page_size(page)
    upright = not int(page.obj.get("/Rotate", 0)) and "/UserUnit" not in page.obj
    if upright and abs(width - paper[0]) < _SAME and abs(height - paper[1]) < _SAME:
        return
    if width > height:
        page.rotate(90, relative=True)
    shown = made.make_indirect(page.as_form_xobject())
    made.add_blank_page(page_size=paper)
    sheet = made.pages[-1]
    sheet.obj.Resources = Dictionary(XObject=Dictionary({"/Page": shown}))
    sheet.obj.Contents = made.make_stream(
        sheet.calc_form_xobject_placement(
            shown,
            Name("/Page"),
            Rectangle(0, 0, *paper),
            invert_transformations=True,
            allow_shrink=True,
            allow_expand=False,
        )
    )
    del made.pages[number]


def _add_picture(
    made: pikepdf.Pdf, found: pictures.Frame | pictures.Strip, paper: tuple[float, float] | None
) -> None:
    """Add a picture as a page: of its own size, or turned and shrunk to fit the paper."""
    width, height = found.points
    if isinstance(found, pictures.Strip):
        shows = _as_it_is(made, found)
    elif paper is not None and width > height:
        shows = _embedded(made, found.image.rotate(90, expand=True))
        width, height = height, width
    else:
        shows = _embedded(made, found.image)
    sheet, scale = paper or (min(width, 14400.0), min(height, 14400.0)), 1.0
    if paper is not None:
        margin = 0.0 if found.dots else _PICTURE_MARGIN
        scale = min((paper[0] - 2 * margin) / width, (paper[1] - 2 * margin) / height)
        scale = min(scale, 1.0) if found.dots else scale
    shown = (width * scale, height * scale)
    left, bottom = (sheet[0] - shown[0]) / 2, (sheet[1] - shown[1]) / 2
    drawing = f"q {shown[0]:.4f} 0 0 {shown[1]:.4f} {left:.4f} {bottom:.4f} cm /Picture Do Q"
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *sheet]),
        Resources=Dictionary(XObject=Dictionary({"/Picture": shows})),
        Contents=made.make_stream(drawing.encode()),
    )
    made.pages.append(pikepdf.Page(made.make_indirect(page)))


def _as_it_is(made: pikepdf.Pdf, found: pictures.Strip) -> pikepdf.Object:
    """Return a page in fax compression as PDFs hold it: the same bytes."""
    width, height = found.size
    return made.make_stream(
        found.content,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=Name.DeviceGray,
        BitsPerComponent=1,
        Filter=Name.CCITTFaxDecode,
        DecodeParms=Dictionary(K=-1, Columns=width, Rows=height, BlackIs1=found.black_is_one),
    )


def _embedded(made: pikepdf.Pdf, image: Any) -> pikepdf.Object:
    """Return a picture as PDFs hold it: fax compression for black and white, JPEG for grey."""
    if image.mode != "1" and image.width > _WIDEST_GREY:
        height = max(1, round(image.height * _WIDEST_GREY / image.width))
        image = image.resize((_WIDEST_GREY, height), reducing_gap=2.0)
    single = io.BytesIO()
    # Pillow writes fax compression as part of a TIFF, which knows no quality.
    quality = {} if image.mode == "1" else {"quality": 85}
    image.save(single, "PDF", resolution=72.0, **quality)
    with pikepdf.open(io.BytesIO(single.getvalue())) as pdf:
        pictures_of = pdf.pages[0].obj.Resources.XObject
        return made.copy_foreign(next(iter(pictures_of.as_dict().values())))


def _put_cover(made: pikepdf.Pdf, cover: Mapping[str, Any], paper: tuple[float, float]) -> None:
    content = written.cover_pdf(cover, len(made.pages), paper)
    sheet = pdf_pages.opened(content)
    pdf_pages.clean(sheet, 1, 1)
    made.pages.insert(0, sheet.pages[0])


def _saved(made: pikepdf.Pdf) -> bytes:
    content = io.BytesIO()
    # Streams stay as they are: one that swells when it is decoded does not do so here.
    made.save(
        content,
        deterministic_id=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    )
    if content.tell() > LARGEST_BYTES:
        raise Rejected(Problem.TOO_LARGE, "as a clean PDF it has more than 50 MiB")
    return content.getvalue()
