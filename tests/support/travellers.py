"""Callers who walk through plans, with real stores and timers, and a carrier that writes down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.effects import State
from chassis.settings import load
from chassis.timers import Ticker
from services.voice.agents.model import Agent, Presence
from services.voice.calls.command import command_id
from services.voice.calls.facts import Hangup, Result, ResultStatus, Role
from services.voice.calls.model import Call, Direction, Lookup, LookupOutcome
from services.voice.calls.records import CommandRecord, CommandState
from services.voice.calls.sightings import of_texml
from services.voice.calls.wiring import Telephony, telephony
from services.voice.journeys.model import Journey
from services.voice.journeys.texml_answers import wants_document
from services.voice.journeys.travels import OverheardDirectory
from services.voice.journeys.wiring import Walking, walking
from services.voice.numbers import ServedNumbers
from services.voice.queues.model import Entry, Queue
from services.voice.queues.records import MatchRecords
from services.voice.queues.tables import entries
from services.voice.queues.wiring import ContactCentre, contact_centre
from services.voice.routing.plan import Plan
from services.voice.routing.wiring import Routing, routing
from services.voice.settings import Settings
from services.voice.tables import outbox, timers
from tests.support import sightings as seen

MUSIC = "https://media.example.com/hold.mp3"
AGENT = "+13125550188"
NOBODY = Lookup(LookupOutcome.NOT_FOUND)


@dataclass
class Directory:
    """Answers every question in turn, and the last answer for ever."""

    answers: list[Lookup] = field(default_factory=lambda: [NOBODY])
    asked: list[str] = field(default_factory=list)

    async def find(self, phone_number: str) -> Lookup:
        """Return what is known."""
        self.asked.append(phone_number)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class World:
    """Voice without the bus: events go in by hand, and time stands still until it is moved."""

    database: Database
    legs: Telephony
    centre: ContactCentre
    routes: Routing
    walks: Walking
    directory: Directory
    clock: FixedClock
    ticker: Ticker
    settled: set[str] = field(default_factory=set)

    async def hear(self, *events: Call) -> None:
        """Handle events one after the other, as the consumer does, each a second later."""
        for event in events:
            self.clock.advance(timedelta(seconds=1))
            prepared = await self.walks.questions.prepare(event)
            async with self.database.transaction() as connection:
                found = await self.walks.questions.found(connection, event, prepared)
                await self.legs.switchboard.record(connection, event.join(found))
            await self.rest()

    async def tell(self, leg_id: str = "leg-1", **facts: Any) -> None:
        """Let the carrier tell something of a leg it knows."""
        await self.hear(Call(leg_id=leg_id, control_id=f"v3:{leg_id}", **facts))

    async def rest(self) -> None:
        """Ring what is due and bring callers and agents together until nothing more happens."""
        while await self.ticker.tick() or await self.centre.matcher.look():
            pass

    async def wait(self, seconds: float) -> None:
        """Let time pass, ringing every timer at its time."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while (due := await self._next_due()) is not None and due <= until:
            self.clock.advance(max(due - self.clock.now(), timedelta()))
            await self.rest()
        self.clock.advance(until - self.clock.now())
        await self.rest()

    async def _next_due(self) -> datetime | None:
        kinds = [*self.walks.handlers(), *self.centre.handlers()]
        query = sa.select(sa.func.min(timers.table.c.due_time)).where(
            timers.table.c.kind.in_(kinds)
        )
        async with self.database.reading() as connection:
            due: datetime | None = (await connection.execute(query)).scalar_one()
        return due

    async def arrive(self, leg_id: str = "leg-1", **facts: Any) -> None:
        """Let somebody call, be answered and hear the greeting."""
        await self.hear(of(seen.INITIATED, leg_id, **facts), of(seen.ANSWERED, leg_id, **facts))
        await self.finish("1.say", leg_id)

    async def finish(
        self,
        key: str,
        leg_id: str = "leg-1",
        status: ResultStatus = ResultStatus.COMPLETED,
        **heard: Any,
    ) -> None:
        """Let what a command started come to its end."""
        kind = next(each.kind for each in await self.commands(leg_id) if each.key == key)
        result = Result(key, kind, self.clock.now(), status, **heard)
        await self.tell(leg_id, results=frozenset({result}))

    async def refuse(self, key: str, code: str = "10015", leg_id: str = "leg-1") -> None:
        """Let the carrier refuse a command."""
        async with self.database.transaction() as connection:
            refused = CommandState.REFUSED
            await self.legs.switchboard.settle(connection, leg_id, key, refused, code)
        await self.rest()

    async def hang_up(self, leg_id: str = "leg-1", cause: str = "normal_clearing") -> None:
        """Let a leg end."""
        await self.tell(leg_id, hung_up=Hangup(self.clock.now(), cause, "caller"))

    async def agent(self, name: str = "grace", address: str = AGENT, **facts: Any) -> None:
        """Let an agent be there for the support queue."""
        agent = Agent(agent_id=name, address=address, queue_ids=frozenset({"support"}), **facts)
        now = self.clock.now()
        async with self.database.transaction() as connection:
            await self.centre.roster.create(connection, agent, now)
            await self.centre.roster.be(connection, name, Presence.AVAILABLE, now)
        await self.rest()

    async def dialled(self, role: Role) -> Sequence[tuple[str, dict[str, Any]]]:
        """Return the subjects of the dials of a role, oldest first, with what was sent."""
        async with self.database.reading() as connection:
            rows = (await connection.execute(outbox.table.select())).all()
        found = []
        for row in sorted(rows, key=lambda each: each.position):
            known, _, subject = row.entity_key.partition("\n")
            if row.path == "/calls" and known == role.name and row.state != State.FAILED.value:
                found.append((subject, orjson.loads(row.body)))
        return found

    async def pick_up(self, role: Role, leg_id: str) -> str:
        """Let whoever was dialled last pick up; return the subject of the dial."""
        subject, body = (await self.dialled(role))[-1]
        leg = Call(
            leg_id=leg_id,
            control_id=f"v3:{leg_id}",
            session_id="session-leg-1",
            direction=Direction.OUTBOUND,
            called_number=body["to"],
            role=role,
            subject=subject,
            dial_id=body["command_id"],
            initiated=self.clock.now(),
        )
        await self.hear(leg, replace(leg, answered=self.clock.now()))
        return subject

    async def bridge(self, *leg_ids: str) -> None:
        """Let legs be connected."""
        now = self.clock.now()
        for leg_id in leg_ids:
            await self.tell(leg_id, bridged=now, last_bridged=now)

    async def commands(self, leg_id: str = "leg-1") -> Sequence[CommandRecord]:
        """Return what was commanded on a leg, in order."""
        async with self.database.reading() as connection:
            record = await self.legs.calls.get(connection, leg_id)
        return record.commands if record else ()

    async def keys(self, leg_id: str = "leg-1") -> Sequence[str]:
        """Return the keys of what was commanded on a leg, in order."""
        return [command.key for command in await self.commands(leg_id)]

    async def body(self, key: str, leg_id: str = "leg-1") -> dict[str, Any]:
        """Return what a command sends to the carrier."""
        async with self.database.reading() as connection:
            record = await outbox.get(connection, command_id(leg_id, key))
        assert record is not None, await self.keys(leg_id)
        return dict(orjson.loads(record.effect.body))

    async def call(self, leg_id: str = "leg-1") -> Call:
        """Return a leg."""
        async with self.database.reading() as connection:
            found = await self.legs.calls.find(connection, Call(leg_id=leg_id))
        assert found is not None
        return found

    async def journey(self, leg_id: str = "leg-1") -> Journey | None:
        """Return where a caller stands."""
        async with self.database.reading() as connection:
            return await self.walks.travels.guide.journeys.find(connection, leg_id)

    async def entry(self, leg_id: str = "leg-1") -> Entry:
        """Return the newest place in line of a leg."""
        wanted = sa.select(entries.c.entry_id).where(entries.c.leg_id == leg_id)
        newest = wanted.order_by(entries.c.enter_time.desc()).limit(1)
        async with self.database.reading() as connection:
            entry_id = (await connection.execute(newest)).scalar_one()
            return await self.centre.centre.entry(connection, entry_id)

    async def queue(self, queue: Queue) -> None:
        """Let a queue be as given."""
        now = self.clock.now()
        async with self.database.transaction() as connection:
            if not await self.centre.books.queues.add(connection, queue, now):
                await self.centre.books.queues.save(connection, queue, now)

    async def plan(self, plan: Plan) -> Plan:
        """Let a plan be in force."""
        async with self.database.transaction() as connection:
            return await self.routes.plans.create(connection, plan)

    async def ask(self, step: str = "", app: str = "main", **form: str) -> str:
        """Let a TeXML leg ask for a document."""
        self.clock.advance(timedelta(milliseconds=100))
        usual = {"CallSid": "sid-1", "From": seen.ADA, "To": seen.OURS, "CallStatus": "in-progress"}
        given = {**usual, **form}
        sighting = of_texml(app, given, self.clock.now())
        answers = self.walks.answers
        if wants_document(given):
            document = await answers.answer(app, step, sighting, given)
        else:
            document = await answers.report(sighting, step, given)
        await self.rest()
        return document


