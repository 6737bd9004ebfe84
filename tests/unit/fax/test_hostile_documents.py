"""Documents made to break what reads them: each ends in a reason, and nothing else happens.

Everything here is built by code. What a corpus like this proves is that no document takes the
service with it; which of several reasons a reader gives is fixed only where it matters to people.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.objects import Objects, open_objects
from chassis.sandbox import Limits, Sandbox
from services.fax.documents import children
from services.fax.documents.children import LIMITS
from services.fax.documents.documents import Documents
from services.fax.documents.model import Inspection, Problem, Rejected
from tests.support import hostile_pdfs as pdfs
from tests.support import hostile_pictures as pictures
from tests.support.documents import OwnedObjects, keep

QUICK = Limits(cpu_seconds=2, output_bytes=LIMITS.output_bytes)
NOT, EMPTY, LARGE = Problem.NOT_A_DOCUMENT, Problem.EMPTY, Problem.TOO_LARGE
PAGES, PIXELS, SECRET = Problem.TOO_MANY_PAGES, Problem.TOO_MANY_PIXELS, Problem.ENCRYPTED
DAMAGED, TIME, MEMORY = Problem.DAMAGED, Problem.TIMED_OUT, Problem.OUT_OF_MEMORY
CRASHED = Problem.CRASHED
SPENT = {TIME, MEMORY, CRASHED}

Made = Callable[[], bytes]


def tree(kids: str, more: str = "") -> bytes:
    """Return a PDF with these children of the page tree."""
    return pdfs.one_page({2: f"<< /Type /Pages /Kids [{kids}] /Count 1 {more} >>"})


REFUSED: dict[str, tuple[Made, Problem | set[Problem]]] = {
    "nothing": (lambda: b"", EMPTY),
    "noise": (lambda: os.urandom(4000), NOT),
    "a page of HTML": (lambda: b"<html><body>404</body></html>", NOT),
    "a program": (lambda: b"MZ" + bytes(500), NOT),
    "a PostScript program": (lambda: b"%!PS-Adobe-3.0\nquit\n\xff", NOT),
    "a PDF behind other things": (lambda: b"\xff" * 600 + pdfs.one_page(), NOT),
    "a video": (lambda: b"\0\0\0\x18ftypmp42" + bytes(500), NOT),
    "51 MB": (lambda: pdfs.joined([pdfs.one_page(), bytes(51 * 1024 * 1024)]), LARGE),
    "351 pages": (lambda: pdfs.many_pages(351), PAGES),
    "351 pages of a TIFF": (lambda: pictures.tiff_of([pictures.page(8, 8)] * 351, bytes(8)), PAGES),
    "a password": (lambda: pdfs.encrypted("secret", "secret"), SECRET),
    "an owner's password": (lambda: pdfs.encrypted("", "secret"), SECRET),
    "nothing but a header": (lambda: b"%PDF-1.7\n", DAMAGED),
    "a header and noise": (lambda: b"%PDF-1.7\n" + os.urandom(4000), DAMAGED),
    "a ZIP that says PDF": (lambda: b"%PDF-1.7\nPK\x03\x04" + os.urandom(900), DAMAGED),
    "no pages": (lambda: pdfs.pdf({1: pdfs.CATALOG, 2: "<< /Type /Pages /Kids [] >>"}), EMPTY),
    "a tree that holds itself": (lambda: tree("2 0 R"), {DAMAGED, EMPTY}),
    "a tree in a circle": (
        lambda: pdfs.one_page(
            {2: "<< /Type /Pages /Kids [5 0 R] /Count 1 >>", 5: pdfs.PAGES.replace("3 0", "2 0")}
        ),
        {DAMAGED, EMPTY},
    ),
    "a catalog that is its own pages": (
        lambda: pdfs.pdf({1: "<< /Type /Catalog /Pages 1 0 R >>"}),
        {DAMAGED, EMPTY},
    ),
    "pages that are their own object": (
        lambda: pdfs.pdf({1: pdfs.CATALOG, 2: "2 0 R"}),
        {DAMAGED, EMPTY},
    ),
    "brackets without end": (lambda: pdfs.one_page({3: "[" * 200_000}), {DAMAGED, EMPTY, *SPENT}),
    "a picture of a thousand million pixels in a PDF": (
        lambda: pdfs.picture(40_000, 40_000, b"", "/FlateDecode"),
        PIXELS,
    ),
    "a TIFF of a thousand million pixels": (
        lambda: pictures.tiff_of([pictures.page(40_000, 40_000)], bytes(8)),
        PIXELS,
    ),
    "a TIFF of negative size": (
        lambda: pictures.tiff_of([pictures.page(0xFFFFFFFF, 0xFFFFFFFF)], bytes(8)),
        PIXELS,
    ),
    "a TIFF of no size": (lambda: pictures.tiff_of([pictures.page(0, 100)], bytes(8)), DAMAGED),
    "a TIFF that is its own next page": (
        lambda: pictures.tiff_of([pictures.page(8, 8)], bytes(8), loop_to=0),
        DAMAGED,
    ),
    "a TIFF whose third page leads to the second": (
        lambda: pictures.tiff_of([pictures.page(8, 8)] * 3, bytes(8), loop_to=1),
        DAMAGED,
    ),
    "a TIFF that leads out of the file": (lambda: b"II*\0\xf0\xff\xff\x7f" + bytes(64), DAMAGED),
    "a TIFF without pages": (lambda: b"II*\0" + bytes(64), EMPTY),
    "a TIFF with 65,535 entries": (lambda: b"II*\0\x08\0\0\0\xff\xff" + bytes(64), DAMAGED),
    "a TIFF without its data": (
        lambda: pictures.tiff_of([pictures.page(1728, 2200, 0x7FFFFFFF)]),
        DAMAGED,
    ),
    "a big TIFF that leads to itself": (
        lambda: b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(8) + b"\x10\0\0\0\0\0\0\0",
        {DAMAGED},
    ),
    "350 pages of a TIFF that swell": (lambda: pictures.swelling_tiff(350, 7000), {TIME, MEMORY}),
    "objects that swell": (
        lambda: pdfs.one_page(
            {
                4: pdfs.stream(pdfs.bomb(600), "/Filter /FlateDecode"),
            }
        ),
        SPENT,
    ),
    "objects that swell twice": (
        lambda: pdfs.one_page(
            {4: pdfs.stream(pdfs.bomb(600, times=2), "/Filter [/FlateDecode /FlateDecode]")}
        ),
        SPENT,
    ),
    "a drawing that swells by LZW": (
        lambda: pdfs.one_page({4: pdfs.stream(pdfs.lzw(600 << 20), "/Filter /LZWDecode")}),
        SPENT,
    ),
    "a billion drawings": (lambda: pdfs.laughs(10, 10), SPENT),
}


STRANGE: dict[str, Made] = {
    "a TIFF of noise in group 4": lambda: pictures.tiff_of(
        [pictures.page(1728, 2200, 4000, 4)], os.urandom(4000)
    ),
    "a page as large as a town": lambda: pdfs.one_page({3: page_box("0 0 1e9 1e9")}),
    "a page of no size": lambda: pdfs.one_page({3: page_box("0 0 0 0")}),
    "a page upside down": lambda: pdfs.one_page({3: page_box("612 792 0 0")}),
    "a page as long as a street": lambda: pdfs.one_page({3: page_box("0 0 1 1e6")}),
    "a page with words for a size": lambda: pdfs.one_page({3: page_box("/A (b) null")}),
    "a page turned by 45 degrees": lambda: pdfs.one_page({3: page_box("0 0 9 9", "/Rotate 45")}),
    "a page in units of a mile": lambda: pdfs.one_page({3: page_box("0 0 9 9", "/UserUnit 1e30")}),
    "a form that draws itself": lambda: pdfs.one_page(
        {
            3: pdfs.PAGE.replace("<< >>", "<< /XObject << /X 5 0 R >> >>"),
            4: pdfs.stream(b"/X Do"),
            5: pdfs.stream(
                b"/X Do",
                "/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
                "/Resources << /XObject << /X 5 0 R >> >>",
            ),
        }
    ),
    "a drawing whose length is itself": lambda: pdfs.one_page(
        {4: b"<< /Length 4 0 R >>\nstream\n0 0 9 9 re f\nendstream"}
    ),
    "a trailer that leads to itself": lambda: pdfs.one_page(trailer="/Prev 9"),
    "a page that a thousand nodes lead to": lambda: pdfs.nested(1000),
    "a count that lies": lambda: tree("3 0 R", "/Count 2000000000"),
    "the same page four hundred times": lambda: tree("3 0 R " * 400),
    "a JPEG that claims to be larger": lambda: pdfs.picture(
        300, 400, pictures.jpeg_that_claims(65_000, 65_000), "/DCTDecode"
    ),
    "a picture that swells": lambda: pdfs.picture(64, 64, pdfs.bomb(600), "/FlateDecode"),
    "a picture of 49 million pixels": lambda: pdfs.picture(
        7000, 7000, pdfs.bomb(47), "/FlateDecode"
    ),
    "a TIFF that swells by LZW": lambda: pictures.lzw_tiff(7000),
    "a TIFF that is a PDF as well": lambda: pdfs.joined([pictures.good_tiff(), pdfs.one_page()]),
    "a PDF that is a page of HTML as well": lambda: pdfs.joined(
        [pdfs.one_page(), b"<script>alert(1)</script>"]
    ),
    "a PDF that is a ZIP as well": lambda: pdfs.joined(
        [pdfs.one_page(), b"PK\x05\x06" + bytes(18)]
    ),
    "everything that acts": pdfs.active,
}


def page_box(box: str, more: str = "") -> str:
    """Return a page of this size."""
    return pdfs.PAGE.replace("0 0 612 792", box).replace("/Type", f"{more} /Type", 1)


def cut(whole: bytes) -> dict[str, Made]:
    """Return a file cut off at several places."""
    ends = [len(whole) * tenth // 10 for tenth in (2, 5, 9)]
    return {f"{whole[:4]!r} cut at {end}": lambda end=end: whole[:end] for end in ends}  # type: ignore[misc]


STRANGE |= cut(pdfs.many_pages(9)) | cut(pdfs.active()) | cut(pictures.good_tiff(3))


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """A store in a folder of the test's own."""
    return open_objects(str(tmp_path), "documents")


