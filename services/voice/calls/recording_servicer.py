"""RecordingService over gRPC: translate in, call, translate out."""

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
from switchhook.voice.v1 import recording_service_pb2 as pb
from switchhook.voice.v1 import recording_service_pb2_grpc

from chassis import pages
from chassis.database import Database
from chassis.errors import NotFound, NotYet
from chassis.objects import Objects
from services.voice import translate
from services.voice.calls import translate as acting_translate
from services.voice.calls.recording_store import SqlRecordings
from services.voice.calls.recordings import RecordingState
from services.voice.calls.records import Place

Context = grpc.aio.ServicerContext[Any, Any]


class RecordingServicer(recording_service_pb2_grpc.RecordingServiceServicer):
    """Lists recordings and streams their bytes."""

    def __init__(self, database: Database, recordings: SqlRecordings, objects: Objects) -> None:
        self._database = database
        self._recordings = recordings
        self._objects = objects

    async def ListRecordings(
        self, request: pb.ListRecordingsRequest, _context: Context
    ) -> pb.ListRecordingsResponse:
        """Return a page of recordings, newest first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        place = translate.place(pages.decode(request.page_token, bound))
        after = (place.create_time, place.leg_id) if place else None
        wanted = acting_translate.recording_filter(request)
        async with self._database.reading() as connection:
            found = await self._recordings.page(connection, wanted, after, size + 1)
        shown, token = found[:size], ""
        if len(found) > size:
            last = Place(shown[-1].create_time, shown[-1].recording_id)
            token = pages.encode(translate.position(last), bound)
        told = [acting_translate.recording(each) for each in shown]
        return pb.ListRecordingsResponse(recordings=told, next_page_token=token)

    async def GetRecording(
        self, request: pb.GetRecordingRequest, _context: Context
    ) -> AsyncIterator[pb.GetRecordingResponse]:
        """Stream the facts of a recording and then its bytes."""
        async with self._database.reading() as connection:
            found = await self._recordings.get(connection, request.recording_id)
        if found is None:
            raise NotFound("RECORDING_NOT_FOUND", "no recording with this id is known")
        if not request.facts_only and found.state is not RecordingState.STORED:
            raise NotYet("RECORDING_NOT_STORED", "the recording is not in the archive")
        yield pb.GetRecordingResponse(recording=acting_translate.recording(found))
        if not request.facts_only:
            async for chunk in self._objects.read(found.sha256):
                yield pb.GetRecordingResponse(chunk=chunk)
