"""Consent, put together: the ledger, its service, and what keeps it true."""

from collections.abc import Callable
from dataclasses import replace

from switchhook.messaging.v1 import consent_service_pb2, consent_service_pb2_grpc

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.metrics import Metrics
from services.messaging import events, tables
from services.messaging.consent.hold_store import HoldStore
from services.messaging.consent.keeping import Carrier, CarrierLists, Keeper
from services.messaging.consent.reconciliation_store import ReconciliationStore
from services.messaging.consent.servicer import ConsentServicer
from services.messaging.consent.store import ConsentStore
from services.messaging.settings import Settings
from services.messaging.use_cases.consents import Consents
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.opt_ins import OptIns
from services.messaging.use_cases.reconciling import Reconciling
from services.messaging.use_cases.sending import Sending


def consents_of(settings: Settings, clock: Clock) -> Consents:
    """Return the use case that keeps the ledger."""
    return Consents(
        ConsentStore(),
        HoldStore(),
        tables.outbox,
        events.consent_changed,
        clock,
        replace(settings.programs, revoke_all=settings.revoke_all),
        settings.brand,
    )


def consent_service(
    opened: Database, sending: Sending, settings: Settings, wake: Callable[[], None]
) -> Service:
    """Return ConsentService."""
    return Service(
        consent_service_pb2_grpc.add_ConsentServiceServicer_to_server,
        ConsentServicer(opened, OptIns(sending, settings.replies()), wake),
        consent_service_pb2.DESCRIPTOR.services_by_name["ConsentService"],
    )


def keeper_of(
    opened: Database,
    consents: Consents,
    carrier: Carrier,
    settings: Settings,
    metrics: Metrics,
    wake: Callable[[], None],
) -> Keeper:
    """Return what ends overdue holds and compares the ledger with the carrier's list."""
    lists, cursors = CarrierLists(carrier), ReconciliationStore()
    reconciling = Reconciling(opened, consents, lists, cursors, settings.own_numbers)
    return Keeper(opened, Holds(consents), reconciling, metrics, wake)
