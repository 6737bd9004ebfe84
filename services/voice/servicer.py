"""CallService and TexmlService over gRPC: translate in, call, translate out."""

from typing import Any

import grpc
from switchhook.voice.v1 import (
    call_service_pb2,
    call_service_pb2_grpc,
    texml_service_pb2,
    texml_service_pb2_grpc,
)

from chassis import pages
from chassis.clock import Clock
from services.voice import translate
from services.voice.calls import sightings
from services.voice.calls.reading import CallReader
from services.voice.calls.switchboard import Switchboard
from services.voice.documents import Documents
from services.voice.inbound import InboundPolicy

Context = grpc.aio.ServicerContext[Any, Any]


class CallServicer(call_service_pb2_grpc.CallServiceServicer):
    """Shows calls."""

    def __init__(self, reader: CallReader) -> None:
        self._reader = reader

    async def GetCall(
        self, request: call_service_pb2.GetCallRequest, _context: Context
    ) -> call_service_pb2.GetCallResponse:
        """Return one leg with its commands."""
        found = await self._reader.get(request.call_leg_id)
        return call_service_pb2.GetCallResponse(call=translate.call(found))

    async def ListCalls(
        self, request: call_service_pb2.ListCallsRequest, _context: Context
    ) -> call_service_pb2.ListCallsResponse:
        """Return a page of legs, newest first."""
        filters = pages.filters(request)
        after = translate.place(pages.decode(request.page_token, filters))
        size = pages.page_size(request.page_size)
        found, end = await self._reader.page(translate.call_filter(request), after, size)
        token = pages.encode(translate.position(end), filters) if end else ""
        calls = [translate.call(each) for each in found]
        return call_service_pb2.ListCallsResponse(calls=calls, next_page_token=token)


class TexmlServicer(texml_service_pb2_grpc.TexmlServiceServicer):
    """Answers the carrier's requests for TeXML."""

    def __init__(
        self,
        switchboard: Switchboard,
        inbound: InboundPolicy,
        documents: Documents,
        clock: Clock,
    ) -> None:
        self._switchboard = switchboard
        self._inbound = inbound
        self._documents = documents
        self._clock = clock

    async def AnswerTexml(
        self, request: texml_service_pb2.AnswerTexmlRequest, _context: Context
    ) -> texml_service_pb2.AnswerTexmlResponse:
        """Return the document for one request.

        A report needs no instructions; it is recorded when its event comes over the bus.
        """
        sighting = sightings.of_texml(request.app, request.parameters, self._clock.now())
        asked = sightings.wants_instructions(request.parameters)
        given = await self._inbound.instruct(self._switchboard, sighting) if asked else []
        document = self._documents.write(given)
        return texml_service_pb2.AnswerTexmlResponse(document=document)
