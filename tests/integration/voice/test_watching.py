"""Watching calls, sessions, moments and who is believed, from outside."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.voice.v1 import call_action_pb2 as actions
from switchhook.voice.v1 import (
    call_pb2,
    call_service_pb2,
    call_session_pb2,
    call_timeline_pb2,
    call_watch_pb2,
)

from services.voice.calls.facts import CommandKind, Role
from services.voice.calls.state_token import StateToken, StateTokens
from tests.integration.voice.suite import Suite
from tests.support.eventually import eventually
from tests.support.telnyx_calls import ADA, CALLED, Leg

ELSEWHERE = "+12025550199"
"""A number no plan is for: nobody but the test commands its calls."""
TOKENS = StateTokens(("KEY-test",))
"""What the service under test signs with."""


def fresh(**more: str) -> Leg:
    """Return a leg nobody has heard of."""
    return Leg(uuid4().hex, **{"called": ELSEWHERE, **more})


def reason(error: grpc.aio.AioRpcError) -> str:
    """Return the reason a status carries."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    return str(next(info.reason for detail in status.details if detail.Unpack(info)))


@asynccontextmanager
async def watched(
    suite: Suite, request: call_watch_pb2.WatchCallsRequest
) -> AsyncIterator[list[call_watch_pb2.WatchCallsResponse]]:
    """Watch for the block, from when the watch has begun."""
    seen: list[call_watch_pb2.WatchCallsResponse] = []
    stream = suite.calls.WatchCalls(request)

    async def read() -> None:
        async for step in stream:
            seen.append(step)  # noqa: PERF401 - one by one, as they come

    reading = asyncio.create_task(read())
    try:
        await eventually(lambda: seen)
        yield seen
    finally:
        stream.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def states(seen: list[call_watch_pb2.WatchCallsResponse]) -> list[str]:
    """Return the states that changes told of, without repetitions."""
    told = [
        call_pb2.CallState.Name(step.change.state).removeprefix("CALL_STATE_")
        for step in seen
        if step.HasField("change")
    ]
    return list(dict.fromkeys(told))


async def test_a_watch_tells_of_one_leg_in_order_and_can_be_gone_on_with(
    shared_suite: Suite,
) -> None:
    """Each change comes with the leg; whoever comes back gets what was missed and nothing else."""
    leg, other = fresh(), fresh()
    request = call_watch_pb2.WatchCallsRequest(call_leg_id=leg.leg_id)
    async with watched(shared_suite, request) as seen:
        await shared_suite.deliver(leg.initiated(), other.initiated(), leg.answered())
        await eventually(lambda: states(seen) == ["INITIATED", "ANSWERED"])
    assert {step.change.call.call_leg_id for step in seen[1:]} == {leg.leg_id}
    sequences = [step.sequence for step in seen]
    assert sequences == sorted(set(sequences))
    await shared_suite.deliver(other.hung_up(), leg.hung_up())
    await shared_suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
    request.after_sequence = sequences[-1]
    async with watched(shared_suite, request) as missed:
        await eventually(lambda: states(missed) == ["HUNG_UP"])


async def test_a_watch_can_be_narrowed(shared_suite: Suite) -> None:
    """What does not meet every condition is left out."""
    number = "+13125550155"
    ringing, plain, agent = fresh(caller=number), fresh(), fresh(direction="outgoing")
    by_number = call_watch_pb2.WatchCallsRequest(phone_number=number)
    by_role = call_watch_pb2.WatchCallsRequest(role=call_pb2.CALL_ROLE_AGENT)
    by_state = call_watch_pb2.WatchCallsRequest(
        phone_number=number, states=[call_pb2.CALL_STATE_HUNG_UP]
    )
    async with (
        watched(shared_suite, by_number) as numbered,
        watched(shared_suite, by_role) as agents,
        watched(shared_suite, by_state) as ended,
    ):
        await shared_suite.deliver(plain.initiated(), ringing.initiated())
        await eventually(lambda: states(numbered) == ["INITIATED"])
        signed = state(TOKENS, agent.leg_id)
        await shared_suite.deliver(agent.initiated(client_state=signed), ringing.hung_up())
        await eventually(lambda: states(numbered) == ["INITIATED", "HUNG_UP"])
        await eventually(lambda: states(agents) == ["INITIATED"])
        await eventually(lambda: states(ended) == ["HUNG_UP"])
    told = {each.change.call.call_leg_id for each in agents if each.HasField("change")}
    assert told == {agent.leg_id}
    told = {each.change.call.call_leg_id for each in numbered if each.HasField("change")}
    assert told == {ringing.leg_id}


