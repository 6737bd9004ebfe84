"""What is made of documents: clean PDFs, covers, pages and small pictures."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from chassis.objects import Objects, open_objects
from chassis.sandbox import Sandbox
from services.fax.documents.documents import Documents
from services.fax.documents.model import (
    Active,
    Cover,
    Inspection,
    PageMissing,
    PaperSize,
    Problem,
    Rejected,
)
from tests.support import hostile_pdfs as pdfs
from tests.support import hostile_pictures as pictures
from tests.support.documents import OwnedObjects, content_of, keep

LETTER, A4 = (612.0, 792.0), (595.28, 841.89)


class Bench:
    """Documents over a store of the test's own."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.archive = OwnedObjects(objects)
        self.documents = Documents(self.archive, Sandbox())

    async def keep(self, content: bytes) -> str:
        """Store a document and return its name."""
        return await keep(self.objects, content)

    async def normalized(
        self, content: bytes, paper: PaperSize = PaperSize.LETTER
    ) -> tuple[bytes, Inspection]:
        """Return the clean PDF of a document, and what is found in it."""
        made = await self.documents.normalize(
            await self.keep(content), owner="job:1", page_size=paper
        )
        found = await self.documents.inspect(made.sha256)
        assert made.page_count == found.page_count
        return await content_of(self.objects, made.sha256), found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Documents over a local folder."""
    return Bench(open_objects(str(tmp_path), "documents"))


def png(size: tuple[int, int], mode: str = "L", **more: object) -> bytes:
    """Return a grey picture."""
    written = io.BytesIO()
    Image.new(mode, size, 90 if mode == "L" else None).save(written, "PNG", **more)
    return written.getvalue()


def sizes(found: Inspection) -> set[tuple[int, int]]:
    """Return the sizes of all pages, in whole points."""
    return {(round(width), round(height)) for width, height in found.pages}


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (pdfs.many_pages(3), 3),
        (pictures.good_tiff(2), 2),
        (png((850, 1100)), 1),
        (png((300, 200), "RGBA"), 1),
        (png((300, 200), "1"), 1),
        (png((300, 200), "I;16"), 1),
        (png((300, 200), dpi=(300, 300)), 1),
        (pictures.jpeg((4000, 3000)), 1),
        ("Grüße — “quoted”\tand a tab\fpage two".encode(), 2),
        (b"\xef\xbb\xbfwith a mark\r\nand Windows lines", 1),
    ],
)
@pytest.mark.parametrize("paper", PaperSize)
async def test_every_kind_becomes_a_pdf_on_the_paper(
    bench: Bench, content: bytes, pages: int, paper: PaperSize
) -> None:
    """Whatever may be sent has its pages on paper of one size."""
    made, found = await bench.normalized(content, paper)
    assert made.startswith(b"%PDF-")
    expected = LETTER if paper is PaperSize.LETTER else A4
    assert (found.page_count, sizes(found)) == (pages, {(round(expected[0]), round(expected[1]))})


async def test_what_acts_is_found_and_left_out(bench: Bench) -> None:
    """Scripts, programs, attachments, links, forms and metadata are told, and not sent on."""
    content = pdfs.active()
    found = await bench.documents.inspect(await bench.keep(content))
    assert set(found.active) == set(Active)
    made, clean = await bench.normalized(content)
    assert clean.active == ()
    with pikepdf.open(io.BytesIO(made)) as pdf:
        whole = b"".join(
            each.unparse() + (each.read_bytes() if isinstance(each, pikepdf.Stream) else b"")
            for each in pdf.objects
        )
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        assert set(pdf.trailer.keys()) <= {"/Root", "/Size", "/ID"}
    assert b"SECRET" not in whole
    assert b"evil.exe" not in whole


async def test_what_was_filled_in_stays_on_the_page(bench: Bench) -> None:
    """A form's answers are drawn onto the page; only the form is gone."""
    _, clean = await bench.normalized(pdfs.active())
    assert clean.texts == ("FILLED IN BY HAND",)


