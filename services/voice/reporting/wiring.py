"""The figures of queues and agents, put together."""

from switchhook.voice.v1 import metrics_service_pb2, metrics_service_pb2_grpc

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from services.voice.reporting.ledger import CallerKeys, Ledger
from services.voice.reporting.reading import Reports
from services.voice.reporting.servicer import MetricsServicer
from services.voice.reporting.store import FactStore


def ledger(secret: str) -> Ledger:
    """Return who listens to entries, offers and agents; `secret` makes the callers' keys."""
    return Ledger(FactStore(), CallerKeys(secret))


def metrics_service(opened: Database, clock: Clock) -> Service:
    """Return MetricsService."""
    return Service(
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server,
        MetricsServicer(Reports(opened, FactStore(), clock)),
        metrics_service_pb2.DESCRIPTOR.services_by_name["MetricsService"],
    )
