"""switchhook.fax.v1.FaxService: translate in, call, translate out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from switchhook.fax.v1 import fax_service_pb2 as pb
from switchhook.fax.v1 import fax_service_pb2_grpc

from chassis import pages
from chassis.database import Database
from chassis.objects import Objects
from services.fax import translate
from services.fax.store import FaxStore
from services.fax.use_cases import FaxUseCases

Context = grpc.aio.ServicerContext[Any, Any]


class FaxServicer(fax_service_pb2_grpc.FaxServiceServicer):
    """Reads faxes and streams their documents."""

    def __init__(
        self, database: Database, faxes: FaxUseCases, store: FaxStore, documents: Objects
    ) -> None:
        """Answer from the database and the document store."""
        self._database = database
        self._faxes = faxes
        self._store = store
        self._documents = documents

    async def GetFax(self, request: pb.GetFaxRequest, context: Context) -> pb.GetFaxResponse:
        """Return one fax."""
        async with self._database.reading() as connection:
            fax = await self._faxes.get(connection, request.fax_id)
        return pb.GetFaxResponse(fax=translate.fax(fax))

    async def ListFaxes(
        self, request: pb.ListFaxesRequest, context: Context
    ) -> pb.ListFaxesResponse:
        """Return one page of faxes, newest first."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, filters))
        async with self._database.reading() as connection:
            found = await self._store.list(
                connection, translate.filters(request), limit=size + 1, after=after
            )
        page = found[:size]
        token = pages.encode(translate.key(page[-1]), filters) if len(found) > size else ""
        return pb.ListFaxesResponse(
            faxes=[translate.fax(fax) for fax in page], next_page_token=token
        )

    async def GetFaxDocument(
        self, request: pb.GetFaxDocumentRequest, context: Context
    ) -> AsyncIterator[pb.GetFaxDocumentResponse]:
        """Stream the facts of a document and then its bytes."""
        async with self._database.reading() as connection:
            document = await self._faxes.readable_document(connection, request.fax_id)
        yield pb.GetFaxDocumentResponse(document=translate.document(document))
        async for chunk in self._documents.read(document.sha256):
            yield pb.GetFaxDocumentResponse(chunk=chunk)
