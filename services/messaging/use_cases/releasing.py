"""Whether a message that is due may leave now, and how long it has to wait if not."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.model import FailureReason, Message, Purpose, Status, advanced
from services.messaging.sending.pacing import Bucket, Paces
from services.messaging.sending.plan import Deferral
from services.messaging.sending.segments import estimate
from services.messaging.use_cases.sending import Sending

_LOOK_AGAIN = timedelta(days=1)
"""How long a message waits whose recipient may never be written to, as the hours are now."""
_BULK = (Purpose.MARKETING, Purpose.TRANSACTIONAL)


class Buckets(Protocol):
    """Where the paces of senders are kept, for all replicas."""

    async def hold(self, connection: AsyncConnection, sender: str) -> Bucket:
        """Return a sender's bucket for a change; raises Contended, never waits."""
        ...

    async def save(self, connection: AsyncConnection, sender: str, bucket: Bucket) -> None:
        """Write a bucket that is held back."""
        ...


@dataclass(frozen=True)
class Releasing:
    """Lets messages go in their time."""

    sending: Sending
    buckets: Buckets
    paces: Paces

    async def admit(
        self, connection: AsyncConnection, message_id: str
    ) -> FailureReason | datetime | None:
        """Return why a message must not be sent after all, until when it waits, or None for now.

        Called in the transaction that claims it. Consent and the recipient's hours are asked now,
        whatever they were when the message was queued.
        """
        message = await self.sending.get(connection, message_id)
        reason = await self.sending.objection_to(connection, message)
        if reason is not None:
            return reason
        deferral, until = await self._wait(connection, message)
        if until is None:
            await self._let_go(connection, message)
            return None
        if message.expire_time is not None and until >= message.expire_time:
            return FailureReason.EXPIRED
        await self.sending.deferred(connection, message_id, deferral, until)
        return until

    async def pause(self, connection: AsyncConnection, message_id: str, until: datetime) -> None:
        """Hold back everything of a message's sender: the carrier says it is too fast."""
        sender = (await self.sending.get(connection, message_id)).our_number
        bucket = await self.buckets.hold(connection, sender)
        paused = bucket.paused(self.paces.of(sender), until)
        await self.buckets.save(connection, sender, paused)

    async def _wait(
        self, connection: AsyncConnection, message: Message
    ) -> tuple[Deferral, datetime | None]:
        now = self.sending.clock.now()
        asked = message.plan.schedule_time
        if asked is not None and asked > now:
            return Deferral.UNSPECIFIED, asked
        if message.purpose is Purpose.MARKETING:
            opens = self.sending.composing.opens(message.peer_number, now) or now + _LOOK_AGAIN
            if opens > now:
                return Deferral.QUIET_HOURS, opens
        return Deferral.PACE, await self._place(connection, message, now)

    async def _place(
        self, connection: AsyncConnection, message: Message, now: datetime
    ) -> datetime | None:
        """Return when the sender's pace lets the message go, None for now."""
        sender, plan = message.our_number, message.plan
        bucket, pace = await self.buckets.hold(connection, sender), self.paces.of(sender)
        place = plan.release_time if plan.deferral is Deferral.PACE else None
        if place is not None and bucket.holds_place(place, now, pace):
            return None
        parts = 1 if message.media else estimate(message.text or "").parts
        bucket, place = bucket.take(pace, parts, now, urgent=message.purpose not in _BULK)
        await self.buckets.save(connection, sender, bucket)
        return None if place <= now else place

    async def _let_go(self, connection: AsyncConnection, message: Message) -> None:
        if message.status is Status.SCHEDULED or message.plan.deferral:
            held = await self.sending.hold(connection, message.message_id)
            plan = replace(held.plan, deferral=Deferral.UNSPECIFIED)
            released = replace(advanced(held, Status.QUEUED), plan=plan)
            await self.sending.messages.save(connection, released)
