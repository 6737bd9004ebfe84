"""What the use cases need of the world; adapters are in the stores, the chassis and the sender.

Every method works inside the caller's transaction and never commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Effect
from services.messaging.consent.decision import OpenHold, Standing, Standings
from services.messaging.consent.holds import Hold, HoldPosition, HoldState, OptIn
from services.messaging.consent.ledger import LedgerEntry
from services.messaging.model import Direction, Message, Purpose, Status


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list is narrowed to; empty and None narrow nothing."""

    our_number: str = ""
    peer_number: str = ""
    conversation_id: str = ""
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

    async def waiting(self, connection: AsyncConnection, peer_number: str) -> Sequence[Message]:
        """Return the messages to somebody that have not been handed over, oldest first."""
        ...

    async def of_ids(
        self, connection: AsyncConnection, message_ids: Sequence[str]
    ) -> Sequence[Message]:
        """Return the messages of these ids that are there, in no order."""
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

    async def has(self, connection: AsyncConnection, entry_id: str) -> bool:
        """Say whether an entry is there already."""
        ...

    async def append(self, connection: AsyncConnection, entry: LedgerEntry) -> LedgerEntry | None:
        """Add an entry as the chain's next link and return it; None when it is there already."""
        ...

    async def stand(
        self,
        connection: AsyncConnection,
        peer_number: str,
        scope_key: str,
        standing: Standing,
    ) -> None:
        """Write what one scope stands at from now on."""
        ...

    async def open_hold(self, connection: AsyncConnection, peer_number: str) -> OpenHold | None:
        """Return the latest text of a person that waits for a judgement, or None."""
        ...

    async def asked_time(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> datetime | None:
        """Return when a person last wrote to a number something else than to stop, or None."""
        ...

    async def recent(
        self, connection: AsyncConnection, peer_number: str, limit: int
    ) -> Sequence[LedgerEntry]:
        """Return a person's newest entries, newest effective time first."""
        ...

    async def newest(
        self, connection: AsyncConnection, *, before: int | None, limit: int, peer_number: str = ""
    ) -> Sequence[LedgerEntry]:
        """Return entries, last recorded first, those before a sequence."""
        ...

    async def entries(
        self, connection: AsyncConnection, entry_ids: Sequence[str]
    ) -> Sequence[LedgerEntry]:
        """Return the entries of these ids, newest effective time first."""
        ...


class Waiting(Protocol):
    """Where texts wait for a judgement, and questions for a YES."""

    async def add(self, connection: AsyncConnection, hold: Hold) -> bool:
        """Insert a hold; return False when it is there already."""
        ...

    async def get(
        self, connection: AsyncConnection, hold_id: str, *, for_update: bool = False
    ) -> Hold | None:
        """Return a hold, or None; for an update, nobody else changes it until the end."""
        ...

    async def save(self, connection: AsyncConnection, hold: Hold) -> None:
        """Write back what was decided."""
        ...

    async def list(
        self,
        connection: AsyncConnection,
        state: HoldState,
        *,
        limit: int,
        after: HoldPosition | None = None,
        peer_number: str = "",
    ) -> Sequence[Hold]:
        """Return at most `limit` holds in a state, the oldest due first."""
        ...

    async def overdue(
        self, connection: AsyncConnection, now: datetime, limit: int
    ) -> Sequence[str]:
        """Return ids of open holds whose time is over, the oldest due first."""
        ...

    async def ask(self, connection: AsyncConnection, question: OptIn, scope_key: str) -> None:
        """Keep the newest question put to a person for a program."""
        ...

    async def asked(
        self, connection: AsyncConnection, peer_number: str, scope_key: str
    ) -> OptIn | None:
        """Return the newest question put to a person for a program, or None."""
        ...


class Effects(Protocol):
    """Where effects wait to be had."""

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue the effect unless its id was queued before."""
        ...

    async def cancel(self, connection: AsyncConnection, effect_id: str, reason: str) -> bool:
        """Fail an effect that is not on its way; return False when it is, or when it is over."""
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
