"""The commands about what is heard: speech, audio files, keys, words, recordings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from simulator import audio, checks, gathering
from simulator.calls import Switchboard
from simulator.errors import ApiError
from simulator.legs import Call, Gather, Recording
from simulator.machine import Action

MAX_SPOKEN_CHARACTERS = 3000

_KEYS = "0123456789#*"
_TONES = re.compile(r"[0-9A-D*#wW]+")
_AUDIO_SOURCES = ("audio_url", "media_name", "playback_content")

Command = Callable[[Switchboard, Call, checks.Body, datetime], list[Action]]


def _spoken(body: checks.Body) -> str:
    payload = checks.text(body, "payload", required=True)
    checks.text(body, "voice", required=True)
    if len(payload) > MAX_SPOKEN_CHARACTERS:
        raise ApiError("90010", pointer="/payload")
    if checks.text(body, "payload_type", default="text") not in ("text", "ssml"):
        raise ApiError("90011", pointer="/payload_type")
    return payload


def _speak(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    return audio.speak(call, board.new_token()[:10], _spoken(body), now)


def _gather(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    """Collect digits without saying anything; what was heard last is the question."""
    patience = checks.whole(body, "initial_timeout_millis", 5_000, 1, 600_000)
    total = checks.whole(body, "timeout_millis", 60_000, 1, 600_000)
    asked = _asked(board, body, call.hears, tries=1, timeout=min(patience, total) / 1000)
    return gathering.gather(call, asked, after=0, now=now)


def _gather_using_speak(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    prompt = call.hears = _spoken(body)
    asked = _asked(board, body, prompt, tries=_tries(body), timeout=_timeout(body))
    return gathering.gather(call, asked, after=audio.speaking_time(prompt), now=now)


def _gather_using_audio(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    names = _audio_names(body, _AUDIO_SOURCES[:2])
    actions = audio.play(call, board.new_token(), names, endless=False, now=now)
    asked = _asked(board, body, "", tries=_tries(body), timeout=_timeout(body))
    return actions + gathering.gather(call, asked, after=audio.PLAYBACK_SECONDS, now=now)


def _tries(body: checks.Body) -> int:
    return checks.whole(body, "maximum_tries", 3, 1, 128)


def _timeout(body: checks.Body) -> float:
    return checks.whole(body, "timeout_millis", 60_000, 1, 600_000) / 1000


def _asked(
    board: Switchboard, body: checks.Body, prompt: str, *, tries: int, timeout: float
) -> Gather:
    return Gather(
        token=board.new_token(),
        prompt=prompt,
        minimum=checks.whole(body, "minimum_digits", 1, 1, 128),
        maximum=checks.whole(body, "maximum_digits", 128, 1, 128),
        terminator=checks.text(body, "terminating_digit", default="#"),
        valid=checks.text(body, "valid_digits", default=_KEYS),
        tries=tries,
        timeout=timeout,
        inter_digit=checks.whole(body, "inter_digit_timeout_millis", 5_000, 1, 120_000) / 1000,
    )


def _gather_stop(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    del board, body
    return gathering.stop(call, now, "cancelled")


def _playback_start(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    names = _audio_names(body, _AUDIO_SOURCES)
    names["overlay"] = bool(body.get("overlay", False))
    endless = body.get("loop") == "infinity"
    return audio.play(call, board.new_token(), names, endless=endless, now=now)


def _audio_names(body: checks.Body, sources: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields by which events name the audio; 10015 unless one source is given."""
    given = [name for name in sources if checks.text(body, name)]
    if len(given) != 1:
        raise ApiError("10015", f"Give one of {', '.join(sources)}.", status=422)
    shown = {"audio_url": "media_url", "media_name": "media_name"}
    return {shown[name]: body[name] for name in given if name in shown}


def _playback_stop(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    del board, body
    return audio.stop_all(call, now)


def _record_start(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    kind = checks.one_of(body, "format", ("wav", "mp3"), required=True)
    channels = checks.one_of(body, "channels", ("single", "dual"), required=True)
    limit = checks.whole(body, "max_length", 0, 0, 14_400)
    silence = checks.whole(body, "timeout_secs", 0, 0, 14_400)
    before = board.recorder.stop(call, now)
    recording = Recording(board.new_id(), now, channels, kind, silence)
    return before + board.recorder.start(call, recording, limit)


def _record_stop(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    if call.recording is None:
        raise ApiError("10027", "The call is not being recorded.")
    return board.recorder.stop(call, now, checks.text(body, "recording_id"))


def _transcription_start(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    del board, body, now
    return gathering.transcribe(call)


def _transcription_stop(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    del board, body, now
    call.transcribed = False
    return []


def _send_dtmf(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    del board, call, now
    checks.whole(body, "duration_millis", 250, 100, 500)
    if not _TONES.fullmatch(checks.text(body, "digits", required=True)):
        raise ApiError("10015", "digits may hold 0-9, A-D, *, #, w and W.", pointer="/digits")
    return []


COMMANDS: Mapping[str, Command] = {
    "speak": _speak,
    "gather": _gather,
    "gather_using_speak": _gather_using_speak,
    "gather_using_audio": _gather_using_audio,
    "gather_stop": _gather_stop,
    "playback_start": _playback_start,
    "playback_stop": _playback_stop,
    "record_start": _record_start,
    "record_stop": _record_stop,
    "transcription_start": _transcription_start,
    "transcription_stop": _transcription_stop,
    "send_dtmf": _send_dtmf,
}
"""Each by its name in the path; all of them need an answered call."""
