"""switchhook.gateway.v1 over gRPC: translate in, call, translate out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

import grpc.aio
from google.protobuf.message import Message
from switchhook.gateway.v1 import dead_letter_service_pb2 as letters_pb
from switchhook.gateway.v1 import dead_letter_service_pb2_grpc, event_service_pb2_grpc
from switchhook.gateway.v1 import event_service_pb2 as events_pb

from chassis import pages
from chassis.database import Database
from services.gateway import store, translate
from services.gateway.dead_letters import DeadLetters
from services.gateway.events import Events, Start

Context = grpc.aio.ServicerContext[Any, Any]
R = TypeVar("R", bound=Message)

_LIMIT = 100
_RATE = 50


class EventServicer(event_service_pb2_grpc.EventServiceServicer):
    """Reads events."""

    def __init__(self, events: Events) -> None:
        """Answer from `events`."""
        self._events = events

    async def GetEvent(
        self, request: events_pb.GetEventRequest, context: Context
    ) -> events_pb.GetEventResponse:
        """Return one event."""
        message = await self._events.get(request.event_id)
        return events_pb.GetEventResponse(
            record=translate.record(message, include_raw=request.include_raw)
        )

    async def ListEvents(
        self, request: events_pb.ListEventsRequest, context: Context
    ) -> events_pb.ListEventsResponse:
        """Return a page of events, newest first."""
        filters = pages.filters(request)
        below = translate.place(pages.decode(request.page_token, filters))
        page = await self._events.page(
            translate.wanted(request.filter),
            translate.period(request),
            below,
            pages.page_size(request.page_size),
        )
        return events_pb.ListEventsResponse(
            records=[
                translate.record(message, include_raw=request.include_raw)
                for message in page.messages
            ],
            next_page_token="" if page.below is None else pages.encode([page.below], filters),
        )

    async def WatchEvents(
        self, request: events_pb.WatchEventsRequest, context: Context
    ) -> AsyncIterator[events_pb.WatchEventsResponse]:
        """Stream events from a place on."""
        start = Start(
            sequence=request.sequence if request.HasField("sequence") else None,
            time=translate.asked_time(request, "time"),
        )
        async with aclosing(self._events.watch(start, translate.wanted(request.filter))) as steps:
            async for step in steps:
                yield translate.step(step, include_raw=request.include_raw)


class _Request(Protocol):
    @property
    def request_id(self) -> str: ...
    @property
    def dry_run(self) -> bool: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...


class DeadLetterServicer(dead_letter_service_pb2_grpc.DeadLetterServiceServicer):
    """Reads, sends back and discards dead letters."""

    def __init__(self, letters: DeadLetters, database: Database) -> None:
        """Work on `letters`; remember in `database` what was answered."""
        self._letters = letters
        self._database = database

    async def ListDeadLetters(
        self, request: letters_pb.ListDeadLettersRequest, context: Context
    ) -> letters_pb.ListDeadLettersResponse:
        """Return a page of letters, oldest first."""
        filters = pages.filters(request)
        after = translate.place(pages.decode(request.page_token, filters)) or 0
        found, more = await self._letters.page(
            translate.wanted_letters(request.filter), after, pages.page_size(request.page_size)
        )
        token = pages.encode([found[-1].sequence], filters) if more else ""
        return letters_pb.ListDeadLettersResponse(
            dead_letters=[translate.dead_letter(each) for each in found], next_page_token=token
        )

    async def GetDeadLetter(
        self, request: letters_pb.GetDeadLetterRequest, context: Context
    ) -> letters_pb.GetDeadLetterResponse:
        """Return one letter with its payload."""
        found = await self._letters.get(int(request.dead_letter_id))
        return letters_pb.GetDeadLetterResponse(
            dead_letter=translate.dead_letter(found), payload=found.payload
        )

    async def RedriveDeadLetters(
        self, request: letters_pb.RedriveDeadLettersRequest, context: Context
    ) -> letters_pb.RedriveDeadLettersResponse:
        """Send letters back to who gave up on them."""

        async def redrive() -> letters_pb.RedriveDeadLettersResponse:
            outcome = await self._letters.redrive(
                translate.wanted_letters(request.filter),
                limit=request.limit or _LIMIT,
                rate=request.rate or _RATE,
                dry_run=request.dry_run,
            )
            return letters_pb.RedriveDeadLettersResponse(
                matched_count=outcome.matched, redriven_count=outcome.done
            )

        return await self._once(
            "RedriveDeadLetters", request, redrive, letters_pb.RedriveDeadLettersResponse
        )

    async def DiscardDeadLetters(
        self, request: letters_pb.DiscardDeadLettersRequest, context: Context
    ) -> letters_pb.DiscardDeadLettersResponse:
        """Throw letters away."""

        async def discard() -> letters_pb.DiscardDeadLettersResponse:
            outcome = await self._letters.discard(
                translate.wanted_letters(request.filter),
                limit=request.limit or _LIMIT,
                dry_run=request.dry_run,
            )
            return letters_pb.DiscardDeadLettersResponse(
                matched_count=outcome.matched, discarded_count=outcome.done
            )

        return await self._once(
            "DiscardDeadLetters", request, discard, letters_pb.DiscardDeadLettersResponse
        )

    async def _once(
        self,
        method: str,
        request: _Request,
        perform: Callable[[], Awaitable[R]],
        response: type[R],
    ) -> R:
        """Return the first answer again when the request came before; a dry run is not kept."""
        if request.dry_run:
            return await perform()
        fingerprint = request.SerializeToString(deterministic=True)
        async with self._database.reading() as connection:
            known = await store.requests.replay(connection, method, request.request_id, fingerprint)
        if known is not None:
            return response.FromString(known)
        answer = await perform()
        async with self._database.transaction() as connection:
            await store.requests.record(
                connection, method, request.request_id, fingerprint, answer.SerializeToString()
            )
        return answer
