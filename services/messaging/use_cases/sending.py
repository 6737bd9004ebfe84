"""Messages on their way out: asked for, claimed, and what became of them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Effect
from chassis.errors import NotFound, NotYet
from services.messaging.consent.decision import Objection, ObjectionReason
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    Recipient,
    Status,
    advanced,
    failed,
    merged,
)
from services.messaging.ports import Answers, Effects, Filters, Messages, Position
from services.messaging.sending.plan import Deferral, Plan
from services.messaging.use_cases.composing import Composing
from services.messaging.use_cases.composing import Draft as Draft
from services.messaging.use_cases.consents import Consents

_METHOD = "SendMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What makes a request the same as another, and how its answer is written down."""

    request_id: str
    fingerprint: bytes
    answer: Callable[[Message], bytes] = field(repr=False)


@dataclass(frozen=True)
class Sending:
    """Queues messages and follows them to the carrier."""

    messages: Messages
    consents: Consents
    effects: Effects
    answers: Answers
    render: Callable[[Message], Effect]
    """Makes the effect that hands a message to the carrier."""
    clock: Clock
    composing: Composing

    async def send(self, connection: AsyncConnection, request: Request, draft: Draft) -> bytes:
        """Queue a message and return the answer, which for a repeated request is the first one.

        Raises Invalid, NotFound (TEMPLATE_NOT_FOUND), NotYet (RECIPIENT_OPTED_OUT,
        RECIPIENT_HELD, NO_ALLOWED_HOURS) or AlreadyDone (IDEMPOTENCY_MISMATCH).
        """
        same = (_METHOD, request.request_id, request.fingerprint)
        first = await self.answers.replay(connection, *same)
        if first is not None:
            return first
        draft = await self.composing.compose(connection, draft)
        await self.check_consent(connection, draft)
        message = await self.queue(connection, str(uuid.uuid4()), draft)
        answer = request.answer(message)
        await self.answers.record(connection, *same, answer)
        return answer

    async def queue(self, connection: AsyncConnection, message_id: str, draft: Draft) -> Message:
        """Store a message and the duty to send it; the same id is queued once."""
        now = self.clock.now()
        message = _drafted(message_id, draft, self.composing.plan(draft, now), now)
        if await self.messages.add(connection, message):
            await self.effects.add(connection, self.render(message))
        return message

    async def objection(self, connection: AsyncConnection, message_id: str) -> FailureReason | None:
        """Return why a message must not be sent after all, or None.

        Called in the transaction that claims it: nobody can opt out between this answer and the
        end of the transaction, so nothing is claimed after an opt-out was committed. Raises
        Contended when the recipient is opting out at this moment.
        """
        return await self.objection_to(connection, await self.get(connection, message_id))

    async def objection_to(
        self, connection: AsyncConnection, message: Message
    ) -> FailureReason | None:
        """Return why a message must not be sent after all, or None; see `objection`."""
        if message.expire_time is not None and self.clock.now() >= message.expire_time:
            return FailureReason.EXPIRED
        await self.consents.ledger.rely(connection, message.peer_number)
        pair = (message.our_number, message.peer_number)
        objection = await self.consents.objection(
            connection, *pair, message.purpose, program=message.plan.program, auto=message.auto
        )
        return None if objection is None else _REASONS[objection.reason]

    async def accepted(
        self, connection: AsyncConnection, message_id: str, carrier_message_id: str
    ) -> None:
        """Record that the carrier took a message, and join what it has reported of it already."""
        early = await self.messages.hold_of_carrier(
            connection, Direction.OUTBOUND, carrier_message_id
        )
        message = advanced(await self.hold(connection, message_id), Status.SENDING)
        message = replace(message, accept_time=message.accept_time or self.clock.now())
        if not message.carrier_message_id:
            message = replace(message, carrier_message_id=carrier_message_id)
        if early is not None and early.message_id != message_id:
            await self.messages.remove(connection, early.message_id)
            message = merged(message, early)
        await self.messages.save(connection, message)

    async def in_doubt(self, connection: AsyncConnection, message_id: str) -> None:
        """Record that a message was handed over and may or may not have been taken."""
        message = await self.hold(connection, message_id)
        await self.messages.save(connection, advanced(message, Status.IN_DOUBT))

    async def deferred(
        self, connection: AsyncConnection, message_id: str, deferral: Deferral, until: datetime
    ) -> None:
        """Record that a message waits, and what for."""
        message = await self.hold(connection, message_id)
        plan = replace(message.plan, deferral=deferral, release_time=until)
        await self.messages.save(connection, replace(message, plan=plan))

    async def given_up(
        self, connection: AsyncConnection, message_id: str, reason: FailureReason
    ) -> None:
        """Record that a message is not handed over any more.

        One in doubt stays so: an earlier attempt may have arrived.
        """
        message = await self.hold(connection, message_id)
        if message.status is not Status.IN_DOUBT:
            ended = failed(message, Failure(reason), self.clock.now())
            await self.messages.save(connection, ended)

    async def refused(self, connection: AsyncConnection, message_id: str, failure: Failure) -> None:
        """Record that the carrier did not take a message, and an opt-out that it knows of."""
        message = failed(await self.hold(connection, message_id), failure, self.clock.now())
        await self.messages.save(connection, message)
        if failure.reason is FailureReason.OPTED_OUT:
            await self.consents.block(connection, message, failure)

    async def get(self, connection: AsyncConnection, message_id: str) -> Message:
        """Return a message; raises NotFound."""
        return _found(await self.messages.get(connection, message_id))

    async def of_carrier(self, connection: AsyncConnection, carrier_message_id: str) -> Message:
        """Return the message the carrier calls so; raises NotFound."""
        return _found(await self.messages.of_carrier(connection, carrier_message_id))

    async def list(
        self, connection: AsyncConnection, filters: Filters, *, limit: int, after: Position | None
    ) -> list[Message]:
        """Return at most `limit` messages, newest first, that come after the position."""
        return await self.messages.list(connection, filters, limit=limit, after=after)

    async def hold(self, connection: AsyncConnection, message_id: str) -> Message:
        """Return a message that nobody else changes until the end; raises NotFound."""
        return _found(await self.messages.hold(connection, message_id))

    async def check_consent(self, connection: AsyncConnection, draft: Draft) -> None:
        """Raise NotYet (RECIPIENT_OPTED_OUT, RECIPIENT_HELD) for what must not be sent."""
        objection = await self.consents.objection(
            connection,
            draft.our_number,
            draft.peer_number,
            draft.purpose,
            program=draft.program,
        )
        if objection is not None:
            raise _refusal(objection)


