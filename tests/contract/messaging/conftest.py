"""The use cases of messaging over a real database, with a clock that stands still."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import FixedClock
from chassis.database import Database, database
from chassis.outbox import EffectRecord
from services.messaging import events, tables
from services.messaging.consent.hold_store import HoldStore
from services.messaging.consent.store import ConsentStore
from services.messaging.media.store import MediaStore
from services.messaging.message_store import MessageStore
from services.messaging.model import Direction, Message, Purpose, Recipient, Status
from services.messaging.ports import Filters
from services.messaging.replies.conversation_store import ThreadedMessageStore
from services.messaging.sending import sender
from services.messaging.sending import translate as sending_translate
from services.messaging.sending.wiring import sending_of
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.media_archive import MediaArchive
from services.messaging.use_cases.receiving import Arrival, Receiving
from services.messaging.use_cases.sending import Draft, Request, Sending
from services.messaging.wording import Replies

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
OURS, SECOND = "+12025550101", "+12025550102"
PEER, OTHER = "+13125550103", "+13125550104"
REPLIES = Replies(
    brand="Example",
    help_url="example.com/help",
    help_phone="+12025550199",
    frequency="Msg frequency varies",
)


@dataclass
class Bench:
    """Everything a test of the use cases needs."""

    database: Database
    clock: FixedClock
    messages: MessageStore
    ledger: ConsentStore
    consents: Consents
    sending: Sending
    receiving: Receiving

    async def receive(self, message: Message, receive_time: datetime | None = None) -> Message:
        """Take a message in, in a transaction of its own."""
        arrival = Arrival(event_id="e-1", receive_time=receive_time or self.clock.now())
        async with self.database.transaction() as connection:
            return await self.receiving.receive(connection, message, arrival)

    async def report(self, message: Message) -> None:
        """Take a report in, in a transaction of its own."""
        async with self.database.transaction() as connection:
            await self.receiving.report(connection, message)

    async def send(self, draft: Draft, request_id: str = "", fingerprint: bytes = b"f") -> bytes:
        """Ask for a message to be sent, in a transaction of its own."""
        request = Request(
            request_id=request_id or str(uuid.uuid4()),
            fingerprint=fingerprint,
            answer=sending_translate.answer,
        )
        async with self.database.transaction() as connection:
            return await self.sending.send(connection, request, draft)

    async def queued(self, text: str = "hello") -> Message:
        """Queue a message to PEER and return it."""
        await self.send(draft(text=text))
        (message,) = [each for each in await self.all_messages() if each.text == text]
        return message

    async def all_messages(self) -> list[Message]:
        """Return every message, newest first."""
        async with self.database.reading() as connection:
            return await self.messages.list(connection, Filters(), limit=1000)

    async def message(self, message_id: str) -> Message | None:
        """Return one message."""
        async with self.database.reading() as connection:
            return await self.messages.get(connection, message_id)

    async def effects(self, kind: str) -> list[EffectRecord]:
        """Return the effects of a kind, in the order they were added."""
        table = tables.outbox.table
        query = sa.select(table.c.effect_id).where(table.c.kind == kind).order_by("position")
        async with self.database.reading() as connection:
            ids = (await connection.execute(query)).scalars().all()
            found = [await tables.outbox.get(connection, each) for each in ids]
        return [record for record in found if record is not None]

    async def replies(self) -> list[Message]:
        """Return what this service has decided to say by itself, oldest first."""
        own = (Purpose.STOP_CONFIRMATION, Purpose.START_CONFIRMATION, Purpose.HELP_REPLY)
        queued = [record.effect.effect_id for record in await self.effects(sender.KIND)]
        found = [each for each in await self.all_messages() if each.purpose in own]
        return sorted(found, key=lambda each: queued.index(each.message_id))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction."""
        async with self.database.transaction() as connection:
            yield connection


@asynccontextmanager
async def open_bench(url: str) -> AsyncIterator[Bench]:
    """Wire the use cases over an empty, migrated database."""
    clock = FixedClock(NOON)
    messages, ledger = ThreadedMessageStore(), ConsentStore()
    consents = Consents(ledger, HoldStore(), tables.outbox, events.consent_changed, clock)
    sending = sending_of(messages, consents, clock)
    own = frozenset({SECOND})
    archive = MediaArchive(MediaStore(), messages, tables.outbox, clock)
    receiving = Receiving(messages, consents, sending, REPLIES, own, clock, archive)
    migrations = "services.messaging.migrations"
    async with database(url, schema="messaging", migrations=migrations) as opened:
        yield Bench(opened, clock, messages, ledger, consents, sending, receiving)


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """The use cases over an empty, migrated database."""
    async with open_bench(database_url) as opened:
        yield opened


def inbound(text: str | None = "hello", **changes: object) -> Message:
    """Return a message from PEER as an event brings it, with an id of its own."""
    carrier_id = str(changes.pop("carrier_message_id", "")) or str(uuid.uuid4())
    values: dict[str, object] = {
        "message_id": carrier_id,
        "carrier_message_id": carrier_id,
        "direction": Direction.INBOUND,
        "status": Status.RECEIVED,
        "create_time": NOON,
        "our_number": OURS,
        "peer_number": PEER,
        "recipients": (Recipient(OURS, Status.RECEIVED),),
        "text": text,
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


def reported(status: Status, carrier_message_id: str = "c-1", **changes: object) -> Message:
    """Return what the carrier reports of a message to PEER."""
    values: dict[str, object] = {
        "message_id": carrier_message_id,
        "carrier_message_id": carrier_message_id,
        "direction": Direction.OUTBOUND,
        "status": status,
        "raw_status": status.value,
        "create_time": NOON,
        "our_number": OURS,
        "peer_number": PEER,
        "recipients": (Recipient(PEER, status, status.value),),
        "text": "hello",
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


def draft(**changes: object) -> Draft:
    """Return a message to PEER that somebody asks for."""
    values: dict[str, object] = {
        "our_number": OURS,
        "peer_number": PEER,
        "text": "hello",
        "purpose": Purpose.CONVERSATION,
    }
    return Draft(**{**values, **changes})  # type: ignore[arg-type]
