"""Consuming from a real nats-server into both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.consumer import Consumer, Handler, Limits, consuming
from chassis.database import Database
from chassis.dead_letters import discard, get_dead_letter, list_dead_letters, redrive
from chassis.errors import FieldViolation, Invalid, NotFound
from chassis.jetstream import Bus, Outgoing, Published, bus
from chassis.streams import DEAD_LETTERS, EVENTS, ensure_streams
from cli.nats_server import NatsServer
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database

SUBJECT = "events.v1.test.note"
LIMITS = Limits(first_delay=0.02, longest_delay=0.1, attempts=3, ack_wait=2.0)


class Clerk(Handler[str]):
    """Writes each event into the ledger, unless told to fail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.failures: dict[str, Exception] = {}
        self.applied: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()

    async def apply(self, connection: AsyncConnection, event: str, prepared: Any, /) -> None:
        """Write or fail."""
        self.applied[event] += 1
        await self.gate.wait()
        if error := self.failures.get(event):
            raise error
        await connection.execute(sa.insert(self._ledger.entries).values(event_id=event))


class Office:
    """A bus, a database and a clerk between them."""

    def __init__(self, opened: Bus, database: Database) -> None:
        self.bus = opened
        self.database = database
        self.ledger = Ledger()
        self.clerk = Clerk(self.ledger)
        self.commits = 0

    def consuming(
        self, limits: Limits = LIMITS, *, durable: str = "clerk"
    ) -> AbstractAsyncContextManager[Consumer[str]]:
        """Consume for the block."""
        return consuming(
            self.bus,
            durable=durable,
            subjects=["events.v1.test.>"],
            database=self.database,
            inbox=self.ledger.inbox,
            handler=self.clerk,
            decode=lambda payload: payload.decode(),
            identity=lambda event: event,
            after_commit=self._committed,
            limits=limits,
        )

    def _committed(self) -> None:
        self.commits += 1

    async def publish(self, *events: str, suffix: str = "") -> None:
        """Publish events; their message ids are the events with a suffix."""
        for start in range(0, len(events), 50):
            part = events[start : start + 50]
            notes = [Outgoing(SUBJECT, event.encode(), event + suffix) for event in part]
            verdicts = await self.bus.publish_batch(notes, timeout=10)
            assert all(isinstance(verdict, Published) for verdict in verdicts), verdicts

    async def entries(self) -> list[str]:
        """Return the events that took effect, in order."""
        entries = self.ledger.entries
        query = sa.select(entries.c.event_id).order_by(entries.c.entry_id)
        async with self.database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def until(self, *events: str) -> None:
        """Wait until exactly these events took effect, in any order."""

        async def there() -> bool:
            return sorted(await self.entries()) == sorted(events)

        await eventually(there, timeout=20)

    async def pending_acks(self, durable: str = "clerk") -> int:
        """Return how many messages the server waits for."""
        info = await self.bus.api(f"CONSUMER.INFO.{EVENTS}.{durable}")
        return int(info["num_ack_pending"]) + int(info["num_pending"])


@pytest.fixture
async def office(nats_url: str, database_url: str) -> AsyncIterator[Office]:
    """Open an office with empty streams and an empty database."""
    async with bus(nats_url, name="test") as opened, ledger_database(database_url) as database:
        await ensure_streams(opened)
        yield Office(opened, database)


@pytest.fixture
async def small_office(nats_url: str, sqlite_database_url: str) -> AsyncIterator[Office]:
    """Open an office on SQLite, for what does not depend on the database."""
    async with (
        bus(nats_url, name="test", ping_interval=0.2) as opened,
        ledger_database(sqlite_database_url) as database,
    ):
        await ensure_streams(opened, dead_letters_per_consumer=3)
        yield Office(opened, database)


async def test_every_event_takes_effect_once(office: Office) -> None:
    """Events published before and after the start, some twice, take effect once, in order."""
    names = [f"e{number:03}" for number in range(150)]
    await office.publish(*names[:100])
    async with office.consuming() as consumer:
        await office.publish(*names[100:])
        await office.publish(*names[:20], suffix="-again")
        await eventually(lambda: consumer.stats.handled + consumer.stats.duplicates == 170)
        assert await office.entries() == names
        assert (consumer.stats.handled, consumer.stats.duplicates) == (150, 20)
        assert 0 < office.commits < 150
        assert consumer.healthy()
        await eventually(partial(_all_settled, office))


