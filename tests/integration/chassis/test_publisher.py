"""Events a service decided on, from its outbox to the stream."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.clock import SystemClock
from chassis.database import Database
from chassis.dispatcher import dispatching
from chassis.effects import Doubtful, Failed, RetryLater, State
from chassis.jetstream import Bus, bus
from chassis.publisher import EVENT, EventPublisher, event_effect
from chassis.streams import EVENTS, ensure_streams
from cli.nats_server import NatsServer
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database

SUBJECT = "events.v1.clerk.note.made"
NOTE = event_effect("made-1", SUBJECT, b"made", ordering_key="note-1")


@pytest.fixture
async def opened(nats_url: str) -> AsyncIterator[Bus]:
    """Open a bus with its streams."""
    async with bus(nats_url, name="test") as connected:
        await ensure_streams(connected)
        yield connected


async def test_event_is_published_once(opened: Bus, sqlite_database_url: str) -> None:
    """A queued event is stored under its subject with its id, and its row knows where."""
    outbox = Ledger().outbox
    async with ledger_database(sqlite_database_url) as database:
        await _add(database)
        async with dispatching(
            database,
            outbox,
            {EVENT: EventPublisher(opened)},
            instance="one",
            clock=SystemClock(),
        ):
            await eventually(lambda: _reference(database))
        assert await _reference(database) == "1"
    stored = await opened.get(EVENTS, 1)
    assert (stored.subject, stored.payload) == (SUBJECT, b"made")
    assert stored.headers == {"Nats-Msg-Id": "made-1"}


async def test_repeated_publication_is_the_same_event(opened: Bus) -> None:
    """Publishing again, as after a crash, stores nothing and gives the same reference."""
    publisher = EventPublisher(opened)
    assert await publisher.perform(NOTE) == await publisher.perform(NOTE)
    assert (await opened.state(EVENTS)).messages == 1


async def test_absent_bus_is_tried_again(opened: Bus, nats_server: NatsServer) -> None:
    """While the bus is away nothing was sent, and it is tried later, for as long as it takes."""
    nats_server.kill()
    await eventually(lambda: not opened.connected)
    outcome = await EventPublisher(opened).perform(NOTE)
    assert isinstance(outcome, RetryLater)
    assert NOTE.max_attempts == 0


async def test_impossible_event_fails(opened: Bus) -> None:
    """An event too large for the bus fails at once rather than for ever."""
    large = event_effect("made-2", SUBJECT, b"x" * (opened.max_payload + 1))
    assert isinstance(await EventPublisher(opened).perform(large), Failed)


async def test_lost_answer_is_a_doubt(opened: Bus, nats_server: NatsServer) -> None:
    """A connection lost in the middle leaves a doubt, which is resolved by sending it again."""
    publisher = EventPublisher(opened)
    nats_server.pause()
    outcome = await _perform_and_cut(publisher, nats_server)
    assert isinstance(outcome, Doubtful)


async def _perform_and_cut(publisher: EventPublisher, server: NatsServer) -> object:
    performing = asyncio.create_task(publisher.perform(NOTE))
    await eventually(lambda: publisher._bus._waiting)
    server.kill()
    return await performing


async def _add(database: Database) -> None:
    async with database.transaction() as connection:
        await Ledger().outbox.add(connection, NOTE)


async def _reference(database: Database) -> str:
    async with database.reading() as connection:
        found = await Ledger().outbox.get(connection, NOTE.effect_id)
    assert found is not None
    return found.reference if found.state is State.SENT else ""
