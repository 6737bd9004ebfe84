"""What voice holds after the tour of the contact centre, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import grpc.aio
from switchhook.voice.v1 import (
    decision_pb2,
    metrics_service_pb2,
    metrics_service_pb2_grpc,
    queue_entry_pb2,
    queue_service_pb2,
    queue_service_pb2_grpc,
    routing_service_pb2,
    routing_service_pb2_grpc,
)

from cli.centre_tour import CALLBACK_QUEUE, EMPTY_QUEUE, FIRST, QUEUE
from cli.environment import Ports
from cli.findings import Finding, Question, ask
from simulator import world

_DEADLINE = 5.0  # seconds for one question
_MOST = 250

_Entry = queue_entry_pb2.QueueEntry
_Fact = metrics_service_pb2.QueueFact


async def findings(ports: Ports) -> Sequence[Finding]:
    """Ask voice who was served when, by whom, and why."""
    asked = (_priority, _sticky, _callback, _overflow)
    return [await ask(ports.voice, _found(question)) for question in asked]


def _found(question: Question) -> Question:
    """Return the question, answered wrong where what it asks about is not there."""

    async def put(channel: grpc.aio.Channel) -> Finding:
        try:
            return await question(channel)
        except (LookupError, StopIteration, ValueError):
            told = question.__name__.strip("_")
            return Finding(good=False, text=f"nothing to show for {told}")

    return put


async def _priority(channel: grpc.aio.Channel) -> Finding:
    ada, grace = [
        (await _entries(channel, QUEUE, person.number))[0] for person in (world.ADA, world.GRACE)
    ]
    offered = {fact.entry_id: fact.start_time for fact in await _facts(channel, QUEUE, "OFFERED")}
    order = offered[ada.entry_id].ToDatetime(UTC) < offered[grace.entry_id].ToDatetime(UTC)
    later = (_came(ada) - _came(grace)).total_seconds()
    text = (
        f"Ada came {later:.1f} s after Grace and was served first: "
        "a VIP is given 300 s of waiting ahead"
    )
    return Finding(good=order and later > 0 and ada.is_vip and not grace.is_vip, text=text)


async def _sticky(channel: grpc.aio.Channel) -> Finding:
    again = (await _entries(channel, QUEUE, world.GRACE.number))[-1]
    chosen, rejected = await _match(channel, again.entry_id)
    text = (
        f"Grace's second call went to {chosen.option} ({_word(chosen)}); "
        f"{', '.join(f'{each.option}: {_word(each)}' for each in rejected)}"
    )
    return Finding(good=chosen.option == FIRST[0] and "PREFERRED" in chosen.reason, text=text)


async def _callback(channel: grpc.aio.Channel) -> Finding:
    (entry,) = await _entries(channel, CALLBACK_QUEUE, world.GRACE.number)
    facts = await _facts(channel, CALLBACK_QUEUE, "CALLBACK_ASKED")
    asked = (facts[0].start_time.ToDatetime(UTC) - _came(entry)).total_seconds() if facts else 0.0
    text = (
        f"Grace asked to be called back after {asked:.1f} s and kept her place in the queue; "
        f"{entry.agent_id} talks with her"
    )
    talks = entry.state == queue_entry_pb2.QUEUE_ENTRY_STATE_CONNECTED
    called_back = entry.kind == queue_entry_pb2.QUEUE_ENTRY_KIND_CALLBACK
    return Finding(good=bool(facts) and called_back and talks, text=text)


async def _overflow(channel: grpc.aio.Channel) -> Finding:
    left = await _facts(channel, EMPTY_QUEUE, "LEFT")
    ways = [each.outcome for each in left]
    entered = {each.entry_id for each in await _facts(channel, QUEUE, "ENTERED")}
    moved = sum(each.entry_id in entered for each in left)
    text = f"{moved} caller of {EMPTY_QUEUE} went on to {QUEUE}: {', '.join(ways)}, not abandoned"
    return Finding(good=ways == ["OVERFLOWED"] and moved == 1, text=text)


def _came(entry: _Entry) -> datetime:
    return entry.enqueue_time.ToDatetime(UTC)


def _word(option: decision_pb2.ConsideredOption) -> str:
    return option.reason.partition(":")[0]


async def _entries(channel: grpc.aio.Channel, queue_id: str, number: str) -> list[_Entry]:
    """Return somebody's entries in a queue, the first first."""
    stub = queue_service_pb2_grpc.QueueServiceStub(channel)
    found: list[_Entry] = []
    for left in (False, True):
        request = queue_service_pb2.ListEntriesRequest(
            page_size=_MOST, queue_id=queue_id, caller_number=number, left=left
        )
        found += (await stub.ListEntries(request, timeout=_DEADLINE)).entries
    return sorted(found, key=_came)


async def _facts(channel: grpc.aio.Channel, queue_id: str, kind: str) -> list[_Fact]:
    stub = metrics_service_pb2_grpc.MetricsServiceStub(channel)
    request = metrics_service_pb2.ListQueueFactsRequest(page_size=_MOST, queue_id=queue_id)
    facts = (await stub.ListQueueFacts(request, timeout=_DEADLINE)).facts
    return [fact for fact in facts if fact.kind == kind]


async def _match(
    channel: grpc.aio.Channel, entry_id: str
) -> tuple[decision_pb2.ConsideredOption, list[decision_pb2.ConsideredOption]]:
    """Return who was offered an entry last, and who was not."""
    stub = routing_service_pb2_grpc.RoutingServiceStub(channel)
    request = routing_service_pb2.ListDecisionsRequest(
        page_size=_MOST, kind=decision_pb2.DECISION_KIND_MATCH
    )
    decisions = (await stub.ListDecisions(request, timeout=_DEADLINE)).decisions
    own = next(each for each in decisions if each.entry_id == entry_id)
    chosen = next(option for option in own.options if option.accepted)
    return chosen, [option for option in own.options if not option.accepted]
