"""What goes out, put together: sending, its pace and hours, templates and watching."""

from collections.abc import Callable, Sequence
from datetime import datetime

from switchhook.messaging.v1 import (
    message_service_pb2,
    message_service_pb2_grpc,
    template_service_pb2,
    template_service_pb2_grpc,
)

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from services.messaging import tables
from services.messaging.message_servicer import MessageServicer
from services.messaging.ports import Messages
from services.messaging.sending import quiet_hours, sender
from services.messaging.sending.pace_store import PaceStore
from services.messaging.sending.pacing import Paces
from services.messaging.sending.sender import Carrier, MessageSender
from services.messaging.sending.template_servicer import TemplateServicer
from services.messaging.sending.template_store import TemplateStore
from services.messaging.sending.watching import Watching
from services.messaging.use_cases.composing import Composing, Opens
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.releasing import Releasing
from services.messaging.use_cases.sending import Sending
from services.messaging.use_cases.templates import Templates
from services.messaging.use_cases.withdrawing import Withdrawing


def any_hour(_phone_number: str, now: datetime) -> datetime:
    """Say that marketing may be sent at once, whatever the hour."""
    return now


def sending_of(
    messages: Messages, consents: Consents, clock: Clock, opens: Opens = quiet_hours.next_open
) -> Sending:
    """Return the use case, which withdraws what consent forbids as soon as it does."""
    composing = Composing(Templates(TemplateStore(), clock), opens, clock)
    sending = Sending(
        messages, consents, tables.outbox, tables.requests, sender.render, clock, composing
    )
    consents.on_change.append(Withdrawing(sending).cancel_blocked)
    return sending


def message_sender(carrier: Carrier, sending: Sending, paces: Paces) -> MessageSender:
    """Return the performer that hands messages to the carrier."""
    return MessageSender(carrier, sending, Releasing(sending, PaceStore(), paces))


def message_services(
    opened: Database, sending: Sending, watching: Watching, wake: Callable[[], None]
) -> Sequence[Service]:
    """Return MessageService and TemplateService."""
    return [
        Service(
            message_service_pb2_grpc.add_MessageServiceServicer_to_server,
            MessageServicer(opened, sending, watching, wake),
            message_service_pb2.DESCRIPTOR.services_by_name["MessageService"],
        ),
        Service(
            template_service_pb2_grpc.add_TemplateServiceServicer_to_server,
            TemplateServicer(opened, sending.composing.templates),
            template_service_pb2.DESCRIPTOR.services_by_name["TemplateService"],
        ),
    ]