async def _all_settled(office: Office) -> bool:
    return await office.pending_acks() == 0


async def test_consumer_goes_on_where_it_was(office: Office) -> None:
    """A consumer that is started again handles only what is new."""
    await office.publish("a", "b")
    async with office.consuming():
        await office.until("a", "b")
    await office.publish("c")
    async with office.consuming() as consumer:
        await office.until("a", "b", "c")
        assert consumer.stats.handled == 1
    assert office.clerk.applied == {"a": 1, "b": 1, "c": 1}


async def test_failing_event_does_not_block_others(office: Office) -> None:
    """One event fails for ever, ends among the dead letters, and the others take effect."""
    office.clerk.failures["bad"] = ZeroDivisionError("secret")
    async with office.consuming() as consumer:
        await office.publish("a", "bad", "b")
        await office.until("a", "b")
        await eventually(lambda: consumer.stats.dead == 1)
        [letter] = await list_dead_letters(office.bus, consumer="clerk")
        assert (letter.consumer, letter.payload, letter.subject) == ("clerk", b"bad", SUBJECT)
        assert (letter.reason, letter.attempts) == ("UNEXPECTED_ZeroDivisionError", 3)
        assert letter.event_sequence == 2
        assert (await office.bus.get(EVENTS, 2)).payload == b"bad"
        assert consumer.healthy()
        await eventually(partial(_all_settled, office))


async def test_dead_letter_is_redriven_to_its_consumer_alone(office: Office) -> None:
    """A redriven event takes effect at the consumer that failed, and nowhere else again."""
    office.clerk.failures["bad"] = Invalid([FieldViolation("x", "bad")])
    async with office.consuming() as consumer:
        await office.publish("a", "bad")
        await eventually(lambda: consumer.stats.dead == 1)
        [letter] = await list_dead_letters(office.bus)
        office.clerk.failures.clear()
        assert (await redrive(office.bus, letter.sequence)).payload == b"bad"
        await office.until("a", "bad")
        with pytest.raises(NotFound):
            await redrive(office.bus, letter.sequence)
        assert await list_dead_letters(office.bus) == []
    stored = await office.bus.read(EVENTS, 1, 10, subject="redriven.v1.clerk.>")
    assert [message.subject for message in stored] == [f"redriven.v1.clerk.{SUBJECT}"]


async def test_redriven_event_that_fails_again_is_a_dead_letter_again(
    small_office: Office,
) -> None:
    """A dead letter that fails again lies there again under its original subject."""
    office = small_office
    office.clerk.failures["bad"] = ZeroDivisionError()
    async with office.consuming() as consumer:
        await office.publish("bad")
        await eventually(lambda: consumer.stats.dead == 1)
        [letter] = await list_dead_letters(office.bus)
        await redrive(office.bus, letter.sequence)
        await eventually(lambda: consumer.stats.dead == 2)
        [again] = await list_dead_letters(office.bus)
        assert (again.subject, again.payload) == (SUBJECT, b"bad")
    assert office.clerk.applied["bad"] == 2 * LIMITS.attempts


async def test_dead_letter_is_discarded(small_office: Office) -> None:
    """A discarded dead letter is gone, and can be neither read nor discarded again."""
    office = small_office
    office.clerk.failures["bad"] = Invalid([])
    async with office.consuming() as consumer:
        await office.publish("bad")
        await eventually(lambda: consumer.stats.dead == 1)
    [letter] = await list_dead_letters(office.bus)
    assert await get_dead_letter(office.bus, letter.sequence) == letter
    await discard(office.bus, letter.sequence)
    for absent in (get_dead_letter, discard, redrive):
        with pytest.raises(NotFound) as caught:
            await absent(office.bus, letter.sequence)
        assert caught.value.reason == "DEAD_LETTER_NOT_FOUND"


