"""Acting on calls from outside: every command, once, and refused where it can reach nobody."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.voice.v1 import call_action_pb2 as actions
from switchhook.voice.v1 import call_command_pb2 as commands
from switchhook.voice.v1 import call_media_pb2 as media
from switchhook.voice.v1 import call_pb2, call_service_pb2, dial_pb2

from tests.integration.voice.suite import Suite
from tests.support.eventually import eventually
from tests.support.telnyx_calls import Leg

ELSEWHERE = "+12025550199"
"""A number no plan is for: nobody but the test commands its calls."""

COMMANDS: dict[str, tuple[Any, dict[str, Any], str, dict[str, Any]]] = {
    "SpeakText": (
        media.SpeakTextRequest,
        {"text": "Hello.", "language": "en-US"},
        "speak",
        {"payload": "Hello.", "voice": "AWS.Polly.Joanna", "language": "en-US"},
    ),
    "PlayAudio": (
        media.PlayAudioRequest,
        {"audio_url": "https://example.com/a.mp3", "loop": True},
        "playback_start",
        {"audio_url": "https://example.com/a.mp3", "loop": "infinity"},
    ),
    "StopPlayback": (media.StopPlaybackRequest, {}, "playback_stop", {"stop": "all"}),
    "GatherDigits": (
        media.GatherDigitsRequest,
        {"text": "Your code?", "maximum_digits": 4, "timeout": Duration(seconds=2)},
        "gather_using_speak",
        {
            "payload": "Your code?",
            "voice": "AWS.Polly.Joanna",
            "minimum_digits": 1,
            "maximum_digits": 4,
            "valid_digits": "0123456789#*",
            "terminating_digit": "#",
            "timeout_millis": 2000,
            "inter_digit_timeout_millis": 5000,
            "maximum_tries": 1,
        },
    ),
    "SendDtmf": (media.SendDtmfRequest, {"digits": "12#"}, "send_dtmf", {"digits": "12#"}),
    "StartRecording": (
        media.StartRecordingRequest,
        {"max_length": Duration(seconds=60)},
        "record_start",
        {
            "format": "mp3",
            "channels": "single",
            "max_length": 60,
            "timeout_secs": 0,
            "play_beep": False,
        },
    ),
    "StopRecording": (media.StopRecordingRequest, {}, "record_stop", {}),
    "TransferCall": (
        actions.TransferCallRequest,
        {"to_address": "sip:ada@example.com"},
        "transfer",
        {"to": "sip:ada@example.com", "timeout_secs": 30},
    ),
    "HangUpCall": (actions.HangUpCallRequest, {}, "hangup", {}),
}


def fresh() -> Leg:
    """Return a leg nobody has heard of."""
    return Leg(uuid4().hex, called=ELSEWHERE)


def reasons(error: grpc.aio.AioRpcError) -> list[str]:
    """Return the reasons a status carries."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    return [info.reason for detail in status.details if detail.Unpack(info)]


async def talking(suite: Suite) -> Leg:
    """Return a leg that was answered."""
    leg = fresh()
    await suite.deliver(leg.initiated(), leg.answered())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_ANSWERED)
    return leg


async def act(suite: Suite, method: str, request: Any) -> Any:
    """Call a method of CallService."""
    return await getattr(suite.calls, method)(request)


async def command_of(suite: Suite, leg: Leg, state: int) -> commands.CallCommand:
    """Wait until the only command of a leg is in a state, and return it."""

    async def check() -> commands.CallCommand | None:
        (found,) = (await suite.call(leg.leg_id)).commands
        return found if found.state == state else None

    found = await eventually(check)
    assert found is not None
    return found


