"""How long documents take from the carrier's word that it has them to our store.

Links live for minutes, so what is still awaited after that needs somebody to look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from chassis import logs
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Contended, Unavailable
from chassis.lifecycle import background
from chassis.metrics import Metrics
from services.fax.model import DocumentState, Fax
from services.fax.tables import faxes

_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3600.0, 86400.0)
_LOOK_SECONDS = 15.0

_log = logs.get_logger(__name__)


class Arrivals:
    """The figures: delays of what has come, and what has not."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        """Make the metrics."""
        self._clock = clock
        self._delay = metrics.histogram(
            "fax_store_delay_seconds",
            "Time from the carrier's word that it has a document until it was in the store.",
            buckets=_BUCKETS,
        )
        self._awaited = metrics.gauge(
            "fax_documents_awaited", "Documents the carrier has and the store has not."
        )
        self._oldest = metrics.gauge(
            "fax_document_oldest_awaited_seconds", "How long the oldest of them is awaited."
        )

    def arrived(self, fax: Fax) -> None:
        """Count a document that is in the store."""
        stored, announced = fax.document.store_time, fax.announce_time
        if stored is not None and announced is not None:
            # The carrier's clock may run ahead of ours.
            self._delay.at().observe(max((stored - announced).total_seconds(), 0.0))

    async def look(self, database: Database) -> None:
        """Count what is awaited."""
        awaited = (faxes.c.document_state == DocumentState.PENDING.value) & (
            faxes.c.document_sha256 == ""
        )
        query = sa.select(sa.func.count(), sa.func.min(faxes.c.announce_time)).where(awaited)
        async with database.reading() as connection:
            count, oldest = (await connection.execute(query)).one()
        age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        self._awaited.at().set(count)
        self._oldest.at().set(max(age, 0.0))


@asynccontextmanager
async def watching_arrivals(database: Database, arrivals: Arrivals) -> AsyncIterator[None]:
    """Keep the figures of what is awaited fresh for the block."""
    async with background(_look_again(database, arrivals), name="fax arrivals"):
        yield


async def _look_again(database: Database, arrivals: Arrivals) -> None:
    while True:
        try:
            await arrivals.look(database)
        except (Unavailable, Contended) as fault:
            _log.warning("arrivals.postponed", reason=fault.reason)
        await asyncio.sleep(_LOOK_SECONDS)
