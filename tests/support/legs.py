"""A switchboard over a database, with listeners that note and act, as the service runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import FixedClock
from chassis.database import Database, database
from chassis.effects import EffectRecord
from services.voice.calls.command import Command, Dial
from services.voice.calls.facts import Role
from services.voice.calls.model import Call
from services.voice.calls.reading import CallReader
from services.voice.calls.records import CallRecord, CommandRecord, CommandState, Heard
from services.voice.calls.store import SqlCalls
from services.voice.calls.wiring import Telephony, telephony
from services.voice.tables import outbox
from tests.support import sightings as seen

SECRETS = ("a secret",)


@dataclass
class Listener:
    """Notes what it is told of legs and of dials."""

    changes: list[tuple[Call, Call]] = field(default_factory=list)
    failed: list[tuple[Role, str, str]] = field(default_factory=list)

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Note a change."""
        del connection, now
        self.changes.append((before, after))

    async def dial_failed(
        self, connection: AsyncConnection, role: Role, subject: str, reason: str, now: datetime
    ) -> None:
        """Note a failure."""
        del connection, now
        self.failed.append((role, subject, reason))


class Numbers:
    """Serves one number."""

    async def among(self, connection: AsyncConnection, numbers: Collection[str]) -> Collection[str]:
        """Return that number, if it is among some."""
        del connection
        return {seen.OURS} & set(numbers)


@dataclass
class Office:
    """What a test of legs talks to."""

    database: Database
    legs: Telephony
    clock: FixedClock
    listener: Listener

    async def hear(self, *events: Call, heard: Heard | None = None) -> None:
        """Handle events one after the other, each in a transaction of its own."""
        for event in events:
            self.clock.advance(timedelta(seconds=1))
            async with self.database.transaction() as connection:
                await self.legs.switchboard.record(connection, event, heard)

    async def give(self, key: str, command: Command, leg_id: str = "leg-1") -> bool:
        """Command a leg."""
        call = (await self.call(leg_id)).call
        async with self.database.transaction() as connection:
            return await self.legs.desk.give(connection, call, key, command)

    async def dial(self, dial: Dial) -> str:
        """Dial somebody."""
        async with self.database.transaction() as connection:
            return await self.legs.desk.dial(connection, dial)

    async def settle(
        self, key: str, state: CommandState, reason: str = "", leg_id: str = "leg-1"
    ) -> None:
        """Let the carrier's answer to a command be known."""
        async with self.database.transaction() as connection:
            await self.legs.switchboard.settle(connection, leg_id, key, state, reason)

    async def call(self, leg_id: str = "leg-1") -> CallRecord:
        """Return a call."""
        reader = CallReader(self.database, SqlCalls(), self.legs.dials, self.legs.timeline)
        return await reader.get(leg_id)

    async def commands(self, leg_id: str = "leg-1") -> Sequence[CommandRecord]:
        """Return what was commanded on a leg."""
        return (await self.call(leg_id)).commands

    async def effect(self, effect_id: str) -> EffectRecord:
        """Return an effect, which must be there."""
        async with self.database.reading() as connection:
            record = await outbox.get(connection, effect_id)
        assert record is not None
        return record


@asynccontextmanager
async def office(database_url: str) -> AsyncIterator[Office]:
    """Open a switchboard with an empty database, which serves one number."""
    clock, listener = FixedClock(seen.START), Listener()
    legs = telephony(speech="female", state_secrets=SECRETS, numbers=Numbers(), clock=clock)
    legs.switchboard.listeners.append(listener)
    legs.switchboard.dial_listeners.append(listener)
    migrations = "services.voice.migrations"
    async with database(database_url, schema="voice", migrations=migrations) as opened:
        yield Office(opened, legs, clock, listener)