@pytest.mark.parametrize("method", COMMANDS)
async def test_every_command_reaches_the_carrier_once(shared_suite: Suite, method: str) -> None:
    """The exact request is sent, a repetition gets the same answer, and has no second effect."""
    suite, leg = shared_suite, await talking(shared_suite)
    make, fields, action, body = COMMANDS[method]
    request = make(request_id=str(uuid4()), call_leg_id=leg.leg_id, **fields)
    first = await act(suite, method, request)
    assert first.command.state == commands.CALL_COMMAND_STATE_REQUESTED
    assert first.command.key == f"api/{request.request_id}"
    assert await act(suite, method, request) == first
    await command_of(suite, leg, commands.CALL_COMMAND_STATE_ACCEPTED)
    sent = suite.telnyx.body(leg.control_id, action)
    assert sent.pop("command_id") == first.command.command_id
    assert sent.pop("client_state")
    sent.pop("target_leg_client_state", None)
    assert sent == body
    assert suite.telnyx.effects[f"{leg.control_id} {action}"] == 1


async def test_a_request_id_is_of_one_request(shared_suite: Suite) -> None:
    """The same id with other words is refused, and nothing is said."""
    leg, identity = await talking(shared_suite), str(uuid4())
    one, two = (
        media.SpeakTextRequest(request_id=identity, call_leg_id=leg.leg_id, text=text)
        for text in ("One.", "Two.")
    )
    await shared_suite.calls.SpeakText(one)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await shared_suite.calls.SpeakText(two)
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert reasons(caught.value) == ["IDEMPOTENCY_MISMATCH"]
    await shared_suite.commanded(leg, "speak")


async def test_a_request_id_is_of_one_method(shared_suite: Suite) -> None:
    """The same id for another command of the leg is refused, and nothing more is sent."""
    leg, identity = await talking(shared_suite), str(uuid4())
    first = media.StopPlaybackRequest(request_id=identity, call_leg_id=leg.leg_id)
    await shared_suite.calls.StopPlayback(first)
    other = actions.HangUpCallRequest(request_id=identity, call_leg_id=leg.leg_id)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await shared_suite.calls.HangUpCall(other)
    assert reasons(caught.value) == ["IDEMPOTENCY_MISMATCH"]
    await shared_suite.commanded(leg, "playback_stop")


@pytest.mark.parametrize("method", COMMANDS)
async def test_a_call_that_is_over_takes_no_command(shared_suite: Suite, method: str) -> None:
    """It is refused before anything is sent, with the reason."""
    suite, leg = shared_suite, await talking(shared_suite)
    await suite.deliver(leg.hung_up())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
    make, fields, _, _ = COMMANDS[method]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await act(suite, method, make(request_id=str(uuid4()), call_leg_id=leg.leg_id, **fields))
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reasons(caught.value) == ["CALL_ENDED"]
    assert suite.telnyx.actions(leg.control_id) == []
    assert list((await suite.call(leg.leg_id)).commands) == []


async def test_a_call_that_ends_under_a_command_is_a_normal_outcome(shared_suite: Suite) -> None:
    """The carrier's 90018 shows as the command's state; nobody gets an error."""
    leg = await talking(shared_suite)
    shared_suite.telnyx.answer("send_dtmf", "90018")
    request = media.SendDtmfRequest(request_id=str(uuid4()), call_leg_id=leg.leg_id, digits="1")
    await shared_suite.calls.SendDtmf(request)
    found = await command_of(shared_suite, leg, commands.CALL_COMMAND_STATE_CALL_ENDED)
    assert found.reason == ""
    assert shared_suite.telnyx.actions(leg.control_id) == ["send_dtmf"]


async def test_a_ringing_call_is_taken_or_refused_and_nothing_else(shared_suite: Suite) -> None:
    """What needs an answer comes too early, and what answers comes too late afterwards."""
    suite, leg = shared_suite, fresh()
    await suite.deliver(leg.initiated())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_INITIATED)
    ids: dict[str, str] = {"call_leg_id": leg.leg_id}

    def asked(make: Any, **fields: Any) -> Any:
        return make(request_id=str(uuid4()), **ids, **fields)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await suite.calls.SpeakText(asked(media.SpeakTextRequest, text="Hello."))
    assert reasons(caught.value) == ["CALL_NOT_ANSWERED"]
    await suite.calls.AnswerCall(asked(actions.AnswerCallRequest))
    await suite.deliver(leg.answered())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_ANSWERED)
    late = asked(actions.RejectCallRequest, cause=actions.REJECT_CAUSE_BUSY)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await suite.calls.RejectCall(late)
    assert reasons(caught.value) == ["CALL_NOT_RINGING"]
    await suite.commanded(leg, "answer")


