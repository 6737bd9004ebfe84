"""What moves callers on: events of their legs, changes of their places in line, and time."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.timers import Timers
from services.voice.calls.model import Call, Lookup, LookupOutcome, Role, Steering
from services.voice.calls.ports import Directory, Transactions
from services.voice.journeys.guide import LOOK, NUDGE, Guide
from services.voice.journeys.model import Journey, Phase
from services.voice.queues.model import Entry, EntryState, Kind, Outcome
from services.voice.routing.decisions import Decision, DecisionKind, decision_id
from services.voice.routing.inputs import Inputs, InputState, Name, Source
from services.voice.routing.inquiry import Inquiry
from services.voice.routing.plan import Plan

_OTHERS = frozenset(
    {Outcome.HANDLED, Outcome.REMOVED, Outcome.LOST, Outcome.TECHNICAL, Outcome.TRANSFERRED}
)
"""Ways out of a queue that a journey does not take by itself."""

_WITHOUT_ASKING = (Phase.WAITING, Phase.TALKING, Phase.OVER)

_overheard: ContextVar[list[Lookup] | None] = ContextVar("overheard", default=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found out about a caller before the transaction."""

    inputs: Inputs
    lookup: Lookup | None
    plan: Plan


class OverheardDirectory:
    """A directory whose answer is also kept as a fact of the call that asked."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def find(self, phone_number: str) -> Lookup:
        """Return what is known of a number."""
        found = await self._directory.find(phone_number)
        heard = _overheard.get()
        if heard is not None:
            heard.append(found)
        return found


@dataclass(frozen=True)
class Questions:
    """Asks who is calling, as long as that may still change something."""

    database: Transactions
    guide: Guide
    inquiry: Inquiry

    async def prepare(self, sighting: Call) -> Asked | None:
        """Ask before the event is recorded; None when nobody needs to know.

        A TeXML caller is asked about while the document is made.
        """
        if sighting.steering is Steering.TEXML or sighting.hung_up is not None:
            return None
        return await self.ask(sighting)

    async def ask(self, sighting: Call) -> Asked | None:
        """Ask about a caller who is new, or about whom somebody was too late the last time."""
        async with self.database.reading() as connection:
            known = await self.guide.calls.find(connection, sighting)
            call = known.join(sighting) if known else sighting
            plan = await self.guide.plan_for(connection, call)
            if plan is None or call.hung_up is not None:
                return None
            journey = await self.guide.journeys.find(connection, call.leg_id)
            if not await self._matters(connection, call, journey):
                return None
        heard: list[Lookup] = []
        token = _overheard.set(heard)
        try:
            inputs = await self.inquiry.ask(call)
        finally:
            _overheard.reset(token)
        return Asked(inputs, _lookup(call, inputs, heard), plan)

    async def found(self, connection: AsyncConnection, sighting: Call, prepared: object) -> Call:
        """Keep what was found out as the first decision about the call."""
        if not isinstance(prepared, Asked):
            return Call()
        now, plan = self.guide.desk.clock.now(), prepared.plan
        journey = await self.guide.journeys.find(connection, sighting.leg_id)
        visit = journey.visit if journey is not None else 0
        decision = Decision(
            decision_id=decision_id(sighting.leg_id, DecisionKind.PLAN, visit),
            kind=DecisionKind.PLAN,
            leg_id=sighting.leg_id,
            time=now,
            plan_id=plan.plan_id,
            revision=plan.revision,
            visit=visit,
            inputs=prepared.inputs,
            outcome=plan.plan_id,
        )
        await self.guide.decisions.record(connection, decision)
        return Call(lookup=prepared.lookup)

    async def _matters(
        self, connection: AsyncConnection, call: Call, journey: Journey | None
    ) -> bool:
        if journey is not None and journey.phase not in (Phase.ARRIVING, Phase.WALKING):
            return False
        known = await self.guide.decisions.inputs(connection, call.leg_id)
        if known is None:
            return True
        missed = (InputState.LATE, InputState.FAILED)
        return any(each.source is Source.CRM and each.state in missed for each in known)


def _lookup(call: Call, inputs: Inputs, heard: list[Lookup]) -> Lookup | None:
    """Return the CRM's part of what is known, as calls show it; None when it was not asked."""
    asked = inputs.by_name.get(Name.KNOWN)
    if heard or asked is None or asked.state is InputState.ABSENT:
        return heard[0] if heard else None
    late = asked.state in (InputState.LATE, InputState.FAILED)
    return Lookup(LookupOutcome.UNAVAILABLE) if late else call.lookup


@dataclass(frozen=True)
class Travels:
    """Looks at a journey whenever something may have changed for it."""

    guide: Guide
    timers: Timers

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Walk a caller on after an event of the leg; tell a caller of the leg they are put to."""
        if after.role is Role.DIALLED and after.subject:
            caller = after.subject.rpartition("/")[0]
            await self.timers.set(connection, NUDGE, caller, now)
        elif after.role in (Role.CALLER, Role.UNKNOWN):
            # The number of a plan that has been deleted is ours no more; who is on it walks on.
            await self.walk(connection, after, now)

    async def walk(self, connection: AsyncConnection, call: Call, now: datetime) -> None:
        """Walk a caller on; a TeXML caller only in a queue and at the end.

        Everywhere else a TeXML leg asks how to go on, and may do so later than we would think.
        """
        if call.steering is Steering.TEXML:
            journey = await self.guide.journeys.locked(connection, call.leg_id)
            if journey is not None and (call.hung_up or journey.phase in _WITHOUT_ASKING):
                await self.guide.walk(connection, call, journey, now)
            return
        journey = await self.guide.journey(connection, call)
        if journey is None:
            return
        walked = await self.guide.walk(connection, call, journey, now)
        for give in walked.gives:
            await self.guide.desk.give(connection, walked.call, give.key, give.command)

    async def revisit(self, connection: AsyncConnection, leg_id: str, now: datetime) -> None:
        """Look at a journey because it is time, or because somebody asked for it."""
        call = await self.guide.calls.locked(connection, Call(leg_id=leg_id), now)
        if await self.guide.journeys.find(connection, call.leg_id) is not None:
            await self.walk(connection, call, now)

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Have the journey looked at when its place in line has changed by somebody else.

        The entry's row is locked already, and a leg's must be locked before it: so a timer is set.
        """
        if before is None or after.kind is Kind.CALLBACK or not _concerns(before, after):
            return
        await self.timers.set(connection, NUDGE, after.leg_id, now)


def _concerns(before: Entry, after: Entry) -> bool:
    if after.state is EntryState.LEFT:
        return after.outcome in _OTHERS
    if after.state is EntryState.WAITING:
        return before.state is not EntryState.WAITING or after.exhausted
    return after.state is EntryState.CONNECTED


KINDS = (LOOK, NUDGE)
"""The timers that `Travels.revisit` handles."""
