"""Taking messages back that have not left."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotYet
from services.messaging.consent.decision import ObjectionReason
from services.messaging.model import Failure, FailureReason, Message, Status, cancelled, failed
from services.messaging.use_cases.sending import Sending


@dataclass(frozen=True)
class Withdrawing:
    """Withdraws messages, for their sender and for their recipient.

    The effect is always taken before the message, as a dispatcher that claims it does, so that the
    two cannot wait for one another.
    """

    sending: Sending

    async def cancel(self, connection: AsyncConnection, message_id: str) -> Message:
        """Withdraw a message and return it; raises NotFound or NotYet (TOO_LATE_TO_CANCEL)."""
        reason = FailureReason.CANCELLED
        withdrawn = await self.sending.effects.cancel(connection, message_id, reason.name)
        message = await self.sending.hold(connection, message_id)
        if withdrawn:
            message = cancelled(message, Failure(reason), self.sending.clock.now())
            await self.sending.messages.save(connection, message)
        elif message.status is not Status.CANCELLED:
            raise NotYet(
                "TOO_LATE_TO_CANCEL",
                "the message has left, or has come to another end",
                metadata={"status": message.status.name},
            )
        return message

    async def cancel_blocked(self, connection: AsyncConnection, peer_number: str) -> None:
        """Withdraw what waits for somebody and may no longer be sent to them.

        Called in the transaction that revokes. What only a text that waits to be judged speaks
        against is left: it is asked again when it is due.
        """
        for message in await self.sending.messages.waiting(connection, peer_number):
            objection = await self.sending.consents.objection(
                connection,
                message.our_number,
                message.peer_number,
                message.purpose,
                program=message.plan.program,
                auto=message.auto,
            )
            if objection is not None and objection.reason is ObjectionReason.OPTED_OUT:
                await self._block(connection, message)

    async def _block(self, connection: AsyncConnection, message: Message) -> None:
        reason = FailureReason.OPTED_OUT
        if await self.sending.effects.cancel(connection, message.message_id, reason.name):
            held = await self.sending.hold(connection, message.message_id)
            end = cancelled if held.status is Status.SCHEDULED else failed
            ended = end(held, Failure(reason), self.sending.clock.now())
            await self.sending.messages.save(connection, ended)