async def test_a_call_is_refused_as_busy(shared_suite: Suite) -> None:
    """The caller's network is told that the line is busy."""
    leg = fresh()
    await shared_suite.deliver(leg.initiated())
    await shared_suite.reaches(leg.leg_id, call_pb2.CALL_STATE_INITIATED)
    request = actions.RejectCallRequest(
        request_id=str(uuid4()), call_leg_id=leg.leg_id, cause=actions.REJECT_CAUSE_BUSY
    )
    await shared_suite.calls.RejectCall(request)
    await shared_suite.commanded(leg, "reject")
    assert shared_suite.telnyx.body(leg.control_id, "reject")["cause"] == "USER_BUSY"


async def test_an_unknown_call_takes_no_command(shared_suite: Suite) -> None:
    """Nobody has heard of it, and a bridge needs both of its legs."""
    leg = await talking(shared_suite)
    requests: list[tuple[str, Any]] = [
        ("HangUpCall", actions.HangUpCallRequest(request_id=str(uuid4()), call_leg_id="nobody")),
        (
            "BridgeCall",
            actions.BridgeCallRequest(
                request_id=str(uuid4()), call_leg_id=leg.leg_id, other_call_leg_id="nobody"
            ),
        ),
    ]
    for method, request in requests:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await act(shared_suite, method, request)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert reasons(caught.value) == ["CALL_NOT_FOUND"]


async def test_two_calls_are_joined(shared_suite: Suite) -> None:
    """The leg stays, parked, when the other one hangs up; a refusal is no end of the leg."""
    one, other = await talking(shared_suite), await talking(shared_suite)
    shared_suite.telnyx.answer("bridge", "90018")
    request = actions.BridgeCallRequest(
        request_id=str(uuid4()), call_leg_id=one.leg_id, other_call_leg_id=other.leg_id
    )
    await shared_suite.calls.BridgeCall(request)
    found = await command_of(shared_suite, one, commands.CALL_COMMAND_STATE_REFUSED)
    assert found.reason == "90018"
    sent = shared_suite.telnyx.body(one.control_id, "bridge")
    assert (sent["call_control_id"], sent["park_after_unbridge"]) == (other.control_id, "self")


async def test_what_was_pressed_comes_back_with_the_command(shared_suite: Suite) -> None:
    """The event carries the token of the command, and its digits keep their leading zeros."""
    leg = await talking(shared_suite)
    request = media.GatherDigitsRequest(
        request_id=str(uuid4()), call_leg_id=leg.leg_id, text="Your code?"
    )
    await shared_suite.calls.GatherDigits(request)
    await shared_suite.commanded(leg, "gather_using_speak")
    state = shared_suite.telnyx.body(leg.control_id, "gather_using_speak")["client_state"]
    await shared_suite.deliver(
        leg.event("call.gather.ended", digits="0042", status="valid", client_state=state)
    )

    async def result() -> commands.CommandResult | None:
        (command,) = (await shared_suite.call(leg.leg_id)).commands
        return command.result if command.HasField("result") else None

    ended = await eventually(result)
    assert ended is not None
    assert ended.digits == "0042"
    assert ended.status == commands.COMMAND_RESULT_STATUS_COMPLETED


