"""Handling batches of deliveries on both databases, without a bus."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.batches import Batches
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import AlreadyDone, FieldViolation, Invalid, NotFound, NotYet, Unavailable
from chassis.handler import Handler, Item
from chassis.messages import Delivery, StoredMessage
from chassis.verdicts import Ack, Dead, Limits, Nak
from tests.support.ledger import Ledger, ledger_database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clerk(Handler[str]):
    """Writes each event into the ledger, unless told to fail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.failures: dict[str, Exception] = {}
        self.unprepared: dict[str, Exception] = {}
        self.applied: Counter[str] = Counter()
        self.preparing = self.most_preparing = 0

    async def prepare(self, event: str, /) -> str:
        """Prepare side by side."""
        self.preparing += 1
        self.most_preparing = max(self.most_preparing, self.preparing)
        await asyncio.sleep(0)
        self.preparing -= 1
        if error := self.unprepared.get(event):
            raise error
        return event.upper()

    async def apply(self, connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        """Write first, so that a failure has something to undo."""
        assert prepared == event.upper()
        self.applied[event] += 1
        await connection.execute(sa.insert(self._ledger.entries).values(event_id=event))
        if error := self.failures.get(event):
            raise error


class Office:
    """A clerk, the tables and a clock."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database = database
        self.clock = FixedClock(NOON)
        self.ledger = Ledger(self.clock)
        self.clerk = Clerk(self.ledger)
        self.batches = Batches(
            database,
            self.ledger.inbox,
            self.clerk,
            decode=lambda payload: payload.decode(),
            identity=lambda event: event,
            clock=self.clock,
            limits=limits,
        )

    async def entries(self) -> list[str]:
        """Return the events that took effect, in order."""
        entries = self.ledger.entries
        query = sa.select(entries.c.event_id).order_by(entries.c.entry_id)
        async with self.database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def handle(self, *deliveries: Delivery) -> list[Item[str]]:
        """Handle one batch."""
        return await self.batches.handle(deliveries)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    """Open an office on an empty database."""
    async with ledger_database(database_url) as database:
        yield Office(database, Limits(attempts=3, young_seconds=120))


def _delivery(event: str, sequence: int, *, delivered: int = 1) -> Delivery:
    message = StoredMessage("events.v1.test.note", sequence, event.encode(), {}, NOON)
    return Delivery(message, f"$JS.ACK.{sequence}", "EVENTS", "clerk", delivered, sequence, 0)


async def test_batch_takes_effect_in_stream_order(office: Office) -> None:
    """Events are prepared together and applied in the order of the stream, each once."""
    items = await office.handle(
        *(_delivery(name, at) for name, at in [("c", 3), ("a", 1), ("b", 2)])
    )
    assert await office.entries() == ["a", "b", "c"]
    assert [item.verdict for item in items] == [Ack()] * 3
    assert office.clerk.most_preparing == 3


async def test_duplicates_are_acknowledged_without_effect(office: Office) -> None:
    """A copy in the same batch, and one in a later batch, change nothing."""
    items = await office.handle(_delivery("a", 1), _delivery("a", 2))
    items += await office.handle(_delivery("a", 3, delivered=2))
    assert await office.entries() == ["a"]
    assert [(item.verdict, item.duplicate) for item in items] == [
        (Ack(), False),
        (Ack(), True),
        (Ack(), True),
    ]


async def test_failure_touches_only_its_own_event(office: Office) -> None:
    """An event that fails is undone and comes again; its neighbours take effect."""
    office.clerk.failures["b"] = ZeroDivisionError()
    items = await office.handle(*(_delivery(name, at) for at, name in enumerate("abc", 1)))
    assert await office.entries() == ["a", "c"]
    assert isinstance(items[1].verdict, Nak)
    office.clerk.failures.clear()
    [again] = await office.handle(_delivery("b", 2, delivered=2))
    assert (again.verdict, again.duplicate) == (Ack(), False)
    assert await office.entries() == ["a", "c", "b"]


async def test_broken_statement_touches_only_its_own_event(office: Office) -> None:
    """A statement the database refuses does not spoil the transaction of the batch."""

    async def fail(connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        if event == "b":
            await connection.exec_driver_sql("SELECT * FROM nowhere")

    office.clerk.apply = fail  # type: ignore[method-assign]
    items = await office.handle(*(_delivery(name, at) for at, name in enumerate("abc", 1)))
    assert [type(item.verdict) for item in items] == [Ack, Nak, Ack]


async def test_already_done_is_success(office: Office) -> None:
    """AlreadyDone undoes what the handler wrote, acknowledges, and is remembered."""
    office.clerk.failures["a"] = AlreadyDone("DONE", "done before")
    assert (await office.handle(_delivery("a", 1)))[0].verdict == Ack()
    assert await office.entries() == []
    assert (await office.handle(_delivery("a", 2)))[0].duplicate


async def test_invalid_event_is_dead_at_once(office: Office) -> None:
    """An event that can never succeed is not tried twice."""
    office.clerk.failures["a"] = Invalid([FieldViolation("x", "bad")], reason="BAD")
    assert (await office.handle(_delivery("a", 1)))[0].verdict == Dead("BAD")


@pytest.mark.parametrize("payload", ["", "\udcff"])
async def test_unreadable_event_is_dead_at_once(office: Office, payload: str) -> None:
    """What cannot be decoded or has no id is a dead letter and harms nobody."""
    bad = _delivery("x", 1)
    raw = payload.encode("utf-8", "surrogateescape")
    message = StoredMessage("events.v1.test.note", 1, raw, {}, NOON)
    bad = Delivery(message, "", "EVENTS", "clerk", 1, 1, 0)
    items = await office.handle(bad, _delivery("a", 2))
    assert isinstance(items[0].verdict, Dead)
    assert await office.entries() == ["a"]


async def test_bug_ends_in_a_dead_letter(office: Office) -> None:
    """An unexpected fault is retried until the attempts are used up, across restarts."""
    office.clerk.failures["a"] = ZeroDivisionError("secret")
    verdicts = [
        (await office.handle(_delivery("a", 1, delivered=number)))[0].verdict
        for number in (1, 2, 3)
    ]
    assert [type(verdict) for verdict in verdicts] == [Nak, Nak, Dead]
    assert verdicts[-1] == Dead("UNEXPECTED_ZeroDivisionError")


async def test_attempts_start_anew_after_burial(office: Office) -> None:
    """A dead letter that is driven again has all its attempts again."""
    office.clerk.failures["a"] = ZeroDivisionError()
    for number in (1, 2, 3):
        [item] = await office.handle(_delivery("a", 1, delivered=number))
    assert isinstance(item.verdict, Dead)
    await office.batches.forget_attempts("a")
    assert isinstance((await office.handle(_delivery("a", 9)))[0].verdict, Nak)


async def test_what_passes_uses_up_no_attempts(office: Office) -> None:
    """However often an event is postponed for something absent, it is not a dead letter."""
    for error in (NotYet("EARLY", ""), Unavailable("AWAY", "")):
        office.clerk.failures["a"] = error
        for number in range(1, 9):
            [item] = await office.handle(_delivery("a", 1, delivered=number))
            assert isinstance(item.verdict, Nak)
    office.clerk.failures.clear()
    assert (await office.handle(_delivery("a", 1, delivered=30)))[0].verdict == Ack()
    assert await office.entries() == ["a"]


async def test_missing_thing_is_waited_for_while_young(office: Office) -> None:
    """Something not found is waited for; when the event is old it is a dead letter."""
    office.clerk.failures["a"] = NotFound("GONE", "")
    assert isinstance((await office.handle(_delivery("a", 1)))[0].verdict, Nak)
    office.clock.advance(timedelta(seconds=120))
    assert (await office.handle(_delivery("a", 1, delivered=2)))[0].verdict == Dead("GONE")


async def test_killer_is_recorded_before_it_is_handled(office: Office) -> None:
    """An event that kills the process ends as a dead letter that is not handled any more."""

    async def die(connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        if event == "killer":
            raise KeyboardInterrupt  # as good as a kill: nothing after it runs
        await Clerk.apply(office.clerk, connection, event, prepared)

    office.clerk.apply = die  # type: ignore[method-assign]
    verdict, deaths = None, 0
    for number in range(1, 12):
        try:
            items = await office.handle(
                _delivery("killer", 1, delivered=number), _delivery("a", 2, delivered=number)
            )
        except KeyboardInterrupt:
            deaths += 1
        else:
            verdict = items[0].verdict
            break
    assert verdict == Dead("POISONED")
    assert deaths == 5  # twice together with others, then as often as there are attempts
    assert await office.entries() == ["a"]


async def test_neighbours_of_a_killer_keep_their_attempts(office: Office) -> None:
    """Events that were in the batch when the process died are not held responsible."""
    for number in range(3, 20):
        [item] = await office.handle(_delivery("a" + str(number), number, delivered=number))
        assert item.verdict == Ack()


async def test_failed_preparation_follows_the_table(office: Office) -> None:
    """A fault of `prepare` is judged like one of `apply`, and nothing is applied."""
    office.clerk.unprepared = {"a": Unavailable("AWAY", ""), "b": ZeroDivisionError()}
    items = await office.handle(*(_delivery(name, at) for at, name in enumerate("abc", 1)))
    assert [type(item.verdict) for item in items] == [Nak, Nak, Ack]
    assert await office.entries() == ["c"]


async def test_failed_preparation_of_a_duplicate_is_a_duplicate(office: Office) -> None:
    """An event that took effect before is acknowledged although it can no longer be prepared."""
    await office.handle(_delivery("a", 1))
    office.clerk.unprepared["a"] = NotFound("MEDIA_GONE", "")
    assert (await office.handle(_delivery("a", 1, delivered=2)))[0].duplicate


async def test_slow_preparation_is_postponed(database_url: str) -> None:
    """What does not come in time is tried again later."""
    async with ledger_database(database_url) as database:
        office = Office(database, Limits(prepare_seconds=0.01))

        async def hang(event: str, /) -> str:
            await asyncio.Event().wait()
            return event

        office.clerk.prepare = hang  # type: ignore[method-assign]
        [item] = await office.handle(_delivery("a", 1))
        assert item.verdict == Nak(1.0, "PREPARATION_TOO_SLOW")


async def test_slow_event_is_undone(database_url: str) -> None:
    """An event that takes too long to apply is undone; others take effect in the end."""
    async with ledger_database(database_url) as database:
        office = Office(database, Limits(apply_seconds=0.05))
        plain = office.clerk.apply

        async def hang(connection: AsyncConnection, event: str, prepared: Any, /) -> None:
            await plain(connection, event, prepared)
            if event == "a":
                await asyncio.Event().wait()

        office.clerk.apply = hang  # type: ignore[method-assign]
        items = await office.handle(_delivery("a", 1), _delivery("b", 2))
        assert isinstance(items[0].verdict, Nak)
        assert await office.entries() == ["b"]


async def test_error_at_commit_is_pinned_to_its_event(postgres_database_url: str) -> None:
    """An error that only the commit finds is pinned to one event; the others take effect."""
    async with ledger_database(postgres_database_url) as database:
        office = Office(database, Limits())
        async with database.transaction() as connection:
            await connection.exec_driver_sql(
                "ALTER TABLE entry ADD CONSTRAINT one UNIQUE (event_id) DEFERRABLE"
                " INITIALLY DEFERRED"
            )
            await connection.execute(sa.insert(office.ledger.entries).values(event_id="b"))
        items = await office.handle(*(_delivery(name, at) for at, name in enumerate("abc", 1)))
        assert [type(item.verdict) for item in items] == [Ack, Nak, Ack]
        assert await office.entries() == ["b", "a", "c"]


async def test_absent_database_postpones_all(postgres_database_url: str) -> None:
    """While the database is away every event comes again later and none is counted against."""
    async with ledger_database(postgres_database_url) as database:
        office = Office(database, Limits(attempts=1))
        for number in range(1, 6):
            await _cut(database, office)
            items = await office.handle(_delivery("a", 1, delivered=number), _delivery("b", 2))
            assert [type(item.verdict) for item in items] == [Nak, Nak]
        office.clerk.apply = Clerk.apply.__get__(office.clerk)  # type: ignore[method-assign]
        items = await office.handle(_delivery("b", 2), _delivery("a", 1, delivered=2))
        assert [item.verdict for item in items] == [Ack(), Ack()]


async def _cut(database: Database, office: Office) -> None:
    async def cut(connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        own = (await connection.execute(sa.select(sa.func.pg_backend_pid()))).scalar_one()
        async with database.reading() as other:
            await other.execute(sa.select(sa.func.pg_terminate_backend(own)))
        await connection.execute(sa.select(1))

    office.clerk.apply = cut  # type: ignore[method-assign]


async def test_pruning_keeps_what_may_come_back(office: Office) -> None:
    """Ids are remembered for thirty days."""
    await office.handle(_delivery("a", 1))
    office.clock.advance(timedelta(days=29))
    await office.batches.prune()
    assert (await office.handle(_delivery("a", 2)))[0].duplicate
    office.clock.advance(timedelta(days=2))
    await office.batches.prune()
    assert not (await office.handle(_delivery("a", 3)))[0].duplicate
