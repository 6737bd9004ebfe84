"""What the contact centre needs from elsewhere, and who hears what happens in it.

Every row is locked in one order, here and wherever these are used: a leg, a journey, a queue, an
entry, an agent, an offer. Listeners are called while entry, agent and offer are locked, so they
lock neither a leg nor a journey: who must do that sets a timer and acts when it rings.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Agent, Offer
from services.voice.calls.command import Command, Dial
from services.voice.calls.facts import Role
from services.voice.calls.model import Call
from services.voice.queues.matching import Match, Option
from services.voice.queues.model import Entry
from services.voice.queues.score import Score


class EntryListener(Protocol):
    """Hears of places in queues."""

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Act on a change, in the transaction that made it; None before is a new entry."""
        ...


class OfferListener(Protocol):
    """Hears of offers."""

    async def offer_changed(
        self, connection: AsyncConnection, before: Offer | None, after: Offer, now: datetime
    ) -> None:
        """Act on a change, in the transaction that made it; None before is a new offer."""
        ...


class QueueUser(Protocol):
    """Leads callers into queues."""

    async def using(self, connection: AsyncConnection, queue_id: str) -> Sequence[str]:
        """Return the ids of the routing plans that name a queue."""
        ...


class PresenceListener(Protocol):
    """Hears who is there."""

    async def presence_changed(
        self, connection: AsyncConnection, before: Agent, after: Agent, now: datetime
    ) -> None:
        """Act on a change of presence, in the transaction that made it."""
        ...


class MatchListener(Protocol):
    """Keeps why an agent was offered a caller."""

    async def matched(
        self,
        connection: AsyncConnection,
        match: Match,
        offer: Offer,
        score: Score,
        unavailable: Sequence[Option],
        now: datetime,
    ) -> None:
        """Keep a match; ``unavailable`` are some agents of the queue who were not free."""
        ...


class Legs(Protocol):
    """What is known of legs."""

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return a leg by its id, not locked, or None."""
        ...


class Commands(Protocol):
    """How legs are told what to do."""

    async def give(
        self, connection: AsyncConnection, call: Call, key: str, command: Command
    ) -> bool:
        """Command a leg, once for each key; locks no row."""
        ...

    async def dial(self, connection: AsyncConnection, dial: Dial) -> str:
        """Call somebody, once for each role and subject."""
        ...

    async def withdraw(self, connection: AsyncConnection, role: Role, subject: str) -> bool:
        """Take a dial back that is not on its way."""
        ...


class Alarms(Protocol):
    """Timers that outlive the process."""

    async def set(self, connection: AsyncConnection, kind: str, key: str, due: datetime) -> None:
        """Let a timer ring."""
        ...

    async def cancel(self, connection: AsyncConnection, kind: str, key: str) -> None:
        """Let a timer not ring."""
        ...
