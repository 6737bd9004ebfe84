"""What a journey asks for beside commands: places in line, voicemails, decisions."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.journeys.actions import (
    Action,
    CloseVoicemail,
    Decide,
    Enter,
    KeepPlace,
    Leave,
    Move,
    OpenVoicemail,
)
from services.voice.journeys.model import Journey, Situation
from services.voice.journeys.ports import Centre, Queues
from services.voice.journeys.voicemails import (
    Voicemail,
    Voicemails,
    VoicemailState,
    voicemail_id,
)
from services.voice.journeys.walk import entered, kept
from services.voice.queues.model import Entrant, Entry, NotEntered
from services.voice.routing.branching import standing
from services.voice.routing.decision import Decision, DecisionKind, decision_id
from services.voice.routing.decisions import Decisions
from services.voice.routing.inputs import Inputs, Name
from services.voice.routing.plan import Branch, EnqueueStep, Step
from services.voice.routing.scoring import entering


@dataclass(frozen=True)
class Deeds:
    """Does what journeys ask for, in the caller's transaction."""

    centre: Centre
    queues: Queues
    decisions: Decisions
    voicemails: Voicemails = field(default_factory=Voicemails)

    async def do(
        self, connection: AsyncConnection, action: Action, journey: Journey, at: Situation
    ) -> Journey:
        """Do one thing, and return the journey after what it was told of it."""
        match action:
            case Enter():
                answer = await self._enter(connection, action, journey, at)
                return entered(journey, answer, at)
            case KeepPlace(entry_id, number):
                after = await self.centre.to_callback(connection, entry_id, number, at.now)
                return kept(journey, after, at)
            case Move(entry_id, queue_id, skills):
                await self.centre.move(connection, entry_id, queue_id, skills, at.now)
            case Leave(entry_id, outcome):
                await self.centre.leave(connection, entry_id, outcome, at.now)
            case OpenVoicemail():
                await self._open(connection, action, journey, at)
            case CloseVoicemail(key, recording_id, length):
                identity = voicemail_id(journey.leg_id, key)
                await self.voicemails.close(connection, identity, recording_id, length)
            case Decide():
                await self._decide(connection, action, journey, at)
        return journey

    async def _enter(
        self, connection: AsyncConnection, action: Enter, journey: Journey, at: Situation
    ) -> Entry | NotEntered:
        known = at.inputs
        entrant = Entrant(
            leg_id=journey.leg_id,
            queue_id=action.queue_id,
            enqueue_time=journey.waited_since or at.now,
            journey_id=f"{journey.leg_id}/{action.visit}",
            caller_number=known.text(Name.CALLER_NUMBER),
            is_vip=known.flag(Name.VIP),
            escalated=known.flag(Name.ESCALATED_CASE),
            credit=await self._credit(connection, known, action.queue_id),
            boosts=action.boosts,
            required_skills=action.skills,
            language=known.text(Name.LANGUAGE),
            preferred_agent_id=known.preferred_agent,
            decision_id=decision_id(journey.leg_id, DecisionKind.ENQUEUE, action.visit),
            kind=action.kind,
            max_offers=action.max_offers,
        )
        return await self.centre.enter(connection, entrant, at.now)

    async def _credit(self, connection: AsyncConnection, known: Inputs, queue_id: str) -> timedelta:
        """Return the wait a caller gave up in the same queue shortly before."""
        queue = await self.queues.get(connection, queue_id)
        return known.credit(queue_id, queue.scoring.credit_window) if queue else timedelta()

    async def _open(
        self, connection: AsyncConnection, action: OpenVoicemail, journey: Journey, at: Situation
    ) -> None:
        voicemail = Voicemail(
            voicemail_id=voicemail_id(journey.leg_id, action.key),
            leg_id=journey.leg_id,
            step_id=action.step_id,
            state=VoicemailState.RECORDING,
            create_time=at.now,
            queue_id=action.mailbox or action.queue_id,
            agent_id=at.inputs.text(Name.OWNER_AGENT),
            caller_number=at.call.caller.phone_number,
            called_number=at.call.called_number,
        )
        await self.voicemails.open(connection, voicemail)

    async def _decide(
        self, connection: AsyncConnection, action: Decide, journey: Journey, at: Situation
    ) -> None:
        step = at.step(action.step_id)
        kind = {Branch: DecisionKind.BRANCH, EnqueueStep: DecisionKind.ENQUEUE}.get(
            type(step), DecisionKind.TARGET
        )
        about = action.step_id if kind is DecisionKind.TARGET else action.visit
        decision = Decision(
            decision_id=decision_id(journey.leg_id, kind, about),
            kind=kind,
            leg_id=journey.leg_id,
            time=at.now,
            plan_id=journey.plan_id,
            revision=journey.revision,
            step_id=action.step_id,
            visit=action.visit,
            entry_id=journey.wait.entry_id,
            inputs=at.inputs,
            scores=await self._scores(connection, step, at),
            options=action.considered,
            outcome=action.outcome,
        )
        await self.decisions.record(connection, decision)

    async def _scores(
        self, connection: AsyncConnection, step: Step | None, at: Situation
    ) -> tuple[tuple[str, float], ...]:
        """Return what a caller's score is made of where a queue is entered."""
        if not isinstance(step, EnqueueStep):
            return ()
        queue = await self.queues.get(connection, step.queue_id)
        place = standing(step, at.inputs, at.now)
        return entering(queue, at.inputs, place.boosts, at.now) if queue else ()
