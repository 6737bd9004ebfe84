"""Messaging, put together: the one file that knows every part."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.event.v1.event_pb2 import Event

from carrier.api import telnyx_api
from chassis import flow_metrics, logs
from chassis.admin import admin_server
from chassis.clock import Clock, SystemClock
from chassis.consumer import consuming
from chassis.database import database
from chassis.dispatcher import dispatching
from chassis.grpc_server import serving
from chassis.health import Health
from chassis.jetstream import bus
from chassis.metrics import Metrics
from chassis.publisher import EVENT, EventPublisher
from chassis.settings import describe
from services.messaging import tables
from services.messaging.consent.keeping import keeping
from services.messaging.consent.wiring import consent_service, consents_of, keeper_of
from services.messaging.consumer import DURABLE, SUBJECTS, MessageEvents
from services.messaging.media.wiring import archiving, media_archive, media_objects, media_service
from services.messaging.replies.conversation_store import ThreadedMessageStore
from services.messaging.replies.wiring import auto_replies, reply_services, with_rules
from services.messaging.sending import quiet_hours, sender
from services.messaging.sending.watching import watching
from services.messaging.sending.wiring import any_hour, message_sender, message_services, sending_of
from services.messaging.settings import Settings
from services.messaging.use_cases.auto_replies import AutoReplies
from services.messaging.use_cases.media_archive import MediaArchive
from services.messaging.use_cases.receiving import Receiving
from services.messaging.use_cases.sending import Sending

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Addresses:
    """The ports that were bound."""

    grpc: int
    admin: int


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """Run the service for the block."""
    with logs.bound(service="messaging"):
        _log.info("settings.loaded", **describe(settings))
        health, metrics, clock = Health(), Metrics(), SystemClock()
        sending = _sending(settings, clock)
        replies = auto_replies(settings, sending, clock, metrics)
        archive, objects = media_archive(sending.messages, clock), media_objects(settings)
        async with (
            database(
                settings.database_url,
                schema="messaging",
                migrations="services.messaging.migrations",
            ) as opened,
            bus(settings.nats_url, name="messaging") as stream,
            telnyx_api(settings.telnyx_url, settings.api_key) as carrier,
            dispatching(
                opened,
                tables.outbox,
                {
                    sender.KIND: message_sender(carrier, sending, settings.paces),
                    EVENT: EventPublisher(stream),
                },
                instance=settings.instance,
                clock=clock,
            ) as dispatcher,
            watching(opened, sending.messages, clock) as watched,
            with_rules(opened, replies, settings.rules),
            archiving(settings, opened, archive, objects, clock) as archivist,
            consuming(
                stream,
                durable=DURABLE,
                subjects=SUBJECTS,
                database=opened,
                inbox=tables.inbox,
                decode=Event.FromString,
                identity=lambda event: event.event_id,
                handler=MessageEvents(_receiving(settings, sending, archive, replies, clock)),
                after_commit=_each(dispatcher.wake, archivist.wake),
            ) as consumer,
            keeping(
                keeper_of(opened, sending.consents, carrier, settings, metrics, dispatcher.wake)
            ),
            admin_server(settings.admin_address, health, metrics.registry) as admin,
            serving(
                settings.grpc_address,
                [
                    *message_services(opened, sending, watched, dispatcher.wake),
                    consent_service(opened, sending, settings, dispatcher.wake),
                    media_service(opened, archive, objects),
                    *reply_services(opened, replies, clock),
                ],
                domain="messaging.switchhook",
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


def _sending(settings: Settings, clock: Clock) -> Sending:
    consents = consents_of(settings, clock)
    opens = quiet_hours.next_open if settings.quiet_hours else any_hour
    return sending_of(ThreadedMessageStore(), consents, clock, opens)


def _each(*steps: Callable[[], None]) -> Callable[[], None]:
    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them


def _receiving(
    settings: Settings,
    sending: Sending,
    archive: MediaArchive,
    replies: AutoReplies,
    clock: Clock,
) -> Receiving:
    return Receiving(
        sending.messages,
        sending.consents,
        sending,
        settings.replies(),
        settings.own_numbers,
        clock,
        archive,
        (replies,),
        settings.campaigns,
    )
