"""Voice, put together: the one file that knows every part."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.crm.v1.crm_service_pb2_grpc import CrmServiceStub
from switchhook.event.v1.event_pb2 import Event
from switchhook.voice.v1 import (
    call_service_pb2,
    call_service_pb2_grpc,
    texml_service_pb2,
    texml_service_pb2_grpc,
)

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
from services.voice.calls.reading import CallReader
from services.voice.calls.wiring import Telephony, telephony
from services.voice.consumer import DURABLE, SUBJECTS, CallEvents
from services.voice.directory import DEADLINE, CrmDirectory
from services.voice.documents import Documents
from services.voice.inbound import InboundPolicy
from services.voice.policy import Policy
from services.voice.servicer import CallServicer, TexmlServicer
from services.voice.settings import Settings
from services.voice.tables import inbox, outbox

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Addresses:
    """The ports that were bound."""

    grpc: int
    admin: int


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
        ):
            # The first caller should not wait for the connection.
            crm.get_state(try_to_connect=True)
            directory = CrmDirectory(CrmServiceStub(crm), metrics)
            legs = _telephony(settings, clock)
            inbound = InboundPolicy(opened, directory, legs.desk, _policy(settings))
            legs.switchboard.listeners.append(inbound)
            async with (
                dispatching(
                    opened,
                    outbox,
                    legs.performers(carrier),
                    instance=settings.instance,
                    clock=clock,
                ) as dispatcher,
                consuming(
                    stream,
                    durable=DURABLE,
                    subjects=SUBJECTS,
                    database=opened,
                    inbox=inbox,
                    decode=Event.FromString,
                    identity=lambda event: event.event_id,
                    handler=CallEvents(legs.switchboard, legs.tokens, inbound, metrics),
                    after_commit=dispatcher.wake,
                ) as consumer,
                admin_server(settings.admin_address, health, metrics.registry) as admin,
                serving(
                    settings.grpc_address,
                    _services(opened, legs, inbound, Documents(settings.speech), clock),
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


def _telephony(settings: Settings, clock: SystemClock) -> Telephony:
    return telephony(
        speech=settings.speech,
        state_secrets=settings.state_secrets or (settings.api_key,),
        numbers=settings.numbers,
        clock=clock,
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        numbers=settings.numbers,
        greeting=settings.greeting,
        named_greeting=settings.named_greeting,
        queue=settings.queue,
        priority_queue=settings.priority_queue,
    )


def _services(
    opened: Database,
    legs: Telephony,
    inbound: InboundPolicy,
    documents: Documents,
    clock: SystemClock,
) -> Sequence[Service]:
    return [
        Service(
            call_service_pb2_grpc.add_CallServiceServicer_to_server,
            CallServicer(CallReader(opened, legs.calls)),
            call_service_pb2.DESCRIPTOR.services_by_name["CallService"],
        ),
        Service(
            texml_service_pb2_grpc.add_TexmlServiceServicer_to_server,
            TexmlServicer(legs.switchboard, inbound, documents, clock),
            texml_service_pb2.DESCRIPTOR.services_by_name["TexmlService"],
        ),
    ]
