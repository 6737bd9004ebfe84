"""Reading voice's books over gRPC, and telling it which agent is there."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import grpc
import grpc.aio
from switchhook.voice.v1 import (
    agent_pb2,
    agent_service_pb2_grpc,
    agent_view_pb2,
    call_pb2,
    call_service_pb2,
    call_service_pb2_grpc,
    decision_pb2,
    metrics_pb2,
    metrics_service_pb2,
    metrics_service_pb2_grpc,
    queue_entry_pb2,
    queue_service_pb2,
    queue_service_pb2_grpc,
    routing_service_pb2,
    routing_service_pb2_grpc,
    voicemail_service_pb2,
    voicemail_service_pb2_grpc,
)

from cli.day import books
from cli.day.setup import QUEUES, SERVICE_LEVEL, Setup

_DEADLINE = 10.0
_PAGE = 250
_TRIES, _PAUSE = 60, 0.5
_KINDS = queue_entry_pb2.QueueEntryKind
_STATES = queue_entry_pb2.QueueEntryState
_OUTCOMES = queue_entry_pb2.QueueOutcome

_Reply = TypeVar("_Reply")

Asked = Callable[[str], Awaitable[Any]]
"""Asks for the page of a token."""


class Voice:
    """Voice, over one channel that outlives its restarts."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.queues = queue_service_pb2_grpc.QueueServiceStub(channel)
        self.agents = agent_service_pb2_grpc.AgentServiceStub(channel)
        self.routing = routing_service_pb2_grpc.RoutingServiceStub(channel)
        self._calls = call_service_pb2_grpc.CallServiceStub(channel)
        self._metrics = metrics_service_pb2_grpc.MetricsServiceStub(channel)
        self._voicemails = voicemail_service_pb2_grpc.VoicemailServiceStub(channel)
        self._told: list[tuple[datetime, datetime, str, str]] = []

    async def present(self, agent_id: str, presence: agent_pb2.AgentPresence.ValueType) -> None:
        """Say whether an agent is there; waits while voice is away."""
        began = datetime.now(UTC)
        request = agent_view_pb2.SetPresenceRequest(
            request_id=str(uuid.uuid4()), agent_id=agent_id, presence=presence
        )
        await _patiently(lambda: self.agents.SetPresence(request, timeout=_DEADLINE))
        name = agent_pb2.AgentPresence.Name(presence).removeprefix("AGENT_PRESENCE_")
        self._told.append((began, datetime.now(UTC), agent_id, name))

    async def not_answering(self) -> list[str]:
        """Return the agents who missed a call and have to come back by themselves."""
        request = agent_view_pb2.ListAgentsRequest(
            page_size=_PAGE, presence=agent_pb2.AGENT_PRESENCE_NOT_ANSWERING
        )
        reply = await _patiently(lambda: self.agents.ListAgents(request, timeout=_DEADLINE))
        return [agent.agent_id for agent in reply.agents]

    async def waiting(self) -> int:
        """Return how many are in queues, callbacks included."""
        request = queue_service_pb2.ListEntriesRequest(page_size=_PAGE)
        reply = await _patiently(lambda: self.queues.ListEntries(request, timeout=_DEADLINE))
        return len(reply.entries)

    async def read(self, setup: Setup, since: datetime) -> books.Books:
        """Return everything voice says of the day."""
        entries = [_entry(each) async for each in self._entries()]
        calls, living = await self._known_calls()
        return books.Books(
            entries=entries,
            facts=[_fact(each) async for each in self._facts()],
            matches=[_match(each) async for each in self._decisions()],
            figures=[await self._figures(q, setup, since) for q in QUEUES],
            calls=calls,
            living=living,
            voicemails=await self._messages(),
            presence=self._told,
        )

    async def _entries(self) -> AsyncIterator[queue_entry_pb2.QueueEntry]:
        for left in (False, True):

            async def ask(token: str, left: bool = left) -> Any:
                request = queue_service_pb2.ListEntriesRequest(
                    page_size=_PAGE, page_token=token, left=left
                )
                return await self.queues.ListEntries(request, timeout=_DEADLINE)

            async for reply in _pages(ask):
                for entry in reply.entries:
                    yield entry

    async def _facts(self) -> AsyncIterator[metrics_service_pb2.QueueFact]:
        async def ask(token: str) -> Any:
            request = metrics_service_pb2.ListQueueFactsRequest(page_size=_PAGE, page_token=token)
            return await self._metrics.ListQueueFacts(request, timeout=_DEADLINE)

        async for reply in _pages(ask):
            for fact in reply.facts:
                yield fact

    async def _decisions(self) -> AsyncIterator[decision_pb2.RoutingDecision]:
        async def ask(token: str) -> Any:
            request = routing_service_pb2.ListDecisionsRequest(
                page_size=_PAGE, page_token=token, kind=decision_pb2.DECISION_KIND_MATCH
            )
            return await self.routing.ListDecisions(request, timeout=_DEADLINE)

        async for reply in _pages(ask):
            for decision in reply.decisions:
                yield decision

    async def _known_calls(self) -> tuple[dict[str, int], frozenset[str]]:
        ended: Counter[str] = Counter()
        living = set()

        async def ask(token: str) -> Any:
            request = call_service_pb2.ListCallsRequest(page_size=_PAGE, page_token=token)
            return await self._calls.ListCalls(request, timeout=_DEADLINE)

        async for reply in _pages(ask):
            for call in reply.calls:
                if call.state >= call_pb2.CALL_STATE_HUNG_UP:
                    ended[call.call_leg_id] += 1
                else:
                    living.add(call.call_leg_id)
        return dict(ended), frozenset(living)

    async def _messages(self) -> dict[str, int]:
        found: Counter[str] = Counter()

        async def ask(token: str) -> Any:
            request = voicemail_service_pb2.ListVoicemailsRequest(page_size=_PAGE, page_token=token)
            return await self._voicemails.ListVoicemails(request, timeout=_DEADLINE)

        async for reply in _pages(ask):
            found.update(each.call_leg_id for each in reply.voicemails if each.recording_id)
        return dict(found)

    async def _figures(self, queue_id: str, setup: Setup, since: datetime) -> books.Figures:
        request = metrics_service_pb2.GetQueueMetricsRequest(
            queue_id=queue_id,
            target=setup.span(SERVICE_LEVEL),
            early_abandons=metrics_pb2.EARLY_ABANDONS_IGNORED,
        )
        request.start_time.FromDatetime(since.astimezone(UTC) - timedelta(seconds=1))
        (shown,) = (await self._metrics.GetQueueMetrics(request, timeout=_DEADLINE)).metrics
        return books.Figures(
            queue_id=queue_id,
            offered=shown.offered,
            answered=shown.answered,
            abandoned=shown.abandoned,
            short_abandons=shown.short_abandons,
            callbacks_asked=shown.callbacks_asked,
            callbacks_completed=shown.callbacks_completed,
            offers=shown.offers,
            missed=shown.missed_offers,
            declined=shown.declined_offers,
            waiting=shown.waiting,
            average_wait=shown.average_speed_of_answer.ToTimedelta().total_seconds(),
            service_level=shown.service_level if shown.HasField("service_level") else None,
        )


