"""The store of calls, on SQLite and on PostgreSQL."""

import asyncio
import importlib
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import services.voice
from chassis.database import Database, database
from services.voice.calls.model import (
    Call,
    Caller,
    CallerKind,
    CommandKind,
    Direction,
    Lookup,
    LookupOutcome,
    Refusal,
    Result,
    ResultStatus,
    Role,
    State,
)
from services.voice.calls.records import CallFilter, CommandRecord, CommandState, Place
from services.voice.calls.store import SqlCalls
from services.voice.tables import metadata
from tests.support import sightings as seen
from tests.support.drift import drift
from tests.support.sightings import ADA, OURS, at

STORE = SqlCalls()
EVERYTHING = CallFilter()


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """Open a migrated database of the service."""
    migrations = "services.voice.migrations"
    async with database(database_url, schema="voice", migrations=migrations) as fresh:
        yield fresh


async def record(connection: AsyncConnection, sighting: Call, seconds: float = 0) -> Call:
    """Join an event into its call, as the service does."""
    call = (await STORE.locked(connection, sighting, at(seconds))).join(sighting)
    await STORE.save(connection, call, at(seconds))
    return call


async def listed(
    opened: Database, wanted: CallFilter = EVERYTHING, after: Place | None = None, limit: int = 50
) -> list[str]:
    """Return the ids of a page."""
    async with opened.reading() as connection:
        page = await STORE.page(connection, wanted, after, limit)
    return [entry.call.leg_id for entry in page]


async def test_migrated_schema_is_the_declared_one(opened: Database) -> None:
    """The tables the migrations make are the tables the parts of the service declare."""
    for module in Path(services.voice.__file__).parent.glob("*/tables.py"):
        importlib.import_module(f"services.voice.{module.parent.name}.tables")
    assert await drift(opened, metadata) == []


FULL = reduce(
    Call.join,
    [
        replace(seen.INITIATED, attestation="A", attestation_validated=True),
        seen.ANSWERED,
        seen.SPEECH_STARTED,
        seen.SPEECH_CUT_SHORT,
        seen.QUEUED,
        replace(seen.DEQUEUED, left_queue=replace(seen.DEQUEUED.left_queue, wait_seconds=23)),  # type: ignore[type-var]
        seen.BRIDGED,
        seen.HUNG_UP,
        replace(
            seen.LEG,
            texml_app="main",
            texml_queue="support",
            role=Role.CUSTOMER,
            subject="entry-1",
            dial_id="dial-1",
            lost=True,
            last_bridged=at(33),
            caller_id_name="LOVELACE ADA",
            screening_result="spam_likely",
            diversion="<sip:ada@example.com>",
            results=frozenset(
                {
                    Result("menu", CommandKind.GATHER, at(8), ResultStatus.COMPLETED, "0042"),
                    Result(
                        "record",
                        CommandKind.RECORD,
                        at(9),
                        recording_id="r-1",
                        duration=timedelta(seconds=1.5),
                    ),
                }
            ),
            refused=frozenset({Refusal("greet", "90034"), Refusal("1.menu")}),
            lookup=Lookup(
                LookupOutcome.FOUND, True, 2, "<Ada & Co>", "en-US", "gold", "agent-1", True
            ),
        ),
    ],
)


@pytest.mark.parametrize("call", [Call(leg_id="leg-1"), seen.LEG, seen.INITIATED, FULL])
async def test_a_call_comes_back_as_it_was_saved(opened: Database, call: Call) -> None:
    """Every part of a call survives the database, and so does the lack of it."""
    async with opened.transaction() as connection:
        await record(connection, call)
    async with opened.reading() as connection:
        found = await STORE.get(connection, call.leg_id)
    assert found is not None
    assert found.call == call


async def test_a_call_nobody_has_heard_of_is_not_there(opened: Database) -> None:
    """Reading an unknown leg gives None and creates nothing."""
    async with opened.reading() as connection:
        assert await STORE.get(connection, "leg-1") is None
        assert await STORE.find(connection, seen.LEG) is None
    assert await listed(opened) == []


async def test_shuffled_events_end_in_the_same_row(opened: Database) -> None:
    """Stored event by event, shuffled and repeated, the calls of many orders are the same call."""
    events = [
        seen.INITIATED,
        seen.ANSWERED,
        seen.SPEECH_ENDED,
        seen.QUEUED,
        seen.DEQUEUED,
        seen.HUNG_UP,
    ]
    orders = random.Random(7).sample(list(itertools.permutations(events)), 40)
    async with opened.transaction() as connection:
        for number, order in enumerate(orders):
            for event in (*order, order[0]):
                await record(connection, replace(event, leg_id=f"leg-{number}"))
    async with opened.reading() as connection:
        calls = {
            replace(entry.call, leg_id="")
            for entry in await STORE.page(connection, EVERYTHING, None, 250)
        }
    assert len(calls) == 1
    assert calls.pop().state is State.HUNG_UP


async def test_two_events_of_a_new_leg_wait_for_one_another(opened: Database) -> None:
    """Two events stored at the same time both end up in the call."""

    async def store(event: Call) -> None:
        async with opened.transaction() as connection:
            call = await STORE.locked(connection, event, at(0))
            await asyncio.sleep(0)
            await STORE.save(connection, call.join(event), at(0))

    await asyncio.gather(store(seen.ANSWERED), store(seen.HUNG_UP), store(seen.INITIATED))
    async with opened.reading() as connection:
        found = await STORE.find(connection, seen.LEG)
    assert found is not None
    assert found == reduce(Call.join, [seen.INITIATED, seen.ANSWERED, seen.HUNG_UP])


