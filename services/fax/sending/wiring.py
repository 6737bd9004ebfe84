"""Sending and watching, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from switchhook.fax.v1 import sending_service_pb2, sending_service_pb2_grpc

from chassis.archive import Archive
from chassis.change_log import Watching, watching
from chassis.clock import Clock
from chassis.database import Database
from chassis.dispatcher import Dispatcher, dispatching
from chassis.grpc_server import Service
from chassis.metrics import Metrics
from chassis.timers import ticking
from services.fax import tables
from services.fax.keeping.audit import Reading
from services.fax.sending import effects, translate
from services.fax.sending.failures import FailureClass
from services.fax.sending.following import ATTEMPT, LOOKUP, RESOLVE, Following
from services.fax.sending.handing_over import Carrier, Contents, Handover, Withdrawal
from services.fax.sending.ids import Tokens, secret_of
from services.fax.sending.looking import Look
from services.fax.sending.orders import Sender
from services.fax.sending.plan import Planner
from services.fax.sending.servicer import FaxSendingServicer
from services.fax.sending.store import JobStore, NumberStore
from services.fax.sending.taking import UPLOAD, Documents, Received, Taking
from services.fax.sending.watching import Loading, Watched
from services.fax.settings import Settings
from services.fax.store import FaxStore

_AT_ONCE = 4
"""Attempts handed over at a time: each may hold a document of 20 MB in memory."""


def tokens_of(settings: Settings) -> Tokens:
    """Return what signs and reads our client_state."""
    return Tokens(secret_of(settings.state_key, settings.api_key))


def following_of(settings: Settings, clock: Clock, metrics: Metrics) -> Following:
    """Return the use cases of jobs."""
    ends = ["delivered", *(each.value for each in FailureClass)]
    ended = metrics.counter("fax_attempts", "Attempts that ended, by how.", {"how": ends})

    def count(how: str) -> None:
        ended.at(how).inc()

    words = effects.Rendering(
        settings.connection_id, tokens_of(settings), translate.announcement, translate.alert
    )
    return Following(
        JobStore(),
        NumberStore(),
        tables.outbox,
        tables.timers,
        tables.changes,
        Planner(settings.retries),
        words,
        clock,
        count,
    )


def _taking(
    settings: Settings,
    opened: Database,
    following: Following,
    documents: Documents,
    archive: Archive,
    received: Received,
) -> Taking:
    """Return the use case that takes orders."""
    sender = Sender(
        connection_id=settings.connection_id,
        from_number=settings.from_number,
        page_size=settings.page_size,
        links=archive.objects.gives_links,
    )
    return Taking(
        opened,
        following,
        tables.requests,
        tables.timers,
        documents,
        archive,
        received,
        sender,
        following.clock,
    )


@asynccontextmanager
async def taking_faxes(
    settings: Settings,
    opened: Database,
    following: Following,
    documents: Documents,
    archive: Archive,
    received: Received,
    wake: Callable[[], None],
) -> AsyncIterator[Taking]:
    """Keep the time of plans for the block, and give what takes orders."""
    taking = _taking(settings, opened, following, documents, archive, received)
    handlers = {
        ATTEMPT: following.due,
        LOOKUP: following.look,
        RESOLVE: following.resolve,
        UPLOAD: taking.let_go,
    }
    async with ticking(opened, tables.timers, handlers, following.clock, after_commit=wake):
        yield taking


@asynccontextmanager
async def handing_over(
    settings: Settings, opened: Database, following: Following, carrier: Carrier, contents: Contents
) -> AsyncIterator[Dispatcher]:
    """Hand attempts to the carrier for the block.

    With a dispatcher of its own: while large documents leave, those that come in are fetched.
    """
    async with dispatching(
        opened,
        tables.outbox,
        {
            effects.HANDOVER: Handover(following, carrier, contents),
            effects.LOOK: Look(following, carrier),
            effects.WITHDRAW: Withdrawal(following, carrier),
        },
        instance=f"{settings.instance}/sending",
        clock=following.clock,
        concurrency=_AT_ONCE,
    ) as dispatcher:
        yield dispatcher


@asynccontextmanager
async def watching_faxes(
    opened: Database, store: FaxStore, following: Following
) -> AsyncIterator[Watching[Watched]]:
    """Follow the changes of faxes and jobs for the block."""
    loading = Loading(store, following.jobs, following.planner)
    async with watching(opened, tables.changes, loading.load, following.clock) as watched:
        yield watched


def sending_service(
    opened: Database,
    following: Following,
    taking: Taking,
    archive: Archive,
    audit: Reading,
    wake: Callable[[], None],
) -> Service:
    """Return FaxSendingService, ready to be served."""
    return Service(
        sending_service_pb2_grpc.add_FaxSendingServiceServicer_to_server,
        FaxSendingServicer(opened, following, taking, archive, audit, wake),
        sending_service_pb2.DESCRIPTOR.services_by_name["FaxSendingService"],
    )
