"""Walking a caller on: what a look needs is read, and what it asks for is done.

Everything happens in the transaction of whoever calls, which holds the row of the caller's leg; the
journey's row is locked next, and an entry after it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.errors import NotFound
from chassis.timers import Timers
from services.voice.calls.desk import Desk
from services.voice.calls.model import Call, DequeueReason, QueueEntry, QueueExit, Role, placed
from services.voice.calls.records import CallFilter
from services.voice.calls.store import SqlCalls
from services.voice.calls.timeline import Moment, MomentKind, Timeline
from services.voice.journeys.actions import (
    Give,
)
from services.voice.journeys.deeds import Deeds
from services.voice.journeys.model import Journey, Phase, Situation
from services.voice.journeys.ports import Centre, entry_of
from services.voice.journeys.sounds import may_speak
from services.voice.journeys.store import Journeys
from services.voice.journeys.walk import advance, begin
from services.voice.queues.model import carrier_queue
from services.voice.routing.answers import of_call
from services.voice.routing.conditions import queues_of
from services.voice.routing.decisions import (
    Decisions,
)
from services.voice.routing.inputs import Inputs, inputs
from services.voice.routing.inquiry import Inquiry
from services.voice.routing.plan import (
    Plan,
    TransferStep,
    conditions_in,
)
from services.voice.routing.plans import Plans

LOOK = "journey.look"
"""The timer of a journey's own next look, by leg."""
NUDGE = "journey.nudge"
"""The timer of a look that somebody else asks for, by leg."""

_MOST_ANSWERS = 20
"""How often one look may be told something and go on; queues that lead to queues end there."""

_log = logs.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Walked:
    """Where a walk has come to, and the commands it wants given."""

    journey: Journey
    call: Call
    known: Inputs
    gives: Sequence[Give] = ()


