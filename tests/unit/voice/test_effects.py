"""Commands and dials as the exact requests to the carrier."""

import base64
from datetime import timedelta
from typing import Any

import orjson
import pytest

from chassis.effects import InDoubt
from services.voice.calls.command import (
    Answer,
    Bridge,
    Command,
    Dial,
    Enqueue,
    Gather,
    HangUp,
    LeaveQueue,
    Listen,
    Play,
    Record,
    Reject,
    RejectCause,
    SendDtmf,
    Speak,
    StopGather,
    StopListening,
    StopPlayback,
    StopRecording,
    Transfer,
    command_id,
    dial_id,
)
from services.voice.calls.effects import CommandEffects
from services.voice.calls.facts import CommandKind, Role
from services.voice.calls.state_token import StateToken, StateTokens
from tests.support import sightings as seen
from tests.support.sightings import ADA, OURS

TOKENS = StateTokens(("a secret",))
EFFECTS = CommandEffects("AWS.Polly.Joanna", TOKENS)
SPOKEN = {"payload": "Hello <Ada>", "voice": "AWS.Polly.Joanna"}
DIAL = Dial("+13125550199", OURS, "1234567890123456789", Role.AGENT, "offer-1")


@pytest.mark.parametrize(
    ("command", "action", "body"),
    [
        (Answer(), "answer", {}),
        (Reject(RejectCause.BUSY), "reject", {"cause": "USER_BUSY"}),
        (Speak("Hello <Ada>"), "speak", SPOKEN),
        (Speak("Hello <Ada>", "es-ES"), "speak", {**SPOKEN, "language": "es-ES"}),
        (Speak("x" * 3001), "speak", {**SPOKEN, "payload": "x" * 3000}),
        (
            Play("https://example.com/a.mp3"),
            "playback_start",
            {"audio_url": "https://example.com/a.mp3"},
        ),
        (
            Play("https://example.com/a.mp3", loop=True),
            "playback_start",
            {"audio_url": "https://example.com/a.mp3", "loop": "infinity"},
        ),
        (StopPlayback(), "playback_stop", {"stop": "all"}),
        (
            Gather("Hello <Ada>", valid_digits="12", timeout=timedelta(milliseconds=1500)),
            "gather_using_speak",
            {
                **SPOKEN,
                "minimum_digits": 1,
                "maximum_digits": 1,
                "valid_digits": "12",
                "terminating_digit": "#",
                "timeout_millis": 1500,
                "inter_digit_timeout_millis": 3000,
                "maximum_tries": 1,
            },
        ),
        (StopGather("1.greeting"), "gather_stop", {}),
        (
            Listen("1.greeting", "es-MX", ("ventas",)),
            "transcription_start",
            {
                "transcription_engine": "Google",
                "transcription_engine_config": {
                    "transcription_engine": "Google",
                    "language": "es",
                    "hints": ["ventas"],
                },
                "transcription_tracks": "inbound",
            },
        ),
        (StopListening(), "transcription_stop", {}),
        (SendDtmf("1w2"), "send_dtmf", {"digits": "1w2"}),
        (
            Record(timedelta(minutes=2), timedelta(seconds=4.2)),
            "record_start",
            {
                "format": "mp3",
                "channels": "single",
                "max_length": 120,
                "timeout_secs": 5,
                "play_beep": True,
            },
        ),
        (StopRecording(), "record_stop", {}),
        (
            Bridge("v3:other"),
            "bridge",
            {"call_control_id": "v3:other", "park_after_unbridge": "self"},
        ),
        (Bridge(queue="wait-1"), "bridge", {"queue": "wait-1"}),
        (Enqueue("priority"), "enqueue", {"queue_name": "priority"}),
        (
            Enqueue("priority", timedelta(seconds=90)),
            "enqueue",
            {"queue_name": "priority", "max_wait_time_secs": 90},
        ),
        (LeaveQueue(), "leave_queue", {}),
        (HangUp(), "hangup", {}),
    ],
)
def test_a_command_becomes_one_exact_request(
    command: Command, action: str, body: dict[str, Any]
) -> None:
    """The path quotes the handle, the id is the effect's own, and the bytes never change."""
    effect = EFFECTS.command(seen.INITIATED, "1.greeting", command)
    identity = command_id("leg-1", "1.greeting")
    assert effect == EFFECTS.command(seen.INITIATED, "1.greeting", command)
    assert (effect.effect_id, effect.method) == (identity, "POST")
    assert effect.path == f"/calls/v3%3Acontrol-1/actions/{action}"
    sent = orjson.loads(effect.body)
    token = TOKENS.verify(sent.pop("client_state"), "leg-1")
    # What is done for a gather carries the gather's own token: its events tell of the gather.
    of_gather = isinstance(command, StopGather | Listen)
    kind = CommandKind.GATHER if of_gather else command.kind
    assert token == StateToken(Role.UNKNOWN, "", "1.greeting", kind, "leg-1")
    assert sent == {**body, "command_id": identity}


def test_a_transfer_gives_the_new_leg_a_token_of_its_own() -> None:
    """The third party's leg says whose transfer it is; a short ringing time is the carrier's."""
    command = Transfer("+13125550199", OURS, timedelta(seconds=1))
    sent = orjson.loads(EFFECTS.command(seen.INITIATED, "2.transfer", command).body)
    target = TOKENS.verify(sent["target_leg_client_state"], "another-leg")
    assert target is not None
    assert (target.role, target.subject) == (Role.DIALLED, "leg-1/2.transfer")
    assert (sent["to"], sent["from"], sent["timeout_secs"]) == ("+13125550199", OURS, 5)


def test_a_command_in_doubt_is_sent_again_while_the_carrier_knows_its_id() -> None:
    """The window ends before the carrier's 60 seconds, and commands of a leg keep their order."""
    effect = EFFECTS.command(seen.INITIATED, "answer", Answer())
    assert (effect.in_doubt, effect.resend_window) == (InDoubt.RESEND, 50.0)
    assert effect.ordering_key == "leg-1"


def test_a_dial_is_one_exact_request() -> None:
    """A dial is known by its role and subject, and its token is bound to no leg yet."""
    effect = EFFECTS.dial(DIAL)
    assert effect == EFFECTS.dial(DIAL)
    assert (effect.effect_id, effect.path) == (dial_id(Role.AGENT, "offer-1"), "/calls")
    sent = orjson.loads(effect.body)
    token = TOKENS.verify(sent.pop("client_state"), "any-leg")
    assert token == StateToken(Role.AGENT, "offer-1", "dial", CommandKind.DIAL)
    assert sent == {
        "connection_id": "1234567890123456789",
        "to": "+13125550199",
        "from": OURS,
        "timeout_secs": 30,
        "command_id": effect.effect_id,
    }


def test_dials_of_other_roles_and_subjects_are_other_dials() -> None:
    """Nothing that names a dial can be confused with anything else."""
    pairs = [(role, subject) for role in Role for subject in ("a", "b")]
    assert len({dial_id(*pair) for pair in pairs}) == len(pairs)


def test_no_number_is_in_a_token() -> None:
    """What travels through a public address names nobody."""
    state = orjson.loads(EFFECTS.dial(DIAL).body)["client_state"]
    assert ADA[1:].encode() not in base64.b64decode(state)
    assert OURS[1:].encode() not in base64.b64decode(state)
