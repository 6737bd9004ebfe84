"""The calls of the account and their queues, as a state machine without I/O.

A call is parked (incoming) or ringing (outgoing), then answered, perhaps bridged, then ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from simulator import audio, checks, dialing, gathering
from simulator.errors import ApiError
from simulator.legs import Call, State
from simulator.machine import Action, After, Timer, micros
from simulator.phones import Phone
from simulator.queues import Queue
from simulator.recordings import Recorder
from simulator.scripts import Script

COMMAND_WINDOW = timedelta(seconds=60)
"""How long a command_id is remembered (Telnyx: receiving webhooks for programmable voice)."""

READABLE_AFTER_END = timedelta(minutes=10)


class Switchboard:
    """Every call and queue there is. Times come in as arguments, ids from `new_id`."""

    def __init__(
        self, new_id: Callable[[], str], new_token: Callable[[], str], recorder: Recorder
    ) -> None:
        self._new_id = new_id
        self._new_token = new_token
        self.recorder = recorder
        self.calls: dict[str, Call] = {}
        self.queues: dict[str, Queue] = {}
        self._dialed: dict[str, tuple[datetime, Call]] = {}

    def new_id(self) -> str:
        """Return an id, for recordings and the like."""
        return self._new_id()

    def new_token(self) -> str:
        """Return a short opaque id, for speech and the like."""
        return self._new_token()

    def ring(
        self,
        *,
        caller: str,
        to: str,
        connection_id: str,
        now: datetime,
        name: str = "",
        script: Script | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> tuple[Call, list[Action]]:
        """Let somebody call us; `attributes` are further fields of call.initiated."""
        call = self._make_call(connection_id, caller, to, now, State.PARKED)
        self.calls[call.call_control_id] = call
        call.caller_id_name = name
        call.script, call.attributes = script or Script(), attributes or {}
        return call, [call.initiated(now), *impatience(call)]

    def dial(
        self, body: checks.Body, now: datetime, phone: Phone | None = None
    ) -> tuple[Call, list[Action]]:
        """Call somebody, who does what their phone says. A repeated command_id dials nobody."""
        command_id = checks.text(body, "command_id")
        known = self._dialed.get(command_id) if command_id else None
        if known and now - known[0] < COMMAND_WINDOW:
            return known[1], [
                known[1].note("call.repeated", {"action": "dial", "command_id": command_id})
            ]
        call = dialing.checked(body, self.calls, self._leg_maker(now))
        actions = dialing.ringing(call, body, phone or Phone(call.to_number), now)
        self.calls[call.call_control_id] = call
        if command_id:
            self._dialed[command_id] = (now, call)
        if call.bridges_to:
            self.calls[call.bridges_to].awaits = call.call_control_id
        dialed = {"command_id": command_id, "link_to": checks.text(body, "link_to")}
        return call, [call.note("call.dial", dialed), *actions]

    def transfer(self, call: Call, body: checks.Body, phone: Phone, now: datetime) -> list[Action]:
        """Ring somebody else for a call; both are bridged when they pick up."""
        leg = dialing.transferred(call, body, self._leg_maker(now))
        actions = dialing.ringing(leg, body, phone, now)
        self.calls[leg.call_control_id] = leg
        return actions

    def _leg_maker(self, now: datetime) -> dialing.MakeLeg:
        def make(connection_id: str, caller: str, to: str) -> Call:
            return self._make_call(connection_id, caller, to, now, State.RINGING)

        return make

    def _make_call(
        self, connection_id: str, caller: str, to: str, now: datetime, state: State
    ) -> Call:
        return Call(
            call_control_id=f"v3:{self._new_token()}",
            call_leg_id=self._new_id(),
            call_session_id=self._new_id(),
            connection_id=connection_id,
            incoming=state is State.PARKED,
            from_number=caller,
            to_number=to,
            start_time=now,
            state=state,
        )

    def readable(self, call_control_id: str, now: datetime) -> Call:
        """Return a call for GET; 10005 when unknown or ended more than ten minutes ago."""
        call = self.calls.get(call_control_id)
        if call is None or (call.ended_at and now - call.ended_at > READABLE_AFTER_END):
            raise ApiError("10005")
        return call

    @contextmanager
    def listening(self, call: Call, now: datetime) -> Iterator[None]:
        """Take down what changes in the block for those at the ends of a call."""
        met = [call.call_control_id, call.bridged_to, call.bridges_to]
        try:
            yield
        finally:
            for call_id in (*met, call.bridged_to, call.awaits):
                if call_id in self.calls:
                    self.calls[call_id].listen(now)

    def no_longer_awaited(self, call: Call) -> str:
        """Return the leg that this one was to be bridged to, which waits for it no more."""
        waiting = self.calls.get(call.bridges_to)
        if waiting is not None:
            waiting.awaits = ""
        return call.bridges_to

    def answer(self, call: Call, now: datetime) -> list[Action]:
        """Connect the parties; a call already answered stays as it is."""
        if call.answered:
            return []
        call.state, call.answered_at = State.ANSWERED, now
        return [
            call.emit(
                "call.answered",
                now,
                calling_party_type="pstn",
                codec="PCMU",
                sampling_rate=8000,
                start_time=micros(call.start_time),
                state="answered",
                tags=[],
            )
        ]

    def caller_hangs_up(self, call: Call, now: datetime) -> list[Action]:
        """Let the person at the other end hang up, or give up ringing."""
        if call.incoming:
            cause = "normal_clearing" if call.answered else "originator_cancel"
            sip = "200" if call.answered else "487"
            return self.end(call, now, cause=cause, source="caller", sip=sip)
        cause, sip = ("normal_clearing", "200") if call.answered else ("call_rejected", "603")
        return self.end(call, now, cause=cause, source="callee", sip=sip)

    def end(self, call: Call, now: datetime, *, cause: str, source: str, sip: str) -> list[Action]:
        """End a call, and the one bridged to it unless that one is to be parked."""
        if not call.alive:
            return []
        actions = audio.cut_off(call, now) + gathering.stop(call, now, "call_hangup")
        actions += self.recorder.stop(call, now)
        actions += self.leave_queue(call, "hangup", now)
        self.no_longer_awaited(call)
        call.state, call.ended_at = State.ENDED, now
        call.cause, call.source = cause, source
        actions.append(call.hung_up(now, cause=cause, source=source, sip=sip))
        actions += self.part(call, now, source)
        call.listen(now)
        return actions

    def part(self, call: Call, now: datetime, source: str = "unknown") -> list[Action]:
        """Take a call from the one it is bridged to; that one is parked, or else ends."""
        other = self._unbridge(call)
        if other is None or not other.alive:
            return []
        if not other.parks:
            return self.end(other, now, cause="normal_clearing", source=source, sip="200")
        other.listen(now)
        return [other.note("call.parted", {"other": call.call_control_id}), *impatience(other)]

    def _unbridge(self, call: Call) -> Call | None:
        other = self.calls.get(call.bridged_to)
        call.bridged_to = ""
        if other is None:
            return None
        other.bridged_to = ""
        for leg in (call, other):
            leg.state = State.ANSWERED if leg.alive else State.ENDED
        return other

    def bridge(self, first: Call, second: Call, now: datetime) -> list[Action]:
        """Connect two calls; each gets its own call.bridged (Telnyx: bridge)."""
        actions = self.part(first, now) + self.part(second, now)
        for call, other in ((first, second), (second, first)):
            call.state, call.bridged_to = State.BRIDGED, other.call_control_id
            if call.script.talk:
                timer = Timer("talked", call.call_control_id, other.call_control_id)
                actions.append(After(call.script.talk, timer))
        return [*actions, *(call.emit("call.bridged", now) for call in (first, second))]

    def queue(self, name: str, max_size: int, now: datetime) -> Queue:
        """Return a queue, making it when it is new."""
        if name not in self.queues:
            self.queues[name] = Queue(self._new_id(), name, max_size, now, now)
        return self.queues[name]

    def leave_queue(self, call: Call, reason: str, now: datetime) -> list[Action]:
        """Take a call out of its queue, if it is in one."""
        if not call.queue:
            return []
        queue, call.queue = self.queues[call.queue], ""
        position, waited = queue.leave(call.call_control_id, now)
        return [
            call.emit(
                "call.dequeued",
                now,
                parties=False,
                queue=queue.name,
                queue_position=position,
                wait_time_secs=waited,
                reason=reason,
            )
        ]


def stage(call: Call) -> str:
    """Return what a person's patience is counted from: the end of the last talk."""
    return str(len(call.hearing.talks))


def impatience(call: Call) -> list[Action]:
    """Let the person give up waiting, unless they talk to somebody before."""
    if not call.script.patience:
        return []
    timer = Timer("impatient", call.call_control_id, stage(call))
    return [After(call.script.patience, timer)]
