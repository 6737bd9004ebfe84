"""Consuming events: each takes effect once, in batches of one transaction each.

A batch is whatever is waiting. Its events are prepared side by side, then applied in the order of
the stream, in one transaction together with their inbox rows; then all are acknowledged in one
write. If one of them fails the transaction is done again with a savepoint for each, so that it
fails alone. Killing the process anywhere in between changes nothing but the time it takes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis import logs
from chassis.batches import Batches
from chassis.clock import Clock, SystemClock
from chassis.database import Database
from chassis.dead_letters import LettersFull, bury, redriven_subjects
from chassis.errors import Contended, Unavailable
from chassis.handler import Handler, Item
from chassis.inbox import Inbox
from chassis.jetstream import Bus, BusError
from chassis.lifecycle import background
from chassis.messages import Delivery
from chassis.pull import Pull, pulling
from chassis.streams import EVENTS
from chassis.verdicts import Ack, Dead, Limits, Nak, Verdict, is_unexpected

__all__ = ["Consumer", "ConsumerStats", "Handler", "Limits", "consuming"]

_log = logs.get_logger(__name__)
T = TypeVar("T")

_ACK, _IN_PROGRESS = b"+ACK", b"+WPI"
_HANDOVER_SECONDS = 0.5
_PRUNE_SECONDS = 3600.0


@dataclass(slots=True)
class ConsumerStats:
    """Counts since the consumer started, for metrics."""

    handled: int = 0
    """Events that took effect."""
    duplicates: int = 0
    """Events that had taken effect before."""
    redelivered: int = 0
    """Deliveries that were not the first of their message."""
    postponed: int = 0
    """Events that will come again."""
    dead: int = 0
    """Events that became dead letters."""
    lag: int = 0
    """Messages this consumer had not been sent when it last heard."""


class Consumer(Generic[T]):
    """Takes events from a durable consumer of the stream until stopped."""

    def __init__(
        self,
        bus: Bus,
        durable: str,
        subjects: Sequence[str],
        batches: Batches[T],
        after_commit: Callable[[], None],
        limits: Limits,
    ) -> None:
        self._bus = bus
        self._durable = durable
        self._subjects = [*subjects, redriven_subjects(durable)]
        self._batches = batches
        self._after_commit = after_commit
        self._limits = limits
        self._pull: Pull | None = None
        self._in_hand: list[Delivery] = []
        self._stopping = asyncio.Event()
        self._faulty: set[str] = set()
        self.stats = ConsumerStats()
        self.stopped = ""
        """Why it consumes no more although the process lives; empty while it does."""

    def healthy(self) -> bool:
        """Say whether events can be consumed now; a readiness probe."""
        return not self.stopped and self._pull is not None and not self._pull.fault

    def stop(self) -> None:
        """Take no further batch and finish the one in hand."""
        self._stopping.set()
        if self._pull is not None:
            self._pull.release()

    async def run(self) -> None:
        """Consume until stopped."""
        async with pulling(self._bus, EVENTS, self._ready, window=self._limits.window) as pull:
            self._pull = pull
            if self._stopping.is_set():
                pull.release()
            async with background(self._keep(pull), name=f"keep {self._durable}"):
                while not self.stopped and (batch := await pull.batch(self._limits.batch)):
                    self._in_hand = batch
                    await self._handle(batch)
                    self._in_hand = []
            await self._hand_over(pull.waiting())
        # With a fault of ours it is better to stand still, visibly, than to be started again.
        await self._stopping.wait()

    async def _ready(self) -> str:
        config = {
            "durable_name": self._durable,
            "name": self._durable,
            "deliver_policy": "all",
            "ack_policy": "explicit",
            "ack_wait": int(self._limits.ack_wait * 1e9),
            # Without end: past the server's limit a message would become invisible. Ours counts.
            "max_deliver": -1,
            "max_ack_pending": self._limits.max_ack_pending,
            "filter_subjects": self._subjects,
        }
        request = {"stream_name": EVENTS, "config": config}
        await self._bus.api(f"CONSUMER.CREATE.{EVENTS}.{self._durable}", request)
        return self._durable

    async def _handle(self, batch: Sequence[Delivery]) -> None:
        items = await self._batches.handle(batch)
        if any(isinstance(item.verdict, Ack) and not item.duplicate for item in items):
            self._after_commit()
        for item in items:
            await self._settle(item)
        self.stats.lag = batch[-1].pending

    async def _settle(self, item: Item[T]) -> None:
        verdict = item.verdict
        if isinstance(verdict, Dead):
            verdict = await self._bury(item, verdict)
        self._count(item, verdict)
        self._log(item, verdict)
        match verdict:
            case Nak(delay):
                await self._answer(item.delivery, _nak(delay))
            case Ack() | Dead():
                await self._answer(item.delivery, _ACK)

    async def _bury(self, item: Item[T], verdict: Dead) -> Verdict:
        try:
            await bury(self._bus, self._durable, item.delivery, verdict.reason)
        except LettersFull:
            self._stop_because("DEAD_LETTERS_FULL")
            return Nak(self._limits.longest_delay, verdict.reason)
        except BusError:
            return Nak(self._limits.first_delay, verdict.reason)
        if item.event_id:
            with suppress(Unavailable, Contended):
                await self._batches.forget_attempts(item.event_id)
        return verdict

    def _count(self, item: Item[T], verdict: Verdict | None) -> None:
        stats = self.stats
        stats.redelivered += item.delivery.delivered > 1
        stats.duplicates += item.duplicate
        stats.handled += isinstance(verdict, Ack) and not item.duplicate
        stats.postponed += isinstance(verdict, Nak)
        stats.dead += isinstance(verdict, Dead)
        if item.error is not None and is_unexpected(item.error):
            self._faulty.add(item.event_id)
            if len(self._faulty) >= self._limits.faulty_events:
                self._stop_because("TOO_MANY_FAULTS")
        elif isinstance(verdict, Ack) and not item.duplicate:
            self._faulty.clear()

    def _stop_because(self, reason: str) -> None:
        if not self.stopped:
            self.stopped = reason
            _log.critical("consumer.stopped", consumer=self._durable, reason=reason)

    def _log(self, item: Item[T], verdict: Verdict | None) -> None:
        say = _log.info if isinstance(verdict, Ack) else _log.warning
        say(
            "event.handled",
            consumer=self._durable,
            subject=item.delivery.message.subject,
            event_id=item.event_id,
            outcome="duplicate" if item.duplicate else type(verdict).__name__.lower(),
            reason=getattr(verdict, "reason", ""),
            delivered=item.delivery.delivered,
        )

    async def _keep(self, pull: Pull) -> None:
        """Tell the server what is still being worked on, and forget what is long past."""
        prune_at = 0.0
        while True:
            for delivery in [*self._in_hand, *pull.waiting()]:
                await self._answer(delivery, _IN_PROGRESS)
            if prune_at <= (now := asyncio.get_running_loop().time()):
                prune_at = now + _PRUNE_SECONDS
                with suppress(Unavailable, Contended):
                    await self._batches.prune()
            await asyncio.sleep(self._limits.ack_wait / 3)

    async def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what was fetched ahead, so that another instance need not wait for it."""
        for delivery in deliveries:
            await self._answer(delivery, _nak(_HANDOVER_SECONDS))

    async def _answer(self, delivery: Delivery, answer: bytes) -> None:
        # An answer that is lost costs a redelivery, which the inbox absorbs.
        with suppress(BusError):
            await self._bus.send(delivery.reply, answer)


def _nak(delay: float) -> bytes:
    # Never without a delay: the server would send the message again at once, over and over.
    return b"-NAK " + json.dumps({"delay": int(max(delay, 0.001) * 1e9)}).encode()


@asynccontextmanager
async def consuming(
    bus: Bus,
    *,
    durable: str,
    subjects: Sequence[str],
    database: Database,
    inbox: Inbox,
    handler: Handler[T],
    decode: Callable[[bytes], T],
    identity: Callable[[T], str],
    after_commit: Callable[[], None] = lambda: None,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Consumer[T]]:
    """Hand the events of `subjects` to `handler` for the block.

    ``durable`` names the consumer and its place in the stream: the same for all instances of a
    service. ``identity`` gives the event's id, under which it takes effect once. ``after_commit``
    is called when a batch took effect; it wakes the dispatcher.
    """
    bounds = limits or Limits()
    batches = Batches(
        database,
        inbox,
        handler,
        decode=decode,
        identity=identity,
        clock=clock or SystemClock(),
        limits=bounds,
    )
    consumer = Consumer(bus, durable, subjects, batches, after_commit, bounds)
    async with background(consumer.run(), name=f"consumer {durable}", stop=consumer.stop):
        yield consumer