async def test_a_hidden_layer_stays_hidden(bench: Bench) -> None:
    """What was switched off in the document is not faxed."""
    made, _ = await bench.normalized(pdfs.hidden_layer())
    seen = await bench.documents.thumbnail(await bench.keep(made))
    with Image.open(io.BytesIO(seen)) as picture:
        assert picture.getextrema() == (255, 255)


async def test_the_same_document_becomes_the_same_bytes(bench: Bench) -> None:
    """Hashes of what is sent can be compared: no time and no chance goes into a PDF."""
    cover = Cover(to_name="Grace", remarks="Please call.")
    sources = [await bench.keep(each) for each in (pdfs.active(), pictures.good_tiff(), b"text")]
    made = [await bench.documents.assemble(cover, sources, owner=f"job:{n}") for n in range(2)]
    assert made[0] == made[1]
    assert bench.archive.owners[made[0].sha256] == {"job:0", "job:1"}


async def test_a_cover_page_says_what_it_is_told(bench: Bench) -> None:
    """Every field is on it, the number of pages is counted, and what is empty is left out."""
    cover = Cover(
        to_name="Dr. Müller",
        to_number="+12025550130",
        from_name="Ada",
        from_company="Example Clinic",
        subject="Results",
        remarks="First line\nsecond line " + "word " * 200,
        confidentiality_notice="For the named person only.",
        date="November 21, 2026",
    )
    sources = [await bench.keep(pdfs.many_pages(2)), await bench.keep(pictures.good_tiff(2))]
    made = await bench.documents.assemble(cover, sources, owner="job:1")
    found = await bench.documents.inspect(made.sha256)
    assert made.page_count == found.page_count == 5
    text = found.texts[0]
    for each in ("Dr. Müller", "+12025550130", "Ada", "Example Clinic", "Results", "named person"):
        assert each in text
    assert "second line word" in text
    assert "5, this one included" in text
    assert "Sender's fax" not in text


@pytest.mark.parametrize(
    ("content", "named"),
    [("first\nsecond Ж".encode(), "line 2 has U+0416"), (b"a" * 600 + b"\x07", "U+0007")],
)
async def test_a_character_without_a_shape_is_named(
    bench: Bench, content: bytes, named: str
) -> None:
    """Text that our fonts cannot show is refused, and it is said which character and what to do."""
    with pytest.raises(Rejected) as refused:
        await bench.documents.normalize(await bench.keep(content), owner="job:1")
    assert refused.value.problem is Problem.UNSUPPORTED_CHARACTER
    assert named in refused.value.detail
    assert "PDF" in refused.value.detail


async def test_a_cover_that_cannot_be_written_is_refused(bench: Bench) -> None:
    """The field is named, or what does not fit; no document is to blame."""
    source = await bench.keep(b"text")
    for cover, problem in (
        (Cover(subject="Ж"), Problem.UNSUPPORTED_CHARACTER),
        (Cover(remarks="line\n" * 200), Problem.TOO_LARGE),
        (Cover(confidentiality_notice="word " * 2000), Problem.TOO_LARGE),
    ):
        with pytest.raises(Rejected) as refused:
            await bench.documents.assemble(cover, [source], owner="job:1")
        assert (refused.value.problem, refused.value.source) == (problem, None)


async def test_the_bad_one_of_several_is_named(bench: Bench) -> None:
    """Whoever sends several documents learns which one cannot be used."""
    sources = [await bench.keep(pdfs.many_pages(2)), await bench.keep(pdfs.encrypted("x", "x"))]
    with pytest.raises(Rejected) as refused:
        await bench.documents.assemble(None, sources, owner="job:1")
    assert (refused.value.problem, refused.value.source) == (Problem.ENCRYPTED, 1)


async def test_together_no_more_than_350_pages(bench: Bench) -> None:
    """Documents that are small enough alone may be too many together; nothing is kept of them."""
    source = await bench.keep(pdfs.many_pages(176))
    with pytest.raises(Rejected) as refused:
        await bench.documents.assemble(None, [source, source], owner="job:1")
    assert refused.value.problem is Problem.TOO_MANY_PAGES
    assert bench.archive.owners == {}


