"""What people key in, say and leave as a message, and what is made of it."""

import struct
from datetime import timedelta
from typing import Any

import pytest

from simulator.calls import Switchboard
from simulator.legs import Call
from simulator.machine import Action, After, Timer
from simulator.recordings import audio_file
from tests.unit.simulator.board import (
    NOW,
    answered,
    code,
    do,
    event,
    events,
    expire,
    new_board,
    pass_time,
    timer,
)

_VOICE: dict[str, Any] = {"voice": "x"}


def test_a_plain_gather_hears_what_was_asked_before() -> None:
    """A gather without a prompt is answered by what the last speech asked."""
    board = new_board()
    call = answered(board, press={"sales": "2"})
    spoken = do(board, call, "speak", payload="For sales press two.", **_VOICE)
    pass_time(board, spoken)
    asked = do(board, call, "gather", maximum_digits=1)
    ended = event(pass_time(board, asked, "press"), "call.gather.ended")
    assert (ended["digits"], ended["status"]) == ("2", "valid")


def test_a_plain_gather_ends_by_itself() -> None:
    """Without a digit a gather ends as a timeout, once."""
    board = new_board()
    asked = do(board, answered(board), "gather", initial_timeout_millis=3000)
    waits = pass_time(board, asked)
    assert (timer(waits).seconds, timer(waits).asked) == (3, True)
    assert event(pass_time(board, waits), "call.gather.ended")["status"] == "timeout"


def test_audio_can_ask_too() -> None:
    """gather_using_audio plays its file and collects."""
    board = new_board()
    call = answered(board, press="4")
    asked = do(board, call, "gather_using_audio", media_name="menu", maximum_digits=1)
    assert events(asked) == ["call.playback.started"]
    assert event(pass_time(board, asked, "press"), "call.gather.ended")["digits"] == "4"


@pytest.mark.parametrize("action", ["gather_stop", "gather"])
def test_a_gather_can_be_stopped(action: str) -> None:
    """gather_stop, or the next gather, ends a gather as cancelled."""
    board = new_board()
    call = answered(board)
    do(board, call, "gather")
    assert event(do(board, call, action), "call.gather.ended")["status"] == "cancelled"


def test_words_are_transcribed_on_request() -> None:
    """What a person says is reported only between transcription_start and _stop."""
    board = new_board()
    call = answered(board, say={"which": "sales please"})
    assert expire(board, Timer("words", call.call_control_id, "hello"), NOW) == []
    do(board, call, "transcription_start")
    spoken = do(board, call, "speak", payload="Which team?", **_VOICE)
    heard = pass_time(board, pass_time(board, spoken, "speech"), "words")
    data = event(heard, "call.transcription")["transcription_data"]
    assert (data["transcript"], data["is_final"]) == ("sales please", True)
    do(board, call, "transcription_stop")
    assert expire(board, Timer("words", call.call_control_id, "hello"), NOW) == []


def test_tones_are_checked() -> None:
    """send_dtmf takes tones and waits, and nothing else."""
    board = new_board()
    call = answered(board)
    assert events(do(board, call, "send_dtmf", digits="1w2#")) == []
    assert code(board, call, "send_dtmf", digits="x") == "10015"


def _recorded(board: Switchboard, body: dict[str, Any], **script: Any) -> tuple[Call, list[Action]]:
    call = answered(board, **script)
    return call, do(board, call, "record_start", format="wav", channels="single", **body)


def test_a_message_ends_with_the_call() -> None:
    """Who has left a message hangs up; the recording is saved after that."""
    board = new_board()
    call, actions = _recorded(board, {"max_length": 120}, message=4)
    gone = pass_time(board, actions, "message")
    assert events(gone) == ["call.hangup"]
    assert not call.alive
    saved = event(pass_time(board, gone, "saved"), "call.recording.saved")
    assert "call_control_id" not in saved
    assert saved["call_leg_id"] == call.call_leg_id
    assert list(saved["recording_urls"]) == ["wav"]
    (kept,) = board.recorder.saved.values()
    assert kept.ended_at - kept.started_at == timedelta(seconds=4)


def test_a_recording_ends_at_its_limit() -> None:
    """max_length ends a recording and leaves the call."""
    board = new_board()
    call, actions = _recorded(board, {"max_length": 5}, message=60)
    stopped = pass_time(board, actions, "record")
    assert event(pass_time(board, stopped, "saved"), "call.recording.saved")
    assert call.alive


def test_silence_ends_a_recording() -> None:
    """Who stays silent on the line after a message ends the recording by timeout_secs."""
    board = new_board()
    call, actions = _recorded(board, {"timeout_secs": 5}, message=4, stays=True)
    assert timer(actions).seconds == 4
    quiet = pass_time(board, actions, "spoken")
    assert timer(quiet).seconds == 5
    pass_time(board, quiet, "record")
    assert call.recording is None


def test_a_recording_can_be_stopped() -> None:
    """record_stop saves the recording; without one it is refused."""
    board = new_board()
    call, _ = _recorded(board, {})
    stopped = do(board, call, "record_stop")
    assert event(pass_time(board, stopped, "saved"), "call.recording.saved")["channels"] == "single"
    assert code(board, call, "record_stop") == "10027"
    assert code(board, call, "record_start", channels="single") == "10004"


def test_a_conversation_is_recorded_to_its_end() -> None:
    """Nobody hangs up for being recorded while they talk to somebody."""
    board = new_board()
    caller, agent = answered(board), answered(board)
    do(board, caller, "bridge", call_control_id=agent.call_control_id)
    actions = do(board, caller, "record_start", format="mp3", channels="dual")
    assert not [a for a in actions if isinstance(a, After)]
    ended = board.caller_hangs_up(agent, NOW)
    assert event(pass_time(board, ended, "saved"), "call.recording.saved")["recording_urls"]


def test_audio_files_are_what_they_say() -> None:
    """A wav has a header that fits its length; an mp3 begins with a frame."""
    wav = audio_file("wav", timedelta(seconds=2))
    assert wav[:4] == b"RIFF"
    assert struct.unpack("<I", wav[4:8])[0] == len(wav) - 8
    assert audio_file("mp3", timedelta(seconds=1))[:2] == b"\xff\xfb"
