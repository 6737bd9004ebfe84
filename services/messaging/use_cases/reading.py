"""Reading conversations, and marking them as read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.errors import NotFound
from services.messaging.model import Message
from services.messaging.ports import Filters, Messages, Position
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.conversations import Conversation, ConversationFilters
from services.messaging.replies.threads import thread_id


@dataclass(frozen=True)
class Reading:
    """Finds conversations and their messages."""

    store: ConversationStore
    messages: Messages
    clock: Clock

    async def page(
        self,
        connection: AsyncConnection,
        filters: ConversationFilters,
        *,
        limit: int,
        after: Position | None,
    ) -> Sequence[Conversation]:
        """Return at most `limit` conversations, newest first, that come after the position."""
        now = self.clock.now()
        return await self.store.page(connection, filters, now, limit=limit, after=after)

    async def last_messages(
        self, connection: AsyncConnection, of: Sequence[Conversation]
    ) -> Mapping[str, Message]:
        """Return the last message of each conversation, by its id."""
        return await self.store.last_messages(connection, of)

    async def get(self, connection: AsyncConnection, conversation_id: str) -> Conversation:
        """Return a conversation; raises NotFound."""
        found = await self.store.get(connection, conversation_id)
        if found is None:
            raise NotFound("CONVERSATION_NOT_FOUND", "no such conversation")
        return found

    async def between(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> Conversation:
        """Return the conversation of two numbers; raises NotFound."""
        return await self.get(connection, thread_id(our_number, (peer_number,)))

    async def thread(
        self,
        connection: AsyncConnection,
        conversation_id: str,
        *,
        limit: int,
        after: Position | None,
    ) -> Sequence[Message]:
        """Return messages of a conversation, newest first, that come after the position."""
        filters = Filters(conversation_id=conversation_id)
        return await self.messages.list(connection, filters, limit=limit, after=after)

    async def mark_read(
        self, connection: AsyncConnection, conversation_id: str, message_id: str
    ) -> Conversation:
        """Mark what was received up to a message, or all of it, as read; raises NotFound."""
        await self.get(connection, conversation_id)
        up_to = await self._message(connection, conversation_id, message_id)
        await self.store.mark_read(connection, conversation_id, up_to)
        return await self.get(connection, conversation_id)

    async def _message(
        self, connection: AsyncConnection, conversation_id: str, message_id: str
    ) -> Message | None:
        if not message_id:
            return None
        found = await self.messages.get(connection, message_id)
        if found is None or found.conversation_id != conversation_id:
            raise NotFound("MESSAGE_NOT_FOUND", "no such message in this conversation")
        return found
