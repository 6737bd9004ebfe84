"""Asking everybody who knows something about a call, in the time a caller may wait for it.

All are asked at once, each with a deadline of its own. Who is late or fails is not waited for, and
their inputs read as their safe defaults: a call is never held up by what would be nice to know.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import deadline, logs
from chassis.clock import Clock
from services.voice.calls.model import Call, CallerKind, Lookup, LookupOutcome
from services.voice.routing.answers import Past, of_call, of_lookup, of_past
from services.voice.routing.inputs import (
    CRM_NAMES,
    HISTORY_NAMES,
    Input,
    Inputs,
    InputState,
    QueueState,
    Source,
    inputs,
    missing,
    queue_inputs,
    queue_names,
)

_log = logs.get_logger(__name__)

_RESERVE = 0.1
"""Seconds kept of whoever asks us in turn, to answer in time."""


class History(Protocol):
    """What was before this call."""

    async def of(self, connection: AsyncConnection, number: str, now: datetime) -> Past:
        """Return what is remembered of an E.164 number."""
        ...


class QueueFacts(Protocol):
    """How queues stand."""

    async def of(
        self, connection: AsyncConnection, queue_ids: Iterable[str], now: datetime
    ) -> Mapping[str, QueueState]:
        """Return the state of each queue that exists."""
        ...


class Directory(Protocol):
    """Who has a number."""

    async def find(self, phone_number: str) -> Lookup:
        """Return what the CRM knows of an E.164 number; failing is an outcome of its own."""
        ...


class Reads(Protocol):
    """Transactions that read."""

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection for reads."""
        ...


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds each may take, and all together."""

    crm: float = 0.7
    history: float = 0.4
    queues: float = 0.4
    total: float = 0.8


class Inquiry:
    """Finds out what is known of a call."""

    def __init__(
        self,
        database: Reads,
        directory: Directory,
        history: History,
        queues: QueueFacts,
        clock: Clock,
        deadlines: Deadlines = Deadlines(),
    ) -> None:
        self._database = database
        self._directory = directory
        self._history = history
        self._queues = queues
        self._clock = clock
        self._deadlines = deadlines
        self._late: set[asyncio.Future[object]] = set()

    async def ask(
        self, call: Call, queue_ids: Iterable[str] = (), *, now: datetime | None = None
    ) -> Inputs:
        """Return everything that is known of a call, and of the queues its plan names.

        Outside any transaction. Never fails and never takes longer than the deadlines.
        """
        now = now or self._clock.now()
        answers = await asyncio.gather(
            self._crm(call), self._past(call, now), self._states(tuple(queue_ids), now)
        )
        return inputs([*of_call(call), *(each for answer in answers for each in answer)])

    async def refresh(
        self, connection: AsyncConnection, known: Inputs, queue_ids: Iterable[str], now: datetime
    ) -> Inputs:
        """Return inputs with the queues as they stand now, read in a transaction under way."""
        states = await self._queues.of(connection, tuple(queue_ids), now)
        more = (queue_inputs(queue_id, state) for queue_id, state in states.items())
        return known.joined(each for inputs_of_queue in more for each in inputs_of_queue)

    async def _crm(self, call: Call) -> Sequence[Input]:
        if call.lookup and call.lookup.outcome is not LookupOutcome.UNAVAILABLE:
            return of_lookup(call.lookup)
        number = _number(call)
        if not number:
            return missing(CRM_NAMES, Source.CRM, InputState.ABSENT)
        answer = await self._within(self._directory.find(number), self._deadlines.crm, Source.CRM)
        if isinstance(answer.value, Lookup):
            return of_lookup(answer.value, answer.took)
        return missing(CRM_NAMES, Source.CRM, answer.state, answer.took)

    async def _past(self, call: Call, now: datetime) -> Sequence[Input]:
        number = _number(call)
        if not number:
            return missing(HISTORY_NAMES, Source.HISTORY, InputState.ABSENT)

        async def read() -> Past:
            async with self._database.reading() as connection:
                return await self._history.of(connection, number, now)

        answer = await self._within(read(), self._deadlines.history, Source.HISTORY)
        if isinstance(answer.value, Past):
            return of_past(answer.value, now, answer.took)
        return missing(HISTORY_NAMES, Source.HISTORY, answer.state, answer.took)

    async def _states(self, queue_ids: Sequence[str], now: datetime) -> Sequence[Input]:
        if not queue_ids:
            return []

        async def read() -> Mapping[str, QueueState]:
            async with self._database.reading() as connection:
                return await self._queues.of(connection, queue_ids, now)

        answer = await self._within(read(), self._deadlines.queues, Source.QUEUES)
        states = answer.value if isinstance(answer.value, Mapping) else {}
        gathered: list[Input] = []
        for queue_id in queue_ids:
            if queue_id in states:
                gathered += queue_inputs(queue_id, states[queue_id], answer.took)
            else:
                names = queue_names(queue_id)
                gathered += missing(names, Source.QUEUES, answer.state, answer.took)
        return gathered

    async def _within(self, question: Awaitable[object], limit: float, source: Source) -> "_Answer":
        """Wait for an answer until its deadline and no moment longer.

        Who is late is told to stop but not waited for: stopping may itself take its time.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        asked = asyncio.ensure_future(question)
        await asyncio.wait({asked}, timeout=self._allowed(limit))
        took = timedelta(seconds=loop.time() - begun)
        if not asked.done():
            self._let_go(asked)
            _log.warning("input.late", source=source.value)
            return _Answer(InputState.LATE, took)
        if asked.cancelled() or asked.exception() is not None:
            failure = None if asked.cancelled() else asked.exception()
            _log.warning("input.failed", source=source.value, exc_info=failure)
            return _Answer(InputState.FAILED, took)
        return _Answer(InputState.ABSENT, took, asked.result())

    def _allowed(self, limit: float) -> float:
        allowed = min(limit, self._deadlines.total)
        left = deadline.remaining()
        return allowed if left is None else max(min(allowed, left - _RESERVE), 0.0)

    def _let_go(self, asked: asyncio.Future[object]) -> None:
        self._late.add(asked)
        asked.add_done_callback(self._forget)
        asked.cancel()

    def _forget(self, asked: asyncio.Future[object]) -> None:
        self._late.discard(asked)
        if not asked.cancelled():
            asked.exception()  # Seen, or the loop would complain of it.


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a question; ABSENT says for what was not in the answer that it came."""

    state: InputState
    took: timedelta
    value: object = None


def _number(call: Call) -> str:
    """Return a number somebody can be known by; anybody can claim a SIP address."""
    return call.caller.phone_number if call.caller.kind is CallerKind.NUMBER else ""
