"""VoicemailService and TexmlService over gRPC: translate in, call, translate out."""

from typing import Any

import grpc
from switchhook.voice.v1 import (
    texml_service_pb2,
    texml_service_pb2_grpc,
    voicemail_service_pb2,
    voicemail_service_pb2_grpc,
)

from chassis import pages
from chassis.clock import Clock
from services.voice.calls import sightings
from services.voice.calls.ports import Transactions
from services.voice.journeys import translate
from services.voice.journeys.texml_answers import TexmlAnswers, wants_document
from services.voice.journeys.voicemails import Place, Voicemails

Context = grpc.aio.ServicerContext[Any, Any]


class VoicemailServicer(voicemail_service_pb2_grpc.VoicemailServiceServicer):
    """Shows what callers have left behind."""

    def __init__(self, database: Transactions, voicemails: Voicemails, clock: Clock) -> None:
        self._database = database
        self._voicemails = voicemails
        self._clock = clock

    async def GetVoicemail(
        self, request: voicemail_service_pb2.GetVoicemailRequest, _context: Context
    ) -> voicemail_service_pb2.GetVoicemailResponse:
        """Return one voicemail."""
        async with self._database.reading() as connection:
            found = await self._voicemails.get(connection, request.voicemail_id)
        return voicemail_service_pb2.GetVoicemailResponse(voicemail=translate.voicemail(found))

    async def ListVoicemails(
        self, request: voicemail_service_pb2.ListVoicemailsRequest, _context: Context
    ) -> voicemail_service_pb2.ListVoicemailsResponse:
        """Return a page of voicemails, newest first."""
        filters = pages.filters(request)
        after = translate.place(pages.decode(request.page_token, filters))
        size = pages.page_size(request.page_size)
        async with self._database.reading() as connection:
            found = await self._voicemails.page(
                connection, translate.wanted(request), after, size + 1
            )
        shown, token = found[:size], ""
        if len(found) > size:
            last = Place(shown[-1].create_time, shown[-1].voicemail_id)
            token = pages.encode(translate.position(last), filters)
        return voicemail_service_pb2.ListVoicemailsResponse(
            voicemails=[translate.voicemail(each) for each in shown], next_page_token=token
        )

    async def HandleVoicemail(
        self, request: voicemail_service_pb2.HandleVoicemailRequest, _context: Context
    ) -> voicemail_service_pb2.HandleVoicemailResponse:
        """Close the task of a voicemail."""
        async with self._database.transaction() as connection:
            found = await self._voicemails.handle(
                connection, request.voicemail_id, request.handled_by, self._clock.now()
            )
        return voicemail_service_pb2.HandleVoicemailResponse(voicemail=translate.voicemail(found))


class TexmlServicer(texml_service_pb2_grpc.TexmlServiceServicer):
    """Answers the carrier's requests for TeXML."""

    def __init__(self, answers: TexmlAnswers, clock: Clock) -> None:
        self._answers = answers
        self._clock = clock

    async def AnswerTexml(
        self, request: texml_service_pb2.AnswerTexmlRequest, _context: Context
    ) -> texml_service_pb2.AnswerTexmlResponse:
        """Return the document for one request; a report is only recorded."""
        form = dict(request.parameters)
        sighting = sightings.of_texml(request.app, form, self._clock.now())
        if wants_document(form):
            document = await self._answers.answer(request.app, request.step, sighting, form)
        else:
            document = await self._answers.report(sighting, request.step, form)
        return texml_service_pb2.AnswerTexmlResponse(document=document)
