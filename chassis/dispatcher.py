"""Carrying out what the outbox holds, each effect once as far as its receiver lets us know."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.claims import Claim, Claims, backoff
from chassis.clock import Clock
from chassis.database import Database
from chassis.effects import (
    Done,
    Doubtful,
    Failed,
    Later,
    Outcome,
    Performer,
    Performers,
    RetryLater,
    State,
)
from chassis.errors import Contended, Unavailable
from chassis.lifecycle import background
from chassis.outbox import Outbox

__all__ = [
    "Dispatcher",
    "Done",
    "Doubtful",
    "Failed",
    "Later",
    "Outcome",
    "Performer",
    "RetryLater",
    "dispatching",
]

_log = logs.get_logger(__name__)
T = TypeVar("T")

_LEASE = 30.0
_PERFORM_SECONDS = 25.0
"""Less than the lease: nobody else may take an effect for lost that is still being performed."""
_POLL_SECONDS = 1.0
_RECOVER_SECONDS = 2.0
_PRUNE_SECONDS = 3600.0
_KEEP = timedelta(days=30)
"""As long as an inbox remembers events: no effect of theirs can be queued a second time."""


class Dispatcher:
    """Claims what is due, performs it and records what became of it."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        claims: Claims,
        performers: Performers,
        clock: Clock,
        concurrency: int,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._claims = claims
        self._performers = performers
        self._clock = clock
        self._concurrency = concurrency
        self._flying: set[asyncio.Task[None]] = set()
        self._failures: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._recover_at = self._prune_at = 0.0
        self.outcomes: Counter[str] = Counter()
        """How many attempts ended in which way: Done, Failed, RetryLater, Doubtful."""
        self.backlog: dict[State, int] = {}
        """How many effects were not over yet, by state, a few seconds ago."""
        self.neighbours: list[Callable[[], None]] = []
        """Woken after every attempt: dispatchers of effects that the outcome may have queued."""

    def wake(self) -> None:
        """Look for work now rather than at the next poll."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more and finish what is in flight."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Work until stopped; effects in flight when cancelled are in doubt."""
        await self._recover(own=True)
        try:
            while not (self._stopping or self._failures):
                self._wake.clear()
                if not await self._start_some():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_POLL_SECONDS):
                            await self._wake.wait()
            await asyncio.gather(*self._flying, *self._failures)
        finally:
            await self._ground()

    async def _ground(self) -> None:
        flying = list(self._flying)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)

    async def _start_some(self) -> bool:
        """Start what is due; say whether there may be more that could be started now."""
        await self._keep_house()
        free = self._concurrency - len(self._flying)
        if free <= 0:
            return False
        taken = await self._persistently(lambda connection: self._claims.claim(connection, free))
        for claim in taken.claims:
            task = asyncio.create_task(self._carry_out(claim), name=f"effect {claim.effect.kind}")
            self._flying.add(task)
            task.add_done_callback(self._landed)
        return taken.more

    async def _recover(self, *, own: bool) -> None:
        """Find what was left in flight, and look again as soon as it may be tried again."""
        if await self._persistently(lambda connection: self._claims.recover(connection, own=own)):
            asyncio.get_running_loop().call_later(backoff(1), self.wake)

    async def _keep_house(self) -> None:
        """Find what others left in flight, count what is open, and let go of what is long over."""
        now = asyncio.get_running_loop().time()
        if now >= self._recover_at:
            self._recover_at = now + _RECOVER_SECONDS
            await self._recover(own=False)
            self.backlog = await self._persistently(self._outbox.backlog)
        if now >= self._prune_at:
            self._prune_at = now + _PRUNE_SECONDS
            before = self._clock.now() - _KEEP
            await self._persistently(lambda connection: self._outbox.prune(connection, before))

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failures.append(task)
        for wake in (self.wake, *self.neighbours):
            wake()

    async def _carry_out(self, claim: Claim) -> None:
        outcome = await self._perform(claim)
        self.outcomes[type(outcome).__name__] += 1
        await self._record(claim, outcome)
        if isinstance(outcome, RetryLater | Doubtful):
            delay = max(getattr(outcome, "after", 0.0), backoff(claim.attempt))
            asyncio.get_running_loop().call_later(delay, self.wake)

    async def _perform(self, claim: Claim) -> Outcome:
        effect = claim.effect
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_PERFORM_SECONDS):
                outcome = await self._performers[effect.kind].perform(effect)
        except TimeoutError:
            outcome = Doubtful("NO_ANSWER")
        except Exception:
            _log.exception("effect.perform_failed", kind=effect.kind, effect_id=effect.effect_id)
            outcome = Doubtful("PERFORMER_FAILED")
        _log.info(
            "effect.performed",
            kind=effect.kind,
            effect_id=effect.effect_id,
            outcome=type(outcome).__name__,
            reason=getattr(outcome, "reason", ""),
            attempt=claim.attempt,
            duration_ms=round((asyncio.get_running_loop().time() - started) * 1000, 1),
        )
        return outcome

    async def _record(self, claim: Claim, outcome: Outcome) -> None:
        await self._persistently(lambda connection: self._claims.record(connection, claim, outcome))

    async def _persistently(self, step: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do a step in a transaction, again and again while the database is away."""
        attempt = 1
        while True:
            try:
                async with self._database.transaction() as connection:
                    return await step(connection)
            except (Unavailable, Contended) as fault:
                _log.warning("outbox.postponed", reason=fault.reason)
            await asyncio.sleep(min(backoff(attempt), 5.0))
            attempt += 1


@asynccontextmanager
async def dispatching(
    database: Database,
    outbox: Outbox,
    performers: Performers,
    *,
    instance: str,
    clock: Clock,
    concurrency: int = 16,
) -> AsyncIterator[Dispatcher]:
    """Carry out the effects of `outbox` for the block.

    ``instance`` names this process and no other that is alive: what it left in flight when it died
    is in doubt as soon as it starts again. What others left is so when their lease runs out.
    """
    claims = Claims(outbox, performers, instance, clock, _LEASE)
    dispatcher = Dispatcher(database, outbox, claims, performers, clock, concurrency)
    async with background(dispatcher.run(), name="dispatcher", stop=dispatcher.stop):
        yield dispatcher
