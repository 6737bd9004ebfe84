"""Publish accepted events to the stream, many acknowledgements for the price of one."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from chassis.errors import Unavailable
from chassis.messages import BusError, Outgoing, Published
from services.gateway.batches import Batches

BATCH = 64
"""Messages in one atomic batch; larger ones gain little and wait longer."""


class Bus(Protocol):
    """What publishing needs of the bus."""

    @property
    def connected(self) -> bool:
        """Tell whether the bus can be reached at this moment."""
        ...

    async def publish_batch(
        self,
        messages: Sequence[Outgoing],
        timeout: float,  # noqa: ASYNC109 - the bus's own
    ) -> Sequence[Published | BusError]:
        """Publish all of `messages`; one result for each, in order."""
        ...


class Publisher:
    """Publish single messages in natural batches, once the stream is known to be durable."""

    def __init__(self, bus: Bus, *, timeout: float = 0.8, waiting: int = 2048) -> None:
        """Publish over `bus`; a message is given up after `timeout` seconds, waiting included."""
        self._bus = bus
        self._timeout = timeout
        self._open = False
        self._batches: Batches[Outgoing, Published] = Batches(
            self._publish, key=lambda message: message.message_id, limit=BATCH, waiting=waiting
        )

    def open(self) -> None:
        """Allow publishing: the stream exists and keeps what it acknowledges."""
        self._open = True

    @property
    def ready(self) -> bool:
        """Tell whether a message published now has a chance."""
        return self._open and self._bus.connected

    async def publish(self, message: Outgoing) -> Published:
        """Return when the stream has stored `message`, under its id, once.

        Raises Unavailable when that is not known to have happened; the stream may have stored the
        message all the same, so whoever tries again uses the same id.
        """
        if not self.ready:
            raise _unavailable("the stream is away")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._batches.add(message)
        except TimeoutError:
            raise _unavailable("the stream does not answer") from None
        except BusError as error:
            raise _unavailable("the stream did not take the event") from error

    async def _publish(self, messages: Sequence[Outgoing]) -> Sequence[Published | Exception]:
        return await self._bus.publish_batch(messages, self._timeout)


def _unavailable(message: str) -> Unavailable:
    return Unavailable("BUS_UNAVAILABLE", message, retry_after=1)
