"""MessageService and ConsentService: translate in, call, translate out."""

import hashlib
from collections.abc import Callable
from typing import Any

import grpc.aio
from switchhook.messaging.v1 import (
    consent_service_pb2,
    consent_service_pb2_grpc,
    message_service_pb2,
    message_service_pb2_grpc,
)

from chassis import pages
from chassis.database import Database
from services.messaging import translate
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.sending import Request, Sending

Context = grpc.aio.ServicerContext[Any, Any]


class MessageServicer(message_service_pb2_grpc.MessageServiceServicer):
    """Sends, looks up and lists messages."""

    def __init__(self, database: Database, sending: Sending, wake: Callable[[], None]) -> None:
        """Answer from the database; `wake` tells the dispatcher that there is work."""
        self._database = database
        self._sending = sending
        self._wake = wake

    async def SendMessage(
        self, request: message_service_pb2.SendMessageRequest, context: Context
    ) -> message_service_pb2.SendMessageResponse:
        """Queue one message."""
        fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        asked = Request(
            request_id=request.request_id, fingerprint=fingerprint, answer=translate.answer
        )
        async with self._database.transaction() as connection:
            answer = await self._sending.send(connection, asked, translate.draft(request))
        self._wake()
        return message_service_pb2.SendMessageResponse.FromString(answer)

    async def GetMessage(
        self, request: message_service_pb2.GetMessageRequest, context: Context
    ) -> message_service_pb2.GetMessageResponse:
        """Return one message."""
        async with self._database.reading() as connection:
            if request.WhichOneof("id") == "carrier_message_id":
                found = await self._sending.of_carrier(connection, request.carrier_message_id)
            else:
                found = await self._sending.get(connection, request.message_id)
        return message_service_pb2.GetMessageResponse(message=translate.message(found))

    async def ListMessages(
        self, request: message_service_pb2.ListMessagesRequest, context: Context
    ) -> message_service_pb2.ListMessagesResponse:
        """Return one page of messages, newest first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._sending.list(
                connection, translate.filters(request), limit=size + 1, after=after
            )
        page = found[:size]
        token = pages.encode(translate.position_of(page[-1]), bound) if len(found) > size else ""
        return message_service_pb2.ListMessagesResponse(
            messages=[translate.message(each) for each in page], next_page_token=token
        )


class ConsentServicer(consent_service_pb2_grpc.ConsentServiceServicer):
    """Reads the consent ledger."""

    def __init__(self, database: Database, consents: Consents) -> None:
        self._database = database
        self._consents = consents

    async def GetConsent(
        self, request: consent_service_pb2.GetConsentRequest, context: Context
    ) -> consent_service_pb2.GetConsentResponse:
        """Return what the ledger says about writing to a number."""
        async with self._database.reading() as connection:
            decision, recent = await self._consents.read(
                connection, request.our_number, request.peer_number
            )
        return consent_service_pb2.GetConsentResponse(
            consent=translate.consent(request, decision, recent)
        )
