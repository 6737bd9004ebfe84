"""The archive of media, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from switchhook.messaging.v1 import media_service_pb2, media_service_pb2_grpc

from chassis.clock import Clock
from chassis.database import Database
from chassis.dispatcher import Dispatcher, dispatching
from chassis.effects import Performers
from chassis.grpc_server import Service
from chassis.objects import Objects, open_objects
from chassis.sandbox import Sandbox
from services.messaging import tables
from services.messaging.media.fetching import MediaFetcher, fetching
from services.messaging.media.servicer import MediaServicer
from services.messaging.media.store import MediaStore
from services.messaging.media.thumbnails import Thumbnailer
from services.messaging.ports import Messages
from services.messaging.settings import Settings
from services.messaging.use_cases.media_archive import FETCH, SHRINK, MediaArchive

_FOLDER = "media"
_CONCURRENCY = 8


def media_archive(messages: Messages, clock: Clock) -> MediaArchive:
    """Return the archive's use cases."""
    return MediaArchive(MediaStore(), messages, tables.outbox, clock)


def media_objects(settings: Settings) -> Objects:
    """Open the place the bytes are kept in."""
    return open_objects(settings.media_url, _FOLDER)


@asynccontextmanager
async def archiving(
    settings: Settings, opened: Database, archive: MediaArchive, objects: Objects, clock: Clock
) -> AsyncIterator[Dispatcher]:
    """Fetch parts and make thumbnails for the block.

    With a dispatcher of its own: while the carrier's media is slow, texts are sent as ever.
    """
    fetch = fetching(settings.telnyx_url, settings.api_key, settings.media_hosts)
    performers: Performers = {
        FETCH: MediaFetcher(archive, objects, fetch, clock),
        SHRINK: Thumbnailer(archive, objects, Sandbox()),
    }
    async with dispatching(
        opened,
        tables.outbox,
        performers,
        instance=f"{settings.instance}/media",
        clock=clock,
        concurrency=_CONCURRENCY,
    ) as dispatcher:
        yield dispatcher


def media_service(opened: Database, archive: MediaArchive, objects: Objects) -> Service:
    """Return MediaService, ready to be served."""
    return Service(
        media_service_pb2_grpc.add_MediaServiceServicer_to_server,
        MediaServicer(opened, archive, objects),
        media_service_pb2.DESCRIPTOR.services_by_name["MediaService"],
    )
