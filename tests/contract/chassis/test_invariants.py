"""Any order of deliveries, attempts, answers and crashes: no event and no effect twice."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.batches import Batches
from chassis.claims import Claim, Claims
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.effects import Done, Doubtful, Effect, Failed, InDoubt, RetryLater, State
from chassis.handler import Handler
from chassis.messages import Delivery, StoredMessage
from chassis.verdicts import Limits
from tests.support.ledger import Ledger, ledger_database
from tests.support.performers import ScriptedPerformer
from tests.support.postgres import create_database, drop_database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WINDOW = 60.0
EVENTS = [f"event-{number}" for number in range(4)]
INSTANCES = ["one", "two"]
T = TypeVar("T")


def effect_of(event: str) -> Effect:
    """Derive an effect from an event: some may be repeated, some have an order."""
    number = EVENTS.index(event)
    resend = number % 2 == 0
    return Effect(
        effect_id=f"effect-{event}",
        kind="note",
        body=f"body of {event}".encode(),
        in_doubt=InDoubt.RESEND if resend else InDoubt.HOLD,
        resend_window=WINDOW if resend else 0,
        ordering_key="line" if number >= 2 else "",
        max_attempts=0,
    )


class Clerk(Handler[str]):
    """Writes an entry and queues an effect for each event; dies or fails when told to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.trouble: dict[str, BaseException] = {}

    async def apply(self, connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        """Write, queue, and then perhaps fail."""
        await connection.execute(sa.insert(self._ledger.entries).values(event_id=event))
        await self._ledger.outbox.add(connection, effect_of(event))
        if error := self.trouble.get(event):
            raise error


@dataclass
class Receiver:
    """The world outside: it knows what really happened."""

    accepted: Counter[str] = field(default_factory=Counter)
    bodies: defaultdict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    first_sent: dict[str, datetime] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)

    def take(self, effect: Effect) -> None:
        """Accept an effect; nothing is recognized as a repetition."""
        self.accepted[effect.effect_id] += 1
        self.bodies[effect.effect_id].add(effect.body)


@dataclass(frozen=True)
class Fate:
    """What becomes of an attempt: whether it has an effect, and what is heard of it."""

    accepted: bool
    answer: str


FATES = st.builds(
    Fate, accepted=st.booleans(), answer=st.sampled_from(["told", "lost", "crash", "hangs"])
)


