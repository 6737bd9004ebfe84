"""Open the way to the stream once the bus is there and known to keep what it accepts.

Until then webhooks go to the spool. The bus is proven again whenever it comes back: it may be
another server by then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis.jetstream import Bus
from chassis.logs import get_logger
from chassis.messages import BusError
from chassis.streams import NotDurable
from services.gateway.publisher import Publisher

log = get_logger(__name__)

Ensure = Callable[[], Awaitable[None]]
"""Make sure that the streams are there; raise BusError."""
Prove = Callable[[], Awaitable[None]]
"""Make sure that they keep what they accept; raise BusError or NotDurable."""

_PAUSE = 0.5
_AGAIN = 30.0
"""Seconds after which the streams are looked for again, should somebody have deleted them."""


class Opening:
    """Watch over the bus on behalf of a publisher."""

    def __init__(
        self, bus: Bus, publisher: Publisher, ensure: Ensure, prove: Prove, *, grace: float
    ) -> None:
        """Open `publisher` once the streams are proven; a bus that comes back has `grace` seconds.

        The grace is for the server's monitor, which may come up after the server.
        """
        self._bus = bus
        self._publisher = publisher
        self._ensure = ensure
        self._prove = prove
        self._grace = grace
        self._came_back = asyncio.Event()

    async def attempt(self, patience: float) -> None:
        """Open the publisher if the bus is there within `patience` seconds.

        Raises NotDurable for a bus that is there and may lose what it acknowledged.
        """
        try:
            await self._bus.until_connected(patience)
            await self._ensure()
            await self._prove()
        except BusError as error:
            log.warning("bus.away", reason=error.reason)
            self._came_back.set()
        else:
            self._publisher.open()

    async def run(self) -> None:
        """Prove the bus whenever it has come back; raise NotDurable when it is found wanting."""
        async with self._bus.calling_on_connect(self._came_back.set):
            while True:
                if await self._came_back_soon():
                    await self._prove_patiently()
                    self._publisher.open()
                    log.info("bus.proven")
                else:
                    with suppress(BusError):
                        await self._ensure()

    async def _came_back_soon(self) -> bool:
        try:
            async with asyncio.timeout(_AGAIN):
                await self._came_back.wait()
        except TimeoutError:
            return False
        self._came_back.clear()
        return True

    async def _prove_patiently(self) -> None:
        loop = asyncio.get_running_loop()
        end: float | None = None
        while True:
            try:
                await self._ensure()
                return await self._prove()
            except NotDurable:
                end = end or loop.time() + self._grace
                if loop.time() >= end:
                    raise
            except BusError:
                end = None
            await asyncio.sleep(_PAUSE)
