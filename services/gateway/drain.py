"""Move what waits in the spool to the stream, in order, under the same ids."""

import asyncio
import random

from chassis.errors import Unavailable
from chassis.logs import get_logger
from chassis.messages import Published
from services.gateway.metrics import Metrics
from services.gateway.publisher import BATCH, Bus, Publisher
from services.gateway.spool import Spool

log = get_logger(__name__)

_TIMEOUT = 5.0
"""Nobody waits for these messages, so the stream may take its time."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


class Drain:
    """Empty the spool whenever it holds something and the stream can take it."""

    def __init__(self, spool: Spool, bus: Bus, publisher: Publisher, metrics: Metrics) -> None:
        """Move messages from `spool` to `bus` while `publisher` may publish there."""
        self._spool = spool
        self._bus = bus
        self._publisher = publisher
        self._metrics = metrics

    async def run(self) -> None:
        """Drain for ever; a failure is tried again after a pause that grows to some seconds."""
        pause = _FIRST_PAUSE
        while True:
            await self._spool.filled()
            if await self._moved_some():
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads load
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _moved_some(self) -> bool:
        if not self._publisher.ready:
            return False
        try:
            return await self._step() > 0
        except (Unavailable, OSError, TimeoutError):
            log.warning("spool.stuck", waiting=self._spool.count, exc_info=True)
            return False

    async def _step(self) -> int:
        """Move up to one batch; what the stream did not take stays where it is."""
        oldest = await self._spool.oldest(BATCH)
        results = await self._bus.publish_batch([each.message for each in oldest], _TIMEOUT)
        moved = [
            each.position
            for each, result in zip(oldest, results, strict=True)
            if isinstance(result, Published)
        ]
        # Dying here publishes them again, under the same ids: the stream knows them.
        await self._spool.remove(moved)
        self._metrics.drained(len(moved))
        log.info("spool.drained", moved=len(moved), waiting=self._spool.count)
        return len(moved)
