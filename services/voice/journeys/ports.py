"""What journeys need from the other parts of voice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from services.voice.agents.model import Offer
from services.voice.journeys.model import Standing
from services.voice.queues.model import Entrant, Entry, NotEntered, Outcome, Queue


class Centre(Protocol):
    """Who waits, and who takes them."""

    async def enter(
        self, connection: AsyncConnection, entrant: Entrant, now: datetime
    ) -> Entry | NotEntered:
        """Let somebody wait."""
        ...

    async def leave(
        self, connection: AsyncConnection, entry_id: str, outcome: Outcome, now: datetime
    ) -> Entry:
        """Take somebody out of a queue; leaving twice is leaving once."""
        ...

    async def move(
        self,
        connection: AsyncConnection,
        entry_id: str,
        queue_id: str,
        required_skills: Mapping[str, int] | None,
        now: datetime,
    ) -> Entry | NotEntered:
        """Let somebody wait elsewhere, keeping the place in time; None leaves the skills."""
        ...

    async def to_callback(
        self, connection: AsyncConnection, entry_id: str, number: str, now: datetime
    ) -> Entry:
        """Let an entry wait for a call back; unchanged when an agent is being asked for it."""
        ...

    async def callback_failed(
        self, connection: AsyncConnection, entry_id: str, now: datetime
    ) -> Entry:
        """Say that the customer could not be reached; the agent is freed."""
        ...

    async def standing(self, connection: AsyncConnection, entry_id: str, now: datetime) -> Standing:
        """Return how an entry stands in line; raise NotFound for one that never was."""
        ...

    async def entry(self, connection: AsyncConnection, entry_id: str) -> Entry:
        """Return an entry, or raise NotFound."""
        ...

    async def offer(self, connection: AsyncConnection, offer_id: str) -> Offer | None:
        """Return an offer, or None."""
        ...


class Queues(Protocol):
    """The queues there are."""

    async def get(self, connection: AsyncConnection, queue_id: str) -> Queue | None:
        """Return a queue, or None."""
        ...


async def entry_of(centre: Centre, connection: AsyncConnection, entry_id: str) -> Entry | None:
    """Return an entry, or None when there is none of this id."""
    try:
        return await centre.entry(connection, entry_id) if entry_id else None
    except NotFound:
        return None
