"""Offers in the database."""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import LOADING, OPEN, Offer, OfferState
from services.voice.agents.tables import offers

_FIELDS = [each.name for each in dataclasses.fields(Offer)]
_LOADS = offers.c.state.in_(sorted(state.value for state in LOADING))
_SAMPLES = 100
_RECENT = timedelta(hours=24)


class SqlOffers:
    """Offers, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, offer: Offer, now: datetime) -> None:
        """Keep a new offer."""
        await connection.execute(sa.insert(offers).values(**_values(offer), update_time=now))

    async def save(self, connection: AsyncConnection, offer: Offer, now: datetime) -> None:
        """Write what an offer is now."""
        statement = sa.update(offers).where(offers.c.offer_id == offer.offer_id)
        await connection.execute(statement.values(**_values(offer), update_time=now))

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
        """Return an agent's offers that wait for his answer."""
        found = await self.of_agent(connection, agent_id)
        return [offer for offer in found if offer.state in OPEN]

    async def of_ids(
        self, connection: AsyncConnection, offer_ids: Collection[str]
    ) -> Sequence[Offer]:
        """Return the offers of these ids that there are."""
        query = sa.select(offers).where(offers.c.offer_id.in_(sorted(offer_ids)))
        return await self._read(connection, query)

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
