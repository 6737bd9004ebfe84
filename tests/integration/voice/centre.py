"""QueueService and AgentService served over a floor, for tests."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from switchhook.voice.v1 import (
    agent_service_pb2,
    agent_service_pb2_grpc,
    queue_service_pb2,
    queue_service_pb2_grpc,
)
from switchhook.voice.v1.agent_service_pb2_grpc import AgentServiceStub
from switchhook.voice.v1.queue_service_pb2_grpc import QueueServiceStub

from chassis.database import database
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.lifecycle import background
from services.voice.agents.model import OVER, Offer
from services.voice.agents.servicer import AgentServicer
from services.voice.queues.feed import Feed
from services.voice.queues.model import Entry
from services.voice.queues.servicer import QueueServicer
from tests.support.floor import Floor


@dataclass
class Served:
    """What a test talks to, and the floor behind it."""

    queues: QueueServiceStub
    agents: AgentServiceStub
    floor: Floor
    woken: list[None]
    """Grows by one whenever something may have to move."""


def unique() -> str:
    """Return a request id."""
    return str(uuid.uuid4())


@asynccontextmanager
async def serve(url: str) -> AsyncIterator[Served]:
    """Serve a contact centre without a queue; watchers read as a whole after a moment."""
    async with database(url, schema="voice", migrations="services.voice.migrations") as opened:
        floor, woken = Floor(opened), list[None]()
        books = floor.books
        entries: Feed[Entry] = Feed(
            opened, floor.clock, books.entries.recent, lambda entry: not entry.is_alive
        )
        offers: Feed[Offer] = Feed(
            opened, floor.clock, books.offers.recent, lambda offer: offer.state in OVER
        )
        services = _services(floor, entries, offers, woken)
        async with (
            background(entries.run(), name="queue changes"),
            background(offers.run(), name="offer changes"),
            serving("127.0.0.1:0", services, domain="voice.switchhook", health=Health()) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield Served(QueueServiceStub(channel), AgentServiceStub(channel), floor, woken)


def _services(
    floor: Floor, entries: Feed[Entry], offers: Feed[Offer], woken: list[None]
) -> list[Service]:
    def wake() -> None:
        woken.append(None)

    queueing = QueueServicer(floor.opened, floor.books, floor.centre, entries, floor.clock, wake)
    roster = AgentServicer(floor.opened, floor.books, floor.roster, offers, floor.clock, wake)
    return [
        Service(
            queue_service_pb2_grpc.add_QueueServiceServicer_to_server,
            queueing,
            queue_service_pb2.DESCRIPTOR.services_by_name["QueueService"],
        ),
        Service(
            agent_service_pb2_grpc.add_AgentServiceServicer_to_server,
            roster,
            agent_service_pb2.DESCRIPTOR.services_by_name["AgentService"],
        ),
    ]
