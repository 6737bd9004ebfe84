"""DocumentService: translate in, call, translate out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from switchhook.fax.v1 import document_service_pb2 as pb
from switchhook.fax.v1 import document_service_pb2_grpc

from chassis.database import Database
from services.fax.documents import translate
from services.fax.documents.documents import Documents, chunks
from services.fax.documents.model import (
    DEFAULT_WIDTH,
    MOST_PAGES,
    PageMissing,
    Rejected,
    range_of,
)
from services.fax.documents.receiving import Received, Texts
from services.fax.documents.recognition import Engine
from services.fax.keeping.audit import Act, Reading
from services.fax.model import Document

Context = grpc.aio.ServicerContext[Any, Any]


class DocumentServicer(document_service_pb2_grpc.DocumentServiceServicer):
    """Shows documents: what was found in them, their pages and their text."""

    def __init__(
        self,
        database: Database,
        received: Received,
        documents: Documents,
        texts: Texts,
        audit: Reading,
        engine: Engine | None,
        queued: Callable[[], None],
    ) -> None:
        """Answer from the database, and through children from the documents themselves.

        `queued` is called when there is something to be inspected.
        """
        self._database = database
        self._received = received
        self._documents = documents
        self._texts = texts
        self._audit = audit
        self._engine = engine
        self._queued = queued

    async def GetInspection(
        self, request: pb.GetInspectionRequest, context: Context
    ) -> pb.GetInspectionResponse:
        """Return what was found in a document."""
        async with self._database.reading() as connection:
            found = await self._received.found(connection, request.fax_id)
        return pb.GetInspectionResponse(inspection=translate.inspection(found))

    async def GetThumbnails(
        self, request: pb.GetThumbnailsRequest, context: Context
    ) -> AsyncIterator[pb.GetThumbnailsResponse]:
        """Stream small pictures of pages."""
        document = await self._readable(request.fax_id)
        with _told():
            wanted = (request.first_page or 1, request.last_page or request.first_page or 1)
            first, last = range_of(*wanted, document.pages or MOST_PAGES)
            drawn = self._documents.thumbnails(
                document.sha256, first, last, request.width or DEFAULT_WIDTH
            )
            async with aclosing(drawn) as pages:
                async for page, png in pages:
                    if page == first:
                        reading = _Reading(request.fax_id, document.sha256, f"pages {first}-{last}")
                        await self._record(context, Act.THUMBNAIL_READ, reading)
                    yield pb.GetThumbnailsResponse(page=page, png_content=png)

    async def GetDocumentPdf(
        self, request: pb.GetDocumentPdfRequest, context: Context
    ) -> AsyncIterator[pb.GetDocumentPdfResponse]:
        """Stream the facts of a PDF made of some pages, and then its bytes."""
        document = await self._readable(request.fax_id)
        first, last = request.first_page, request.last_page
        with _told():
            async with self._documents.pdf(document.sha256, first, last) as made:
                end = (first or 1) + made.page_count - 1
                reading = _Reading(request.fax_id, document.sha256, f"pages {first or 1}-{end}")
                await self._record(context, Act.PAGES_READ, reading)
                facts = pb.MadePdf(page_count=made.page_count, size_bytes=made.size)
                yield pb.GetDocumentPdfResponse(pdf=facts)
                for chunk in chunks(made.content):
                    yield pb.GetDocumentPdfResponse(chunk=chunk)

    async def GetOriginal(
        self, request: pb.GetOriginalRequest, context: Context
    ) -> AsyncIterator[pb.GetOriginalResponse]:
        """Stream what was found in a document, and then its bytes as they arrived."""
        async with self._database.reading() as connection:
            found = await self._received.arrived(connection, request.fax_id)
        reading = _Reading(request.fax_id, found.sha256, "as it arrived")
        await self._record(context, Act.DOCUMENT_READ, reading)
        yield pb.GetOriginalResponse(inspection=translate.inspection(found))
        with _told():
            async for chunk in self._documents.original(found.sha256):
                yield pb.GetOriginalResponse(chunk=chunk)

    async def GetDocumentText(
        self, request: pb.GetDocumentTextRequest, context: Context
    ) -> pb.GetDocumentTextResponse:
        """Return the text of a document, or why there is none."""
        async with self._database.reading() as connection:
            found = await self._received.found(connection, request.fax_id)
            pages = await self._texts.get(connection, request.fax_id) or []
        if pages:
            reading = _Reading(request.fax_id, found.sha256, "")
            await self._record(context, Act.TEXT_READ, reading)
        return pb.GetDocumentTextResponse(
            source=translate.text_source(found.text_source), pages=translate.texts(pages)
        )

    async def GetTextRecognition(
        self, request: pb.GetTextRecognitionRequest, context: Context
    ) -> pb.GetTextRecognitionResponse:
        """Say whether text can be read from pictures."""
        if self._engine is None:
            return pb.GetTextRecognitionResponse()
        return pb.GetTextRecognitionResponse(installed=True, engine=self._engine.version)

    async def InspectDocument(
        self, request: pb.InspectDocumentRequest, context: Context
    ) -> pb.InspectDocumentResponse:
        """Have a document inspected again."""
        async with self._database.transaction() as connection:
            await self._received.ask(connection, request.fax_id, request.request_id)
        self._queued()
        return pb.InspectDocumentResponse()

    async def _readable(self, fax_id: str) -> Document:
        async with self._database.reading() as connection:
            return await self._received.readable(connection, fax_id)

    async def _record(self, context: Context, act: Act, reading: _Reading) -> None:
        """Record a read in the audit log, without which nothing is handed out."""
        await self._audit.read(
            context, act, reading.fax_id, sha256=reading.sha256, detail=reading.detail
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    fax_id: str
    sha256: str
    detail: str


@contextmanager
def _told() -> Iterator[None]:
    """Tell a reader what is wrong with a document."""
    try:
        yield
    except Rejected as why:
        raise translate.rejected(why) from None
    except PageMissing as gone:
        raise translate.missing(gone) from None
    except FileNotFoundError:
        raise translate.erased() from None
