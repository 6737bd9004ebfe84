"""CallService over gRPC: translate in, call, translate out."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.voice.v1 import call_action_pb2 as actions
from switchhook.voice.v1 import call_media_pb2 as media
from switchhook.voice.v1 import (
    call_service_pb2,
    call_service_pb2_grpc,
    call_session_pb2,
    call_timeline_pb2,
    call_watch_pb2,
    dial_pb2,
)

from chassis import pages
from chassis.change_log import Watching
from chassis.database import Database
from services.voice import translate
from services.voice.calls import translate as acting_translate
from services.voice.calls.acting import Acting
from services.voice.calls.command import Answer, Command, HangUp, StopPlayback, StopRecording
from services.voice.calls.reading import CallReader
from services.voice.calls.records import ChangedCall, CommandRecord
from services.voice.once import once

Context = grpc.aio.ServicerContext[Any, Any]
A = TypeVar("A", bound=Message)


class Request(Protocol):
    """What every request for a command holds."""

    request_id: str
    call_leg_id: str


class CallServicer(call_service_pb2_grpc.CallServiceServicer):
    """Acts on calls and shows them."""

    def __init__(
        self,
        database: Database,
        acting: Acting,
        reader: CallReader,
        watching: Watching[ChangedCall],
        after_commit: Callable[[], None],
    ) -> None:
        """Answer from the database; `after_commit` follows each command that was stored."""
        self._database = database
        self._acting = acting
        self._reader = reader
        self._watching = watching
        self._after_commit = after_commit

    async def DialCall(
        self, request: dial_pb2.DialCallRequest, _context: Context
    ) -> dial_pb2.DialCallResponse:
        """Call somebody."""
        wanted = acting_translate.wanted(request)
        async with self._database.transaction() as connection:

            async def act() -> dial_pb2.DialCallResponse:
                made = await self._acting.dial(connection, wanted)
                return dial_pb2.DialCallResponse(dial=acting_translate.dial(made))

            answer = await once(connection, request, dial_pb2.DialCallResponse, act)
        self._after_commit()
        return answer

    async def AnswerCall(
        self, request: actions.AnswerCallRequest, _context: Context
    ) -> actions.AnswerCallResponse:
        """Take an inbound call."""
        return await self._command(request, actions.AnswerCallResponse, Answer())

    async def RejectCall(
        self, request: actions.RejectCallRequest, _context: Context
    ) -> actions.RejectCallResponse:
        """Refuse an inbound call."""
        command = acting_translate.reject(request)
        return await self._command(request, actions.RejectCallResponse, command)

    async def HangUpCall(
        self, request: actions.HangUpCallRequest, _context: Context
    ) -> actions.HangUpCallResponse:
        """End a leg."""
        return await self._command(request, actions.HangUpCallResponse, HangUp())

    async def TransferCall(
        self, request: actions.TransferCallRequest, _context: Context
    ) -> actions.TransferCallResponse:
        """Connect a leg to somebody the carrier dials."""
        command = acting_translate.transfer(request)
        return await self._command(request, actions.TransferCallResponse, command)

    async def BridgeCall(
        self, request: actions.BridgeCallRequest, _context: Context
    ) -> actions.BridgeCallResponse:
        """Connect two legs."""
        other = request.other_call_leg_id

        async def give(connection: AsyncConnection) -> CommandRecord:
            return await self._acting.bridge(
                connection, request.call_leg_id, other, request.request_id
            )

        return await self._once(request, actions.BridgeCallResponse, give)

    async def SpeakText(
        self, request: media.SpeakTextRequest, _context: Context
    ) -> media.SpeakTextResponse:
        """Speak a text."""
        command = acting_translate.speak(request)
        return await self._command(request, media.SpeakTextResponse, command)

    async def PlayAudio(
        self, request: media.PlayAudioRequest, _context: Context
    ) -> media.PlayAudioResponse:
        """Play audio."""
        command = acting_translate.play(request)
        return await self._command(request, media.PlayAudioResponse, command)

    async def StopPlayback(
        self, request: media.StopPlaybackRequest, _context: Context
    ) -> media.StopPlaybackResponse:
        """Stop whatever plays."""
        return await self._command(request, media.StopPlaybackResponse, StopPlayback())

    async def GatherDigits(
        self, request: media.GatherDigitsRequest, _context: Context
    ) -> media.GatherDigitsResponse:
        """Ask for keys."""
        command = acting_translate.gather(request)
        return await self._command(request, media.GatherDigitsResponse, command)

    async def SendDtmf(
        self, request: media.SendDtmfRequest, _context: Context
    ) -> media.SendDtmfResponse:
        """Send tones."""
        command = acting_translate.send_dtmf(request)
        return await self._command(request, media.SendDtmfResponse, command)

    async def StartRecording(
        self, request: media.StartRecordingRequest, _context: Context
    ) -> media.StartRecordingResponse:
        """Record a leg."""
        command = acting_translate.record(request)
        return await self._command(request, media.StartRecordingResponse, command)

    async def StopRecording(
        self, request: media.StopRecordingRequest, _context: Context
    ) -> media.StopRecordingResponse:
        """End a recording."""
        return await self._command(request, media.StopRecordingResponse, StopRecording())

    async def GetCall(
        self, request: call_service_pb2.GetCallRequest, _context: Context
    ) -> call_service_pb2.GetCallResponse:
        """Return one leg with its commands."""
        found = await self._reader.get(request.call_leg_id)
        return call_service_pb2.GetCallResponse(call=translate.call(found))

    async def ListCalls(
        self, request: call_service_pb2.ListCallsRequest, _context: Context
    ) -> call_service_pb2.ListCallsResponse:
        """Return a page of legs, newest first."""
        filters = pages.filters(request)
        after = translate.place(pages.decode(request.page_token, filters))
        size = pages.page_size(request.page_size)
        found, end = await self._reader.page(translate.call_filter(request), after, size)
        token = pages.encode(translate.position(end), filters) if end else ""
        calls = [translate.call(each) for each in found]
        return call_service_pb2.ListCallsResponse(calls=calls, next_page_token=token)

    async def WatchCalls(
        self, request: call_watch_pb2.WatchCallsRequest, _context: Context
    ) -> AsyncIterator[call_watch_pb2.WatchCallsResponse]:
        """Send what changes of legs until the caller ends it."""
        after = request.after_sequence if request.HasField("after_sequence") else None
        steps = self._watching.watch(after, lambda call: acting_translate.watches(request, call))
        async with aclosing(steps):
            async for step in steps:
                yield acting_translate.step(step)

    async def GetDial(
        self, request: dial_pb2.GetDialRequest, _context: Context
    ) -> dial_pb2.GetDialResponse:
        """Return one dial."""
        found = await self._reader.dial(request.dial_id)
        return dial_pb2.GetDialResponse(dial=acting_translate.dial(found))

    async def GetSession(
        self, request: call_session_pb2.GetSessionRequest, _context: Context
    ) -> call_session_pb2.GetSessionResponse:
        """Return the legs that belong together."""
        found = await self._reader.session(request.call_session_id)
        return call_session_pb2.GetSessionResponse(session=acting_translate.session(found))

    async def ListSessions(
        self, request: call_session_pb2.ListSessionsRequest, _context: Context
    ) -> call_session_pb2.ListSessionsResponse:
        """Return a page of sessions, newest first."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.place(pages.decode(request.page_token, filters))
        wanted = acting_translate.session_filter(request)
        found, end = await self._reader.sessions(wanted, after, size)
        token = pages.encode(translate.position(end), filters) if end else ""
        sessions = [acting_translate.session(each) for each in found]
        return call_session_pb2.ListSessionsResponse(sessions=sessions, next_page_token=token)

    async def ListMoments(
        self, request: call_timeline_pb2.ListMomentsRequest, _context: Context
    ) -> call_timeline_pb2.ListMomentsResponse:
        """Return a page of what happened, oldest first."""
        filters, size = pages.filters(request), pages.page_size(request.page_size)
        start = acting_translate.offset(pages.decode(request.page_token, filters))
        found = await self._reader.moments(request.call_leg_id, whole_session=request.whole_session)
        end = start + size
        token = pages.encode([end], filters) if len(found) > end else ""
        moments = [acting_translate.moment(each) for each in found[start:end]]
        return call_timeline_pb2.ListMomentsResponse(moments=moments, next_page_token=token)

    async def _command(self, request: Request, answer: type[A], command: Command) -> A:
        async def give(connection: AsyncConnection) -> CommandRecord:
            return await self._acting.command(
                connection, request.call_leg_id, request.request_id, command
            )

        return await self._once(request, answer, give)

    async def _once(self, request: Request, answer: type[A], give: Any) -> A:
        """Command once for each request_id, and answer with the command as it was stored."""
        async with self._database.transaction() as connection:

            async def act() -> A:
                given = await give(connection)
                return answer(command=translate.command(given))

            told = await once(connection, request, answer, act)
        self._after_commit()
        return told
