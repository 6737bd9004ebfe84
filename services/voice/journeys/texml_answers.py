"""Answering a TeXML leg: the same walk through the plan, told as documents.

What a request says is joined into the call, then the caller walks on, and the commands the walk
wants become one document, up to the first that has to come back with an answer. A document that was
given is kept, so a request that is repeated is answered the same; what is heard in a queue is not
kept, because it is asked for over and over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.command import Enqueue, Gather, HangUp, Play, Record, Speak, Transfer
from services.voice.calls.facts import CommandKind, Result, ResultStatus
from services.voice.calls.model import Call
from services.voice.calls.ports import Transactions
from services.voice.calls.switchboard import Switchboard
from services.voice.journeys.actions import Give
from services.voice.journeys.guide import Guide
from services.voice.journeys.model import Journey, Phase
from services.voice.journeys.sounds import heard, placed_again, placing
from services.voice.journeys.travels import Questions
from services.voice.queues.model import EntryState, Outcome

_SETTLED = ".after"
"""Ends the step at which a leg asks a second time whether its conversation is over."""
_MOST_SOUNDS = 50
_ENDS = Gather | Enqueue | Record | Transfer | HangUp
"""Commands after which the caller's answer, or nothing, is waited for."""
_DIALLED = {"completed": ResultStatus.COMPLETED, "answered": ResultStatus.COMPLETED}


class Writer(Protocol):
    """Who writes documents."""

    def write(self, app: str, gives: Sequence[Give], *, in_queue: bool = False) -> str:
        """Return a document of commands."""
        ...

    def refusal(self) -> str:
        """Return the document that refuses a call."""
        ...

    def leave(self) -> str:
        """Return the document that leaves the carrier's queue."""
        ...

    def patience(self, seconds: float) -> str:
        """Return a document of silence in a queue."""
        ...

    def moment(self, app: str, step: str) -> str:
        """Return a document that asks again in a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """One request for a document."""

    app: str
    step: str
    call: Call
    now: datetime


@dataclass(frozen=True)
class TexmlAnswers:
    """Answers the carrier's requests for documents."""

    database: Transactions
    switchboard: Switchboard
    guide: Guide
    questions: Questions
    documents: Writer

    async def report(self, sighting: Call, step: str, form: Mapping[str, str]) -> str:
        """Keep what a report says, a recording of a caller who is gone among it."""
        async with self.database.transaction() as connection:
            await self._heard(connection, sighting, step, form)
        return self.documents.write("", ())

    async def answer(self, app: str, step: str, sighting: Call, form: Mapping[str, str]) -> str:
        """Return the document for one request, in one transaction with what follows from it."""
        asked = await self.questions.ask(sighting)
        async with self.database.transaction() as connection:
            found = await self.questions.found(connection, sighting, asked)
            call = await self._heard(connection, sighting.join(found), step, form)
            now = self.guide.desk.clock.now()
            journey = await self.guide.journey(connection, call)
            if journey is None or call.hung_up is not None:
                return self.documents.refusal() if journey is None else self.documents.write("", ())
            return await self._document(connection, Asking(app, step, call, now), journey)

    async def _heard(
        self, connection: AsyncConnection, sighting: Call, step: str, form: Mapping[str, str]
    ) -> Call:
        result = result_of(step, form, self.guide.desk.clock.now())
        if result is not None:
            sighting = replace(sighting, results=frozenset({result}))
        return await self.switchboard.record(connection, sighting)

    async def _document(self, connection: AsyncConnection, asking: Asking, journey: Journey) -> str:
        if ".wait" in asking.step:
            return await self._in_queue(connection, asking, journey)
        known = await self.guide.journeys.document(connection, asking.call.leg_id, asking.step)
        if known is not None:
            return known
        document = await self._next(connection, asking, journey)
        await self.guide.journeys.keep_document(
            connection, asking.call.leg_id, asking.step, document, asking.now
        )
        return document

    async def _next(self, connection: AsyncConnection, asking: Asking, journey: Journey) -> str:
        if asking.step.removesuffix(_SETTLED) == placing(journey):
            at = await self.guide.situation(connection, asking.call, journey, asking.now)
            talking = at.entry is not None and at.entry.state is EntryState.CONNECTED
            if talking and not asking.step.endswith(_SETTLED):
                # The carrier is quicker than the agent's leg to say that the conversation is over.
                return self.documents.moment(asking.app, asking.step + _SETTLED)
            if at.entry is not None and talking:
                entry_id, handled = at.entry.entry_id, Outcome.HANDLED
                await self.guide.centre.leave(connection, entry_id, handled, asking.now)
            elif journey.phase in (Phase.WAITING, Phase.TALKING):
                journey = placed_again(journey)
        return await self._walked(connection, asking, journey)

    async def _walked(self, connection: AsyncConnection, asking: Asking, journey: Journey) -> str:
        """Walk until the caller has to act or to wait, and tell everything on the way at once."""
        told: list[Give] = []
        call, known = asking.call, None
        for _ in range(_MOST_SOUNDS):
            walked = await self.guide.walk(connection, call, journey, asking.now, known)
            journey, known = walked.journey, walked.known
            new = [each for each in walked.gives if each not in told]
            told += [each for each in new if isinstance(each.command, Speak | Play | _ENDS)]
            spoken = [each for each in new if isinstance(each.command, Speak | Play)]
            if not spoken or any(isinstance(each.command, _ENDS) for each in new):
                break
            said = frozenset(_said(each, asking.now) for each in spoken)
            call = await self.guide.desk.note(connection, call.leg_id, Call(results=said))
        return self.documents.write(asking.app, told)

    async def _in_queue(self, connection: AsyncConnection, asking: Asking, journey: Journey) -> str:
        """Answer a leg in the carrier's queue: the next sound there, or that it may leave."""
        walked = await self.guide.walk(connection, asking.call, journey, asking.now)
        journey = walked.journey
        at = await self.guide.situation(connection, walked.call, journey, asking.now, walked.known)
        here = asking.step.startswith(f"{journey.visit}.")
        if journey.phase is Phase.TALKING and here:
            return self.documents.patience(1)
        if journey.phase is not Phase.WAITING or not here or at.entry is None:
            return self.documents.leave()
        after, gives = heard(journey, at.entry, at)
        if after != journey:
            await self.guide.journeys.save(connection, after, asking.now)
        if gives:
            return self.documents.write(asking.app, gives, in_queue=True)
        return self.documents.patience(_PAUSE.total_seconds())


