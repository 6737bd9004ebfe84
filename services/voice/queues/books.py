"""The books of the contact centre: every change of an entry, an offer or an agent is made here.

A change is written and told to the listeners in one transaction, so nobody acts on what does not
stand, and nothing stands that nobody was told of.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Agent, Offer
from services.voice.agents.offer_store import SqlOffers
from services.voice.agents.store import SqlAgents
from services.voice.queues.entry_store import SqlEntries
from services.voice.queues.model import Entry, Queue
from services.voice.queues.ports import EntryListener, OfferListener, PresenceListener, QueueUser
from services.voice.queues.score import rank_time
from services.voice.queues.store import SqlQueues


@dataclass(frozen=True, slots=True)
class Case:
    """An offer with what it is about; locked, all three."""

    entry: Entry
    agent: Agent
    offer: Offer


@dataclass(frozen=True)
class Books:
    """The rows, and who is told when they change."""

    queues: SqlQueues = field(default_factory=SqlQueues)
    entries: SqlEntries = field(default_factory=SqlEntries)
    agents: SqlAgents = field(default_factory=SqlAgents)
    offers: SqlOffers = field(default_factory=SqlOffers)
    entry_listeners: list[EntryListener] = field(default_factory=list)
    offer_listeners: list[OfferListener] = field(default_factory=list)
    presence_listeners: list[PresenceListener] = field(default_factory=list)
    """Told in their order; parts that need the centre are added once it is there."""
    queue_users: list[QueueUser] = field(default_factory=list)
    """Asked before a queue is removed."""

    async def case(self, connection: AsyncConnection, offer_id: str) -> Case | None:
        """Return an offer with its entry and its agent, locked in that order, or None."""
        known = await self.offers.get(connection, offer_id)
        if known is None:
            return None
        entry = await self.entries.locked(connection, known.entry_id)
        agent = await self.agents.locked(connection, known.agent_id)
        offer = await self.offers.locked(connection, offer_id)
        if entry is None or agent is None or offer is None:
            return None
        return Case(entry, agent, offer)

    async def queue(self, connection: AsyncConnection, queue_id: str) -> Queue:
        """Return a queue; one that was removed works by the defaults."""
        return await self.queues.get(connection, queue_id) or Queue(queue_id=queue_id)

    async def add_entry(
        self, connection: AsyncConnection, entry: Entry, queue: Queue, now: datetime
    ) -> Entry:
        """Write a new entry."""
        await self.entries.add(connection, entry, rank_time(entry, queue), now)
        await self._told(connection, None, entry, now)
        return entry

    async def change_entry(
        self,
        connection: AsyncConnection,
        before: Entry,
        after: Entry,
        now: datetime,
        queue: Queue | None = None,
    ) -> Entry:
        """Write a change of an entry; with a queue it is put in order anew."""
        if before == after:
            return after
        rank = rank_time(after, queue) if queue else None
        await self.entries.save(connection, after, now, rank)
        await self._told(connection, before, after, now)
        return after

    async def reorder(
        self, connection: AsyncConnection, entry: Entry, queue: Queue, now: datetime
    ) -> None:
        """Write where an entry stands by its queue's settings; nothing else of it changes."""
        await self.entries.save(connection, entry, now, rank_time(entry, queue))

    async def add_offer(self, connection: AsyncConnection, offer: Offer, now: datetime) -> Offer:
        """Write a new offer."""
        await self.offers.add(connection, offer, now)
        await self._offer_told(connection, None, offer, now)
        return offer

    async def change_offer(
        self, connection: AsyncConnection, before: Offer, after: Offer, now: datetime
    ) -> Offer:
        """Write a change of an offer."""
        if before == after:
            return after
        await self.offers.save(connection, after, now)
        await self._offer_told(connection, before, after, now)
        return after

    async def change_agent(
        self, connection: AsyncConnection, before: Agent, after: Agent, now: datetime
    ) -> Agent:
        """Write a change of an agent, but for their queues."""
        if before == after:
            return after
        await self.agents.save(connection, after, now)
        if before.presence is not after.presence:
            for listener in self.presence_listeners:
                await listener.presence_changed(connection, before, after, now)
        return after

    async def _told(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        for listener in self.entry_listeners:
            await listener.entry_changed(connection, before, after, now)

    async def _offer_told(
        self, connection: AsyncConnection, before: Offer | None, after: Offer, now: datetime
    ) -> None:
        for listener in self.offer_listeners:
            await listener.offer_changed(connection, before, after, now)
