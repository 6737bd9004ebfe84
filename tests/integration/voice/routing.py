"""Routing served over a real database, for tests."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
from switchhook.voice.v1.routing_service_pb2_grpc import RoutingServiceStub

from chassis.clock import FixedClock
from chassis.database import Database, database
from chassis.grpc_server import serving
from chassis.health import Health
from services.voice.calls.model import Lookup, LookupOutcome
from services.voice.queues.books import Books
from services.voice.queues.facts import SqlQueueFacts
from services.voice.queues.history import SqlHistory
from services.voice.queues.model import Queue
from services.voice.routing.hours import Hours, Span, WeeklySpan
from services.voice.routing.wiring import Routing, routing
from services.voice.settings import Settings

MORNING = datetime(2026, 3, 6, 15, tzinfo=UTC)
OURS, ADA = "+12025550110", "+13125550101"
WORKDAY = tuple(WeeklySpan(day, Span(540, 1020)) for day in range(1, 6))
SUPPORT = Queue(queue_id="support", hours=Hours("America/Chicago", WORKDAY))


class Crm:
    """A CRM that knows one VIP."""

    async def find(self, phone_number: str) -> Lookup:
        """Know Ada."""
        found = phone_number == ADA
        return Lookup(LookupOutcome.FOUND, True, 1) if found else Lookup(LookupOutcome.NOT_FOUND)


@dataclass
class Served:
    """What a test talks to."""

    stub: RoutingServiceStub
    opened: Database
    parts: Routing


def unique() -> str:
    """Return a request id."""
    return str(uuid.uuid4())


@asynccontextmanager
async def serve(url: str, *queues: Queue) -> AsyncIterator[Served]:
    """Run routing over a database with these queues, or one that is open on workdays."""
    settings = Settings(numbers=frozenset({OURS}), api_key="KEY", queue="support")
    clock, books = FixedClock(MORNING), Books()
    async with database(url, schema="voice", migrations="services.voice.migrations") as opened:
        async with opened.transaction() as connection:
            for queue in queues or (SUPPORT,):
                await books.queues.add(connection, queue, MORNING)
        facts = SqlQueueFacts(books)
        async with (
            routing(settings, opened, Crm(), SqlHistory(), facts, clock) as parts,
            serving(
                "127.0.0.1:0", [parts.service], domain="voice.switchhook", health=Health()
            ) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield Served(RoutingServiceStub(channel), opened, parts)
