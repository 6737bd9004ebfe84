"""Publishing what a service decided, as an effect of its outbox."""

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Done, Doubtful, Effect, Failed, InDoubt, Outcome, RetryLater
from chassis.jetstream import Bus, BusError

EVENT = "event"
"""The kind of effect an EventPublisher performs."""

_AGAIN_SECONDS = 1.0
_WEEK = 7 * 86_400.0


def event_effect(event_id: str, subject: str, payload: bytes, *, ordering_key: str = "") -> Effect:
    """Describe the publication of an event; `event_id` is also its message id.

    It is tried without end and sent again when in doubt: the stream drops a repeated id for ten
    minutes, and the consumers' inboxes do for as long as the stream keeps events.
    """
    return Effect(
        effect_id=event_id,
        kind=EVENT,
        body=payload,
        path=subject,
        in_doubt=InDoubt.RESEND,
        resend_window=_WEEK,
        ordering_key=ordering_key,
        max_attempts=0,
    )


class EventPublisher:
    """Perform effects of the kind `event`: store the body in a stream under the path's subject."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def admit(self, connection: AsyncConnection, effect: Effect, /) -> str | None:
        """Admit every event: it was decided in the transaction that queued it."""
        return None

    async def perform(self, effect: Effect, /) -> Outcome:
        """Publish the event; the reference is its sequence in the stream."""
        try:
            stored = await self._bus.publish(
                effect.path, effect.body, message_id=effect.effect_id, timeout=5.0
            )
        except BusError as error:
            if error.in_doubt:
                return Doubtful(error.reason)
            if error.reason == "BUS_REFUSED" and not error.code:
                return Failed(error.reason, error.message)  # it cannot even be sent
            return RetryLater(_AGAIN_SECONDS, error.reason)
        return Done(str(stored.sequence))

    async def settle(
        self, connection: AsyncConnection, effect: Effect, outcome: Outcome, /
    ) -> None:
        """Settle nothing: the outbox row says it all."""
