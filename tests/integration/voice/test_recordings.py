"""Recordings from the carrier's event to the archive, and legs that nobody ends."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.voice.v1 import (
    call_media_pb2,
    call_pb2,
    call_timeline_pb2,
    recording_pb2,
    recording_service_pb2,
)
from switchhook.voice.v1.recording_service_pb2_grpc import RecordingServiceStub

from tests.integration.voice.suite import Suite, whole_suite
from tests.support.eventually import eventually
from tests.support.telnyx_calls import Leg

ELSEWHERE = "+12025550199"
MP3 = b"ID3\x04" + bytes(200_000)
WAV = b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(1000)
STORED, LOST = recording_pb2.RECORDING_STATE_STORED, recording_pb2.RECORDING_STATE_LOST


def fresh() -> Leg:
    """Return a leg nobody has heard of."""
    return Leg(uuid4().hex, called=ELSEWHERE)


def saved(leg: Leg, recording_id: str = "", **urls: str) -> bytes:
    """Return the event of a recording, which names the leg and no control id."""
    fields: dict[str, Any] = {
        "call_control_id": None,
        "channels": "single",
        "recording_urls": urls,
        "recording_started_at": datetime(2026, 3, 2, 15, 0, tzinfo=UTC).isoformat(),
        "recording_ended_at": datetime(2026, 3, 2, 15, 0, 12, tzinfo=UTC).isoformat(),
    }
    named = {"recording_id": recording_id} if recording_id else {}
    return leg.event("call.recording.saved", **fields, **named)


async def settled(suite: Suite, leg: Leg) -> recording_pb2.Recording:
    """Wait until the only recording of a leg is stored or lost."""
    stub = RecordingServiceStub(suite.channel)
    request = recording_service_pb2.ListRecordingsRequest(call_leg_id=leg.leg_id)

    async def check() -> recording_pb2.Recording | None:
        found = (await stub.ListRecordings(request)).recordings
        return found[0] if found and found[0].state in (STORED, LOST) else None

    found = await eventually(check)
    assert found is not None
    return found


async def content(suite: Suite, recording_id: str) -> bytes:
    """Return the bytes of a recording."""
    request = recording_service_pb2.GetRecordingRequest(recording_id=recording_id)
    parts = [part async for part in RecordingServiceStub(suite.channel).GetRecording(request)]
    assert parts[0].recording.recording_id == recording_id
    return b"".join(part.chunk for part in parts[1:])


async def test_a_recording_is_kept_beyond_its_link(shared_suite: Suite) -> None:
    """The event names no control id; the bytes are fetched, told what they are, and handed out."""
    suite, leg, identity = shared_suite, fresh(), str(uuid4())
    suite.telnyx.files[f"{identity}.mp3"] = MP3
    await suite.deliver(leg.initiated(), leg.answered())
    await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_ANSWERED)
    record = call_media_pb2.StartRecordingRequest(request_id=str(uuid4()), call_leg_id=leg.leg_id)
    key = (await suite.calls.StartRecording(record)).command.key
    await suite.deliver(leg.hung_up())
    event = saved(leg, identity, mp3=suite.telnyx.link(f"{identity}.mp3"))
    await suite.deliver(event, event)
    found = await settled(suite, leg)
    assert (found.state, found.key, found.reason) == (STORED, key, "")
    assert (found.content_type, found.size_bytes) == ("audio/mpeg", len(MP3))
    assert found.sha256 == hashlib.sha256(MP3).hexdigest()
    assert found.duration.seconds == 12
    suite.telnyx.files.clear()
    assert await content(suite, identity) == MP3
    (command,) = (await suite.call(leg.leg_id)).commands
    assert command.result.recording_id == identity


async def test_a_link_that_is_gone_is_asked_for_anew(shared_suite: Suite) -> None:
    """An event that comes after its ten minutes still brings the recording."""
    suite, leg, identity = shared_suite, fresh(), str(uuid4())
    suite.telnyx.files[f"{identity}.wav"] = WAV
    suite.telnyx.fresh[identity] = f"{identity}.wav"
    await suite.deliver(saved(leg, identity, mp3=suite.telnyx.link("gone.mp3")))
    found = await settled(suite, leg)
    assert (found.state, found.content_type) == (STORED, "audio/wav")
    assert await content(suite, identity) == WAV


@pytest.mark.parametrize(
    ("name", "reason"),
    [("page.mp3", "NOT_AUDIO"), ("gone.mp3", "LINK_GONE")],
)
async def test_what_cannot_be_kept_is_lost_with_a_reason(
    shared_suite: Suite, name: str, reason: str
) -> None:
    """What is no audio, and a link that is gone for a recording without an id, are told apart."""
    suite, leg = shared_suite, fresh()
    suite.telnyx.files["page.mp3"] = b"<html>not audio</html>"
    await suite.deliver(saved(leg, "", mp3=suite.telnyx.link(name)))
    found = await settled(suite, leg)
    assert (found.state, found.reason) == (LOST, reason)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await content(suite, found.recording_id)
    assert reason_of(caught.value) == "RECORDING_NOT_STORED"
    facts = recording_service_pb2.GetRecordingRequest(
        recording_id=found.recording_id, facts_only=True
    )
    parts = [part async for part in RecordingServiceStub(suite.channel).GetRecording(facts)]
    assert [part.recording.state for part in parts] == [LOST]


async def test_nothing_is_fetched_from_elsewhere(shared_suite: Suite) -> None:
    """A link to a host that is not the carrier's is not followed."""
    leg = fresh()
    await shared_suite.deliver(saved(leg, str(uuid4()), mp3="https://internal.example.com/a.mp3"))
    found = await settled(shared_suite, leg)
    assert (found.state, found.reason) == (LOST, "SOURCE_NOT_ALLOWED")


async def test_an_unknown_recording_is_not_found(shared_suite: Suite) -> None:
    """The status says why, in the contract's words."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await content(shared_suite, "nothing")
    assert reason_of(caught.value) == "RECORDING_NOT_FOUND"


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason a status carries."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    return str(next(info.reason for detail in status.details if detail.Unpack(info)))


async def test_a_leg_nobody_ends_is_closed_when_the_carrier_knows_it_no_more(
    nats_url: str, sqlite_database_url: str
) -> None:
    """A leg that goes on is left alone; one that is over or unknown to the carrier is closed."""
    on, over, unknown = Leg("on"), Leg("over"), Leg("unknown")
    short = {"VOICE_LOST_AFTER": "0.3", "VOICE_LOST_CHECK_EVERY": "0.3"}
    async with whole_suite(nats_url, sqlite_database_url, **short) as suite:
        suite.telnyx.alive.update({on.control_id: True, over.control_id: False})
        for leg in (on, over, unknown):
            await suite.deliver(leg.event("call.answered", to=ELSEWHERE))
        for leg in (over, unknown):
            call = await suite.reaches(leg.leg_id, call_pb2.CALL_STATE_HUNG_UP)
            assert (call.hangup_cause, call.lost) == ("lost", True)
        alive = await suite.call(on.leg_id)
        assert (alive.state, alive.lost) == (call_pb2.CALL_STATE_ANSWERED, False)
        asked = call_timeline_pb2.ListMomentsRequest(call_leg_id=over.leg_id)
        moments = (await suite.calls.ListMoments(asked)).moments
    assert "switchhook.call.lost" in {each.title for each in moments}
