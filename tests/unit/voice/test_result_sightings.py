"""What the carrier's events say of how commands ended, of recordings and of tokens."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from switchhook.event.v1 import call_input_event_pb2 as inputs
from switchhook.event.v1 import call_life_event_pb2 as life
from switchhook.event.v1 import call_media_event_pb2 as media
from switchhook.event.v1 import call_recording_event_pb2 as recordings
from switchhook.event.v1.call_event_pb2 import CallEvent
from switchhook.event.v1.event_pb2 import Event
from switchhook.event.v1.party_pb2 import Direction
from switchhook.event.v1.texml_event_pb2 import TexmlEvent

from services.voice.calls import recording_sightings, sightings
from services.voice.calls.command import dial_id
from services.voice.calls.facts import CommandKind, Result, ResultStatus, Role
from services.voice.calls.recordings import Announced
from services.voice.calls.state_token import StateToken, StateTokens, Verdict
from tests.support.sightings import at

TOKENS = StateTokens(("a secret",))
TOKEN = StateToken(Role.CALLER, "", "1.menu", CommandKind.GATHER, "leg-1")


def stamp(seconds: float) -> Timestamp:
    """Return an instant of the call as a proto."""
    made = Timestamp()
    made.FromDatetime(at(seconds))
    return made


def event(token: StateToken | None = None, **detail: Any) -> Event:
    """Return an event of one leg that carries a token, or none."""
    state = base64.b64encode(TOKENS.sign(token)).decode() if token else ""
    call = CallEvent(call_control_id="v3:1", call_leg_id="leg-1", client_state=state, **detail)
    return Event(event_id="e-1", type="call.x", occur_time=stamp(5), call=call)


def seen(given_event: Event) -> sightings.Sighting:
    """Return what an event says; it must say something."""
    found = sightings.of_event(given_event, TOKENS)
    assert found is not None
    return found


def only_result(given_event: Event) -> Result:
    """Return the one result an event tells."""
    (result,) = seen(given_event).call.results
    return result


GATHERED = inputs.CallGatherEnded(digits="0042", status=inputs.GATHER_STATUS_VALID)


@pytest.mark.parametrize(
    ("detail", "kind", "status"),
    [
        ({"gather_ended": GATHERED}, CommandKind.GATHER, ResultStatus.COMPLETED),
        (
            {"gather_ended": inputs.CallGatherEnded(status=inputs.GATHER_STATUS_INVALID)},
            CommandKind.GATHER,
            ResultStatus.INVALID,
        ),
        (
            {"gather_ended": inputs.CallGatherEnded(status=inputs.GATHER_STATUS_TIMEOUT)},
            CommandKind.GATHER,
            ResultStatus.TIMED_OUT,
        ),
        ({"gather_ended": inputs.CallGatherEnded()}, CommandKind.GATHER, ResultStatus.OTHER),
        (
            {"speak_ended": media.CallSpeakEnded(status=media.SPEAK_STATUS_COMPLETED)},
            CommandKind.SPEAK,
            ResultStatus.COMPLETED,
        ),
        (
            {"speak_ended": media.CallSpeakEnded(raw_status="cancelled")},
            CommandKind.SPEAK,
            ResultStatus.CANCELLED,
        ),
        (
            {"playback_ended": media.CallPlaybackEnded(status=media.PLAYBACK_STATUS_CALL_HANGUP)},
            CommandKind.PLAY,
            ResultStatus.HUNG_UP,
        ),
        (
            {
                "playback_ended": media.CallPlaybackEnded(
                    status=media.PLAYBACK_STATUS_FILE_NOT_FOUND
                )
            },
            CommandKind.PLAY,
            ResultStatus.FAILED,
        ),
        (
            {"recording_failed": recordings.CallRecordingFailed(reason="Internal server error")},
            CommandKind.RECORD,
            ResultStatus.FAILED,
        ),
    ],
)
def test_each_end_is_a_result(
    detail: dict[str, Any], kind: CommandKind, status: ResultStatus
) -> None:
    """The token names the command where it is of the same kind, and nothing does otherwise."""
    named = only_result(event(replace(TOKEN, kind=kind), **detail))
    assert (named.key, named.kind, named.status, named.time) == ("1.menu", kind, status, at(5))
    other = CommandKind.BRIDGE
    assert only_result(event(replace(TOKEN, kind=other), **detail)).key == ""
    assert only_result(event(**detail)).key == ""


def test_digits_keep_their_zeros() -> None:
    """A code is text."""
    assert only_result(event(TOKEN, gather_ended=GATHERED)).digits == "0042"


@pytest.mark.parametrize(
    ("final", "text", "heard"), [(True, " Sales. ", "Sales."), (False, "S", "")]
)
def test_what_is_said_answers_a_gather(final: bool, text: str, heard: str) -> None:
    """Only what the engine is done with counts, and silence does not."""
    said = recordings.TranscriptionData(is_final=final, transcript=text)
    given = event(TOKEN, transcribed=recordings.CallTranscribed(transcription_data=said))
    results = seen(given).call.results
    assert [each.speech for each in results] == ([heard] if heard else [])


def test_a_token_proves_its_command_on_its_own_leg() -> None:
    """The key of a dial's or a transfer's token is of another leg's command, or of none."""
    assert seen(event(TOKEN, bridged=life.CallBridged())).heard.key == "1.menu"
    dial = StateToken(Role.AGENT, "offer-1", "dial", CommandKind.DIAL)
    dialled = seen(event(dial, bridged=life.CallBridged()))
    assert dialled.heard.key == ""
    assert (dialled.call.role, dialled.call.subject) == (Role.AGENT, "offer-1")
    assert dialled.call.dial_id == dial_id(Role.AGENT, "offer-1")
    transfer = StateToken(Role.DIALLED, "leg-2/3.transfer", "3.transfer", CommandKind.TRANSFER)
    target = seen(event(transfer, bridged=life.CallBridged()))
    assert (target.heard.key, target.call.dial_id) == ("", "")
    assert target.call.subject == "leg-2/3.transfer"


