"""Every order of a call's events, through the switchboard and a listener that commands."""

import itertools
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.command import Answer, Speak
from services.voice.calls.model import Call, CommandKind, Result, Role, State
from tests.support import sightings as seen
from tests.support.legs import Office, office
from tests.support.sightings import at

SPOKEN = Result("greet", CommandKind.SPEAK, at(6))
SIX_EVENTS = [
    seen.INITIATED,
    seen.ANSWERED,
    replace(seen.SPEECH_ENDED, results=frozenset({SPOKEN})),
    seen.QUEUED,
    seen.DEQUEUED,
    seen.HUNG_UP,
]
ORDERS = list(itertools.permutations(SIX_EVENTS))
AT_ONCE = 24
"""Orders that share a transaction, each with a leg of its own."""


class Answering:
    """A listener that answers and greets, deciding from the call alone."""

    def __init__(self, opened: Office) -> None:
        self._desk = opened.legs.desk

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Command what the call needs next."""
        del before, now
        if after.role is Role.CALLER and after.state is State.INITIATED:
            await self._desk.give(connection, after, "answer", Answer())
        if after.role is Role.CALLER and after.state is State.ANSWERED:
            await self._desk.give(connection, after, "greet", Speak("Please hold."))


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Office]:
    """Open a switchboard with that listener on SQLite."""
    async with office(f"sqlite+aiosqlite:///{tmp_path}/voice.db") as opened:
        opened.legs.switchboard.listeners.append(Answering(opened))
        yield opened


async def play(opened: Office, orders: Sequence[Sequence[Call]]) -> list[str]:
    """Let each order happen to a leg of its own, and return the legs' ids."""
    legs = [f"leg-{number}" for number in range(len(orders))]
    pairs = list(zip(legs, orders, strict=True))
    for start in range(0, len(pairs), AT_ONCE):
        async with opened.database.transaction() as connection:
            for leg_id, events in pairs[start : start + AT_ONCE]:
                for event in events:
                    sighting = replace(event, leg_id=leg_id, control_id=f"v3:{leg_id}")
                    await opened.legs.switchboard.record(connection, sighting)
    return legs


async def states(opened: Office, legs: Sequence[str]) -> set[Call]:
    """Return what is known of some legs at the end, but for who they are."""
    found = set()
    for leg_id in legs:
        record = await opened.call(leg_id)
        keys = [command.key for command in record.commands]
        assert len(keys) == len(set(keys))
        found.add(replace(record.call, leg_id="", control_id=""))
    return found


@pytest.mark.parametrize("first", range(6))
async def test_all_720_orders_end_in_the_same_state(opened: Office, first: int) -> None:
    """Whichever event comes first, the call is the same in the end; no command is given twice."""
    orders = [order for order in ORDERS if order[0] is SIX_EVENTS[first]]
    assert len(orders) == 120
    found = await states(opened, await play(opened, orders))
    assert len(found) == 1
    (call,) = found
    assert call.state is State.HUNG_UP
    assert call.result("greet") == SPOKEN


async def test_duplicates_and_what_comes_late_change_nothing(opened: Office) -> None:
    """Each event twice or three times, shuffled, ends as each event once."""
    dice = random.Random(11)
    orders = []
    for _ in range(48):
        events = [event for event in SIX_EVENTS for _ in range(dice.randint(1, 3))]
        dice.shuffle(events)
        orders.append(events)
    assert len(await states(opened, await play(opened, [SIX_EVENTS, *orders]))) == 1


@pytest.mark.parametrize("missing", range(6))
async def test_a_missing_event_costs_only_what_it_alone_told(opened: Office, missing: int) -> None:
    """Without one of the events the orders of the others still end in one state."""
    rest = [event for number, event in enumerate(SIX_EVENTS) if number != missing]
    orders = random.Random(missing).sample(list(itertools.permutations(rest)), 24)
    found = await states(opened, await play(opened, orders))
    assert len(found) == 1
    (call,) = found
    expected = State.BRIDGED if SIX_EVENTS[missing] is seen.HUNG_UP else State.HUNG_UP
    assert call.state is expected
