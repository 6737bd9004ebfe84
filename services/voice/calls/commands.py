"""Commands as requests to the carrier, and what becomes of them."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands as wire
from carrier.error_codes import RefusalKind
from carrier.outcomes import Accepted as TakenByCarrier
from carrier.outcomes import InDoubt as InDoubtAtCarrier
from carrier.outcomes import NotSent, Refused
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, InDoubt, Outcome, RetryLater
from services.voice.calls.model import Call, Step
from services.voice.calls.records import CommandState
from services.voice.calls.switchboard import Switchboard
from services.voice.policy import Answer, Command, Enqueue, HangUp, Speak, command_id

KIND = "telnyx.command"

RESEND_WINDOW = 50.0
"""Seconds during which a command in doubt is sent again under its id.

The carrier drops a repeated `command_id` for 60 seconds; ten are left for the way. Source: Telnyx,
sending commands for programmable voice.
"""

_RETRY_AFTER = 1.0  # seconds; a caller waits
_MAX_ATTEMPTS = 20
_DEADLINE = 5.0  # seconds for one attempt

_CALL_ENDED = "CALL_ENDED"

_DONE_BEFORE = {(Step.ENQUEUE, "90038")}
"""Refusals that mean the step has been taken: the call is in a queue already."""


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: wire.Request, *, deadline: float = ...) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


class CommandEffects:
    """Turns commands into effects with the exact bytes to send."""

    def __init__(self, voice: str) -> None:
        self._voice = voice

    def __call__(self, call: Call, command: Command) -> Effect:
        """Return the effect of a command on a call; the same every time it is asked for."""
        identity = command_id(call.leg_id, command.step)
        request = self._request(call.control_id, command, identity)
        return Effect(
            effect_id=identity,
            kind=KIND,
            body=request.body,
            method=request.method,
            path=request.path,
            entity_key=f"{call.leg_id}/{command.step}",
            in_doubt=InDoubt.RESEND,
            resend_window=RESEND_WINDOW,
            ordering_key=call.leg_id,
            max_attempts=_MAX_ATTEMPTS,
        )

    def _request(self, control_id: str, command: Command, identity: str) -> wire.Request:
        match command:
            case Answer():
                return wire.answer(control_id, command_id=identity)
            case Speak(text):
                return wire.speak(control_id, text=text, voice=self._voice, command_id=identity)
            case Enqueue(queue):
                return wire.enqueue(control_id, queue_name=queue, command_id=identity)
            case HangUp():
                return wire.hangup(control_id, command_id=identity)


class CommandPerformer:
    """Sends commands and notes what became of them."""

    def __init__(self, carrier: Carrier, switchboard: Switchboard) -> None:
        self._carrier = carrier
        self._switchboard = switchboard

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Hold back what can no longer reach anybody: the call is over."""
        leg_id, _ = _subject(effect)
        return _CALL_ENDED if await self._switchboard.has_ended(connection, leg_id) else None

    async def perform(self, effect: Effect) -> Outcome:
        """Send the command once."""
        request = wire.Request(effect.method, effect.path, effect.body)
        _, step = _subject(effect)
        return _outcome(step, await self._carrier.perform(request, deadline=_DEADLINE))

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Note the outcome on the call; a command that will be tried again stays requested."""
        settled = _settled(outcome)
        if settled is not None:
            await self._switchboard.settle(connection, *_subject(effect), *settled)


def _subject(effect: Effect) -> tuple[str, Step]:
    """Return which step of which leg an effect is."""
    leg_id, _, step = effect.entity_key.rpartition("/")
    return leg_id, Step(step)


def _outcome(step: Step, answered: CarrierOutcome) -> Outcome:
    match answered:
        case TakenByCarrier():
            return Done("")
        case Refused():
            return _refusal(step, answered)
        case NotSent(why):
            return RetryLater(_RETRY_AFTER, why.value)
        case InDoubtAtCarrier(why):
            return Doubtful(why.value)


def _refusal(step: Step, refused: Refused) -> Outcome:
    if refused.kind is RefusalKind.GONE:
        return Done("", _CALL_ENDED.encode())
    if (step, refused.code) in _DONE_BEFORE:
        return Done("", refused.code.encode())
    reason = refused.code or f"HTTP_{refused.status}"
    if refused.kind in (RefusalKind.RETRY, RefusalKind.SLOW_DOWN):
        return RetryLater(refused.retry_after or _RETRY_AFTER, reason)
    return Failed(reason, refused.title)


def _settled(outcome: Outcome) -> tuple[CommandState, str] | None:
    match outcome:
        case Done(_, detail):
            ended = detail == _CALL_ENDED.encode()
            return (CommandState.CALL_ENDED if ended else CommandState.ACCEPTED), ""
        case Failed(reason):
            ended = reason == _CALL_ENDED
            return (CommandState.CALL_ENDED if ended else CommandState.REFUSED), reason
        case Doubtful(reason):
            return CommandState.IN_DOUBT, reason
        case RetryLater():
            return None
