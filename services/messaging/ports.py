"""What the use cases need of the world; adapters are in the stores, the chassis and the sender.

Every method works inside the caller's transaction and never commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Effect
from services.messaging.consent import LedgerEntry, Standing, Standings
from services.messaging.model import Direction, Message, Purpose, Status


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list is narrowed to; empty and None narrow nothing."""

    our_number: str = ""
    peer_number: str = ""
    direction: Direction | None = None
    statuses: Sequence[Status] = ()
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Position:
    """Where a page ended: the last message it showed."""

    create_time: datetime
    message_id: str


class Messages(Protocol):
    """Where messages are kept."""

    async def get(self, connection: AsyncConnection, message_id: str) -> Message | None:
        """Return the message of this id, or None."""
        ...

    async def hold(self, connection: AsyncConnection, message_id: str) -> Message | None:
        """Return the message and keep others from changing it until the transaction ends."""
        ...

    async def of_carrier(
        self, connection: AsyncConnection, carrier_message_id: str
    ) -> Message | None:
        """Return the message the carrier calls so, or None."""
        ...

    async def hold_of_carrier(
        self, connection: AsyncConnection, direction: Direction, carrier_message_id: str
    ) -> Message | None:
        """Return the message the carrier calls so, or None, and let nobody change or make it."""
        ...

    async def add(self, connection: AsyncConnection, message: Message) -> bool:
        """Insert a message; return False when it is there already."""
        ...

    async def save(self, connection: AsyncConnection, message: Message) -> None:
        """Write back a message that is held."""
        ...

    async def remove(self, connection: AsyncConnection, message_id: str) -> None:
        """Delete a message that has become part of another."""
        ...

    async def list(
        self,
        connection: AsyncConnection,
        filters: Filters,
        *,
        limit: int,
        after: Position | None = None,
    ) -> list[Message]:
        """Return at most `limit` messages, newest first, that come after the position."""
        ...

    async def sent_since(
        self,
        connection: AsyncConnection,
        our_number: str,
        peer_number: str,
        purpose: Purpose,
        since: datetime,
    ) -> bool:
        """Say whether a message of this purpose was made for the pair at this time or later."""
        ...

    async def receives_here(self, connection: AsyncConnection, number: str) -> bool:
        """Say whether a message to this number alone has come in: then it is one of ours."""
        ...


class Ledger(Protocol):
    """Where consent is kept."""

    async def hold(self, connection: AsyncConnection, peer_number: str) -> None:
        """Keep others from changing or relying on a person's consent until the end."""
        ...

    async def rely(self, connection: AsyncConnection, peer_number: str) -> None:
        """Keep a person's consent as it is until the end; raises Contended, never waits."""
        ...

    async def standings(self, connection: AsyncConnection, peer_number: str) -> Standings:
        """Return what a person's scopes stand at."""
        ...

    async def append(self, connection: AsyncConnection, entry: LedgerEntry) -> bool:
        """Add an entry; return False when it is there already."""
        ...

    async def stand(
        self,
        connection: AsyncConnection,
        peer_number: str,
        scope_number: str,
        standing: Standing,
    ) -> None:
        """Write what one scope stands at from now on."""
        ...

    async def recent(
        self, connection: AsyncConnection, peer_number: str, limit: int
    ) -> Sequence[LedgerEntry]:
        """Return a person's newest entries, newest effective time first."""
        ...


class Effects(Protocol):
    """Where effects wait to be had."""

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue the effect unless its id was queued before."""
        ...


class Answers(Protocol):
    """Where the answers given to requests are kept."""

    async def replay(
        self, connection: AsyncConnection, method: str, request_id: str, fingerprint: bytes
    ) -> bytes | None:
        """Return the answer given before, or None; raises AlreadyDone for another request."""
        ...

    async def record(
        self,
        connection: AsyncConnection,
        method: str,
        request_id: str,
        fingerprint: bytes,
        response: bytes,
    ) -> None:
        """Keep the answer; raises Contended when the same request runs elsewhere."""
        ...