async def dialled(suite: Suite, until: int = 0, **fields: Any) -> dial_pb2.Dial:
    """Dial somebody and wait until the dial is in a state, or else in any but REQUESTED."""
    request = dial_pb2.DialCallRequest(
        request_id=str(uuid4()),
        to_address="+13125550177",
        from_number="+12025550110",
        **fields,
    )
    first, again = await asyncio.gather(
        suite.calls.DialCall(request), suite.calls.DialCall(request), return_exceptions=True
    )
    made = first if isinstance(first, dial_pb2.DialCallResponse) else again
    assert isinstance(made, dial_pb2.DialCallResponse)

    async def settled() -> dial_pb2.Dial | None:
        asked = dial_pb2.GetDialRequest(dial_id=made.dial.dial_id)
        found = (await suite.calls.GetDial(asked)).dial
        if until:
            return found if found.state == until else None
        return found if found.state != commands.CALL_COMMAND_STATE_REQUESTED else None

    found = await eventually(settled)
    assert found is not None
    return found


async def test_a_dial_starts_one_leg(shared_suite: Suite) -> None:
    """The leg is known with the carrier's answer, and its events find it by their token."""
    suite, before = shared_suite, shared_suite.telnyx.effects[" dial"]
    dial = await dialled(suite, display_name="Switchhook", ring_time=Duration(seconds=10))
    assert dial.state == commands.CALL_COMMAND_STATE_ACCEPTED
    assert suite.telnyx.effects[" dial"] == before + 1
    sent = suite.telnyx.body("", "dial")
    assert (sent["to"], sent["from_display_name"], sent["timeout_secs"]) == (
        "+13125550177",
        "Switchhook",
        10,
    )
    leg = Leg(dial.dial_id, caller="+12025550110", called="+13125550177", direction="outgoing")
    await suite.deliver(leg.initiated(client_state=sent["client_state"]), leg.answered())
    call = await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_ANSWERED)
    assert (call.role, call.dial_id) == (call_pb2.CALL_ROLE_DIALLED, dial.dial_id)
    asked = call_service_pb2.ListCallsRequest(dial_id=dial.dial_id)
    found = await suite.calls.ListCalls(asked)
    assert [each.call_leg_id for each in found.calls] == [leg.leg_id]


async def test_a_dial_whose_answer_is_lost_rings_one_phone(shared_suite: Suite) -> None:
    """It is sent again under its id, which the carrier knows, and the leg is found after all."""
    before = shared_suite.telnyx.effects[" dial"]
    shared_suite.telnyx.answer("dial", "lose")
    dial = await dialled(shared_suite, until=commands.CALL_COMMAND_STATE_ACCEPTED)
    assert dial.call_leg_id == f"leg-{dial.dial_id}"
    assert shared_suite.telnyx.effects[" dial"] == before + 1


async def test_a_dial_the_carrier_refuses_says_why(shared_suite: Suite) -> None:
    """There is no leg, and the dial has the carrier's code."""
    shared_suite.telnyx.answer("dial", "10016")
    dial = await dialled(shared_suite)
    assert (dial.state, dial.reason) == (commands.CALL_COMMAND_STATE_REFUSED, "10016")
    assert dial.call_leg_id == ""


async def test_an_unknown_dial_is_not_found(shared_suite: Suite) -> None:
    """The status says why, in the contract's words."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await shared_suite.calls.GetDial(dial_pb2.GetDialRequest(dial_id="nothing"))
    assert reasons(caught.value) == ["DIAL_NOT_FOUND"]


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("SpeakText", media.SpeakTextRequest(request_id="x", call_leg_id="", text="")),
        (
            "GatherDigits",
            media.GatherDigitsRequest(
                request_id=str(uuid4()),
                call_leg_id="l",
                text="?",
                minimum_digits=5,
                maximum_digits=4,
            ),
        ),
        (
            "DialCall",
            dial_pb2.DialCallRequest(
                request_id=str(uuid4()), to_address="tel:911", from_number="12"
            ),
        ),
        (
            "TransferCall",
            actions.TransferCallRequest(
                request_id=str(uuid4()), call_leg_id="l", to_address="sip:a@b c"
            ),
        ),
        (
            "RejectCall",
            actions.RejectCallRequest(request_id=str(uuid4()), call_leg_id="l"),
        ),
    ],
)
async def test_what_can_never_be_done_is_refused(
    shared_suite: Suite, method: str, request_: Any
) -> None:
    """Rules of the contract hold before anything is looked up."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await act(shared_suite, method, request_)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
