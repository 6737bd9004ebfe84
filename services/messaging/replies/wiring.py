"""Automatic replies and conversations, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from switchhook.messaging.v1 import (
    auto_reply_service_pb2,
    auto_reply_service_pb2_grpc,
    conversation_service_pb2,
    conversation_service_pb2_grpc,
)

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.logs import get_logger
from chassis.metrics import Metrics
from services.messaging.replies.conversation_servicer import ConversationServicer
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.guards import Guard
from services.messaging.replies.rules import Contains, Equals, FirstContact, OutOfHours, Rule
from services.messaging.replies.servicer import AutoReplyServicer
from services.messaging.replies.store import AutoReplyStore
from services.messaging.settings import Settings
from services.messaging.tables import requests
from services.messaging.use_cases.auto_replies import AutoReplies
from services.messaging.use_cases.reading import Reading
from services.messaging.use_cases.sending import Sending

_KINDS = {
    Contains: "contains",
    Equals: "equals",
    OutOfHours: "out_of_hours",
    FirstContact: "first_contact",
}
_LOOPS = (Guard.OWN_SENDER, Guard.ECHO, Guard.REPEATED, Guard.TOO_QUICK)
"""What only machines that answer one another do."""

_log = get_logger(__name__)


class ReplyMetrics:
    """Counts replies by the kind of their rule, and tells of suppressed ones by what objected.

    Counted when it is decided: a transaction that fails and is tried again counts twice.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._replies = metrics.counter(
            "auto_replies", "Automatic replies queued", {"rule": list(_KINDS.values())}
        )
        self._suppressions = metrics.counter(
            "auto_reply_suppressions",
            "Automatic replies that a guard kept from being given",
            {"guard": [guard.value for guard in Guard]},
        )

    def replied(self, rule: Rule) -> None:
        """Count a reply by the kind of its rule."""
        self._replies.at(_KINDS[type(rule.condition)]).inc()

    def suppressed(self, guard: Guard, message_id: str) -> None:
        """Count a reply that a guard kept from being given to a message."""
        self._suppressions.at(guard.value).inc()
        event = "loop.suspected" if guard in _LOOPS else "auto_reply.suppressed"
        log = _log.warning if guard in _LOOPS else _log.info
        log(event, message_id=message_id, guard=guard.value)


def auto_replies(
    settings: Settings, sending: Sending, clock: Clock, metrics: Metrics
) -> AutoReplies:
    """Wire automatic replies."""
    return AutoReplies(
        AutoReplyStore(),
        ConversationStore(),
        sending,
        settings.own_numbers,
        clock,
        ReplyMetrics(metrics),
    )


@asynccontextmanager
async def with_rules(
    opened: Database, replies: AutoReplies, rules: Sequence[Rule]
) -> AsyncIterator[None]:
    """Create the rules of the settings that are not there yet, before anything is received."""
    async with opened.transaction() as connection:
        await replies.seed(connection, rules)
    yield


def reply_services(opened: Database, replies: AutoReplies, clock: Clock) -> Sequence[Service]:
    """Return what is offered about automatic replies and conversations."""
    reading = Reading(replies.conversations, replies.sending.messages, clock)
    return [
        Service(
            auto_reply_service_pb2_grpc.add_AutoReplyServiceServicer_to_server,
            AutoReplyServicer(opened, replies, requests),
            auto_reply_service_pb2.DESCRIPTOR.services_by_name["AutoReplyService"],
        ),
        Service(
            conversation_service_pb2_grpc.add_ConversationServiceServicer_to_server,
            ConversationServicer(opened, reading, requests),
            conversation_service_pb2.DESCRIPTOR.services_by_name["ConversationService"],
        ),
    ]