_REASONS = {
    ObjectionReason.OPTED_OUT: FailureReason.OPTED_OUT,
    ObjectionReason.HELD: FailureReason.CONSENT_HELD,
}


def _refusal(objection: Objection) -> NotYet:
    if objection.reason is ObjectionReason.HELD:
        return NotYet(
            "RECIPIENT_HELD",
            "a text of the recipient that may be an opt-out waits to be judged",
            metadata={"entry_id": objection.entry_id, "hold_id": objection.hold_id},
        )
    return NotYet(
        "RECIPIENT_OPTED_OUT",
        "the recipient has revoked consent",
        metadata={"entry_id": objection.entry_id},
    )


def _drafted(message_id: str, draft: Draft, plan: Plan, now: datetime) -> Message:
    scheduled = plan.schedule_time is not None and plan.schedule_time > now
    status = Status.SCHEDULED if scheduled else Status.QUEUED
    return Message(
        message_id=message_id,
        direction=Direction.OUTBOUND,
        status=status,
        create_time=now,
        our_number=draft.our_number,
        peer_number=draft.peer_number,
        recipients=(Recipient(draft.peer_number, status),),
        text=draft.text or None,
        subject=draft.subject,
        media=tuple(Media(url) for url in draft.media_urls),
        purpose=draft.purpose,
        expire_time=draft.expire_time,
        auto=draft.auto,
        plan=plan,
    )


def _found(message: Message | None) -> Message:
    if message is None:
        raise NotFound("MESSAGE_NOT_FOUND", "no such message")
    return message