class Machine(RuleBasedStateMachine):
    """The rules; the database is shared by all examples of a test and emptied between them."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    flying = Bundle("flying")

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(NOON)
        self.ledger = Ledger(self.clock)
        self.clerk = Clerk(self.ledger)
        self.receiver = Receiver()
        self.alive: dict[str, dict[str, int]] = {name: {} for name in INSTANCES}
        self.performer = ScriptedPerformer()
        self.sequence = 0
        self.run(self._empty())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something asynchronous."""
        return self.runner.run(work)

    async def _empty(self) -> None:
        async with self.database.transaction() as connection:
            for table in self.ledger.metadata.sorted_tables:
                await connection.execute(sa.delete(table))

    def claims(self, instance: str) -> Claims:
        """Act for an instance's dispatcher."""
        return Claims(self.ledger.outbox, {"note": self.performer}, instance, self.clock, lease=30)

    @rule(
        events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=5),
        failing=st.sets(st.sampled_from(EVENTS), max_size=2),
        dying=st.booleans(),
    )
    def deliver(self, events: list[str], failing: set[str], dying: bool) -> None:
        """Hand over a batch in which some events fail, or one kills the process."""
        error: BaseException = KeyboardInterrupt() if dying else ZeroDivisionError()
        self.clerk.trouble = dict.fromkeys(failing, error)
        try:
            self.run(self._handle(self._batches(), events))
        except KeyboardInterrupt:
            assert dying

    def _batches(self) -> Batches[str]:
        return Batches(
            self.database,
            self.ledger.inbox,
            self.clerk,
            decode=bytes.decode,
            identity=str,
            clock=self.clock,
            limits=Limits(attempts=1000),
        )

    async def _handle(self, batches: Batches[str], events: list[str]) -> None:
        deliveries = []
        for event in events:
            self.sequence += 1
            message = StoredMessage("s", self.sequence, event.encode(), {}, NOON)
            deliveries.append(Delivery(message, "", "EVENTS", "clerk", 1, self.sequence, 0))
        await batches.handle(deliveries)

    @rule(
        target=flying,
        instance=st.sampled_from(INSTANCES),
        seconds=st.sampled_from([0, 1, 20]),
        fates=st.lists(FATES, min_size=4, max_size=4),
    )
    def work(self, instance: str, seconds: int, fates: list[Fate]) -> Any:
        """Claim what is due a little later, check that it may be sent, and send it."""
        self.clock.advance(timedelta(seconds=seconds))
        flights = [(instance, claim) for claim in self.run(self._claim(instance, len(fates)))]
        for _, claim in flights:
            self._check_claim(claim)
            self.alive[instance][claim.effect.effect_id] = claim.attempt
        for flight, fate in zip(flights, fates, strict=False):
            self._attempt(flight, fate)
        return multiple(*flights)

    def _check_claim(self, claim: Claim) -> None:
        effect, now = claim.effect, self.clock.now()
        first = self.receiver.first_sent.setdefault(effect.effect_id, now)
        if effect.effect_id in self.receiver.doubted:
            assert effect.in_doubt is InDoubt.RESEND
            assert now < first + timedelta(seconds=WINDOW)

    async def _claim(self, instance: str, limit: int) -> list[Claim]:
        async with self.database.transaction() as connection:
            return (await self.claims(instance).claim(connection, limit)).claims

    @rule(flight=consumes(flying), fate=FATES)
    def finish(self, flight: tuple[str, Claim], fate: Fate) -> None:
        """Let an attempt that hung come to an end."""
        self._attempt(flight, fate)

    def _attempt(self, flight: tuple[str, Claim], fate: Fate) -> None:
        instance, claim = flight
        effect_id = claim.effect.effect_id
        if fate.answer == "hangs" or self.alive[instance].get(effect_id) != claim.attempt:
            return  # or its dispatcher has died since, or has settled it
        if fate.accepted:
            self.receiver.take(claim.effect)
        if fate.answer == "crash":
            self.crash(instance)
            return
        del self.alive[instance][effect_id]
        if fate.answer == "lost":
            self.receiver.doubted.add(effect_id)
            self.run(self._record(instance, claim, Doubtful("RESET")))
        elif fate.accepted:
            self.run(self._record(instance, claim, Done("ref")))
        else:
            self.run(self._record(instance, claim, RetryLater(1, "BUSY")))

    async def _record(
        self, instance: str, claim: Claim, outcome: Done | RetryLater | Doubtful
    ) -> None:
        async with self.database.transaction() as connection:
            await self.claims(instance).record(connection, claim, outcome)

    @rule(instance=st.sampled_from(INSTANCES))
    def crash(self, instance: str) -> None:
        """Kill an instance with what it had in flight, and start it again."""
        self.receiver.doubted |= set(self.alive[instance])
        self.alive[instance].clear()
        self.run(self._recover(instance, own=True))

    @rule(seconds=st.sampled_from([1, 31, 40]))
    def wait(self, seconds: int) -> None:
        """Let time pass; what is in flight for longer than its lease is in doubt."""
        self.clock.advance(timedelta(seconds=seconds))
        if seconds > 30:
            self.receiver.doubted.update(*self.alive.values())
        self.run(self._recover("one", own=False))

    async def _recover(self, instance: str, *, own: bool) -> None:
        async with self.database.transaction() as connection:
            await self.claims(instance).recover(connection, own=own)

    @rule(event=st.sampled_from(EVENTS))
    def hear_from_outside(self, event: str) -> None:
        """Learn the truth about an effect in doubt from elsewhere."""
        effect_id = effect_of(event).effect_id
        happened = self.receiver.accepted[effect_id] > 0
        if self.run(self._resolve(effect_id, Done("ref") if happened else Failed("NEVER"))):
            self.receiver.doubted.discard(effect_id)

    async def _resolve(self, effect_id: str, outcome: Done | Failed) -> bool:
        async with self.database.transaction() as connection:
            return await self.ledger.outbox.resolve(connection, effect_id, outcome)

    @invariant()
    def nothing_happens_twice(self) -> None:
        """Check entries against effects, and effects against what really happened."""
        entries, effects = self.run(self._look())
        assert max(Counter(entries).values(), default=0) <= 1
        assert {f"effect-{event}" for event in entries} == {row.effect_id for row in effects}
        for row in effects:
            happened = self.receiver.accepted[row.effect_id]
            assert row.state != State.SENT or happened
            assert row.state != State.FAILED or not happened
            if row.in_doubt == InDoubt.HOLD:
                assert happened <= 1
            assert self.receiver.bodies[row.effect_id] <= {bytes(row.body)}
        line = [row for row in effects if row.ordering_key and row.state == State.SENDING]
        assert len(line) <= 1

    def teardown(self) -> None:
        """Check that nothing was lost: every event takes effect when nothing is in the way."""
        self.clerk.trouble = {}
        self.run(self._handle(self._batches(), EVENTS))
        entries, _ = self.run(self._look())
        assert sorted(entries) == EVENTS

    async def _look(self) -> tuple[list[str], list[Any]]:
        async with self.database.reading() as connection:
            entries = await connection.execute(sa.select(self.ledger.entries.c.event_id))
            effects = await connection.execute(sa.select(self.ledger.outbox.table))
            return list(entries.scalars()), list(effects.all())


def _check(url: str, runner: asyncio.Runner, examples: int) -> None:
    async def opened() -> None:
        async with ledger_database(url) as Machine.database:
            Machine.runner = runner
            ready.set_result(None)
            await over

    limits = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    loop = runner.get_loop()
    ready, over = loop.create_future(), loop.create_future()
    holder = loop.create_task(opened())
    runner.run(_first_of(ready, holder))
    try:
        run_state_machine_as_test(Machine, settings=limits)
    finally:
        over.set_result(None)
        runner.run(_first_of(holder))


async def _first_of(*futures: "asyncio.Future[None]") -> None:
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for future in done:
        future.result()


def test_nothing_happens_twice_on_sqlite(tmp_path: Path) -> None:
    """On SQLite no history of deliveries, attempts and crashes doubles or loses anything."""
    with asyncio.Runner() as runner:
        _check(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}", runner, examples=20)


def test_nothing_happens_twice_on_postgresql(postgres_url: str) -> None:
    """On PostgreSQL no history of deliveries, attempts and crashes doubles or loses anything."""
    with asyncio.Runner() as runner:
        url = runner.run(create_database(postgres_url))
        try:
            _check(url, runner, examples=8)
        finally:
            runner.run(drop_database(postgres_url, url))
