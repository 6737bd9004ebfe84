"""Sending commands and dials, and what becomes of them."""

from datetime import timedelta
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.commands import Request
from carrier.error_codes import RefusalKind
from carrier.outcomes import Accepted as TakenByCarrier
from carrier.outcomes import InDoubt as InDoubtAtCarrier
from carrier.outcomes import NotSent, Refused
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, Outcome, RetryLater
from services.voice.calls.facts import Direction, Role, Steering
from services.voice.calls.model import Call, usable_id
from services.voice.calls.records import CommandState
from services.voice.calls.switchboard import Switchboard

_RETRY_AFTER = 1.0  # seconds; a caller waits
_DEADLINE = 5.0  # seconds for one attempt

_DIAL_LIVES = timedelta(seconds=60)
"""How long after it was decided a dial may begin: a phone that rings later surprises everybody."""

_CALL_ENDED = "CALL_ENDED"

_DONE_BEFORE = {("enqueue", "90038"), ("leave_queue", "90035")}
"""Refusals that mean the command has had its effect: the call is in a queue, or in none."""


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: Request, *, deadline: float = ...) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


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
        request = Request(effect.method, effect.path, effect.body)
        action = effect.path.rpartition("/")[2]
        match await self._carrier.perform(request, deadline=_DEADLINE):
            case TakenByCarrier():
                return Done("")
            case Refused() as refused:
                return _refusal(action, refused)
            case NotSent(why):
                return RetryLater(_RETRY_AFTER, why.value)
            case InDoubtAtCarrier(doubt):
                return Doubtful(doubt.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Note the outcome on the call; a command that will be tried again stays requested."""
        settled = _settled(outcome)
        if settled is not None:
            await self._switchboard.settle(connection, *_subject(effect), *settled)


class DialPerformer:
    """Sends dials, and lets the legs they start be known."""

    def __init__(self, carrier: Carrier, switchboard: Switchboard) -> None:
        self._carrier = carrier
        self._switchboard = switchboard

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Hold back a dial that could not be sent for so long that nobody expects it any more."""
        late = await self._switchboard.is_late(connection, effect.effect_id, _DIAL_LIVES)
        return "TOO_LATE" if late else None

    async def perform(self, effect: Effect) -> Outcome:
        """Dial once."""
        request = Request(effect.method, effect.path, effect.body)
        match await self._carrier.perform(request, deadline=_DEADLINE):
            case TakenByCarrier() as taken:
                return _dialled(taken)
            case Refused() as refused:
                return _refusal("dial", refused)
            case NotSent(why):
                return RetryLater(_RETRY_AFTER, why.value)
            case InDoubtAtCarrier(doubt):
                return Doubtful(doubt.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Let the new leg be known, or that there is none; a dial in doubt may have started one."""
        name, _, subject = effect.entity_key.partition("\n")
        role, dial = Role[name], effect.effect_id
        settled = _settled(outcome)
        if isinstance(outcome, Done) and outcome.reference:
            leg = _leg(effect, outcome, role, subject)
            await self._switchboard.dialled(connection, dial, leg)
        elif settled is not None:
            await self._switchboard.undialled(connection, dial, role, subject, *settled)


def _dialled(taken: TakenByCarrier) -> Outcome:
    names = ("call_leg_id", "call_control_id", "call_session_id")
    ids = [_usable(taken.data.get(name)) for name in names]
    # An answer that names no leg is no reason to fail: the events of the leg name it.
    return Done(ids[0] or ids[1], orjson.dumps(ids))


def _usable(value: object) -> str:
    return value if isinstance(value, str) and usable_id(value) else ""


def _leg(effect: Effect, outcome: Done, role: Role, subject: str) -> Call:
    leg_id, control_id, session_id = orjson.loads(outcome.detail)
    asked = orjson.loads(effect.body)
    return Call(
        leg_id=leg_id or control_id,
        control_id=control_id,
        session_id=session_id,
        connection_id=asked["connection_id"],
        direction=Direction.OUTBOUND,
        steering=Steering.COMMANDS,
        role=role,
        subject=subject,
        dial_id=effect.effect_id,
    )


def _subject(effect: Effect) -> tuple[str, str]:
    """Return which command of which leg an effect is, by its key."""
    leg_id, separator, key = effect.entity_key.partition("\n")
    if not separator:  # Written by the version before, which put a slash between the two.
        leg_id, _, key = effect.entity_key.rpartition("/")
    return leg_id, key


def _refusal(action: str, refused: Refused) -> Outcome:
    reason = refused.code or f"HTTP_{refused.status}"
    if refused.kind is RefusalKind.GONE and action not in ("bridge", "dial"):
        return Done("", _CALL_ENDED.encode())
    if (action, refused.code) in _DONE_BEFORE:
        return Done("", refused.code.encode())
    if refused.kind in (RefusalKind.RETRY, RefusalKind.SLOW_DOWN):
        return RetryLater(refused.retry_after or _RETRY_AFTER, reason)
    # A bridge joins two calls, and the carrier does not say which of them is over.
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
