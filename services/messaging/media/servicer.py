"""MediaService: translate in, call, translate out."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from switchhook.messaging.v1 import media_pb2, media_service_pb2_grpc
from switchhook.messaging.v1 import media_service_pb2 as pb

from chassis import pages
from chassis.database import Database
from chassis.objects import Objects
from services.messaging.media import translate as media_translate
from services.messaging.use_cases.media_archive import MediaArchive

Context = grpc.aio.ServicerContext[Any, Any]


class MediaServicer(media_service_pb2_grpc.MediaServiceServicer):
    """Lists the parts of messages and streams their bytes."""

    def __init__(self, database: Database, archive: MediaArchive, objects: Objects) -> None:
        """Answer from the database and the archive."""
        self._database = database
        self._archive = archive
        self._objects = objects

    async def ListMedia(
        self, request: pb.ListMediaRequest, context: Context
    ) -> pb.ListMediaResponse:
        """Return one page of the parts of a message, in order."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = media_translate.position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._archive.list(
                connection, request.message_id, limit=size + 1, after=after
            )
        page = found[:size]
        token = pages.encode([page[-1].index], bound) if len(found) > size else ""
        return pb.ListMediaResponse(
            parts=[media_translate.part(part) for part in page], next_page_token=token
        )

    async def GetMedia(
        self, request: pb.GetMediaRequest, context: Context
    ) -> AsyncIterator[pb.GetMediaResponse]:
        """Stream the facts of a part and then its bytes."""
        async with self._database.reading() as connection:
            part = await self._archive.readable(connection, request.message_id, request.index)
        yield pb.GetMediaResponse(part=media_translate.part(part))
        async for chunk in self._objects.read(part.sha256):
            yield pb.GetMediaResponse(chunk=chunk)

    async def GetThumbnail(
        self, request: pb.GetThumbnailRequest, context: Context
    ) -> pb.GetThumbnailResponse:
        """Return the small picture of a part."""
        async with self._database.reading() as connection:
            kept = await self._archive.thumbnail(connection, request.message_id, request.index)
        content = b"".join([chunk async for chunk in self._objects.read(kept.sha256)])
        shown = media_pb2.Thumbnail(
            content=content, content_type=kept.content_type, sha256=kept.sha256
        )
        return pb.GetThumbnailResponse(thumbnail=shown)
