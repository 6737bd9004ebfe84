"""Voice, put together: the one file that knows every part."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.crm.v1.crm_service_pb2_grpc import CrmServiceStub
from switchhook.event.v1.event_pb2 import Event

from carrier.api import telnyx_api
from chassis import flow_metrics, logs
from chassis.admin import admin_server
from chassis.clock import SystemClock
from chassis.consumer import consuming
from chassis.database import Database, database
from chassis.dispatcher import dispatching
from chassis.grpc_client import channel
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.jetstream import bus
from chassis.metrics import Metrics
from chassis.settings import describe
from chassis.timers import ticking
from services.voice.calls.wiring import Calling, Telephony, calling, telephony
from services.voice.consumer import DURABLE, SUBJECTS, CallEvents
from services.voice.directory import DEADLINE, CrmDirectory
from services.voice.journeys.travels import OverheardDirectory
from services.voice.journeys.wiring import Walking, walking
from services.voice.numbers import ServedNumbers
from services.voice.queues.records import MatchRecords
from services.voice.queues.wiring import ContactCentre, contact_centre, matching, seed
from services.voice.reporting.wiring import ledger, metrics_service
from services.voice.routing.wiring import Routing, routing
from services.voice.settings import Settings
from services.voice.tables import inbox, outbox, timers

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Addresses:
    """The ports that were bound."""

    grpc: int
    admin: int


@dataclass(frozen=True)
class Parts:
    """The parts of voice, wired to one another."""

    legs: Telephony
    desk: ContactCentre
    routing: Routing
    walking: Walking


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """Run the service for the block."""
    with logs.bound(service="voice"):
        _log.info("settings.loaded", **describe(settings))
        health, metrics, clock = Health(), Metrics(), SystemClock()
        async with (
            database(
                settings.database_url, schema="voice", migrations="services.voice.migrations"
            ) as opened,
            bus(settings.nats_url, name="voice") as stream,
            telnyx_api(settings.telnyx_url, settings.api_key) as carrier,
            # Not retried on the way: a caller who is unknown now is looked up again when the call
            # is answered.
            channel(settings.crm_address, default_deadline=DEADLINE) as crm,
            _parts(settings, opened, CrmDirectory(CrmServiceStub(crm), metrics), clock) as parts,
        ):
            # The first caller should not wait for the connection.
            crm.get_state(try_to_connect=True)
            legs, centre, walks = parts.legs, parts.desk, parts.walking
            async with (
                calling(settings, opened, legs, carrier, clock) as calls,
                dispatching(
                    opened,
                    outbox,
                    legs.performers(carrier),
                    instance=settings.instance,
                    clock=clock,
                ) as dispatcher,
                matching(centre.matcher, after_commit=dispatcher.wake) as matcher,
                centre.feeding(),
                ticking(
                    opened,
                    timers,
                    {
                        **legs.handlers(),
                        **walks.handlers(),
                        **centre.handlers(),
                        **parts.routing.handlers(),
                    },
                    clock,
                    after_commit=_each(dispatcher.wake, matcher.wake),
                ),
                consuming(
                    stream,
                    durable=DURABLE,
                    subjects=SUBJECTS,
                    database=opened,
                    inbox=inbox,
                    decode=Event.FromString,
                    identity=lambda event: event.event_id,
                    handler=CallEvents(
                        legs.switchboard, legs.tokens, walks.questions, metrics, legs.readers()
                    ),
                    after_commit=_each(dispatcher.wake, matcher.wake),
                ) as consumer,
                admin_server(settings.admin_address, health, metrics.registry) as admin,
                serving(
                    settings.grpc_address,
                    _services(opened, parts, calls, clock, _each(dispatcher.wake, matcher.wake)),
                    domain="voice.switchhook",
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


@asynccontextmanager
async def _parts(
    settings: Settings, opened: Database, directory: CrmDirectory, clock: SystemClock
) -> AsyncIterator[Parts]:
    """Wire the parts; who walks callers hears of a leg before who rings agents."""
    legs = _telephony(settings, clock)
    centre = contact_centre(settings, opened, legs, clock)
    await seed(settings, opened, centre.books, clock)
    async with routing(
        settings, opened, OverheardDirectory(directory), centre.history, centre.facts, clock
    ) as routes:
        walks = walking(settings, opened, legs, routes, centre.centre, centre.books.queues)
        legs.switchboard.listeners.append(centre.following)
        legs.switchboard.dial_listeners.append(centre.following)
        centre.matcher.listeners.append(MatchRecords(routes.decisions))
        centre.books.queue_users.append(routes.plans)
        facts = ledger(_secrets(settings)[0])
        centre.books.entry_listeners.extend([*walks.entry_listeners, facts])
        centre.books.offer_listeners.append(facts)
        centre.books.presence_listeners.append(facts)
        yield Parts(legs, centre, routes, walks)


def _telephony(settings: Settings, clock: SystemClock) -> Telephony:
    return telephony(
        speech=settings.speech,
        state_secrets=_secrets(settings),
        numbers=ServedNumbers(settings.numbers),
        clock=clock,
        lost_after=settings.lost_after,
        lost_check_every=settings.lost_check_every,
    )


def _secrets(settings: Settings) -> tuple[str, ...]:
    return settings.state_secrets or (settings.api_key,)


def _each(*steps: Callable[[], None]) -> Callable[[], None]:
    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them


def _services(
    opened: Database,
    parts: Parts,
    calls: Calling,
    clock: SystemClock,
    after_commit: Callable[[], None],
) -> Sequence[Service]:
    return [
        *calls.services(after_commit),
        *parts.walking.services(opened, clock),
        *parts.desk.services(opened, clock, after_commit),
        parts.routing.service,
        metrics_service(opened, clock),
    ]