def of(sighting: Call, leg_id: str, **facts: Any) -> Call:
    """Return what an event says of another leg."""
    names = {"control_id": f"v3:{leg_id}", "session_id": f"session-{leg_id}"}
    given: dict[str, Any] = {"leg_id": leg_id, **names, **facts}
    return replace(sighting, **given)


@asynccontextmanager
async def world(opened: Database, **environ: str) -> AsyncIterator[World]:
    """Open voice over an empty database: one number, the default plan and a support queue."""
    settings = load(
        Settings,
        {
            "SWITCHHOOK_VOICE_NUMBERS": seen.OURS,
            "SWITCHHOOK_VOICE_HOLD_MUSIC_URL": MUSIC,
            "SWITCHHOOK_VOICE_GREETING": "Please hold.",
            "SWITCHHOOK_VOICE_TEXML_URL": "https://hooks.example.com/texml",
            "TELNYX_API_KEY": "KEY-test",
            **{f"SWITCHHOOK_VOICE_{name}": value for name, value in environ.items()},
        },
    )
    clock, directory = FixedClock(seen.START), Directory()
    legs = telephony(
        speech="female",
        state_secrets=("a secret",),
        numbers=ServedNumbers(settings.numbers),
        clock=clock,
    )
    centre = contact_centre(settings, opened, legs, clock)
    async with opened.transaction() as connection:
        await centre.books.queues.add(connection, Queue(queue_id="support"), clock.now())
    heard = OverheardDirectory(directory)
    async with routing(settings, opened, heard, centre.history, centre.facts, clock) as routes:
        walks = walking(settings, opened, legs, routes, centre.centre, centre.books.queues)
        legs.switchboard.listeners.append(centre.following)
        legs.switchboard.dial_listeners.append(centre.following)
        centre.matcher.listeners.append(MatchRecords(routes.decisions))
        centre.books.entry_listeners.extend(walks.entry_listeners)
        handlers = {**walks.handlers(), **centre.handlers()}
        ticker = Ticker(opened, timers, handlers, clock, lambda: None)
        yield World(opened, legs, centre, routes, walks, directory, clock, ticker)