async def end_of(objects: Objects, content: bytes) -> Inspection | Problem:
    """Return what an inspection says."""
    documents = Documents(OwnedObjects(objects), Sandbox(), QUICK)
    try:
        return await documents.inspect(await keep(objects, content))
    except Rejected as why:
        return why.problem


@pytest.mark.parametrize("name", REFUSED)
async def test_a_hostile_document_ends_in_a_reason(objects: Objects, name: str) -> None:
    """Its reader may die of it; the caller is told what is wrong with it."""
    made, expected = REFUSED[name]
    allowed = expected if isinstance(expected, set) else {expected}
    assert await end_of(objects, made()) in allowed


@pytest.mark.parametrize("name", STRANGE)
async def test_a_strange_document_is_shown_or_refused(objects: Objects, name: str) -> None:
    """Readers may make sense of it or not; they give an answer, and the next document is read."""
    assert isinstance(await end_of(objects, STRANGE[name]()), Inspection | Problem)


@pytest.mark.parametrize("name", [name for name in STRANGE if name.startswith("b'II")])
async def test_a_tiff_that_is_cut_off_is_damaged(objects: Objects, name: str) -> None:
    """A page that is not all there is not taken for a whole one."""
    assert await end_of(objects, STRANGE[name]()) is DAMAGED


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda: pictures.png_of(60_000, 60_000, bytes(1000)), PIXELS),
        (lambda: pictures.png_of(300, 300), DAMAGED),
        (lambda: pictures.jpeg_that_claims(65_000, 65_000), PIXELS),
        (lambda: pictures.jpeg()[:400], DAMAGED),
        (lambda: pictures.png_of(7000, 7000, bytes(7001 * 7000)), None),
    ],
)
async def test_pictures_to_be_sent_are_looked_into_as_well(
    objects: Objects, content: Made, expected: Problem | None
) -> None:
    """A bomb among PNGs and JPEGs is refused, and so is a broken one."""
    found = await end_of(objects, content())
    assert found is expected if expected else isinstance(found, Inspection)


