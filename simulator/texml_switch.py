"""The switchboard, as TeXML calls use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.errors import ApiError
from simulator.legs import Recording
from simulator.machine import Action
from simulator.texml_client import TexmlCall

if TYPE_CHECKING:
    from simulator.exchange import Exchange

_TALK_SECONDS = 3.0
"""How long somebody dialed by a document talks, unless their phone is told otherwise."""


class TexmlSwitch:
    """Does for TeXML calls what commands do for the others."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def _do(self, actions: Sequence[Action]) -> None:
        self._exchange.perform(actions, self._exchange.clockwork.expire)

    def enqueue(self, call: TexmlCall, queue: str, seconds: int) -> bool:
        """Put the caller into a queue; False when it takes nobody."""
        wanted = {"queue_name": queue, "max_wait_time_secs": seconds}
        try:
            self._exchange.command(call.call_sid, "enqueue", wanted)
        except ApiError:
            return False
        return True

    def leave(self, call: TexmlCall) -> None:
        """Take the caller out of the queue."""
        self._do(self._exchange.board.leave_queue(call.leg, "leave", self._exchange.now()))

    def occupy(self, call: TexmlCall, occupied: bool) -> None:
        """Say whether the caller hears or is asked something."""
        call.leg.occupied = occupied
        call.leg.listen(self._exchange.now())

    def over(self, call: TexmlCall) -> None:
        """End the leg, if it lives."""
        now = self._exchange.now()
        ended = self._exchange.board.end(
            call.leg, now, cause="normal_clearing", source="callee", sip="200"
        )
        self._do(ended)

    def rings(self, number: str) -> tuple[str, float]:
        """Return what a phone does that is called, and the seconds its owner would talk."""
        phone = self._exchange.phones.get(number)
        return phone.ring(), phone.script.talk or _TALK_SECONDS

    def record(self, call: TexmlCall, seconds: float) -> dict[str, str]:
        """Return the fields of a recording of so many seconds that has just ended."""
        exchange, now = self._exchange, self._exchange.now()
        recorder = exchange.board.recorder
        recording_id = exchange.board.new_id()
        began = now - timedelta(seconds=seconds)
        recorder.keep(call.leg, Recording(recording_id, began, "dual", "wav"), now)
        saved = recorder.resource(recorder.saved[recording_id], now)
        return {
            "RecordingSid": recording_id,
            "RecordingUrl": saved["download_urls"]["wav"],
            "RecordingStatus": "completed",
            "RecordingChannels": "2",
            "RecordingDuration": str(int(seconds)),
            "RecordingSource": "RecordVerb",
        }
