"""The gateway put together: the one file that knows every part."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from switchhook.gateway.v1 import dead_letter_service_pb2, event_service_pb2
from switchhook.gateway.v1.dead_letter_service_pb2_grpc import (
    add_DeadLetterServiceServicer_to_server,
)
from switchhook.gateway.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server

from carrier.api import telnyx_api
from chassis import logs, settings
from chassis.admin import admin_server
from chassis.clock import SystemClock
from chassis.database import Database, database
from chassis.grpc_client import channel
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.jetstream import Bus, bus
from chassis.lifecycle import background
from chassis.metrics import Metrics as Registry
from chassis.streams import ensure_streams, require_durable
from services.gateway.acceptance import Acceptance
from services.gateway.dead_letters import DeadLetters
from services.gateway.documents import VoiceDocuments
from services.gateway.drain import Drain
from services.gateway.edge import Edge, Limits, listening
from services.gateway.events import Events
from services.gateway.index import Index
from services.gateway.metrics import Metrics
from services.gateway.opening import Opening
from services.gateway.publisher import Publisher
from services.gateway.reconcile import Reconciler
from services.gateway.servicer import DeadLetterServicer, EventServicer
from services.gateway.settings import Settings
from services.gateway.spool import Spool, opened
from services.gateway.texml import Texml
from services.gateway.webhooks import Webhooks

log = logs.get_logger(__name__)

_PATIENCE = 2.0
"""Seconds to wait for the bus before webhooks are taken into the spool."""
GRACE = 10.0
"""Seconds a bus that comes up later has to be proven durable; its monitor may come up after it."""
_LEAST_ROOM = 0.05
"""With less of the spool free and the bus away, webhooks had better go to another gateway."""


@dataclass(frozen=True)
class Addresses:
    """The ports the gateway listens on."""

    http: int
    grpc: int
    admin: int


@asynccontextmanager
async def running(given: Settings) -> AsyncIterator[Addresses]:
    """Run the gateway for the block.

    Raises SpoolError, and NotDurable for a bus that may lose what it acknowledged; both before
    any port is open, unless the bus is away: then webhooks go to the spool, and NotDurable is
    raised out of the block when the bus comes up and is found wanting.
    """
    with logs.bound(service="gateway"):
        log.info("gateway.starting", settings=settings.describe(given))
        async with AsyncExitStack() as stack:
            yield await _Parts(given, stack).start()


class _Parts:
    """Everything the gateway is made of, entered in the order of dependence."""

    def __init__(self, given: Settings, stack: AsyncExitStack) -> None:
        self._given = given
        self._stack = stack
        self._clock = SystemClock()
        self._health = Health()
        self._registry = Registry()
        self._metrics = Metrics(self._registry)

    async def start(self) -> Addresses:
        given, enter = self._given, self._stack.enter_async_context
        spool = await enter(
            opened(given.data / "gateway-spool.db", max_bytes=given.spool_mebibytes * 2**20)
        )
        index = await enter(
            database(given.database_url, schema="gateway", migrations="services.gateway.migrations")
        )
        stream = await enter(bus(given.nats_url, name="gateway", patience=0))
        publisher = Publisher(stream)
        self._observe(spool, publisher)
        await self._open(stream, publisher)
        await self._run(Drain(spool, stream, publisher, self._metrics).run(), "drain")
        await self._run(Index(index, stream).run(), "index")
        acceptance = Acceptance(given.public_keys, publisher, spool, self._clock, self._metrics)
        await self._reconcile(acceptance, index)
        admin = await enter(
            admin_server(given.admin_address, self._health, self._registry.registry)
        )
        grpc = await enter(self._serving(index, stream))
        # Last to open and first to close: a webhook that is taken can be kept.
        http = await enter(listening(await self._edge(acceptance), given.http_address))
        log.info("gateway.listening", http=http, grpc=grpc, admin=admin)
        return Addresses(http, grpc, admin)

    def _observe(self, spool: Spool, publisher: Publisher) -> None:
        # With the bus away the gateway goes on accepting. Taking it out of service then would
        # turn webhooks away that could have been kept.
        self._health.probe("keeping", lambda: publisher.ready or spool.room > _LEAST_ROOM)
        watch = self._metrics.watch
        watch("bus_ready", "1 when events can be published.", lambda: float(publisher.ready))
        watch("spool_messages", "Events that wait in the spool.", lambda: spool.count)
        watch("spool_room", "The share of the spool that is free.", lambda: spool.room)

    async def _open(self, stream: Bus, publisher: Publisher) -> None:
        relaxed = self._given.durability == "relaxed"

        opening = Opening(
            stream,
            publisher,
            lambda: ensure_streams(stream),
            lambda: require_durable(stream, self._given.nats_monitor_url, relaxed=relaxed),
            grace=GRACE,
        )
        await opening.attempt(_PATIENCE)
        await self._run(opening.run(), "opening")

    async def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        await self._stack.enter_async_context(background(work, name=name))

    async def _reconcile(self, acceptance: Acceptance, index: Database) -> None:
        if not self._given.api_key:
            log.warning("reconciliation.off", setting="TELNYX_API_KEY")
            return
        api = await self._stack.enter_async_context(
            telnyx_api(self._given.telnyx_url, self._given.api_key)
        )
        reconciler = Reconciler(api, acceptance, index, self._clock, self._metrics)
        await self._run(reconciler.run(), "reconciler")

    def _serving(self, index: Database, stream: Bus) -> AbstractAsyncContextManager[int]:
        events = event_service_pb2.DESCRIPTOR.services_by_name["EventService"]
        letters = dead_letter_service_pb2.DESCRIPTOR.services_by_name["DeadLetterService"]
        return serving(
            self._given.grpc_address,
            [
                Service(
                    add_EventServiceServicer_to_server, EventServicer(Events(index, stream)), events
                ),
                Service(
                    add_DeadLetterServiceServicer_to_server,
                    DeadLetterServicer(DeadLetters(stream), index),
                    letters,
                ),
            ],
            domain="gateway.switchhook",
            health=self._health,
            reflection=self._given.reflection,
            metrics=self._registry,
        )

    async def _edge(self, acceptance: Acceptance) -> Edge:
        # Not named as retried: a second try would outlast the caller's patience.
        voice = await self._stack.enter_async_context(channel(self._given.voice_address))
        texml = Texml(acceptance, VoiceDocuments(voice), self._metrics)
        edge = Edge([Webhooks(acceptance).route, texml.route], Limits(), self._metrics)
        self._metrics.watch("in_flight", "Requests being handled.", lambda: edge.in_flight)
        return edge
