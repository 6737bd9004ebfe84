"""Documents, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.fax.v1 import document_service_pb2, document_service_pb2_grpc

from carrier.media import MediaRefusal, WhyUnavailable
from chassis.clock import Clock
from chassis.database import Database
from chassis.dispatcher import dispatching
from chassis.effects import Performers
from chassis.grpc_server import Service
from chassis.logs import get_logger
from chassis.metrics import Metrics
from chassis.sandbox import Sandbox
from services.fax.documents.children import LIMITS
from services.fax.documents.documents import Archive, Documents
from services.fax.documents.inspecting import Inspector
from services.fax.documents.model import Problem
from services.fax.documents.receiving import RECOGNIZE, Received
from services.fax.documents.recognition import Engine, Recognizer, find_engine
from services.fax.documents.servicer import DocumentServicer
from services.fax.documents.store import InspectionStore
from services.fax.keeping.audit import Reading
from services.fax.keeping.resends import Resends
from services.fax.keeping.texts import FaxTexts
from services.fax.settings import Settings
from services.fax.tables import outbox
from services.fax.use_cases import INSPECT, Alarm, FaxUseCases

_INSPECTED_AT_ONCE = 1
"""Of the two children that may live at a time, so that hostile faxes never keep readers out."""
_LOST = ("LINK_EXPIRED", "TOO_LARGE", "NO_FRESH_LINK")

_log = get_logger(__name__)


@dataclass(frozen=True)
class Reader:
    """What reads documents, and what it knows of received ones."""

    documents: Documents
    received: Received
    engine: Engine | None
    wake: Callable[[], None]
    """Looks for inspections that were queued."""


def alarm(metrics: Metrics) -> Alarm:
    """Return what counts received documents that cannot be read, by reason, and logs each."""
    reasons = {*_LOST, *Problem, *MediaRefusal, *WhyUnavailable}
    family = metrics.counter(
        "fax_quarantined",
        "Received documents that cannot be read, by the reason.",
        {"reason": sorted(str(each) for each in reasons)},
    )

    def ring(fax_id: str, reason: str) -> None:
        family.at(reason).inc()
        _log.warning("fax.quarantined", fax_id=fax_id, reason=reason)

    return ring


@asynccontextmanager
async def inspecting(
    settings: Settings,
    opened: Database,
    faxes: FaxUseCases,
    archive: Archive,
    clock: Clock,
    wake: Callable[[], None],
) -> AsyncIterator[Reader]:
    """Inspect received documents for the block, and give what reads any.

    With a dispatcher of its own: while a hostile document takes its time, others are fetched.
    `wake` tells the dispatcher that announces them.
    """
    sandbox, engine = Sandbox(), await find_engine(settings.text_engine)
    documents = Documents(archive, sandbox, LIMITS)
    received = Received(
        faxes.store,
        faxes.effects,
        faxes.announce,
        InspectionStore(),
        FaxTexts(),
        Resends(),
        engine is not None,
        faxes.alarm,
    )
    performers: Performers = {
        INSPECT: Inspector(opened, documents, received, clock),
        RECOGNIZE: Recognizer(opened, documents, sandbox, engine, received),
    }
    async with dispatching(
        opened,
        outbox,
        performers,
        instance=f"{settings.instance}/documents",
        clock=clock,
        concurrency=_INSPECTED_AT_ONCE,
    ) as dispatcher:
        dispatcher.neighbours.append(wake)
        yield Reader(documents, received, engine, dispatcher.wake)


def document_service(opened: Database, reader: Reader, audit: Reading) -> Service:
    """Return DocumentService, ready to be served."""
    return Service(
        document_service_pb2_grpc.add_DocumentServiceServicer_to_server,
        DocumentServicer(
            opened,
            reader.received,
            reader.documents,
            FaxTexts(),
            audit,
            reader.engine,
            reader.wake,
        ),
        document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"],
    )
