"""Pages that are written here: plain text and cover pages."""

import io
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from services.fax.documents.model import MOST_PAGES, Problem, Rejected

_TEXT_FONT, _PLAIN, _BOLD = "Courier", "Helvetica", "Helvetica-Bold"
for _font in (_TEXT_FONT, _PLAIN, _BOLD):
    # Loaded now: the child can open no file when it is first used.
    pdfmetrics.stringWidth("", _font, 10)

_MARGIN = 54.0
_SIZE, _LINE = 10.0, 12.0
_TAB = 8
_LABELS = (
    ("to_name", "To"),
    ("to_number", "Fax"),
    ("from_name", "From"),
    ("from_company", "Company"),
    ("from_number", "Sender's fax"),
    ("date", "Date"),
    ("pages", "Pages"),
    ("subject", "Subject"),
)
_VALUE_AT = 160.0


def text_pdf(content: bytes, paper: tuple[float, float], index: int) -> bytes:
    """Return plain text as a PDF: lines wrapped, a form feed begins a page; raises Rejected."""
    columns = int((paper[0] - 2 * _MARGIN) / pdfmetrics.stringWidth("0", _TEXT_FONT, _SIZE))
    rows = int((paper[1] - 2 * _MARGIN) / _LINE)
    text = _decoded(content, index, MOST_PAGES * rows * columns)
    pages = [
        lines[start : start + rows]
        for section in text.split("\f")
        for lines in [_wrapped(section, columns)]
        for start in range(0, len(lines), rows)
    ]
    if len(pages) > MOST_PAGES:
        raise _too_long(index)
    written, canvas = _canvas(paper)
    for lines in pages:
        _lines(canvas, lines, _TEXT_FONT, _MARGIN, paper[1] - _MARGIN - _SIZE)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def cover_pdf(cover: Mapping[str, Any], page_count: int, paper: tuple[float, float]) -> bytes:
    """Return a cover page for a fax of `page_count` pages besides it; raises Rejected."""
    facts = {key: _line(str(value)) for key, value in cover.items()}
    facts["pages"] = f"{page_count + 1}, this one included"
    for key, value in facts.items():
        _check(value, f"the cover page's {key.replace('_', ' ')}", None)
    written, canvas = _canvas(paper)
    y = paper[1] - 90
    canvas.setFont(_BOLD, 36)
    canvas.drawString(_MARGIN, y, "FAX")
    canvas.line(_MARGIN, y - 12, paper[0] - _MARGIN, y - 12)
    y = _facts(canvas, facts, paper, y - 44)
    floor = _notice(canvas, facts.get("confidentiality_notice", ""), paper)
    _remarks(canvas, facts.get("remarks", ""), paper, y - 16, floor)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def _canvas(paper: tuple[float, float]) -> tuple[io.BytesIO, Canvas]:
    written = io.BytesIO()
    # The same words give the same bytes: no time and no chance is in them.
    return written, Canvas(written, pagesize=paper, invariant=1)


def _decoded(content: bytes, index: int, most: int) -> str:
    """Return the text; raises Rejected when `most` characters would not hold it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Rejected(
            Problem.UNSUPPORTED_CHARACTER, "it is not UTF-8; send it as UTF-8 or as a PDF", index
        ) from None
    if len(text) > 2 * most:
        raise _too_long(index)
    text = _line(text)
    for number, line in enumerate(text.split("\n"), start=1):
        _check(line.replace("\f", ""), f"line {number}", index)
    if not text.strip():
        raise Rejected(Problem.EMPTY, "it has no text", index)
    return text


def _too_long(index: int) -> Rejected:
    return Rejected(Problem.TOO_MANY_PAGES, f"it has more than {MOST_PAGES} pages", index)


def _line(text: str) -> str:
    """Return text with one kind of line end, no tabs, and letters with their accents on."""
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line.expandtabs(_TAB) for line in plain.split("\n"))


def _check(text: str, where: str, index: int | None) -> None:
    """Refuse a character that our fonts do not have; raises Rejected."""
    for each in text:
        try:
            fits = each == "\n" or (each.encode("cp1252") and each.isprintable()) or each == "\xa0"
        except UnicodeEncodeError:
            fits = False
        if not fits:
            name = unicodedata.name(each, "a control character")
            raise Rejected(
                Problem.UNSUPPORTED_CHARACTER,
                f"{where} has U+{ord(each):04X} ({name}), which our fonts do not have; "
                "leave it out, or send the text as a PDF",
                index,
            )


def _wrapped(text: str, columns: int) -> list[str]:
    lines: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        lines += textwrap.wrap(
            line.rstrip(), columns, replace_whitespace=False, drop_whitespace=False
        ) or [""]
    return lines


def _facts(canvas: Canvas, facts: Mapping[str, str], paper: tuple[float, float], y: float) -> float:
    """Draw what is filled in below each other; return where it ends."""
    for key, label in _LABELS:
        if not facts.get(key):
            continue
        canvas.setFont(_BOLD, 12)
        canvas.drawString(_MARGIN, y, label)
        lines = _fitted(facts[key], _PLAIN, 12, paper[0] - _MARGIN - _VALUE_AT)
        canvas.setFont(_PLAIN, 12)
        for line in lines:
            canvas.drawString(_VALUE_AT, y, line)
            y -= 16
        y -= 6
    return y


def _remarks(
    canvas: Canvas, text: str, paper: tuple[float, float], top: float, floor: float
) -> None:
    """Draw the remarks as large as they fit; raises Rejected when they do not."""
    for size in (12.0, 10.0, 8.0):
        lines = _fitted(text, _PLAIN, size, paper[0] - 2 * _MARGIN)
        if len(lines) * size * 1.25 <= top - floor:
            _lines(canvas, lines, _PLAIN, _MARGIN, top, size)
            return
    raise Rejected(Problem.TOO_LARGE, "its words do not fit on the cover page", None)


def _notice(canvas: Canvas, text: str, paper: tuple[float, float]) -> float:
    """Draw the confidentiality notice at the foot; return where it begins."""
    lines = _fitted(text, _PLAIN, 8, paper[0] - 2 * _MARGIN)
    top = _MARGIN + len(lines) * 10
    if top > paper[1] / 3:
        raise Rejected(Problem.TOO_LARGE, "the notice does not fit on the cover page", None)
    _lines(canvas, lines, _PLAIN, _MARGIN, top - 8, 8)
    return top + 12


def _fitted(text: str, font: str, size: float, width: float) -> list[str]:
    """Return text in lines that are no wider than `width`."""
    lines: list[str] = []
    for paragraph in text.split("\n") if text else []:
        line = ""
        for word in _words(paragraph, font, size, width):
            longer = f"{line} {word}" if line else word
            if line and pdfmetrics.stringWidth(longer, font, size) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _words(text: str, font: str, size: float, width: float) -> Iterator[str]:
    """Yield the words; what is wider than a line is cut."""
    widest = max(1, int(width / pdfmetrics.stringWidth("W", font, size)))
    for word in text.split():
        step = widest if pdfmetrics.stringWidth(word, font, size) > width else len(word)
        for start in range(0, len(word), step):
            yield word[start : start + step]


def _lines(
    canvas: Canvas, lines: Sequence[str], font: str, x: float, y: float, size: float = _SIZE
) -> None:
    canvas.setFont(font, size)
    leading = _LINE if font == _TEXT_FONT else size * 1.25
    for line in lines:
        canvas.drawString(x, y, line)
        y -= leading