async def test_fax_compression_is_understood_however_it_is_written(bench: Bench) -> None:
    """One strip or many, black or white as one, bits from either end: the page is the same."""
    square = (200, 300, 900, 700)
    drawn, negative = Image.new("1", (1728, 2200), 1), Image.new("1", (1728, 2200), 0)
    drawn.paste(0, square)
    negative.paste(1, square)

    def written(picture: Image.Image, compression: str = "group4", **how: object) -> bytes:
        file = io.BytesIO()
        picture.save(file, "TIFF", compression=compression, dpi=(204, 196), **how)
        return file.getvalue()

    whole = 1728 * 2200
    white_is_one, white_is_zero = (struct.pack("<HHIHH", 262, 3, 1, each, 0) for each in (1, 0))
    inverse = written(negative, strip_size=whole)
    assert inverse.count(white_is_one) == 1
    same = [
        written(drawn),
        written(drawn, strip_size=whole),
        written(drawn, strip_size=whole, tiffinfo={266: 2}),
        written(drawn, "group3"),
        written(drawn, "packbits"),
        inverse.replace(white_is_one, white_is_zero),
    ]
    pages = [await bench.normalized(each) for each in same]
    shown = {await bench.documents.thumbnail(await bench.keep(made)) for made, _ in pages}
    assert len(shown) == 1


async def test_the_cover_page_counts(bench: Bench) -> None:
    """A document as long as a fax may be has no room for a cover page."""
    source = await bench.keep(pdfs.many_pages(350))
    with pytest.raises(Rejected) as refused:
        await bench.documents.assemble(Cover(to_name="Grace"), [source], owner="job:1")
    assert refused.value.problem is Problem.TOO_MANY_PAGES


async def test_a_text_too_long_for_a_fax_is_refused(bench: Bench) -> None:
    """However it gets there: by many lines, or by lines without end."""
    for content in (b"line\n" * 57 * 351, b"x" * 20_000_000):
        with pytest.raises(Rejected) as refused:
            await bench.documents.normalize(await bench.keep(content), owner="job:1")
        assert refused.value.problem is Problem.TOO_MANY_PAGES


@pytest.mark.parametrize("content", [pdfs.many_pages(12), pictures.good_tiff(12)])
async def test_pages_can_be_had_alone(bench: Bench, content: bytes) -> None:
    """A range has its pages, each of its own size; every page can be had as a picture."""
    source = await bench.keep(content)
    whole = await bench.documents.inspect(source)
    made = await bench.documents.pages(source, 3, 11, owner="job:1")
    found = await bench.documents.inspect(made.sha256)
    assert found.page_count == made.page_count == 9
    assert sizes(found) == sizes(whole)
    drawn = {number: png async for number, png in bench.documents.thumbnails(source, 2, 0, 120)}
    assert list(drawn) == list(range(2, 13))
    with Image.open(io.BytesIO(drawn[12])) as picture:
        assert (picture.format, picture.width, picture.mode) == ("PNG", 120, "L")


async def test_a_page_that_is_not_there_is_missing(bench: Bench) -> None:
    """Asking past the end tells how many pages there are."""
    source = await bench.keep(pdfs.many_pages(2))
    for asked in (
        bench.documents.thumbnail(source, 3),
        bench.documents.pages(source, 2, 3, owner="job:1"),
        bench.documents.pages(source, 2, 1, owner="job:1"),
    ):
        with pytest.raises(PageMissing) as missing:
            await asked
        assert missing.value.page_count == 2


async def test_two_scans_of_a_sheet_look_alike(bench: Bench) -> None:
    """The header line of the machine does not change the hash of a page; its content does."""

    async def hash_of(header: int, square: int) -> int:
        drawn = Image.new("1", (1728, 2200), 1)
        drawn.paste(0, (header, 10, header + 300, 60))
        drawn.paste(0, (square, 900, square + 500, 1500))
        written = io.BytesIO()
        drawn.save(written, "TIFF", compression="group4", dpi=(204, 196))
        found = await bench.documents.inspect(await bench.keep(written.getvalue()))
        return found.page_hashes[0]

    first, again, other = await hash_of(100, 300), await hash_of(900, 302), await hash_of(100, 1100)
    assert (first ^ again).bit_count() <= 2
    assert (first ^ other).bit_count() > 2
