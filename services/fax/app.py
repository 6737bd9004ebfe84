"""The fax service, put together: the one file that knows every part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
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
from chassis.archive import ERASE, Archive, Eraser
from chassis.change_log import Watching
from chassis.clock import SystemClock
from chassis.consumer import consuming
from chassis.database import Database, database
from chassis.dispatcher import dispatching
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.jetstream import bus
from chassis.metrics import Metrics
from chassis.publisher import EVENT, EventPublisher
from chassis.settings import describe
from services.fax import translate
from services.fax.consumer import DURABLE, SUBJECTS, FaxEvents
from services.fax.documents.wiring import alarm, document_service, inspecting
from services.fax.fetching import DocumentFetcher, Fetch, Sink
from services.fax.keeping.arrivals import Arrivals, watching_arrivals
from services.fax.keeping.audit import Audit
from services.fax.keeping.finding import Finding
from services.fax.keeping.wiring import archive_of, audit_of, keeping_services, sweeping
from services.fax.sending.sightings import Sightings
from services.fax.sending.watching import Watched, WatchedFaxStore
from services.fax.sending.wiring import (
    following_of,
    handing_over,
    sending_service,
    taking_faxes,
    tokens_of,
    watching_faxes,
)
from services.fax.servicer import FaxServicer
from services.fax.settings import Settings
from services.fax.store import FaxStore
from services.fax.tables import changes, inbox, outbox
from services.fax.use_cases import FETCH, FaxUseCases

_log = logs.get_logger(__name__)

# What the carrier itself takes for a fax. Source: Telnyx, OpenAPI POST /faxes.
_LARGEST_DOCUMENT = 50 * 1024 * 1024
# Less than the dispatcher allows an attempt, so that a slow one is known to have failed.
_FETCH_SECONDS = 20.0


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
        health, metrics, clock = Health(), Metrics(), SystemClock()
        store, following = WatchedFaxStore(changes), following_of(settings, clock, metrics)
        faxes = FaxUseCases(store, outbox, translate.announcement, alarm(metrics))
        async with (
            database(
                settings.database_url, schema="fax", migrations="services.fax.migrations"
            ) as opened,
            bus(settings.nats_url, name="fax") as stream,
            telnyx_api(settings.telnyx_url, settings.api_key) as carrier,
        ):
            archive, audit = archive_of(opened, settings), audit_of(opened, clock)
            arrivals = Arrivals(metrics, clock)
            async with (
                dispatching(
                    opened,
                    outbox,
                    {
                        FETCH: DocumentFetcher(
                            faxes, archive, carrier, _fetching(settings), clock, arrivals
                        ),
                        ERASE: Eraser(archive),
                        EVENT: EventPublisher(stream),
                    },
                    instance=settings.instance,
                    clock=clock,
                ) as dispatcher,
                sweeping(opened, audit, settings, metrics, clock, dispatcher.wake),
                watching_arrivals(opened, arrivals),
                inspecting(settings, opened, faxes, archive, clock, dispatcher.wake) as reader,
                handing_over(settings, opened, following, carrier, archive.objects) as sender,
                watching_faxes(opened, store, following) as watched,
                consuming(
                    stream,
                    durable=DURABLE,
                    subjects=SUBJECTS,
                    database=opened,
                    inbox=inbox,
                    decode=event_pb2.Event.FromString,
                    identity=lambda event: event.event_id,
                    handler=FaxEvents(faxes, Sightings(following, tokens_of(settings), metrics)),
                    after_commit=_each(dispatcher.wake, sender.wake),
                ) as consumer,
                taking_faxes(
                    settings,
                    opened,
                    following,
                    reader.documents,
                    archive,
                    faxes,
                    _each(dispatcher.wake, sender.wake),
                ) as taking,
                admin_server(settings.admin_address, health, metrics.registry) as admin,
                serving(
                    settings.grpc_address,
                    [
                        _fax_service(opened, faxes, store, archive, audit, settings, watched),
                        sending_service(opened, following, taking, archive, audit, sender.wake),
                        document_service(opened, reader, audit),
                        *keeping_services(opened, faxes, audit, clock),
                    ],
                    domain="fax.switchhook",
                    health=health,
                    reflection=settings.reflection,
                    metrics=metrics,
                ) as port,
            ):
                # A fetch queues an inspection, and an inspection an announcement: nobody waits.
                dispatcher.neighbours += [reader.wake, sender.wake]
                sender.neighbours.append(dispatcher.wake)
                health.probe("database", opened.reachable)
                health.probe("bus", lambda: stream.connected)
                health.probe("consumer", consumer.healthy)
                flow_metrics.expose(metrics, consumer, dispatcher)
                yield Addresses(port, admin)


def _each(*steps: Callable[[], None]) -> Callable[[], None]:
    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them


def _fax_service(
    opened: Database,
    faxes: FaxUseCases,
    store: FaxStore,
    archive: Archive,
    audit: Audit,
    settings: Settings,
    watched: Watching[Watched],
) -> Service:
    finding = Finding(audit, audit_records=settings.audit_records)
    return Service(
        fax_service_pb2_grpc.add_FaxServiceServicer_to_server,
        FaxServicer(opened, faxes, store, archive, finding, watched),
        fax_service_pb2.DESCRIPTOR.services_by_name["FaxService"],
    )


def _fetching(settings: Settings) -> Fetch:
    """Return the download of one document: only from known hosts, only so large."""
    api = urlsplit(settings.telnyx_url)
    # A carrier reached by plain http is a simulator, and serves its documents itself.
    simulator = (f"{api.scheme}://{api.netloc}",) if api.scheme == "http" else ()
    policy = MediaPolicy(
        max_bytes=_LARGEST_DOCUMENT,
        # Whatever came is kept: what is no fax is found out by its inspection.
        kinds=frozenset(MediaKind),
        hosts=settings.media_hosts,
        development_origins=simulator,
        total_seconds=_FETCH_SECONDS,
    )

    async def download(url: str, sink: Sink) -> Fetched:
        return await fetch(url, policy=policy, sink=sink, api_key=settings.api_key)

    return download