@dataclass(frozen=True)
class Guide:
    """Looks at journeys and does what they ask for."""

    calls: SqlCalls
    desk: Desk
    timeline: Timeline
    timers: Timers
    plans: Plans
    inquiry: Inquiry
    deeds: Deeds
    numbers: Collection[str] = ()
    """Numbers of ours; those of plans are ours as well."""
    music_url: str = ""
    journeys: Journeys = field(default_factory=Journeys)

    @property
    def centre(self) -> Centre:
        """Who waits, and who takes them."""
        return self.deeds.centre

    @property
    def decisions(self) -> Decisions:
        """Where decisions are kept."""
        return self.deeds.decisions

    async def journey(self, connection: AsyncConnection, call: Call) -> Journey | None:
        """Return a caller's journey, begun when it is new; None when no plan takes the call."""
        known = await self.journeys.locked(connection, call.leg_id)
        if known is not None or call.hung_up is not None:
            return known
        plan = await self.plan_for(connection, call)
        return None if plan is None else begin(call.leg_id, plan.plan_id, plan.revision)

    async def plan_for(self, connection: AsyncConnection, call: Call) -> Plan | None:
        """Return the plan that takes a leg now; None for one that calls no number of ours."""
        # A leg that we dialled, or whose direction is not known, may go to a number of ours too.
        if placed(call, {*self.numbers, call.called_number}).role is not Role.CALLER:
            return None
        return await self.plans.for_call(connection, call.called_number, call.texml_app)

    async def walk(
        self,
        connection: AsyncConnection,
        call: Call,
        journey: Journey,
        now: datetime,
        known: Inputs | None = None,
    ) -> Walked:
        """Let the caller go as far as it goes now; the commands are given by whoever called."""
        before, gives, look = journey, list[Give](), None
        known = known if known is not None else await self._known(connection, call)
        for _ in range(_MOST_ANSWERS):
            at = await self.situation(connection, call, journey, now, known)
            journey = replace(journey, plan_id=at.plan.plan_id, revision=at.plan.revision)
            turn = advance(journey, at)
            look, heard = turn.look, turn.journey
            for action in turn.actions:
                if isinstance(action, Give):
                    gives.append(action)
                else:
                    heard = await self.deeds.do(connection, action, heard, at)
            journey, told = heard, heard != turn.journey
            if not told:
                break
        await self._keep(connection, before, journey, look, now)
        call = await self._noted(connection, call, before, journey, now)
        return Walked(journey, call, known, tuple(gives))

    async def situation(
        self,
        connection: AsyncConnection,
        call: Call,
        journey: Journey,
        now: datetime,
        known: Inputs | None = None,
    ) -> Situation:
        """Return everything a look at a journey rests on."""
        plan = await self._plan(connection, call, journey)
        queue = standing = None
        entry = await entry_of(self.centre, connection, journey.wait.entry_id)
        if entry is not None:
            queue = await self.deeds.queues.get(connection, entry.queue_id)
        if entry is not None and entry.waits and queue and may_speak(journey, queue, now):
            standing = await self.centre.standing(connection, entry.entry_id, now)
        facts = known if known is not None else await self._known(connection, call)
        if journey.phase is Phase.WALKING or journey.visit == 0:
            facts = await self._fresh(connection, facts, plan, now)
        return Situation(
            now=now,
            call=call,
            plan=plan,
            inputs=facts,
            entry=entry,
            queue=queue,
            standing=standing,
            transfer=await self._transfer(connection, call, journey, plan),
            music_url=(queue.hold_music_url if queue else "") or self.music_url,
            carrier_queue=carrier_queue(call.leg_id),
        )

    async def _plan(self, connection: AsyncConnection, call: Call, journey: Journey) -> Plan:
        """Return the revision the journey began with, or what takes such calls now."""
        try:
            return await self.plans.get(connection, journey.plan_id, journey.revision)
        except NotFound:
            _log.warning("journey.plan_missing", plan_id=journey.plan_id)
            found = await self.plans.for_call(connection, call.called_number, call.texml_app)
            return found or Plan(plan_id=journey.plan_id, entry_step_id="", listed=())

    async def _known(self, connection: AsyncConnection, call: Call) -> Inputs:
        asked = await self.decisions.inputs(connection, call.leg_id)
        return asked if asked is not None else inputs(of_call(call))

    async def _fresh(
        self, connection: AsyncConnection, known: Inputs, plan: Plan, now: datetime
    ) -> Inputs:
        """Return inputs with the queues the plan asks about as they stand now."""
        asked = {
            queue_id
            for step in plan.listed
            for _, condition in conditions_in(step)
            for queue_id in queues_of(condition)
        }
        return await self.inquiry.refresh(connection, known, asked, now) if asked else known

    async def _transfer(
        self, connection: AsyncConnection, call: Call, journey: Journey, plan: Plan
    ) -> Call | None:
        if not isinstance(plan.steps.get(journey.step_id), TransferStep) or not call.session_id:
            return None
        wanted = CallFilter(session_id=call.session_id, role=Role.DIALLED)
        legs = await self.calls.page(connection, wanted, None, 20)
        subject = f"{call.leg_id}/{journey.key('transfer')}"
        return next((each.call for each in legs if each.call.subject == subject), None)

    async def _keep(
        self,
        connection: AsyncConnection,
        before: Journey,
        journey: Journey,
        look: datetime | None,
        now: datetime,
    ) -> None:
        if journey != before or not before.visit:
            await self.journeys.save(connection, journey, now)
        if journey.visit != before.visit:
            await self._tell(connection, journey, now)
        if look is None:
            await self.timers.cancel(connection, LOOK, journey.leg_id)
        else:
            await self.timers.set(connection, LOOK, journey.leg_id, look)
        if journey.phase is Phase.OVER:
            await self.journeys.forget_documents(connection, journey.leg_id)

    async def _tell(self, connection: AsyncConnection, journey: Journey, now: datetime) -> None:
        reference = f"{journey.visit}.{journey.step_id}"
        moment = Moment(now, MomentKind.STEP, journey.phase.value, reference, journey.end)
        await self.timeline.add(connection, journey.leg_id, moment)

    async def _noted(
        self,
        connection: AsyncConnection,
        call: Call,
        before: Journey,
        journey: Journey,
        now: datetime,
    ) -> Call:
        fact = queue_fact(before, journey, now)
        return await self.desk.note(connection, call.leg_id, fact) if fact else call


def queue_fact(before: Journey, after: Journey, now: datetime) -> Call | None:
    """Return what a change of the journey says of the leg: that it entered or left a queue."""
    waited, waits = before.phase is Phase.WAITING, after.phase is Phase.WAITING
    same = before.wait.entry_id == after.wait.entry_id
    if waits and not (waited and same):
        return Call(entered_queue=QueueEntry(now, after.queue_id))
    if not waited or waits:
        return None
    reason = _REASONS.get(after.phase, DequeueReason.LEAVE)
    since = before.wait.since
    seconds = None if since is None else max(int((now - since).total_seconds()), 0)
    left = QueueExit(now, reason, reason.value.lower(), before.queue_id, seconds)
    return Call(left_queue=left)


_REASONS = {Phase.TALKING: DequeueReason.BRIDGED, Phase.OVER: DequeueReason.HANGUP}
