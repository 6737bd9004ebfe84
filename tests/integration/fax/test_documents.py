"""DocumentService: what readers get of a fax without the bytes a stranger sent."""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pikepdf
import pytest
from PIL import Image
from switchhook.fax.v1 import audit_pb2, audit_service_pb2_grpc, document_pb2, fax_pb2
from switchhook.fax.v1 import document_service_pb2 as pb
from switchhook.fax.v1 import fax_event_pb2 as announcements

from simulator import documents
from tests.support import hostile_pdfs as pdfs
from tests.support import hostile_pictures as pictures
from tests.support.document_carrier import DocumentWorld, document_world
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

TEXT = documents.pdf(1, "Referral")
TIFF = pictures.good_tiff(3)
SERVED = {"tiff": TIFF, "pdf": TEXT, "many": pdfs.many_pages(20)}
ENGINE = f"""#!{sys.executable} -IS
import sys
if sys.argv[1] == "--version":
    print("tesseract 9.9 of a test")
elif sys.argv[1:3] == ["stdin", "stdout"]:
    print(sys.stdin.buffer.read(4)[1:].decode(), "Prescription renewal")
"""


@pytest.fixture(params=["sqlite and a folder", "postgresql and s3"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Where rows and bytes are kept: each database once, and each store of objects once."""
    if request.param == "sqlite and a folder":
        database_url = str(request.getfixturevalue("sqlite_database_url"))
        return database_url, str(tmp_path / "documents")
    database_url = str(request.getfixturevalue("postgres_database_url"))
    return database_url, str(request.getfixturevalue("s3_url"))


@pytest.fixture
async def world(nats_server: NatsServer, places: tuple[str, str]) -> AsyncIterator[DocumentWorld]:
    """A service without a recognition engine."""
    async with document_world(nats_server.url, *places, SERVED) as running:
        yield running


async def pdf_of(world: DocumentWorld, **asked: object) -> tuple[pb.MadePdf, bytes]:
    """Return the facts of a PDF and its bytes."""
    request = pb.GetDocumentPdfRequest(**asked)  # type: ignore[arg-type]
    pieces = [piece async for piece in world.documents.GetDocumentPdf(request)]
    assert max((len(piece.chunk) for piece in pieces), default=0) <= 64 * 1024
    return pieces[0].pdf, b"".join(piece.chunk for piece in pieces[1:])


async def test_a_document_is_inspected_compared_and_shown(world: DocumentWorld) -> None:
    """A TIFF is counted, compared with the carrier's count, and had as pictures and as PDF."""
    await world.send_in("tiff", pages=5)
    fax = await world.decided("tiff")
    assert fax.document.state == fax_pb2.DOCUMENT_STATE_STORED
    assert (fax.page_count, fax.counted_page_count, fax.partial) == (5, 3, True)
    asked = pb.GetInspectionRequest(fax_id="tiff")
    found = (await world.documents.GetInspection(asked)).inspection
    assert (found.page_count, found.content_type) == (3, "image/tiff")
    assert found.sha256 == hashlib.sha256(TIFF).hexdigest()
    assert [round(each.width) for each in found.pages] == [610, 610, 610]
    request = pb.GetThumbnailsRequest(fax_id="tiff", first_page=2, last_page=3, width=100)
    drawn = [piece async for piece in world.documents.GetThumbnails(request)]
    assert [piece.page for piece in drawn] == [2, 3]
    with Image.open(io.BytesIO(drawn[0].png_content)) as picture:
        assert (picture.format, picture.width) == ("PNG", 100)
    facts, content = await pdf_of(world, fax_id="tiff", first_page=2)
    assert (facts.page_count, facts.size_bytes) == (2, len(content))
    with pikepdf.open(io.BytesIO(content)) as made:
        assert len(made.pages) == 2
    await _audited(world, "tiff", {"thumbnail_read": "pages 2-3", "pages_read": "pages 2-3"})


async def test_a_stored_fax_is_announced_with_its_flags(world: DocumentWorld) -> None:
    """The announcement comes after the inspection and says what it found, never what it read."""
    await world.send_in("pdf", pages=1)
    fax = await world.decided("pdf")
    assert (fax.counted_page_count, fax.partial) == (1, False)

    async def announced() -> list[announcements.FaxStored]:
        return await world.announced("stored", announcements.FaxStored)  # type: ignore[return-value]

    (told,) = await eventually(announced)
    assert (told.fax_id, told.counted_page_count, told.partial) == ("pdf", 1, False)
    assert told.document == fax.document
    assert b"Referral" not in told.SerializeToString()


async def test_the_text_of_a_pdf_is_its_own(world: DocumentWorld) -> None:
    """What a document says itself needs no engine; that none is installed is said."""
    await world.send_in("pdf")
    await world.decided("pdf")
    told = await world.documents.GetDocumentText(pb.GetDocumentTextRequest(fax_id="pdf"))
    assert told.source == document_pb2.TEXT_SOURCE_DOCUMENT
    assert [(page.page, page.text) for page in told.pages] == [(1, "Referral - page 1 of 1")]
    assert not (await world.documents.GetTextRecognition(pb.GetTextRecognitionRequest())).installed
    await world.send_in("tiff")
    await world.decided("tiff")
    told = await world.documents.GetDocumentText(pb.GetDocumentTextRequest(fax_id="tiff"))
    assert (told.source, list(told.pages)) == (document_pb2.TEXT_SOURCE_NO_ENGINE, [])


async def test_pages_that_are_not_there_are_not_found(world: DocumentWorld) -> None:
    """Ranges past the end fail before the first byte, and say how many pages there are."""
    await world.send_in("many")
    await world.decided("many")
    pieces = [
        world.documents.GetThumbnails(pb.GetThumbnailsRequest(fax_id="many", last_page=21)),
        world.documents.GetDocumentPdf(pb.GetDocumentPdfRequest(fax_id="many", first_page=21)),
    ]
    for each in pieces:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            assert [piece async for piece in each] == []  # type: ignore[attr-defined]
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    for each in (
        world.documents.GetInspection(pb.GetInspectionRequest(fax_id="nobody")),
        world.documents.GetDocumentText(pb.GetDocumentTextRequest(fax_id="nobody")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await each
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_an_engine_reads_what_is_only_a_picture(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """With an engine installed every page of a picture gets its text, one after the other."""
    engine = tmp_path / "engine"
    engine.write_text(ENGINE)
    engine.chmod(0o755)
    async with document_world(
        nats_server.url,
        sqlite_database_url,
        str(tmp_path / "documents"),
        SERVED,
        text_engine=str(engine),
    ) as world:
        said = await world.documents.GetTextRecognition(pb.GetTextRecognitionRequest())
        assert (said.installed, said.engine) == (True, "tesseract 9.9 of a test")
        await world.send_in("tiff")
        await world.decided("tiff")

        async def recognized() -> pb.GetDocumentTextResponse | None:
            asked = pb.GetDocumentTextRequest(fax_id="tiff")
            told = await world.documents.GetDocumentText(asked)
            return told if told.source == document_pb2.TEXT_SOURCE_RECOGNITION else None

        told = await eventually(recognized, timeout=60.0)
        assert told is not None
        assert [page.text for page in told.pages] == ["PNG Prescription renewal"] * 3


async def test_an_engine_that_fails_is_told_of(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """A fax stays readable when its text cannot be read, and says that it could not."""
    engine = tmp_path / "engine"
    engine.write_text(ENGINE.replace("print(sys.stdin", "sys.exit(7); (sys.stdin"))
    engine.chmod(0o755)
    async with document_world(
        nats_server.url,
        sqlite_database_url,
        str(tmp_path / "documents"),
        SERVED,
        text_engine=str(engine),
    ) as world:
        await world.send_in("tiff")
        fax = await world.decided("tiff")
        assert fax.document.state == fax_pb2.DOCUMENT_STATE_STORED

        async def failed() -> bool:
            asked = pb.GetDocumentTextRequest(fax_id="tiff")
            told = await world.documents.GetDocumentText(asked)
            return told.source == document_pb2.TEXT_SOURCE_ENGINE_FAILED

        await eventually(failed, timeout=60.0)


async def _audited(world: DocumentWorld, fax_id: str, expected: dict[str, str]) -> None:
    """Check that reads of the fax are in the audit log, with their pages."""
    audit = audit_service_pb2_grpc.AuditServiceStub(world.target)
    request = audit_pb2.ListAuditEntriesRequest(fax_id=fax_id)
    told = str(await audit.ListAuditEntries(request)).lower()
    for act, detail in expected.items():
        assert act in told
        assert detail in told
