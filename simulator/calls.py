"""The calls of the account and their queues, as a state machine without I/O.

A call is parked (incoming) or ringing (outgoing), then answered, perhaps bridged, then ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator import audio, checks
from simulator.errors import ApiError
from simulator.legs import Call, State
from simulator.machine import Action, After, Timer, micros
from simulator.queues import Queue

COMMAND_WINDOW = timedelta(seconds=60)
"""How long a command_id is remembered (Telnyx: receiving webhooks for programmable voice)."""

READABLE_AFTER_END = timedelta(minutes=10)

RING_SECONDS = 1.0

_FATES = {
    "busy": ("user_busy", "callee", "486"),
    "reject": ("call_rejected", "callee", "603"),
    "no_answer": ("timeout", "caller", "487"),
}


class Switchboard:
    """Every call and queue there is. Times come in as arguments, ids from `new_id`."""

    def __init__(self, new_id: Callable[[], str], new_token: Callable[[], str]) -> None:
        self._new_id = new_id
        self._new_token = new_token
        self.calls: dict[str, Call] = {}
        self.queues: dict[str, Queue] = {}
        self._dialed: dict[str, tuple[datetime, Call]] = {}

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
        patience: float = 0,
        presses: str = "",
    ) -> tuple[Call, list[Action]]:
        """Let somebody call us; after `patience` seconds, unless 0, they hang up by themselves."""
        call = self._new_call(connection_id, caller, to, now, incoming=True)
        call.caller_id_name, call.presses = name, presses
        actions: list[Action] = [call.initiated(now)]
        if patience:
            actions.append(After(patience, Timer("caller_gone", call.call_control_id)))
        return call, actions

    def dial(
        self, body: checks.Body, now: datetime, fate: str = "pick_up"
    ) -> tuple[Call, list[Action]]:
        """Call somebody; `fate` says what their phone does. A repeated command_id dials nobody."""
        command_id = checks.text(body, "command_id")
        known = self._dialed.get(command_id) if command_id else None
        if known and now - known[0] < COMMAND_WINDOW:
            return known[1], [
                known[1].note("call.repeated", {"action": "dial", "command_id": command_id})
            ]
        call = self._checked_dial(body, now)
        timeout = checks.whole(body, "timeout_secs", 30, 5, 600)
        limit = checks.whole(body, "time_limit_secs", 14400, 30, 14400)
        self.calls[call.call_control_id] = call
        if command_id:
            self._dialed[command_id] = (now, call)
        ringing = timeout if fate == "no_answer" else RING_SECONDS
        actions: list[Action] = [
            call.note("call.dial", {"command_id": command_id}),
            call.initiated(now),
            After(ringing, Timer("callee", call.call_control_id, fate)),
        ]
        if "time_limit_secs" in body:
            actions.append(After(limit, Timer("limit", call.call_control_id)))
        return call, actions

    def _checked_dial(self, body: checks.Body, now: datetime) -> Call:
        connection_id = checks.text(body, "connection_id", required=True)
        caller = checks.phone_number(body, "from")
        if isinstance(body.get("to"), list):
            raise ApiError("10038", "The simulator dials one number per call.", pointer="/to")
        to = checks.text(body, "to", required=True)
        if not (checks.is_e164(to) or to.startswith("sip:")):
            raise ApiError("10016", "'to' must be a number or a SIP URI.", pointer="/to")
        linked = self.calls.get(checks.text(body, "link_to"))
        state = checks.client_state(body)
        call = self._make_call(connection_id, caller, to, now, incoming=False)
        if linked is not None:
            call.call_session_id = linked.call_session_id
        call.client_state = state
        call.webhook_url = checks.text(body, "webhook_url")
        return call

    def _make_call(
        self, connection_id: str, caller: str, to: str, now: datetime, *, incoming: bool
    ) -> Call:
        return Call(
            call_control_id=f"v3:{self._new_token()}",
            call_leg_id=self._new_id(),
            call_session_id=self._new_id(),
            connection_id=connection_id,
            incoming=incoming,
            from_number=caller,
            to_number=to,
            start_time=now,
            state=State.PARKED if incoming else State.RINGING,
        )

    def _new_call(
        self, connection_id: str, caller: str, to: str, now: datetime, *, incoming: bool
    ) -> Call:
        call = self._make_call(connection_id, caller, to, now, incoming=incoming)
        self.calls[call.call_control_id] = call
        return call

    def readable(self, call_control_id: str, now: datetime) -> Call:
        """Return a call for GET; 10005 when unknown or ended more than ten minutes ago."""
        call = self.calls.get(call_control_id)
        if call is None or (call.ended_at and now - call.ended_at > READABLE_AFTER_END):
            raise ApiError("10005")
        return call

    def expire(self, timer: Timer, now: datetime) -> list[Action]:
        """Do what a timer was set for, unless the call has moved on."""
        call = self.calls.get(timer.subject)
        if call is None or not call.alive:
            return []
        token = timer.token
        match timer.kind:
            case "speech":
                return audio.speech_over(call, token, now)
            case "playback":
                return audio.playback_over(call, token, now)
            case "gather":
                return audio.gather_timeout(call, token, now)
            case "press":
                return audio.press(call, token, now)
            case "queue":
                return self._waited_too_long(call, token, now)
            case "callee":
                return self._callee_acts(call, token, now)
            case "limit":
                return self.end(call, now, cause="time_limit", source="unknown", sip="200")
            case _:
                return self.caller_hangs_up(call, now)

    def _callee_acts(self, call: Call, fate: str, now: datetime) -> list[Action]:
        if fate in _FATES:
            cause, source, sip = _FATES[fate]
            return self.end(call, now, cause=cause, source=source, sip=sip)
        return self.answer(call, now)

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
        """End a call and the one bridged to it."""
        if not call.alive:
            return []
        actions = audio.cut_off(call, now)
        actions += self.leave_queue(call, "hangup", now)
        call.state, call.ended_at = State.ENDED, now
        actions.append(call.hung_up(now, cause=cause, source=source, sip=sip))
        other = self.unbridge(call)
        if other is not None:
            actions += self.end(other, now, cause="normal_clearing", source=source, sip="200")
        return actions

    def unbridge(self, call: Call) -> Call | None:
        """Part a call from the one it is bridged to, and return that one."""
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
        for call, other in ((first, second), (second, first)):
            self.unbridge(call)
            call.state, call.bridged_to = State.BRIDGED, other.call_control_id
        return [call.emit("call.bridged", now) for call in (first, second)]

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

    def _waited_too_long(self, call: Call, since: str, now: datetime) -> list[Action]:
        """Let a call go that still waits since then; it stays parked (Telnyx: queueing calls)."""
        queue = self.queues.get(call.queue)
        if queue is None or queue.since(call.call_control_id).isoformat() != since:
            return []
        return self.leave_queue(call, "timeout", now)