async def test_full_dead_letters_stop_the_consumer(small_office: Office) -> None:
    """Past its limit of dead letters a consumer stands still and is unhealthy; nothing is lost."""
    office = small_office
    names = [f"bad{number}" for number in range(6)]
    office.clerk.failures.update(dict.fromkeys(names, Invalid([])))
    async with office.consuming() as consumer:
        await office.publish(*names)
        await eventually(lambda: consumer.stopped == "DEAD_LETTERS_FULL")
        assert not consumer.healthy()
        assert (await office.bus.state(DEAD_LETTERS)).messages == 3
    await discard(office.bus, 1)
    office.clerk.failures.clear()
    async with office.consuming() as consumer:
        await office.until(*names[3:])
        assert consumer.healthy()


async def test_faults_without_end_stop_the_consumer(small_office: Office) -> None:
    """When one event after another fails unexpectedly the consumer stops before it buries all."""
    office = small_office
    names = [f"e{number}" for number in range(20)]
    office.clerk.failures.update(dict.fromkeys(names, ZeroDivisionError()))
    async with office.consuming(replace(LIMITS, faulty_events=10, batch=4)) as consumer:
        await office.publish(*names)
        await eventually(lambda: consumer.stopped == "TOO_MANY_FAULTS")
        assert not consumer.healthy()
    assert (await office.bus.state(DEAD_LETTERS)).messages == 0


async def test_few_faulty_events_do_not_stop_the_consumer(small_office: Office) -> None:
    """The same few events failing over and over are dead letters, not a reason to stop."""
    office = small_office
    office.clerk.failures.update(dict.fromkeys(["x", "y"], ZeroDivisionError()))
    async with office.consuming(replace(LIMITS, faulty_events=3, attempts=6)) as consumer:
        await office.publish("x", "y")
        await eventually(lambda: consumer.stats.dead == 2)
        assert not consumer.stopped


async def test_instances_share_the_work(office: Office) -> None:
    """Two instances of a consumer handle every event once between them."""
    names = [f"e{number:03}" for number in range(120)]
    limits = replace(LIMITS, batch=8, window=16)
    async with office.consuming(limits) as one, office.consuming(limits) as two:
        await office.publish(*names)
        await office.until(*names)
        assert one.stats.handled + two.stats.handled == 120


async def test_consumers_do_not_share_their_place(small_office: Office) -> None:
    """A consumer of another name sees everything again; here the inbox tells it."""
    office = small_office
    await office.publish("a", "b")
    async with office.consuming(), office.consuming(durable="other") as other:
        await office.until("a", "b")
        await eventually(lambda: other.stats.handled + other.stats.duplicates == 2)


async def test_restarted_server_is_noticed(small_office: Office, nats_server: NatsServer) -> None:
    """Killing the server between events loses none, and does not cost a whole timeout."""
    office = small_office
    names = [f"e{number}" for number in range(5)]
    async with office.consuming() as consumer:
        for name in names:
            await office.publish(name)
            await eventually(lambda: consumer.stats.handled == len(office.clerk.applied))
            nats_server.kill()
            await eventually(lambda: not office.bus.connected)
            nats_server.start()
            await eventually(lambda: office.bus.connected)
        await office.until(*names)