async def test_the_legs_of_a_session_are_shown_together(shared_suite: Suite) -> None:
    """A session is alive while one of its legs is, and has its legs in their order."""
    suite, one, other = shared_suite, fresh(), fresh()
    session = f"session-{uuid4().hex}"
    for leg in (one, other):
        await suite.deliver(leg.event("call.bridged", call_session_id=session))
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_BRIDGED)
    asked = call_session_pb2.GetSessionRequest(call_session_id=session)
    found = (await suite.calls.GetSession(asked)).session
    assert [leg.call_leg_id for leg in found.legs] == [one.leg_id, other.leg_id]
    assert found.is_alive
    assert not found.HasField("end_time")
    for leg in (one, other):
        await suite.deliver(leg.hung_up())
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
    found = (await suite.calls.GetSession(asked)).session
    assert not found.is_alive
    assert found.HasField("end_time")


async def test_sessions_come_in_pages(shared_suite: Suite) -> None:
    """Newest first by their first legs, each once, narrowed by number and by being alive."""
    suite, number = shared_suite, "+13125550166"
    legs = [fresh(caller=number) for _ in range(3)]
    for leg in legs:
        await suite.deliver(leg.initiated())
        await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_INITIATED)
    await suite.deliver(legs[1].hung_up())
    await suite.reaches(legs[1].leg_id, call_pb2.CALL_STATE_HUNG_UP)
    found: list[str] = []
    request = call_session_pb2.ListSessionsRequest(page_size=2, phone_number=number)
    while True:
        page = await suite.calls.ListSessions(request)
        found += [session.legs[0].call_leg_id for session in page.sessions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [leg.leg_id for leg in reversed(legs)]
    alive = call_session_pb2.ListSessionsRequest(phone_number=number, alive_only=True)
    page = await suite.calls.ListSessions(alive)
    assert [each.legs[0].call_leg_id for each in page.sessions] == [
        legs[2].leg_id,
        legs[0].leg_id,
    ]


async def test_unknown_sessions_and_legs_are_not_found(shared_suite: Suite) -> None:
    """The status says why, in the contract's words."""
    session = call_session_pb2.GetSessionRequest(call_session_id="nothing")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await shared_suite.calls.GetSession(session)
    assert reason(caught.value) == "SESSION_NOT_FOUND"
    moments = call_timeline_pb2.ListMomentsRequest(call_leg_id="nobody")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await shared_suite.calls.ListMoments(moments)
    assert reason(caught.value) == "CALL_NOT_FOUND"


async def test_moments_tell_events_and_commands_in_order(shared_suite: Suite) -> None:
    """Page by page, oldest first, with what became of each command."""
    suite, leg = shared_suite, fresh()
    await suite.deliver(leg.initiated())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_INITIATED)
    identity = str(uuid4())
    answer = actions.AnswerCallRequest(request_id=identity, call_leg_id=leg.leg_id)
    await suite.calls.AnswerCall(answer)
    await suite.deliver(leg.answered(), leg.answered(), leg.hung_up())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
    request = call_timeline_pb2.ListMomentsRequest(
        call_leg_id=leg.leg_id, whole_session=True, page_size=2
    )
    moments: list[call_timeline_pb2.Moment] = []
    while True:
        page = await suite.calls.ListMoments(request)
        moments += page.moments
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    titles = [each.title for each in moments]
    assert sorted(titles) == [
        "ANSWER",
        "call.answered",
        "call.answered",
        "call.hangup",
        "call.initiated",
    ]
    (command,) = (each for each in moments if each.title == "ANSWER")
    assert command.kind == call_timeline_pb2.MOMENT_KIND_COMMAND
    assert command.reference == f"api/{identity}"
    assert {each.call_leg_id for each in moments} == {leg.leg_id}
    times = [each.time.ToNanoseconds() for each in moments]
    assert times == sorted(times)


