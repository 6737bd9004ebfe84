"""switchhook.fax.v1.FaxService: translate in, call, translate out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc.aio
from switchhook.fax.v1 import fax_pb2, fax_service_pb2_grpc, fax_watch_pb2
from switchhook.fax.v1 import fax_service_pb2 as pb

from chassis import pages
from chassis.archive import Archive
from chassis.change_log import Step, Watching
from chassis.database import Database
from services.fax import translate
from services.fax.keeping.audit import Act
from services.fax.keeping.finding import Finding
from services.fax.sending import watch_translate
from services.fax.sending.watching import Watched
from services.fax.store import FaxStore
from services.fax.use_cases import FaxUseCases

Context = grpc.aio.ServicerContext[Any, Any]


class FaxServicer(fax_service_pb2_grpc.FaxServiceServicer):
    """Reads faxes and streams their documents."""

    def __init__(
        self,
        database: Database,
        faxes: FaxUseCases,
        store: FaxStore,
        archive: Archive,
        finding: Finding,
        watching: Watching[Watched],
    ) -> None:
        """Answer from the database and the archive."""
        self._database = database
        self._faxes = faxes
        self._store = store
        self._archive = archive
        self._finding = finding
        self._watching = watching

    async def GetFax(self, request: pb.GetFaxRequest, context: Context) -> pb.GetFaxResponse:
        """Return one fax."""
        async with self._database.reading() as connection:
            fax = await self._faxes.get(connection, request.fax_id)
            (message,) = await self._finding.told(connection, [fax])
        await self._finding.record_read(context, fax)
        return pb.GetFaxResponse(fax=message)

    async def ListFaxes(
        self, request: pb.ListFaxesRequest, context: Context
    ) -> pb.ListFaxesResponse:
        """Return one page of faxes, newest first."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, filters))
        narrowed = translate.filters(request)
        async with self._database.reading() as connection:
            found = await self._store.list(connection, narrowed, limit=size + 1, after=after)
            page = found[:size]
            if not found:
                await self._finding.check_searchable(connection, narrowed.search)
            told = await self._finding.told(connection, page)
        await self._finding.records_listed(context, narrowed.search, len(page))
        token = pages.encode(translate.key(page[-1]), filters) if len(found) > size else ""
        return pb.ListFaxesResponse(faxes=told, next_page_token=token)

    async def GetFaxDocument(
        self, request: pb.GetFaxDocumentRequest, context: Context
    ) -> AsyncIterator[pb.GetFaxDocumentResponse]:
        """Stream the facts of a document and then its bytes."""
        async with self._database.reading() as connection:
            document = await self._faxes.readable_document(connection, request.fax_id)
        await self._finding.audit.read(
            context, Act.DOCUMENT_READ, request.fax_id, sha256=document.sha256
        )
        yield pb.GetFaxDocumentResponse(document=translate.document(document))
        async for chunk in self._archive.read(document.sha256):
            yield pb.GetFaxDocumentResponse(chunk=chunk)

    async def WatchFaxes(
        self, request: fax_watch_pb2.WatchFaxesRequest, context: Context
    ) -> AsyncIterator[fax_watch_pb2.WatchFaxesResponse]:
        """Send what changes of faxes and jobs until the caller ends it."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        steps = self._watching.watch(after, watch_translate.filters(request).wants)
        async with aclosing(steps):
            async for step in steps:
                yield watch_translate.step(step, await self._seen(step))

    async def _seen(self, step: Step[Watched]) -> fax_pb2.Fax | None:
        """Return the transmission of a step as GetFax shows it."""
        if step.thing is None or step.thing.fax is None:
            return None
        async with self._database.reading() as connection:
            (message,) = await self._finding.told(connection, [step.thing.fax])
        return message
