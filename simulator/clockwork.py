"""What happens on calls when the time has come: sounds end, people act, limits are reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from simulator import audio, gathering
from simulator.calls import Switchboard, impatience, stage
from simulator.legs import Call
from simulator.machine import Action, Timer

Strike = Callable[[Call, str, datetime], list[Action]]
"""Does what a timer was set for, unless the call has moved on; the text is the timer's token."""

_FATES = {
    "busy": ("user_busy", "callee", "486"),
    "reject": ("call_rejected", "callee", "603"),
}


class Clockwork:
    """The timers of a switchboard."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        recorder = board.recorder
        self._table: Mapping[str, Strike] = {
            "speech": _speech_over,
            "playback": audio.playback_over,
            "gather": gathering.gather_timeout,
            "press": gathering.press,
            "words": gathering.say,
            "asked": lambda call, token, _: gathering.listen(call, token),
            "record": lambda call, token, now: recorder.stop(call, now, token),
            "spoken": lambda call, token, _: recorder.wait_for_silence(call, token),
            "queue": self._waited_too_long,
            "callee": self._callee_acts,
            "unanswered": self._unanswered,
            "limit": self._limit_reached,
            "impatient": self._impatient,
            "talked": self._talked,
            "message": self._message_left,
        }

    def expire(self, timer: Timer, now: datetime) -> list[Action]:
        """Do what a timer was set for, unless the call has moved on."""
        if timer.kind == "saved":
            return self._board.recorder.announce(timer.token, now)
        call = self._board.calls.get(timer.subject)
        if call is None or not call.alive:
            return []
        with self._board.listening(call, now):
            return self._table[timer.kind](call, timer.token, now)

    def _waited_too_long(self, call: Call, since: str, now: datetime) -> list[Action]:
        """Let a call go that still waits since then; it stays parked (Telnyx: queueing calls)."""
        queue = self._board.queues.get(call.queue)
        if queue is None or queue.since(call.call_control_id).isoformat() != since:
            return []
        return self._board.leave_queue(call, "timeout", now)

    def _callee_acts(self, call: Call, habit: str, now: datetime) -> list[Action]:
        if call.answered:
            return []
        if habit in _FATES:
            cause, source, sip = _FATES[habit]
            return self._board.end(call, now, cause=cause, source=source, sip=sip)
        actions = [*self._board.answer(call, now), *impatience(call)]
        waiting = self._board.calls.get(self._board.no_longer_awaited(call))
        if waiting is not None and waiting.alive:
            actions += self._board.bridge(call, waiting, now)
        return actions

    def _unanswered(self, call: Call, token: str, now: datetime) -> list[Action]:
        del token
        if call.answered:
            return []
        return self._board.end(call, now, cause="timeout", source="caller", sip="487")

    def _limit_reached(self, call: Call, token: str, now: datetime) -> list[Action]:
        del token
        return self._board.end(call, now, cause="time_limit", source="unknown", sip="200")

    def _impatient(self, call: Call, token: str, now: datetime) -> list[Action]:
        """Let somebody go who has waited long enough for somebody to talk to."""
        waits = not call.bridged_to and stage(call) == token
        return self._board.caller_hangs_up(call, now) if waits else []

    def _talked(self, call: Call, other: str, now: datetime) -> list[Action]:
        return self._board.caller_hangs_up(call, now) if call.bridged_to == other else []

    def _message_left(self, call: Call, token: str, now: datetime) -> list[Action]:
        recorded = call.recording is not None and call.recording.token == token
        return self._board.caller_hangs_up(call, now) if recorded else []


def _speech_over(call: Call, speak_id: str, now: datetime) -> list[Action]:
    words = gathering.answer_in_words(call)
    ended = audio.speech_over(call, speak_id, now)
    return ended + words if ended else []
