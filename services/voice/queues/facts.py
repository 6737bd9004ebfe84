"""How queues stand, for those who route by it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.queues.books import Books
from services.voice.queues.model import Queue
from services.voice.routing.hours import ALWAYS_OPEN, Hours, Openness
from services.voice.routing.inputs import QueueState


class SqlQueueFacts:
    """Answers for queues by their rows."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def of(
        self, connection: AsyncConnection, queue_ids: Iterable[str], now: datetime
    ) -> Mapping[str, QueueState]:
        """Return the state of each queue that exists."""
        found = await self._books.queues.of_ids(connection, list(queue_ids))
        return {
            queue_id: await self._state(connection, queue, now) for queue_id, queue in found.items()
        }

    async def _state(self, connection: AsyncConnection, queue: Queue, now: datetime) -> QueueState:
        staffed, _ = await self._books.agents.standing(connection, queue.queue_id)
        waiting, _ = await self._books.entries.standing(connection, queue.queue_id)
        return QueueState(openness(queue, now), staffed, waiting)


def openness(queue: Queue, now: datetime) -> Openness:
    """Return whether a queue is open, and why not."""
    return queue.hours.state(now) if isinstance(queue.hours, Hours) else ALWAYS_OPEN