def state(tokens: StateTokens, leg_id: str = "", role: Role = Role.AGENT) -> str:
    """Return a client_state as an event carries it."""
    token = StateToken(role, "offer-1", "key", CommandKind.SPEAK, leg_id)
    return base64.b64encode(tokens.sign(token)).decode()


@pytest.mark.parametrize("direction", ["outgoing", "incoming"])
async def test_a_forged_client_state_gives_no_role(shared_suite: Suite, direction: str) -> None:
    """Neither another's signature nor another leg's token makes an agent of anybody."""
    forged = state(StateTokens(("guessed",)))
    misplaced = state(TOKENS, "another-leg")
    leg = fresh(direction=direction)
    await shared_suite.deliver(
        leg.initiated(client_state=forged),
        leg.event("call.answered", client_state=misplaced),
        leg.event("call.speak.ended", status="completed", client_state="nonsense"),
    )
    call = await shared_suite.reaches(leg.leg_id, call_pb2.CALL_STATE_IVR)
    assert (call.role, call.subject) == (call_pb2.CALL_ROLE_UNSPECIFIED, "")
    counted = await metrics(shared_suite)
    for verdict in ("FORGED", "MISPLACED", "FOREIGN"):
        assert counted[f'switchhook_voice_client_states_total{{verdict="{verdict}"}}'] >= 1


async def test_a_signed_client_state_is_believed_on_a_leg_we_dialled(shared_suite: Suite) -> None:
    """The same token makes an agent of a leg going out, and a caller of one coming in."""
    out, towards = fresh(direction="outgoing"), fresh(called=CALLED, caller=ADA)
    await shared_suite.deliver(
        out.initiated(client_state=state(TOKENS, out.leg_id)),
        towards.initiated(client_state=state(TOKENS, towards.leg_id)),
    )
    agent = await shared_suite.reaches(out.leg_id, call_pb2.CALL_STATE_INITIATED)
    assert (agent.role, agent.subject) == (call_pb2.CALL_ROLE_AGENT, "offer-1")
    caller = await shared_suite.reaches(towards.leg_id, call_pb2.CALL_STATE_INITIATED)
    assert (caller.role, caller.subject) == (call_pb2.CALL_ROLE_CALLER, "")
    await shared_suite.deliver(towards.hung_up())
    await shared_suite.reaches(towards.leg_id, call_pb2.CALL_STATE_HUNG_UP)


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ("anonymous", call_pb2.CALL_ROLE_CALLER),
        ("sip:ada@example.com", call_pb2.CALL_ROLE_CALLER),
        ("asterisk", call_pb2.CALL_ROLE_CALLER),
        ("", call_pb2.CALL_ROLE_CALLER),
        ("+1\x00312", call_pb2.CALL_ROLE_CALLER),
    ],
)
async def test_callers_without_a_number_are_callers(
    shared_suite: Suite, given: str, role: call_pb2.CallRole.ValueType
) -> None:
    """Whatever stands where the number should, the leg is recorded and served."""
    leg = fresh(called=CALLED, caller=given)
    await shared_suite.deliver(leg.initiated())
    call = await shared_suite.reaches(leg.leg_id, call_pb2.CALL_STATE_INITIATED)
    assert call.role == role
    assert call.caller.phone_number == ""
    asked = call_service_pb2.ListCallsRequest(role=role, page_size=250)
    found = await shared_suite.calls.ListCalls(asked)
    assert leg.leg_id in {each.call_leg_id for each in found.calls}
    await shared_suite.deliver(leg.hung_up())
    await shared_suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)


async def metrics(suite: Suite) -> dict[str, float]:
    """Return the service's metrics by their names with labels."""
    url = f"http://127.0.0.1:{suite.ports.admin}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        lines = (await answer.text()).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs}
