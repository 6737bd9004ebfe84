"""MessageService: translate in, call, translate out."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import grpc.aio
from switchhook.messaging.v1 import (
    estimate_pb2,
    message_cancel_pb2,
    message_service_pb2,
    message_service_pb2_grpc,
    message_watch_pb2,
)

from chassis import pages
from chassis.database import Database
from services.messaging import translate
from services.messaging.sending import translate as sending_translate
from services.messaging.sending.segments import estimate
from services.messaging.sending.watching import Watching
from services.messaging.use_cases.sending import Request, Sending
from services.messaging.use_cases.withdrawing import Withdrawing

Context = grpc.aio.ServicerContext[Any, Any]


class MessageServicer(message_service_pb2_grpc.MessageServiceServicer):
    """Sends, withdraws, looks up, lists and follows messages."""

    def __init__(
        self, database: Database, sending: Sending, watching: Watching, wake: Callable[[], None]
    ) -> None:
        """Answer from the database; `wake` tells the dispatcher that there is work."""
        self._database = database
        self._sending = sending
        self._withdrawing = Withdrawing(sending)
        self._watching = watching
        self._wake = wake

    async def SendMessage(
        self, request: message_service_pb2.SendMessageRequest, context: Context
    ) -> message_service_pb2.SendMessageResponse:
        """Queue one message."""
        fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        asked = Request(
            request_id=request.request_id,
            fingerprint=fingerprint,
            answer=sending_translate.answer,
        )
        async with self._database.transaction() as connection:
            draft = sending_translate.draft(request)
            answer = await self._sending.send(connection, asked, draft)
        self._wake()
        return message_service_pb2.SendMessageResponse.FromString(answer)

    async def CancelMessage(
        self, request: message_cancel_pb2.CancelMessageRequest, context: Context
    ) -> message_cancel_pb2.CancelMessageResponse:
        """Withdraw one message."""
        async with self._database.transaction() as connection:
            withdrawn = await self._withdrawing.cancel(connection, request.message_id)
        return message_cancel_pb2.CancelMessageResponse(message=translate.message(withdrawn))

    async def EstimateMessage(
        self, request: estimate_pb2.EstimateMessageRequest, context: Context
    ) -> estimate_pb2.EstimateMessageResponse:
        """Say how a text would be cut into parts."""
        text, locale = request.text, ""
        if request.WhichOneof("content") == "template":
            use = sending_translate.template_use(request.template)
            async with self._database.reading() as connection:
                text, locale = await self._sending.composing.worded(connection, use)
        return estimate_pb2.EstimateMessageResponse(
            estimate=sending_translate.estimate(estimate(text)), text=text, template_locale=locale
        )

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

    async def WatchMessages(
        self, request: message_watch_pb2.WatchMessagesRequest, context: Context
    ) -> AsyncIterator[message_watch_pb2.WatchMessagesResponse]:
        """Send what changes of messages until the caller ends it."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        steps = self._watching.watch(after, sending_translate.change_filters(request))
        async with aclosing(steps):
            async for step in steps:
                yield sending_translate.step(step)
