"""The fax service, put together: the one file that knows every part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from switchhook.event.v1 import event_pb2
from switchhook.fax.v1 import fax_service_pb2, fax_service_pb2_grpc

from carrier.api import telnyx_api
from carrier.magic import MediaKind
from carrier.media import Fetched, MediaPolicy, fetch
from chassis import flow_metrics, logs
from chassis.admin import admin_server
from chassis.clock import SystemClock
from chassis.consumer import consuming
from chassis.database import database
from chassis.dispatcher import dispatching
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.jetstream import bus
from chassis.metrics import Metrics
from chassis.objects import open_objects
from chassis.publisher import EVENT, EventPublisher
from chassis.settings import describe
from services.fax import translate
from services.fax.consumer import DURABLE, SUBJECTS, FaxEvents
from services.fax.fetching import DocumentFetcher, Fetch, Sink
from services.fax.servicer import FaxServicer
from services.fax.settings import Settings
from services.fax.store import FaxStore
from services.fax.tables import inbox, outbox
from services.fax.use_cases import FETCH, FaxUseCases

_log = logs.get_logger(__name__)

# What the carrier itself takes for a fax. Source: Telnyx, OpenAPI POST /faxes.
_LARGEST_DOCUMENT = 50 * 1024 * 1024


@dataclass(frozen=True)
class Addresses:
    """The ports that were bound."""

    grpc: int
    admin: int


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """Run the service for the block."""
    with logs.bound(service="fax"):
        _log.info("settings.loaded", **describe(settings))
        health, metrics, store, clock = Health(), Metrics(), FaxStore(), SystemClock()
        documents = open_objects(settings.documents_url, "documents")
        faxes = FaxUseCases(store, outbox, translate.announcement)
        async with (
            database(
                settings.database_url, schema="fax", migrations="services.fax.migrations"
            ) as opened,
            bus(settings.nats_url, name="fax") as stream,
            telnyx_api(settings.telnyx_url, settings.api_key) as carrier,
            dispatching(
                opened,
                outbox,
                {
                    FETCH: DocumentFetcher(faxes, documents, carrier, _fetching(settings), clock),
                    EVENT: EventPublisher(stream),
                },
                instance=settings.instance,
                clock=clock,
            ) as dispatcher,
            consuming(
                stream,
                durable=DURABLE,
                subjects=SUBJECTS,
                database=opened,
                inbox=inbox,
                decode=event_pb2.Event.FromString,
                identity=lambda event: event.event_id,
                handler=FaxEvents(faxes),
                after_commit=dispatcher.wake,
            ) as consumer,
            admin_server(settings.admin_address, health, metrics.registry) as admin,
            serving(
                settings.grpc_address,
                [
                    Service(
                        fax_service_pb2_grpc.add_FaxServiceServicer_to_server,
                        FaxServicer(opened, faxes, store, documents),
                        fax_service_pb2.DESCRIPTOR.services_by_name["FaxService"],
                    )
                ],
                domain="fax.switchhook",
                health=health,
                reflection=settings.reflection,
                metrics=metrics,
            ) as port,
        ):
            health.probe("database", opened.reachable)
            health.probe("bus", lambda: stream.connected)
            health.probe("consumer", consumer.healthy)
            flow_metrics.expose(metrics, consumer, dispatcher)
            yield Addresses(port, admin)


def _fetching(settings: Settings) -> Fetch:
    """Return the download of one document: only from known hosts, only so large."""
    api = urlsplit(settings.telnyx_url)
    # A carrier reached by plain http is a simulator, and serves its documents itself.
    simulator = (f"{api.scheme}://{api.netloc}",) if api.scheme == "http" else ()
    policy = MediaPolicy(
        max_bytes=_LARGEST_DOCUMENT,
        kinds=frozenset({MediaKind.PDF, MediaKind.TIFF}),
        hosts=settings.media_hosts,
        development_origins=simulator,
    )

    async def download(url: str, sink: Sink) -> Fetched:
        return await fetch(url, policy=policy, sink=sink, api_key=settings.api_key)

    return download