_PAUSE = timedelta(seconds=3)
"""How long a waiting caller without music hears nothing before the leg asks again."""


def _said(give: Give, now: datetime) -> Result:
    return Result(give.key, give.command.kind, now)


def result_of(step: str, form: Mapping[str, str], now: datetime) -> Result | None:
    """Return what a request says of the step it answers, or None when it answers none.

    Source: Telnyx, TeXML callbacks: gather, recording, dial.
    """
    if not step or step.endswith(".wait") or ".queue." in step:
        return None
    given = {name: value.replace("\x00", "")[:255] for name, value in form.items()}
    if "DialCallStatus" in given:
        status = _DIALLED.get(given["DialCallStatus"], ResultStatus.FAILED)
        return Result(step, CommandKind.TRANSFER, now, status)
    if "RecordingStatus" in given or given.get("RecordingSid"):
        return _recorded(step, given, now)
    if given.get("Digits") or given.get("SpeechResult"):
        digits, speech = given.get("Digits", ""), given.get("SpeechResult", "")
        return Result(step, CommandKind.GATHER, now, digits=digits, speech=speech)
    if step.endswith(".record"):
        return Result(step, CommandKind.RECORD, now, ResultStatus.FAILED)
    return Result(step, CommandKind.GATHER, now, ResultStatus.TIMED_OUT)


def _recorded(step: str, given: Mapping[str, str], now: datetime) -> Result | None:
    status = given.get("RecordingStatus", "completed")
    if status == "in-progress":
        return None
    if status != "completed" or not given.get("RecordingSid"):
        return Result(step, CommandKind.RECORD, now, ResultStatus.FAILED)
    seconds = given.get("RecordingDuration", "")
    length = timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 7 else None
    sid = given["RecordingSid"]
    return Result(step, CommandKind.RECORD, now, recording_id=sid, duration=length)


def wants_document(form: Mapping[str, str]) -> bool:
    """Return whether a request asks what to do with a call, rather than tells of it."""
    over = ("completed", "busy", "no-answer", "canceled", "failed")
    # What follows a recording is asked for by the action; its status is only told.
    told = "CallbackSource" in form or "RecordingStatus" in form
    return not told and form.get("CallStatus", "") not in over
