"""Handling a batch of deliveries in one transaction, and deciding what becomes of each."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.clock import Clock
from chassis.database import Database, fault_of
from chassis.errors import Contended, Fault, Unavailable
from chassis.handler import Handler, Item
from chassis.inbox import Inbox
from chassis.messages import Delivery
from chassis.verdicts import Ack, Dead, History, Limits, Verdict, counts, verdict_on

_log = logs.get_logger(__name__)

T = TypeVar("T")
_REMEMBER = timedelta(days=30)
"""Longer than the stream, its dead letters and the carrier's log can bring an event back."""
_SUSPECT_AFTER = 2
"""Deliveries after which a message may be what kills the process, and is handled alone."""


class _Unguarded(Exception):  # noqa: N818 - never leaves this module
    """An event failed without a savepoint, and the whole transaction with it."""


class Batches(Generic[T]):
    """Decode, prepare and apply events; remember which were handled."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        handler: Handler[T],
        *,
        decode: Callable[[bytes], T],
        identity: Callable[[T], str],
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._handler = handler
        self._decode = decode
        self._identity = identity
        self._clock = clock
        self._limits = limits
        self._survivors: set[str] = set()
        """Events whose counted attempt failed for want of the database, which kills nobody."""

    async def handle(self, deliveries: Sequence[Delivery]) -> list[Item[T]]:
        """Handle deliveries in the order of the stream; every item returns with a verdict."""
        ordered = sorted(deliveries, key=lambda delivery: delivery.message.sequence)
        items = [self._open(delivery) for delivery in ordered]
        readable = [item for item in items if item.verdict is None]
        # Those that came back more than once first: they are older, and whatever happens to
        # them happens to nobody else.
        for item in readable:
            if item.delivery.delivered > _SUSPECT_AFTER:
                await self._handle_suspect(item)
        if rest := [item for item in readable if item.verdict is None]:
            await self._handle_together(rest)
        return items

    def _open(self, delivery: Delivery) -> Item[T]:
        item: Item[T] = Item(delivery)
        try:
            item.event = self._decode(delivery.message.payload)
            item.event_id = self._identity(item.event)
        except Exception as error:
            item.error, item.verdict = error, Dead("UNREADABLE")
            return item
        if not item.event_id:
            item.verdict = Dead("WITHOUT_ID")
        return item

    async def _handle_suspect(self, item: Item[T]) -> None:
        """Count the attempt before it is made, so that one that kills the process is counted."""
        try:
            async with self._database.transaction() as connection:
                if item.event_id in self._survivors:
                    await self._inbox.clear_attempts(connection, [item.event_id])
                attempts = await self._inbox.note_attempt(connection, item.event_id)
        except (Unavailable, Contended) as fault:
            self._postpone([item], fault)
            return
        item.counted = True
        self._survivors.discard(item.event_id)
        if attempts > self._limits.attempts:
            item.verdict = Dead("POISONED")
        else:
            await self._handle_together([item])

    async def _handle_together(self, items: Sequence[Item[T]]) -> None:
        await asyncio.gather(*(self._prepare(item) for item in items))
        try:
            # Without savepoints first: they cost as much as what they protect.
            if len(items) == 1 or not await self._apply_unguarded(items):
                await self._apply_together(items)
        except (Unavailable, Contended) as fault:
            self._postpone(items, fault)
        except Exception as error:
            _log.exception("batch.failed", size=len(items))
            await self._handle_apart(items, error)

    async def _handle_apart(self, items: Sequence[Item[T]], error: Exception) -> None:
        """Find out whose an error is that no savepoint caught, such as one of the commit."""
        if len(items) == 1:
            await self._condemn(items[0], error)
            return
        for item in items:
            try:
                await self._apply_together([item])
            except (Unavailable, Contended) as fault:
                self._postpone([item], fault)
            except Exception as own_error:
                await self._condemn(item, own_error)

    async def _condemn(self, item: Item[T], error: Exception) -> None:
        try:
            async with self._database.transaction() as connection:
                attempts = await self._count(connection, item, error)
        except (Unavailable, Contended) as fault:
            self._postpone([item], fault)
        else:
            item.error, item.duplicate = error, False
            item.verdict = self._verdict(item, error, attempts)

    def _postpone(self, items: Sequence[Item[T]], fault: Fault) -> None:
        for item in items:
            item.error, item.duplicate = fault, False
            item.verdict = self._verdict(item, fault, attempts=1)
            if item.counted:
                self._survivors.add(item.event_id)

    async def _prepare(self, item: Item[T]) -> None:
        assert item.event is not None  # noqa: S101 - only readable items come here
        try:
            async with asyncio.timeout(self._limits.prepare_seconds):
                item.prepared = await self._handler.prepare(item.event)
        except TimeoutError:
            text = "what the event needs did not come in time"
            item.unprepared = Unavailable("PREPARATION_TOO_SLOW", text)
        except Exception as error:
            item.unprepared = error

    async def _apply_unguarded(self, items: Sequence[Item[T]]) -> bool:
        """Apply all or none; say whether it was all."""
        try:
            await self._apply_together(items, guarded=False)
        except _Unguarded:
            return False
        return True

    async def _apply_together(self, items: Sequence[Item[T]], *, guarded: bool = True) -> None:
        async with self._database.transaction() as connection:
            new = await self._inbox.unseen(connection, [item.event_id for item in items])
            for item in items:
                item.duplicate = False
                await self._apply(connection, item, new, guarded)
            failed = {item.event_id for item in items if not isinstance(item.verdict, Ack)}
            await self._inbox.forget(connection, failed)
            settled = [item for item in items if isinstance(item.verdict, Ack)]
            came_back = [i.event_id for i in settled if i.counted or i.delivery.delivered > 1]
            await self._inbox.clear_attempts(connection, came_back)

    async def _apply(
        self, connection: AsyncConnection, item: Item[T], new: set[str], guarded: bool
    ) -> None:
        if item.event_id not in new:
            item.verdict, item.duplicate = Ack(), True
            return
        # A second copy in this batch is a duplicate, whatever becomes of the first.
        new.discard(item.event_id)
        error = item.unprepared or await self._try_to_apply(connection, item, guarded)
        item.error = error
        if error is None:
            item.verdict = Ack()
        else:
            item.verdict = self._verdict(item, error, await self._count(connection, item, error))

    async def _try_to_apply(
        self, connection: AsyncConnection, item: Item[T], guarded: bool
    ) -> Exception | None:
        assert item.event is not None  # noqa: S101 - only readable items come here
        try:
            async with connection.begin_nested() if guarded else nullcontext():
                await self._within_time(self._handler.apply(connection, item.event, item.prepared))
        except Exception as error:
            if (passing := None if isinstance(error, Fault) else fault_of(error)) is not None:
                raise passing from error
            if not guarded:
                raise _Unguarded from error
            if not isinstance(error, Fault):
                _log.exception("event.failed", event_id=item.event_id)
            return error
        return None

    async def _within_time(self, work: Any) -> None:
        limit = asyncio.timeout(self._limits.apply_seconds)
        try:
            async with limit:
                await work
        except TimeoutError as error:
            if limit.expired():
                raise RuntimeError("the event takes too long to apply") from error
            raise

    async def _count(self, connection: AsyncConnection, item: Item[T], error: Exception) -> int:
        """Put the attempt on record if it counts, and return how many there are."""
        if not counts(error):
            if item.counted:
                await self._inbox.clear_attempts(connection, [item.event_id])
            return 1
        if item.counted:
            return await self._inbox.attempts(connection, item.event_id)
        return await self._inbox.note_attempt(connection, item.event_id)

    def _verdict(self, item: Item[T], error: Exception, attempts: int) -> Verdict:
        age = (self._clock.now() - item.delivery.message.time).total_seconds()
        return verdict_on(error, History(attempts, item.delivery.delivered, age), self._limits)

    async def prune(self) -> None:
        """Forget events that can no longer come back."""
        async with self._database.transaction() as connection:
            await self._inbox.prune(connection, self._clock.now() - _REMEMBER)

    async def forget_attempts(self, event_id: str) -> None:
        """Forget the attempts at an event that is a dead letter now, in case it is redriven."""
        async with self._database.transaction() as connection:
            await self._inbox.clear_attempts(connection, [event_id])
