"""Routing, put together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.voice.v1 import routing_service_pb2, routing_service_pb2_grpc

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.timers import Handler
from services.voice.queues.store import SqlQueues
from services.voice.routing import translate_decisions, translate_plan
from services.voice.routing.decisions import Decisions
from services.voice.routing.default_plan import default_plan
from services.voice.routing.inquiry import Directory, History, Inquiry, QueueFacts
from services.voice.routing.plans import Plans
from services.voice.routing.retention import Retention
from services.voice.routing.servicer import RoutingServicer
from services.voice.routing.use_cases import Simulator
from services.voice.settings import Settings
from services.voice.tables import timers


@dataclass(frozen=True)
class Routing:
    """What the rest of voice uses of routing."""

    plans: Plans
    decisions: Decisions
    inquiry: Inquiry
    service: Service
    retention: Retention

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of its timers."""
        return self.retention.handlers()


@asynccontextmanager
async def routing(
    settings: Settings,
    opened: Database,
    directory: Directory,
    history: History,
    queue_facts: QueueFacts,
    clock: Clock,
) -> AsyncIterator[Routing]:
    """Wire routing, and keep the plan of the settings before the first call is taken."""
    queues = SqlQueues()
    plans = Plans(
        translate_plan.pack, translate_plan.unpack, queues, clock, own_numbers=settings.numbers
    )
    decisions = Decisions(translate_decisions.pack, translate_decisions.unpack)
    inquiry = Inquiry(opened, directory, history, queue_facts, clock)
    built_in = default_plan(
        numbers=settings.numbers,
        greeting=settings.greeting,
        named_greeting=settings.named_greeting,
        queue_id=settings.queue,
    )
    async with opened.transaction() as connection:
        await plans.seed(connection, built_in)
    servicer = RoutingServicer(
        opened, plans, decisions, Simulator(opened, plans, queues, inquiry), clock
    )
    retention = Retention(opened, decisions, timers, settings.decision_retention)
    await retention.begin(clock.now())
    yield Routing(plans, decisions, inquiry, _service(servicer), retention)


def _service(servicer: RoutingServicer) -> Service:
    return Service(
        routing_service_pb2_grpc.add_RoutingServiceServicer_to_server,
        servicer,
        routing_service_pb2.DESCRIPTOR.services_by_name["RoutingService"],
    )