@pytest.mark.parametrize(
    "lie",
    [
        b"no JSON at all",
        b"[1, 2]",
        b"{}",
        b'{"problem": "NO_SUCH_PROBLEM", "detail": "", "source": 0}',
        b'{"kind": "text/html", "size": 9, "pages": [[1, 1]], "hashes": [], "texts": []}',
        b'{"kind": "text/plain", "size": -9, "pages": [[1, 1]], "hashes": [], "texts": []}',
        b'{"kind": "text/plain", "size": 9, "pages": [[1]], "hashes": [], "texts": []}',
        b'{"kind": "text/plain", "size": 9, "pages": [[1, NaN]], "hashes": [], "texts": []}',
        b'{"kind": "text/plain", "size": 9, "pages": [], "hashes": [1e99], "texts": []}',
    ],
)
async def test_a_child_that_was_taken_over_is_not_believed(
    objects: Objects, lie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that makes no sense counts as a crash."""
    monkeypatch.setattr(children, "_PROGRAM", "tests.unit.fax.lying_program")
    assert await end_of(objects, lie + b"\n") is CRASHED


async def test_hostile_documents_leave_room_for_others(objects: Objects) -> None:
    """Beside a document that burns its time others are read, and after it as well."""
    sandbox = Sandbox()
    documents = Documents(OwnedObjects(objects), sandbox, QUICK)
    good = await keep(objects, pdfs.many_pages(3))
    evil = await keep(objects, pdfs.laughs(10, 10))
    burning = asyncio.create_task(documents.inspect(evil))
    assert (await documents.inspect(good)).page_count == 3
    with pytest.raises(Rejected):
        await burning
    assert not sandbox.busy
