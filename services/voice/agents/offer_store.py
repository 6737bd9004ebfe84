"""Offers in the database."""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import OPEN, Offer, OfferState
from services.voice.agents.tables import LOADING as LOADS
from services.voice.agents.tables import offers
from services.voice.queues.feed import Written

_FIELDS = [each.name for each in dataclasses.fields(Offer)]
# Bound values would keep the databases from using the index on this condition.
_LOADS = sa.text(f"offers.{LOADS}")
_UPDATE = sa.update(offers).where(offers.c.offer_id == sa.bindparam("which"))
_SAMPLES = 100
_RECENT = timedelta(hours=24)


class SqlOffers:
    """Offers, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, offer: Offer, now: datetime) -> None:
        """Keep a new offer."""
        await connection.execute(sa.insert(offers), _values(offer) | {"update_time": now})

    async def save(self, connection: AsyncConnection, offer: Offer, now: datetime) -> None:
        """Write what an offer is now."""
        values = _values(offer) | {"update_time": now, "which": offer.offer_id}
        await connection.execute(_UPDATE, values)

    async def get(self, connection: AsyncConnection, offer_id: str) -> Offer | None:
        """Return an offer, or None."""
        query = sa.select(offers).where(offers.c.offer_id == offer_id)
        return _first(await self._read(connection, query))

    async def locked(self, connection: AsyncConnection, offer_id: str) -> Offer | None:
        """Return an offer, locked until the transaction ends, or None."""
        query = sa.select(offers).where(offers.c.offer_id == offer_id).with_for_update()
        return _first(await self._read(connection, query))

    async def of_leg(self, connection: AsyncConnection, leg_id: str) -> Offer | None:
        """Return the offer that an agent's leg has now, or None."""
        query = sa.select(offers).where(offers.c.leg_id == leg_id, _LOADS)
        return _first(await self._read(connection, query))

    async def of_agent(self, connection: AsyncConnection, agent_id: str) -> Sequence[Offer]:
        """Return an agent's offers that are not over, oldest first."""
        query = sa.select(offers).where(offers.c.agent_id == agent_id, _LOADS)
        return await self._read(connection, query.order_by(offers.c.create_time, offers.c.offer_id))

    async def open_of(self, connection: AsyncConnection, agent_id: str) -> Sequence[Offer]:
        """Return an agent's offers that wait for their answer."""
        found = await self.of_agent(connection, agent_id)
        return [offer for offer in found if offer.state in OPEN]

    async def recent(
        self, connection: AsyncConnection, since: datetime
    ) -> Sequence[Written[Offer]]:
        """Return what was written at a time or later."""
        return await self._written(connection, offers.c.update_time >= since)

    async def watched(
        self, connection: AsyncConnection, agent_id: str, offer_ids: Collection[str]
    ) -> Sequence[Written[Offer]]:
        """Return an agent's offers that are not over, oldest first, and some others."""
        here = await self._written(connection, sa.and_(offers.c.agent_id == agent_id, _LOADS))
        others = sorted(set(offer_ids) - {row.key for row in here})
        if not others:
            return here
        return [*here, *await self._written(connection, offers.c.offer_id.in_(others))]

    async def _written(
        self, connection: AsyncConnection, wanted: sa.ColumnElement[bool]
    ) -> list[Written[Offer]]:
        query = sa.select(offers).where(wanted).order_by(offers.c.create_time, offers.c.offer_id)
        rows = await connection.execute(query)
        return [Written(row.offer_id, _offer(row), row.update_time) for row in rows]

    async def handle_times(
        self, connection: AsyncConnection, queue_id: str, now: datetime
    ) -> Sequence[timedelta]:
        """Return how long the last calls of a queue kept their agents, wrap-up included."""
        query = sa.select(offers).where(
            offers.c.queue_id == queue_id,
            offers.c.state == OfferState.COMPLETED.value,
            offers.c.connect_time.is_not(None),
            offers.c.end_time >= now - _RECENT,
        )
        last = query.order_by(offers.c.end_time.desc()).limit(_SAMPLES)
        return [offer.handle_time for offer in await self._read(connection, last)]

    async def _read(self, connection: AsyncConnection, query: sa.Select[Any]) -> Sequence[Offer]:
        return [_offer(row) for row in await connection.execute(query)]


def _first(found: Sequence[Offer]) -> Offer | None:
    return found[0] if found else None


def _values(offer: Offer) -> dict[str, Any]:
    values = {name: getattr(offer, name) for name in _FIELDS}
    return values | {"state": offer.state.value}


def _offer(row: sa.Row[Any]) -> Offer:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Offer(**values | {"state": OfferState(row.state)})
