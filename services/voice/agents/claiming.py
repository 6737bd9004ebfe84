"""Claiming an agent for an entry: the one place where offers are made."""

import uuid
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import count

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents import ringing
from services.voice.agents.model import Agent, Offer
from services.voice.agents.ringing import Ringing
from services.voice.queues.books import Books
from services.voice.queues.matching import Match, unfit
from services.voice.queues.model import Entry, EntryState, Queue
from services.voice.queues.ports import Alarms

LEASE = "offer.lease"

_OFFERS = uuid.UUID("b4d5a3f0-0c0e-5a39-9d6e-3d2f9a1c7e44")
"""Never change it: an offer that was made would be made again under another id."""


class Claiming:
    """Makes offers, each with its lease and its timer."""

    def __init__(self, books: Books, rings: Ringing, alarms: Alarms) -> None:
        self._books = books
        self._rings = rings
        self._alarms = alarms

    async def make(
        self,
        connection: AsyncConnection,
        match: Match,
        case: tuple[Entry, Agent, Queue],
        now: datetime,
    ) -> Offer | None:
        """Offer an entry to an agent, both locked; None when one of them is no longer free."""
        entry, agent, queue = case
        if not _stands(match, entry, agent, now):
            return None
        claimed = agent.claimed()
        offer = Offer(
            offer_id=offer_id_of(entry, entry.offers + 1),
            entry_id=entry.entry_id,
            queue_id=entry.queue_id,
            agent_id=agent.agent_id,
            create_time=now,
            lease_until=now + ringing.lease(queue, dialled=bool(agent.address)),
            address=agent.address,
            slot=await self._slot(connection, agent),
        )
        await self._books.change_agent(connection, agent, claimed, now)
        await self._books.add_offer(connection, offer, now)
        waiting = entry.resumed() if entry.exhausted else entry
        offered = waiting.offered(offer.offer_id, agent.agent_id)
        await self._books.change_entry(connection, entry, offered, now)
        await self._alarms.set(connection, LEASE, offer.offer_id, offer.lease_until)
        if offer.address:
            await self._rings.ring(connection, offer, offered, queue)
        return offer

    async def _slot(self, connection: AsyncConnection, agent: Agent) -> int:
        taken: AbstractSet[int] = set()
        if agent.load:
            held = await self._books.offers.of_agent(connection, agent.agent_id)
            taken = {offer.slot for offer in held}
        return next(slot for slot in count() if slot not in taken)


def offer_id_of(entry: Entry, number: int) -> str:
    """Return the id of an entry's offer of a number, counted from 1."""
    return str(uuid.uuid5(_OFFERS, f"{entry.entry_id}/{number}"))


def _stands(match: Match, entry: Entry, agent: Agent, now: datetime) -> bool:
    """Say whether a match that was found before the rows were locked is still right."""
    if entry.state is not EntryState.WAITING or entry.queue_id != match.entry.queue_id:
        return False
    if entry.not_before is not None and entry.not_before > now:
        return False
    return agent.is_free and unfit(agent, entry, match.levels) is None
