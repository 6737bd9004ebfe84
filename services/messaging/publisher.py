"""Tell the stream: the performer of the outbox's `event` effects."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Done, Doubtful, Effect, Outcome, RetryLater
from chassis.jetstream import BusError, Published

_RETRY_SECONDS = 1.0


class Stream(Protocol):
    """Where events are stored."""

    async def publish(self, subject: str, payload: bytes, *, message_id: str) -> Published:
        """Store a message; raises BusError."""
        ...


class EventPublisher:
    """Publishes an event under its id, which the stream and every reader know again."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every event: what has happened may be told."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Store the event."""
        try:
            stored = await self._stream.publish(
                effect.path, effect.body, message_id=effect.effect_id
            )
        except BusError as error:
            return Doubtful(error.reason) if error.in_doubt else RetryLater(_RETRY_SECONDS)
        return Done(str(stored.sequence))

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Need no record beyond the outbox's."""