async def _patiently(ask: Callable[[], Awaitable[_Reply]]) -> _Reply:
    """Ask again while voice is away, for as long as a restart may take."""
    for _ in range(_TRIES):
        try:
            return await ask()
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            await asyncio.sleep(_PAUSE)
    return await ask()


async def _pages(ask: Asked) -> AsyncIterator[Any]:
    token = ""
    while True:
        reply = await ask(token)
        yield reply
        token = reply.next_page_token
        if not token:
            return


def _entry(shown: queue_entry_pb2.QueueEntry) -> books.Entry:
    return books.Entry(
        entry_id=shown.entry_id,
        leg_id=shown.call_leg_id,
        queue_id=shown.queue_id,
        kind=_KINDS.Name(shown.kind).removeprefix("QUEUE_ENTRY_KIND_"),
        state=_STATES.Name(shown.state).removeprefix("QUEUE_ENTRY_STATE_"),
        outcome=_OUTCOMES.Name(shown.outcome).removeprefix("QUEUE_OUTCOME_"),
        caller_number=shown.caller_number,
        is_vip=shown.is_vip,
        ahead=shown.credit.ToTimedelta().total_seconds(),
        skills=dict(shown.required_skills),
        preferred=shown.preferred_agent_id,
        enqueued=shown.enqueue_time.ToDatetime(UTC),
        entered=shown.enter_time.ToDatetime(UTC),
        left=shown.left_time.ToDatetime(UTC) if shown.HasField("left_time") else None,
        attempts=shown.attempts,
    )


def _fact(shown: metrics_service_pb2.QueueFact) -> books.Fact:
    return books.Fact(
        kind=shown.kind,
        start=shown.start_time.ToDatetime(UTC),
        end=shown.end_time.ToDatetime(UTC),
        queue_id=shown.queue_id,
        entry_id=shown.entry_id,
        offer_id=shown.offer_id,
        agent_id=shown.agent_id,
        outcome=shown.outcome,
    )


def _match(shown: decision_pb2.RoutingDecision) -> books.Match:
    accepted = tuple(option.option for option in shown.options if option.accepted)
    return books.Match(shown.entry_id, accepted, len(shown.options) - len(accepted))