def test_a_forged_token_says_nothing() -> None:
    """The event counts, what its token claims does not."""
    forged = StateTokens(("guessed",)).sign(replace(TOKEN, role=Role.AGENT, subject="offer-1"))
    given = event(bridged=life.CallBridged())
    given.call.client_state = base64.b64encode(forged).decode()
    found = seen(given)
    assert found.verdict is Verdict.FORGED
    assert (found.call.role, found.call.subject, found.heard.key) == (Role.UNKNOWN, "", "")
    assert found.call.bridged == at(5)


def test_what_the_network_says_of_a_caller_is_kept() -> None:
    """The name, the screening and who the call was for first."""
    headers = [
        life.SipHeader(name="User-to-User", value="x"),
        life.SipHeader(name="diversion", value="<sip:ada@example.com>"),
    ]
    said = life.CallInitiated(
        direction=Direction.DIRECTION_INBOUND,
        caller_id_name="LOVELACE ADA",
        call_screening_result="spam_likely",
        sip_headers=headers,
    )
    call = seen(event(initiated=said)).call
    assert (call.caller_id_name, call.screening_result) == ("LOVELACE ADA", "spam_likely")
    assert call.diversion == "<sip:ada@example.com>"


SAVED = recordings.CallRecordingSaved(
    channels="single",
    recording_id="r-1",
    recording_urls=recordings.RecordingUrls(mp3="https://a.example/1", wav="https://a.example/2"),
    public_recording_urls=recordings.RecordingUrls(mp3="https://a.example/1"),
    start_time=stamp(1),
    end_time=stamp(13),
)


def test_a_saved_recording_is_announced() -> None:
    """Each link once, the smaller file's first, with how long it is."""
    record = replace(TOKEN, kind=CommandKind.RECORD, key="record")
    given = event(record, recording_saved=SAVED)
    assert recording_sightings.of_event(given, "leg-1") == Announced(
        "r-1",
        ("https://a.example/1", "https://a.example/2"),
        channels="single",
        duration=timedelta(seconds=12),
        start_time=at(1),
        end_time=at(13),
    )
    result = only_result(given)
    assert (result.key, result.recording_id) == ("record", "r-1")
    assert result.duration == timedelta(seconds=12)


def test_a_recording_without_an_id_gets_the_same_one_every_time() -> None:
    """The schema has none: its leg and its beginning stand in, and no fresh link can be had."""
    nameless = recordings.CallRecordingSaved(start_time=stamp(1))
    later = recordings.CallRecordingSaved(start_time=stamp(2))
    first, again, other = (
        recording_sightings.of_event(event(recording_saved=each), "leg-1")
        for each in (nameless, nameless, later)
    )
    assert first is not None
    assert other is not None
    assert first == again
    assert first.recording_id != other.recording_id
    assert not first.is_named
    assert only_result(event(recording_saved=nameless)).recording_id == first.recording_id


def texml(**parameters: str) -> Announced | None:
    """Return what a TeXML callback says of a recording."""
    said = TexmlEvent(call_sid="v3:1", parameters=parameters)
    return recording_sightings.of_event(Event(texml=said), "v3:1")


def test_a_texml_callback_announces_a_recording() -> None:
    """A finished recording with an address counts, anything else does not."""
    given = {"RecordingSid": "r-1", "RecordingUrl": "https://a.example/1"}
    found = texml(**given, RecordingStatus="completed", RecordingDuration="12")
    assert found == Announced("r-1", ("https://a.example/1",), duration=timedelta(seconds=12))
    assert texml(**given, RecordingStatus="in-progress") is None
    assert texml(RecordingSid="r-1") is None
    assert texml(**{**given, "RecordingSid": ".."}) is None
    odd = texml(**given, RecordingDuration="soon")
    assert odd is not None
    assert odd.duration is None


@given(st.binary(max_size=60))
def test_no_event_of_a_recording_can_break_reading_it(data: bytes) -> None:
    """Whatever the fields hold, there is an answer."""
    text = data.decode("latin-1")
    said = recordings.CallRecordingSaved(
        recording_id=text,
        recording_urls=recordings.RecordingUrls(mp3=text),
        start_time=Timestamp(seconds=int.from_bytes(data[:6], "big", signed=True)),
    )
    found = recording_sightings.of_event(event(recording_saved=said), "leg-1")
    assert found is not None
    assert "\x00" not in found.recording_id