async def test_lost_request_is_noticed(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request the server forgets, without a word, is made again."""
    office = small_office
    send, lost = office.bus.send, list[str]()

    async def lose_requests(subject: str, payload: bytes = b"", **options: Any) -> None:
        if "CONSUMER.MSG.NEXT" in subject and not lost:
            lost.append(subject)
        else:
            await send(subject, payload, **options)

    monkeypatch.setattr(office.bus, "send", lose_requests)
    await office.publish("a")
    async with office.consuming():
        await office.until("a")
    assert len(lost) == 1


async def test_deleted_consumer_is_made_again(small_office: Office) -> None:
    """A consumer somebody deletes comes back; what it had handled is known from the inbox."""
    office = small_office
    async with office.consuming() as consumer:
        await office.publish("a")
        await office.until("a")
        await office.bus.api(f"CONSUMER.DELETE.{EVENTS}.clerk")
        await office.publish("b")
        await office.until("a", "b")
        await eventually(lambda: consumer.stats.duplicates == 1)
    assert office.clerk.applied["a"] == 1


async def test_absent_stream_is_reported_and_waited_for(small_office: Office) -> None:
    """Without its stream a consumer is unhealthy and lives; it goes on when the stream is there."""
    office = small_office
    async with office.consuming() as consumer:
        await office.bus.api(f"STREAM.DELETE.{EVENTS}")
        await eventually(lambda: not consumer.healthy())
        await ensure_streams(office.bus, dead_letters_per_consumer=3)
        await office.publish("a")
        await office.until("a")
        await eventually(lambda: consumer.healthy())


async def test_slow_events_are_not_given_away(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is still being worked on, and what waits behind it, is not delivered again."""
    office = small_office
    send, signs = office.bus.send, Counter[str]()

    async def count_signs(subject: str, payload: bytes = b"", **options: Any) -> None:
        if payload == b"+WPI":
            signs[subject] += 1
        await send(subject, payload, **options)

    monkeypatch.setattr(office.bus, "send", count_signs)
    office.clerk.gate.clear()
    async with office.consuming(replace(LIMITS, ack_wait=0.9, batch=1)) as consumer:
        await office.publish("a", "b", "c")
        # Three signs of life a period: seven are more than two periods.
        await eventually(lambda: len(signs) == 3 and min(signs.values()) >= 7)
        office.clerk.gate.set()
        await office.until("a", "b", "c")
        assert consumer.stats.redelivered == 0


async def test_waiting_events_are_handed_over(small_office: Office) -> None:
    """What a stopping instance had fetched ahead is with another one before its time is up."""
    office = small_office
    names = [f"e{number}" for number in range(20)]
    limits = replace(LIMITS, ack_wait=600, batch=2)
    await office.publish(*names)
    office.clerk.gate.clear()
    async with office.consuming(limits):
        await eventually(lambda: office.clerk.applied)
        asyncio.get_running_loop().call_later(0.05, office.clerk.gate.set)
    async with office.consuming(limits):
        await office.until(*names)


async def test_memory_has_a_bound(small_office: Office) -> None:
    """However many events wait, no more are fetched ahead than the window says."""
    office = small_office
    limits = replace(LIMITS, batch=4, window=16)
    await office.publish(*(f"e{number:03}" for number in range(200)))
    office.clerk.gate.clear()
    async with office.consuming(limits) as consumer:
        await eventually(lambda: office.clerk.applied)
        pull = consumer._pull
        assert pull is not None
        await eventually(lambda: len(pull.waiting()) >= 12)
        info = await office.bus.api(f"CONSUMER.INFO.{EVENTS}.clerk")
        assert info["num_ack_pending"] <= 20
        assert consumer.stats.lag == 0
        office.clerk.gate.set()
        await eventually(lambda: consumer.stats.handled == 200)


async def test_absent_database_postpones(nats_url: str, postgres_database_url: str) -> None:
    """While the database is away events are postponed; when it is back all take effect."""
    async with (
        bus(nats_url, name="test") as opened,
        ledger_database(postgres_database_url) as database,
    ):
        await ensure_streams(opened)
        office = Office(opened, database)
        engine = database._engine.sync_engine
        away = True

        @sa.event.listens_for(engine, "do_connect")
        def refuse(*_: object) -> None:
            if away:
                raise ConnectionRefusedError

        await database._engine.dispose()
        async with office.consuming(replace(LIMITS, attempts=2)) as consumer:
            await office.publish("a", "b")
            await eventually(lambda: consumer.stats.postponed >= 12)
            assert consumer.stats.dead == 0
            away = False
            await office.until("a", "b")
            assert consumer.stats.dead == 0


async def test_poisoned_stream_keeps_flowing(small_office: Office) -> None:
    """With one bad event in a hundred all good ones take effect and the count is exact."""
    office = small_office
    good = [f"good{number:03}" for number in range(297)]
    bad = [f"bad{number}" for number in range(3)]
    office.clerk.failures.update(dict.fromkeys(bad, ZeroDivisionError()))
    async with office.consuming() as consumer:
        await office.publish(*good[:100], bad[0], *good[100:200], bad[1], *good[200:], bad[2])
        await office.until(*good)
        await eventually(lambda: consumer.stats.dead == 3)
    letters = await list_dead_letters(office.bus)
    assert sorted(letter.payload.decode() for letter in letters) == bad