async def test_an_event_without_a_leg_id_finds_its_leg(opened: Database) -> None:
    """The control id leads to the leg that other events have named both ids of."""
    nameless = replace(seen.HUNG_UP, leg_id=seen.LEG.control_id)
    async with opened.transaction() as connection:
        await record(connection, seen.INITIATED)
        found = await STORE.find(connection, nameless)
        call = await record(connection, nameless)
    assert found == seen.INITIATED
    assert (call.leg_id, call.state) == ("leg-1", State.HUNG_UP)
    assert await listed(opened) == ["leg-1"]


async def test_a_leg_keeps_the_time_it_was_first_heard_of(opened: Database) -> None:
    """Later events move the update time only."""
    async with opened.transaction() as connection:
        await record(connection, seen.INITIATED, 1)
        await record(connection, seen.HUNG_UP, 60)
        found = await STORE.get(connection, "leg-1")
    assert found is not None
    assert (found.create_time, found.update_time) == (at(1), at(60))


async def test_commands_are_kept_in_the_order_they_were_given(opened: Database) -> None:
    """A call shows its commands with what became of them, also those of one instant."""
    async with opened.transaction() as connection:
        await record(connection, seen.INITIATED)
        await STORE.add_command(connection, "leg-1", "c-2", "answer", CommandKind.ANSWER, at(1))
        await STORE.add_command(connection, "leg-1", "c-1", "greet", CommandKind.SPEAK, at(1))
        await STORE.add_command(connection, "leg-2", "c-3", "answer", CommandKind.ANSWER, at(1))
        await STORE.settle_command(connection, "c-1", CommandState.REFUSED, "90034", at(2))
        found = await STORE.get(connection, "leg-1")
        given = await STORE.commands_of(connection, "leg-1")
    assert found is not None
    requested, refused = CommandState.REQUESTED, CommandState.REFUSED
    assert found.commands == (
        CommandRecord("c-2", "answer", CommandKind.ANSWER, requested, "", at(1), None),
        CommandRecord("c-1", "greet", CommandKind.SPEAK, refused, "90034", at(1), at(2)),
    )
    assert tuple(given) == found.commands


async def test_pages_follow_one_another_newest_first(opened: Database) -> None:
    """Pages neither repeat nor skip a leg, also where legs share their time."""
    async with opened.transaction() as connection:
        for number in range(7):
            await record(connection, replace(seen.LEG, leg_id=f"leg-{number}"), number // 3)
    expected = [f"leg-{number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert await listed(opened) == expected
    first = await listed(opened, limit=3)
    second = await listed(opened, after=Place(at(1), first[-1]), limit=3)
    third = await listed(opened, after=Place(at(0), second[-1]), limit=3)
    assert first + second + third == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (CallFilter(state=State.NEW), []),
        (CallFilter(state=State.INITIATED), ["inbound"]),
        (CallFilter(state=State.QUEUED), ["queued"]),
        (CallFilter(direction=Direction.OUTBOUND), ["outbound"]),
        (CallFilter(phone_number=ADA), ["outbound", "inbound"]),
        (CallFilter(phone_number=OURS), ["outbound", "inbound"]),
        (CallFilter(phone_number="+12025550199"), []),
        (CallFilter(session_id="session-2"), ["queued"]),
        (CallFilter(queue_name="support"), ["queued"]),
        (CallFilter(queue_name="priority"), []),
        (CallFilter(role=Role.DIALLED), ["outbound"]),
        (CallFilter(dial_id="dial-1"), ["outbound"]),
        (CallFilter(created_after=at(1)), ["queued", "outbound"]),
        (CallFilter(created_before=at(1)), ["inbound"]),
        (CallFilter(created_after=at(1), created_before=at(2)), ["outbound"]),
        (CallFilter(phone_number=ADA, direction=Direction.INBOUND), ["inbound"]),
    ],
)
async def test_filters(opened: Database, wanted: CallFilter, expected: list[str]) -> None:
    """Every condition that is set must hold."""
    outbound = replace(
        seen.INITIATED,
        leg_id="outbound",
        direction=Direction.OUTBOUND,
        caller=Caller(CallerKind.NUMBER, OURS, OURS),
        called_number=ADA,
        raw_called=ADA,
        bridged=at(5),
        role=Role.DIALLED,
        dial_id="dial-1",
    )
    queued = replace(seen.QUEUED, leg_id="queued", session_id="session-2")
    async with opened.transaction() as connection:
        await record(connection, replace(seen.INITIATED, leg_id="inbound"), 0)
        await record(connection, outbound, 1)
        await record(connection, queued, 2)
    assert await listed(opened, wanted) == expected


async def test_times_keep_their_microseconds(opened: Database) -> None:
    """A place between two legs of the same second is found again."""
    early = at(0) + timedelta(microseconds=1)
    async with opened.transaction() as connection:
        for leg_id, time in (("b", early), ("a", early + timedelta(microseconds=1))):
            call = await STORE.locked(connection, Call(leg_id=leg_id), time)
            await STORE.save(connection, call, time)
    assert await listed(opened) == ["a", "b"]
    assert await listed(opened, after=Place(early + timedelta(microseconds=1), "a")) == ["b"]
