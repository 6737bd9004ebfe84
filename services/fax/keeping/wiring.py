"""Keeping, put together: the archive, the audit, the services, and the sweep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from switchhook.fax.v1 import (
    audit_service_pb2,
    audit_service_pb2_grpc,
    retention_service_pb2,
    retention_service_pb2_grpc,
)

from chassis.archive import Archive
from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.metrics import Metrics
from chassis.objects import open_objects
from chassis.timers import ticking
from services.fax.keeping.audit import Audit
from services.fax.keeping.audit_servicer import AuditServicer
from services.fax.keeping.audit_store import AuditStore
from services.fax.keeping.erasing import Erasing
from services.fax.keeping.hold_store import HoldStore
from services.fax.keeping.policy_store import PolicyStore
from services.fax.keeping.retention import Retention
from services.fax.keeping.retention_servicer import RetentionServicer
from services.fax.keeping.sweep import SWEEP, Sweep, arm
from services.fax.keeping.tables import contents
from services.fax.settings import Settings
from services.fax.tables import requests, timers
from services.fax.use_cases import FaxUseCases

_FOLDER = "documents"


def archive_of(opened: Database, settings: Settings) -> Archive:
    """Open the place the bytes are kept in."""
    return Archive(opened, open_objects(settings.documents_url, _FOLDER), contents)


def audit_of(opened: Database, clock: Clock) -> Audit:
    """Return what reads are recorded with."""
    return Audit(opened, AuditStore(), clock)


def keeping_services(
    opened: Database, faxes: FaxUseCases, audit: Audit, clock: Clock
) -> Sequence[Service]:
    """Return RetentionService and AuditService, ready to be served."""
    retention = Retention(PolicyStore(), HoldStore(), Erasing(), contents, timers, audit, clock)
    return (
        Service(
            retention_service_pb2_grpc.add_RetentionServiceServicer_to_server,
            RetentionServicer(opened, retention, faxes, requests),
            retention_service_pb2.DESCRIPTOR.services_by_name["RetentionService"],
        ),
        Service(
            audit_service_pb2_grpc.add_AuditServiceServicer_to_server,
            AuditServicer(opened, clock),
            audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
        ),
    )


@asynccontextmanager
async def sweeping(
    opened: Database,
    audit: Audit,
    settings: Settings,
    metrics: Metrics,
    clock: Clock,
    wake: Callable[[], None],
) -> AsyncIterator[None]:
    """Erase what is due for the block; `wake` tells the dispatcher that bytes are to go."""
    interval = timedelta(seconds=settings.retention_interval)
    sweep = Sweep(PolicyStore(), Erasing(), timers, audit, metrics, interval)
    await arm(opened, timers, clock)
    async with ticking(opened, timers, {SWEEP: sweep.ring}, clock, after_commit=wake):
        yield
