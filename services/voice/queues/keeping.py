"""Keeping queues."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import AlreadyDone, NotFound, NotYet
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.model import Queue
from services.voice.queues.store import QueueRecord


class Keeping:
    """Creates, changes and removes queues; every method works in the caller's transaction."""

    def __init__(self, books: Books, centre: Centre) -> None:
        self._books = books
        self._centre = centre

    async def create(self, connection: AsyncConnection, queue: Queue, now: datetime) -> QueueRecord:
        """Keep a new queue; raise AlreadyDone when there is one of its id."""
        if not await self._books.queues.add(connection, queue, now):
            raise AlreadyDone("QUEUE_EXISTS", "there is a queue of this id already")
        return await self.get(connection, queue.queue_id)

    async def update(
        self,
        connection: AsyncConnection,
        queue_id: str,
        display_name: str | None,
        settings: Queue | None,
        now: datetime,
    ) -> QueueRecord:
        """Change a queue and put those who wait in it in order anew; None leaves what there is."""
        known = await self._books.queues.locked(connection, queue_id)
        if known is None:
            raise _unknown()
        changed = settings or known
        name = known.display_name if display_name is None else display_name
        queue = replace(changed, queue_id=queue_id, display_name=name)
        await self._books.queues.save(connection, queue, now)
        if queue.scoring != known.scoring:
            await self._centre.reorder(connection, queue, now)
        return await self.get(connection, queue_id)

    async def get(self, connection: AsyncConnection, queue_id: str) -> QueueRecord:
        """Return a queue, or raise NotFound."""
        found = await self._books.queues.record(connection, queue_id)
        if found is None:
            raise _unknown()
        return found

    async def delete(self, connection: AsyncConnection, queue_id: str) -> None:
        """Remove a queue that is empty and that no plan names; nobody serves it any more."""
        if await self._books.queues.locked(connection, queue_id) is None:
            raise _unknown()
        if not await self._books.entries.is_empty(connection, queue_id):
            raise NotYet("QUEUE_NOT_EMPTY", "somebody is in the queue")
        for user in self._books.queue_users:
            for plan_id in await user.using(connection, queue_id):
                raise NotYet(
                    "QUEUE_IN_USE",
                    "a routing plan leads into the queue",
                    metadata={"plan_id": plan_id},
                )
        await self._books.agents.leave_queue(connection, queue_id)
        await self._books.queues.remove(connection, queue_id)


def _unknown() -> NotFound:
    return NotFound("QUEUE_NOT_FOUND", "no queue has this id")
