"""ConversationService: translate in, call, translate out."""

from typing import Any

import grpc.aio
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.messaging.v1 import conversation_pb2, conversation_service_pb2_grpc
from switchhook.messaging.v1 import conversation_service_pb2 as pb

from chassis import pages
from chassis.database import Database
from services.messaging import translate
from services.messaging.ports import Answers
from services.messaging.replies import translate as reply_translate
from services.messaging.replies.conversations import Conversation
from services.messaging.replies.servicer import asked, kept
from services.messaging.use_cases.once import once
from services.messaging.use_cases.reading import Reading

Context = grpc.aio.ServicerContext[Any, Any]


class ConversationServicer(conversation_service_pb2_grpc.ConversationServiceServicer):
    """Finds conversations and marks them as read."""

    def __init__(self, database: Database, reading: Reading, answers: Answers) -> None:
        self._database = database
        self._reading = reading
        self._answers = answers

    async def ListConversations(
        self, request: pb.ListConversationsRequest, context: Context
    ) -> pb.ListConversationsResponse:
        """Return one page of conversations, newest first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._reading.page(
                connection, reply_translate.filters(request), limit=size + 1, after=after
            )
            page = found[:size]
            last = await self._reading.last_messages(connection, page)
        token = pages.encode(reply_translate.place_of(page[-1]), bound) if len(found) > size else ""
        now = self._reading.clock.now()
        shown = [reply_translate.conversation(each, last, now) for each in page]
        return pb.ListConversationsResponse(conversations=shown, next_page_token=token)

    async def GetConversation(
        self, request: pb.GetConversationRequest, context: Context
    ) -> pb.GetConversationResponse:
        """Return a conversation and one page of its messages, newest first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            known = await self._known(connection, request)
            found = await self._reading.thread(
                connection, known.conversation_id, limit=size + 1, after=after
            )
            shown = await self._shown(connection, known)
        page = found[:size]
        token = pages.encode(translate.position_of(page[-1]), bound) if len(found) > size else ""
        return pb.GetConversationResponse(
            conversation=shown,
            messages=[translate.message(each) for each in page],
            next_page_token=token,
        )

    async def MarkRead(self, request: pb.MarkReadRequest, context: Context) -> pb.MarkReadResponse:
        """Mark received messages as read."""
        async with self._database.transaction() as connection:

            async def act() -> bytes:
                marked = await self._reading.mark_read(
                    connection, request.conversation_id, request.message_id
                )
                return kept(pb.MarkReadResponse(conversation=await self._shown(connection, marked)))

            answer = await once(self._answers, connection, asked("MarkRead", request), act)
        return pb.MarkReadResponse.FromString(answer)

    async def _known(
        self, connection: AsyncConnection, request: pb.GetConversationRequest
    ) -> Conversation:
        if request.conversation_id:
            return await self._reading.get(connection, request.conversation_id)
        return await self._reading.between(connection, request.our_number, request.peer_number)

    async def _shown(
        self, connection: AsyncConnection, known: Conversation
    ) -> conversation_pb2.Conversation:
        last = await self._reading.last_messages(connection, [known])
        return reply_translate.conversation(known, last, self._reading.clock.now())
