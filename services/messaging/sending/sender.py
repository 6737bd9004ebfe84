"""Hand messages to the carrier: the performer of the outbox's `telnyx.message` effects."""

from datetime import datetime, timedelta
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands
from carrier.error_codes import RefusalKind
from carrier.outcomes import Accepted, NotSent, Refused
from carrier.outcomes import InDoubt as CarrierInDoubt
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.effects import Done, Doubtful, Effect, Failed, InDoubt, Later, Outcome, RetryLater
from chassis.logs import get_logger
from services.messaging.model import Failure, FailureReason, Message
from services.messaging.sending.plan import Deferral
from services.messaging.use_cases.releasing import Releasing
from services.messaging.use_cases.sending import Sending

KIND = "telnyx.message"

# Telnyx replays the answer to a key for 24 hours (Telnyx: idempotency); an hour is left for clocks
# and for the time the request takes.
_RESEND_SECONDS = 23 * 3600.0
_MAX_ATTEMPTS = 50
"""With the pauses below and the outbox's own, which grow to a minute: three quarters of an hour."""
_RETRY_SECONDS = 5.0
_SLOW_DOWN_SECONDS = 60.0

_REASONS = {
    RefusalKind.PERMANENT: FailureReason.UNREACHABLE,
    RefusalKind.OPTED_OUT: FailureReason.OPTED_OUT,
    RefusalKind.CONFIGURATION: FailureReason.CONFIGURATION,
}
_DEFERRALS = {
    RefusalKind.SLOW_DOWN.value: Deferral.CARRIER_BUSY,
    RefusalKind.HOLD.value: Deferral.CARRIER_HOLD,
}
_HOLD_SECONDS = {"40020": 24 * 3600.0}
"""Telnyx blocks traffic it takes for pumping of codes for 24 hours (Telnyx: messaging errors)."""
_LONGEST_LOOK_SECONDS = 3600.0
"""How long other holds are left alone, such as a sender that is pending (40320)."""
_SENDER_TOO_FAST = ("10011", "40011", "40016", "40018", "40318")
"""What counts everything a sender sends; other codes of this kind are about the one message."""
_REFUSAL = "{"
"""What the detail of the carrier's own refusal begins with; other failures are decided here."""
_OPERATOR = (RefusalKind.CONFIGURATION, RefusalKind.HOLD, RefusalKind.KEY_REUSED)

_log = get_logger(__name__)


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(
        self, request: commands.Request, *, idempotency_key: str | None = None
    ) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


def render(message: Message) -> Effect:
    """Return the effect that hands a message to the carrier; its id is the idempotency key.

    Messages are sent side by side: one that has to wait holds up no other.
    """
    request = commands.send_message(
        from_number=message.our_number,
        to=message.peer_number,
        text=message.text,
        media_urls=[media.url for media in message.media],
        subject=message.subject or None,
    )
    return Effect(
        effect_id=message.message_id,
        kind=KIND,
        body=request.body,
        method=request.method,
        path=request.path,
        entity_key=message.message_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_RESEND_SECONDS,
        max_attempts=_MAX_ATTEMPTS,
        not_before=message.plan.release_time,
    )


class MessageSender:
    """Sends what may still be sent, and records what became of it."""

    def __init__(self, carrier: Carrier, sending: Sending, releasing: Releasing) -> None:
        self._carrier = carrier
        self._sending = sending
        self._releasing = releasing

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | Later | None:
        """Refuse a message whose recipient has opted out, or whose time has passed.

        One whose hours or whose sender's pace do not allow it now is put off.
        """
        match await self._releasing.admit(connection, effect.effect_id):
            case FailureReason() as reason:
                return reason.name
            case datetime() as until:
                return Later(until)
            case None:
                return None

    async def perform(self, effect: Effect) -> Outcome:
        """Make one attempt under the message's idempotency key."""
        request = commands.Request(effect.method, effect.path, effect.body)
        outcome = await self._carrier.perform(request, idempotency_key=effect.effect_id)
        match outcome:
            case Accepted():
                return _accepted(outcome)
            case Refused():
                return _refused(effect, outcome)
            case NotSent(why):
                return RetryLater(_RETRY_SECONDS, why.value)
            case CarrierInDoubt(why):
                return Doubtful(why.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Let the message know."""
        match outcome:
            case Done(reference):
                await self._sending.accepted(connection, effect.effect_id, reference)
            case Failed(reason, detail) if detail.startswith(_REFUSAL):
                failure = Failure(FailureReason[reason], **orjson.loads(detail))
                await self._sending.refused(connection, effect.effect_id, failure)
            case Failed(reason):
                given_up = _given_up(reason)
                await self._sending.given_up(connection, effect.effect_id, given_up)
            case Doubtful():
                await self._sending.in_doubt(connection, effect.effect_id)
            case RetryLater(after, reason):
                await self._wait(connection, effect.effect_id, after, reason)

    async def _wait(
        self, connection: AsyncConnection, message_id: str, after: float, reason: str
    ) -> None:
        """Let the message know what the carrier makes it wait for, and its sender slow down."""
        kind, _, code = reason.partition(" ")
        if kind not in _DEFERRALS:
            return
        until = self._sending.clock.now() + timedelta(seconds=after)
        await self._sending.deferred(connection, message_id, _DEFERRALS[kind], until)
        if code in _SENDER_TOO_FAST:
            await self._releasing.pause(connection, message_id, until)


def _accepted(outcome: Accepted) -> Outcome:
    carrier_message_id = outcome.data.get("id")
    if not isinstance(carrier_message_id, str) or not carrier_message_id:
        # Accepted, but by what name is unknown: asking again under the same key repeats the answer.
        return Doubtful("ANSWER_UNREADABLE")
    return Done(carrier_message_id)


def _refused(effect: Effect, refused: Refused) -> Outcome:
    if refused.kind in _OPERATOR:
        _log.error(
            "message.refused",
            message_id=effect.effect_id,
            kind=refused.kind.value,
            code=refused.code,
            title=refused.title,
        )
    match refused.kind:
        case RefusalKind.RETRY:
            return RetryLater(refused.retry_after or _RETRY_SECONDS, refused.code)
        case RefusalKind.SLOW_DOWN:
            seconds = refused.retry_after or _SLOW_DOWN_SECONDS
            return RetryLater(seconds, f"{refused.kind.value} {refused.code}")
        case RefusalKind.HOLD:
            seconds = _HOLD_SECONDS.get(refused.code, _LONGEST_LOOK_SECONDS)
            return RetryLater(seconds, f"{refused.kind.value} {refused.code}")
        case kind:
            reason = _REASONS.get(kind, FailureReason.BAD_REQUEST)
            said = {"carrier_code": refused.code, "carrier_title": refused.title}
            return Failed(reason.name, orjson.dumps(said).decode())


def _given_up(reason: str) -> FailureReason:
    """Return why a message is not sent that no carrier refused: our objection, or no end."""
    ours = (FailureReason.OPTED_OUT, FailureReason.CONSENT_HELD, FailureReason.EXPIRED)
    if reason in [each.name for each in ours]:
        return FailureReason[reason]
    return FailureReason.RETRIES_EXHAUSTED
