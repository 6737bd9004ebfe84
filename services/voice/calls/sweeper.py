"""Closing legs whose end nobody told: after a time the carrier is asked whether they go on."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import call_commands as wire
from carrier.commands import Request
from carrier.error_codes import RefusalKind
from carrier.outcomes import Accepted, InDoubt, NotSent, Refused
from chassis import logs
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.effects import InDoubt as WhenInDoubt
from chassis.timers import Timers
from services.voice.calls.desk import Calls, Outbox
from services.voice.calls.model import Call, Hangup
from services.voice.calls.performers import Carrier
from services.voice.calls.records import Heard
from services.voice.calls.switchboard import Switchboard

KIND = "calls.sweep"
"""The kind of timer that rings for a leg without an end, by its id."""
QUESTION = "telnyx.call_state"
"""The kind of effect that asks the carrier about a leg."""

LOST = "lost"
"""The cause of the end of a leg that the carrier knows no more."""

_IDS = uuid.UUID("a3f6f1f2-6a0e-5a3c-8a53-6b6a0a5b9a11")
_DEADLINE = 5.0  # seconds
_RETRY_AFTER = 5.0  # seconds
_MAX_ATTEMPTS = 5
_WINDOW = 24 * 3600.0  # Asking changes nothing, so it may be repeated.
_ALIVE, _OVER = "alive", "over"

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """Watches over legs: a listener, a timer and the effect that asks the carrier."""

    calls: Calls
    outbox: Outbox
    timers: Timers
    after: timedelta
    """How long a leg may go on before it is asked about."""
    every: timedelta
    """How often it is asked about from then on."""

    async def changed(
        self, connection: AsyncConnection, before: Call, after: Call, now: datetime
    ) -> None:
        """Begin to wait for the end of a leg that is new, and stop when it came."""
        if after.hung_up is None:
            if before == Call(leg_id=before.leg_id):
                await self.timers.set(connection, KIND, after.leg_id, now + self.after)
        elif before.hung_up is None:
            await self.timers.cancel(connection, KIND, after.leg_id)

    async def ring(self, connection: AsyncConnection, leg_id: str, now: datetime) -> None:
        """Ask about a leg that should be over, and look again later."""
        call = await self.calls.find(connection, Call(leg_id=leg_id))
        if call is None or call.hung_up is not None:
            return
        await self.outbox.add(connection, _question(call, now))
        await self.timers.set(connection, KIND, leg_id, now + self.every)


def _question(call: Call, now: datetime) -> Effect:
    """Return the question about a leg; without a control id there is nobody to ask about."""
    request = wire.get_call(call.control_id) if call.control_id else Request("", "")
    return Effect(
        effect_id=str(uuid.uuid5(_IDS, f"{call.leg_id}/{now.isoformat()}")),
        kind=QUESTION,
        body=b"",
        method=request.method,
        path=request.path,
        entity_key=call.leg_id,
        in_doubt=WhenInDoubt.RESEND,
        resend_window=_WINDOW,
        max_attempts=_MAX_ATTEMPTS,
    )


class SweepPerformer:
    """Asks the carrier about a leg, and closes it when the carrier knows it no more."""

    def __init__(self, carrier: Carrier, switchboard: Switchboard) -> None:
        self._carrier = carrier
        self._switchboard = switchboard

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Ask nothing about a leg whose end has come meanwhile."""
        ended = await self._switchboard.has_ended(connection, effect.entity_key)
        return "CALL_ENDED" if ended else None

    async def perform(self, effect: Effect) -> Outcome:
        """Ask once. Source: Telnyx, GET /calls/{id}: readable until 10 minutes after the end."""
        if not effect.path:
            return Done(_OVER)
        request = Request(effect.method, effect.path)
        match await self._carrier.perform(request, deadline=_DEADLINE):
            case Accepted() as answer:
                over = answer.data.get("is_alive") is False
                return Done(_OVER, _end(answer.data.get("end_time"))) if over else Done(_ALIVE)
            case Refused(kind=RefusalKind.NOT_FOUND | RefusalKind.GONE):
                return Done(_OVER)
            case Refused() as refused:
                return Failed(refused.code or f"HTTP_{refused.status}")
            case NotSent() | InDoubt() as unanswered:
                return RetryLater(_RETRY_AFTER, unanswered.why.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Close a leg that is over; any other answer leaves it to the next question."""
        if not isinstance(outcome, Done) or outcome.reference != _OVER:
            return
        now = self._switchboard.clock.now()
        end = datetime.fromisoformat(outcome.detail.decode()) if outcome.detail else now
        closed = Call(leg_id=effect.entity_key, hung_up=Hangup(end, LOST), lost=True)
        _log.warning("call.lost", call_leg_id=effect.entity_key)
        await self._switchboard.record(
            connection, closed, Heard(effect.effect_id, "switchhook.call.lost", now)
        )


def _end(text: object) -> bytes:
    """Return when the carrier says a call ended; empty when it says nothing that is a time."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return b""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().encode()
