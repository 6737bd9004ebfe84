"""QueueService over gRPC: translate in, call, translate out."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing
from typing import Any

import grpc
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.voice.v1 import queue_place_pb2 as place_pb
from switchhook.voice.v1 import queue_service_pb2 as pb
from switchhook.voice.v1 import queue_service_pb2_grpc

from chassis import pages
from chassis.clock import Clock
from chassis.database import Database
from chassis.times import duration, length
from services.voice.once import once
from services.voice.queues import translate
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.feed import Feed, Written
from services.voice.queues.forecast import expected_wait
from services.voice.queues.keeping import Keeping
from services.voice.queues.model import Entry

Context = grpc.aio.ServicerContext[Any, Any]


class QueueServicer(queue_service_pb2_grpc.QueueServiceServicer):
    """Keeps queues, and shows and orders who waits in them."""

    def __init__(
        self,
        database: Database,
        books: Books,
        centre: Centre,
        feed: Feed[Entry],
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        """Answer from the database; `wake` tells that callers or commands may have to move."""
        self._database = database
        self._books = books
        self._centre = centre
        self._feed = feed
        self._keeping = Keeping(books, centre)
        self._clock = clock
        self._wake = wake

    async def CreateQueue(
        self, request: pb.CreateQueueRequest, _context: Context
    ) -> pb.CreateQueueResponse:
        """Keep a new queue."""
        queue = translate.queue_in(request.queue_id, request.display_name, request.settings)
        async with self._database.transaction() as connection:

            async def act() -> pb.CreateQueueResponse:
                kept = await self._keeping.create(connection, queue, self._clock.now())
                return pb.CreateQueueResponse(queue=translate.queue_out(kept))

            return await once(connection, request, pb.CreateQueueResponse, act)

    async def UpdateQueue(
        self, request: pb.UpdateQueueRequest, _context: Context
    ) -> pb.UpdateQueueResponse:
        """Change a queue."""
        name = request.display_name if request.HasField("display_name") else None
        settings = None
        if request.HasField("settings"):
            settings = translate.queue_in(request.queue_id, "", request.settings)
        async with self._database.transaction() as connection:

            async def act() -> pb.UpdateQueueResponse:
                now = self._clock.now()
                kept = await self._keeping.update(connection, request.queue_id, name, settings, now)
                return pb.UpdateQueueResponse(queue=translate.queue_out(kept))

            answer = await once(connection, request, pb.UpdateQueueResponse, act)
        self._wake()
        return answer

    async def GetQueue(self, request: pb.GetQueueRequest, _context: Context) -> pb.GetQueueResponse:
        """Return one queue and how it stands."""
        async with self._database.reading() as connection:
            record = await self._keeping.get(connection, request.queue_id)
            standing = await self._centre.queue_standing(
                connection, request.queue_id, self._clock.now()
            )
        return pb.GetQueueResponse(
            queue=translate.queue_out(record), standing=translate.standing_out(standing)
        )

    async def ListQueues(
        self, request: pb.ListQueuesRequest, _context: Context
    ) -> pb.ListQueuesResponse:
        """Return a page of queues."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.name_in(request.page_token, bound)
        async with self._database.reading() as connection:
            found = await self._books.queues.page(connection, after, size + 1)
        shown = found[:size]
        token = pages.encode([shown[-1].queue.queue_id], bound) if len(found) > size else ""
        return pb.ListQueuesResponse(
            queues=[translate.queue_out(record) for record in shown], next_page_token=token
        )

    async def DeleteQueue(
        self, request: pb.DeleteQueueRequest, _context: Context
    ) -> pb.DeleteQueueResponse:
        """Remove a queue."""
        async with self._database.transaction() as connection:

            async def act() -> pb.DeleteQueueResponse:
                await self._keeping.delete(connection, request.queue_id)
                return pb.DeleteQueueResponse()

            return await once(connection, request, pb.DeleteQueueResponse, act)

    async def ListEntries(
        self, request: pb.ListEntriesRequest, _context: Context
    ) -> pb.ListEntriesResponse:
        """Return a page of entries."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.place_in(request.page_token, bound, left=request.left)
        async with self._database.reading() as connection:
            found = await self._books.entries.page(
                connection, translate.entry_filter(request), after, size + 1
            )
            queue_ids = {entry.queue_id for entry, _ in found}
            queues = await self._books.queues.of_ids(connection, queue_ids)
        shown, now = found[:size], self._clock.now()
        return pb.ListEntriesResponse(
            entries=[
                translate.entry_out(entry, queues.get(entry.queue_id), now) for entry, _ in shown
            ],
            next_page_token=translate.place_out(shown[-1][1], bound) if len(found) > size else "",
        )

    async def GetPosition(
        self, request: place_pb.GetPositionRequest, _context: Context
    ) -> place_pb.GetPositionResponse:
        """Return an entry's place."""
        now = self._clock.now()
        async with self._database.reading() as connection:
            entry = await self._centre.entry(connection, request.entry_id)
            queue = await self._books.queues.get(connection, entry.queue_id)
            standing = await self._centre.standing(connection, request.entry_id, now)
        wait = None
        if standing.position:
            handle, staffed = standing.average_handle, standing.agents_staffed
            wait = expected_wait(standing.position, handle, staffed)
        return place_pb.GetPositionResponse(
            entry=translate.entry_out(entry, queue, now),
            position=standing.position,
            standing=translate.standing_out(standing),
            expected_wait=duration(wait),
        )

    async def Reprioritize(
        self, request: place_pb.ReprioritizeRequest, _context: Context
    ) -> place_pb.ReprioritizeResponse:
        """Let an entry go ahead of its wait, or behind it."""
        ahead = length(request.priority, "priority")
        front = request.front if request.HasField("front") else None
        now = self._clock.now()
        async with self._database.transaction() as connection:

            async def act() -> place_pb.ReprioritizeResponse:
                entry = await self._centre.reprioritize(
                    connection, request.entry_id, ahead, front, now
                )
                queue = await self._books.queues.get(connection, entry.queue_id)
                return place_pb.ReprioritizeResponse(entry=translate.entry_out(entry, queue, now))

            answer = await once(connection, request, place_pb.ReprioritizeResponse, act)
        self._wake()
        return answer

    async def RemoveEntry(
        self, request: place_pb.RemoveEntryRequest, _context: Context
    ) -> place_pb.RemoveEntryResponse:
        """Take an entry out of its queue."""
        now = self._clock.now()
        async with self._database.transaction() as connection:

            async def act() -> place_pb.RemoveEntryResponse:
                entry = await self._centre.remove(connection, request.entry_id, now)
                return place_pb.RemoveEntryResponse(entry=translate.entry_out(entry, None, now))

            answer = await once(connection, request, place_pb.RemoveEntryResponse, act)
        self._wake()
        return answer

    async def WatchQueue(
        self, request: place_pb.WatchQueueRequest, _context: Context
    ) -> AsyncIterator[place_pb.WatchQueueResponse]:
        """Send who is in a queue, and then what changes."""
        async with self._database.reading() as connection:
            await self._keeping.get(connection, request.queue_id)

        async def own(
            connection: AsyncConnection, entry_ids: Collection[str]
        ) -> Sequence[Written[Entry]]:
            return await self._books.entries.watched(connection, request.queue_id, entry_ids)

        def wants(row: Written[Entry]) -> bool:
            return row.thing.queue_id == request.queue_id

        async with aclosing(self._feed.watch(own, wants)) as steps:
            first = True
            async for changed in steps:
                if changed or first:
                    yield await self._told(request.queue_id, changed)
                first = False

    async def _told(self, queue_id: str, changed: Sequence[Entry]) -> place_pb.WatchQueueResponse:
        now = self._clock.now()
        async with self._database.reading() as connection:
            queue = await self._books.queues.get(connection, queue_id)
            standing = await self._centre.queue_standing(connection, queue_id, now)
        return place_pb.WatchQueueResponse(
            standing=translate.standing_out(standing),
            entries=[translate.entry_out(entry, queue, now) for entry in changed],
        )
