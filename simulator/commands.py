"""The call commands: POST /calls/{id}/actions/{command}, checked and applied to the switchboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulator import audio, checks
from simulator.calls import COMMAND_WINDOW, Switchboard
from simulator.errors import ApiError
from simulator.legs import Call, Gather
from simulator.machine import Action, After, Timer
from simulator.queues import DEFAULT_MAX_SIZE

MAX_SPOKEN_CHARACTERS = 3000

_KEYS = "0123456789#*"

Command = Callable[[Switchboard, Call, checks.Body, datetime], list[Action]]


def command(
    board: Switchboard, call_control_id: str, action: str, body: checks.Body, now: datetime
) -> list[Action]:
    """Apply a command to a call; a command_id seen within 60 s is accepted and does nothing.

    Raises ApiError: 10005 for an unknown command, 90015 for an unknown call, 90018 for one that
    has ended, 90034 for a command that needs an answered call, and the field errors.
    """
    perform, needs_answer = _find(action)
    call = board.calls.get(call_control_id)
    if call is None:
        raise ApiError("90015", pointer="/call_control_id")
    command_id = checks.text(body, "command_id")
    seen = call.commands.get(command_id) if command_id else None
    if seen and now - seen < COMMAND_WINDOW:
        return [call.note("call.repeated", {"action": action, "command_id": command_id})]
    if not call.alive:
        raise ApiError("90018")
    if needs_answer and not call.answered:
        raise ApiError("90034")
    state = checks.client_state(body)
    actions = perform(board, call, body, now)
    if command_id:
        call.commands[command_id] = now
    if state is not None:
        _carry_state(call, state, actions)
    return [call.note(f"call.{action}", _told(body)), *actions]


def _find(action: str) -> tuple[Command, bool]:
    try:
        return _COMMANDS[action]
    except KeyError:
        raise ApiError("10005") from None


def _carry_state(call: Call, state: str, actions: list[Action]) -> None:
    """Give the state to the call and to every event of this command (Telnyx: client_state)."""
    call.client_state = state
    for action in actions:
        payload = getattr(action, "payload", None)
        if payload and payload.get("call_control_id") == call.call_control_id:
            payload["client_state"] = state


def _told(body: checks.Body) -> dict[str, Any]:
    """Return what a command said; the call it bridges to must not hide the call itself."""
    facts = {name: value for name, value in body.items() if name not in ("from", "to")}
    if "call_control_id" in facts:
        facts["bridged_to"] = facts.pop("call_control_id")
    return facts


def _answer(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    if not call.incoming:
        raise ApiError("90102", "Call answer command cannot be issued for outbound calls.")
    call.webhook_url = checks.text(body, "webhook_url") or call.webhook_url
    return board.answer(call, now)


def _reject(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    causes = ("CALL_REJECTED", "USER_BUSY")
    busy = checks.one_of(body, "cause", causes, required=True) == "USER_BUSY"
    if not call.incoming or call.answered:
        raise ApiError("90102", "Only an incoming call that rings can be rejected.")
    cause, sip = ("user_busy", "486") if busy else ("call_rejected", "603")
    return board.end(call, now, cause=cause, source="callee", sip=sip)


def _hangup(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    del body
    if not call.incoming and not call.answered:
        return board.end(call, now, cause="originator_cancel", source="caller", sip="487")
    source = "callee" if call.incoming else "caller"
    return board.end(call, now, cause="normal_clearing", source=source, sip="200")


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
    del now
    asked = Gather(
        token=board.new_token(),
        minimum=checks.whole(body, "minimum_digits", 1, 1, 128),
        maximum=checks.whole(body, "maximum_digits", 128, 1, 128),
        terminator=checks.text(body, "terminating_digit", default="#"),
        valid=checks.text(body, "valid_digits", default=_KEYS),
        tries=checks.whole(body, "maximum_tries", 3, 1, 128),
        timeout=checks.whole(body, "timeout_millis", 60_000, 1, 600_000) / 1000,
        inter_digit=checks.whole(body, "inter_digit_timeout_millis", 5_000, 1, 120_000) / 1000,
    )
    return audio.gather(call, asked, after=audio.speaking_time(_spoken(body)))


def _playback_start(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    sources = ("audio_url", "media_name", "playback_content")
    given = [name for name in sources if checks.text(body, name)]
    if len(given) != 1:
        raise ApiError("10015", f"Give one of {', '.join(sources)}.", status=422)
    names: dict[str, Any] = {"overlay": bool(body.get("overlay", False))}
    if given != ["playback_content"]:
        shown = "media_url" if given == ["audio_url"] else "media_name"
        names[shown] = body[given[0]]
    endless = body.get("loop") == "infinity"
    return audio.play(call, board.new_token(), names, endless=endless, now=now)


def _playback_stop(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    del board, body
    return audio.stop_all(call, now)


def _enqueue(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    name = checks.text(body, "queue_name", required=True)
    max_size = checks.whole(body, "max_size", DEFAULT_MAX_SIZE, 1, 1_000_000)
    patience = checks.whole(body, "max_wait_time_secs", 0, 0, 86_400)
    if call.queue:
        raise ApiError("90038")
    queue = board.queue(name, max_size, now)
    if "max_size" in body and queue.max_size != max_size:
        raise ApiError("90037", pointer="/max_size")
    if queue.full():
        raise ApiError("90036", f"The '{name}' queue is full and can't accept more calls.")
    board.unbridge(call)
    call.queue = name
    position = queue.join(call.call_control_id, now)
    enqueued = call.emit(
        "call.enqueued",
        now,
        parties=False,
        queue=name,
        current_position=position,
        queue_avg_wait_time_secs=queue.average_wait(),
    )
    if not patience:
        return [enqueued]
    return [enqueued, After(patience, Timer("queue", call.call_control_id, now.isoformat()))]


def _leave_queue(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    del body
    if not call.queue:
        raise ApiError("90035")
    return board.leave_queue(call, "leave", now)


def _bridge(board: Switchboard, call: Call, body: checks.Body, now: datetime) -> list[Action]:
    queue, other_id = checks.text(body, "queue"), checks.text(body, "call_control_id")
    if bool(queue) == bool(other_id):
        raise ApiError("10015", "Give either 'call_control_id' or 'queue'.", status=422)
    other = board.calls.get(other_id or _first_waiting(board, queue))
    if other is None or other is call:
        raise ApiError("90015", pointer="/call_control_id")
    if not other.alive:
        raise ApiError("90018")
    if not other.answered:
        raise ApiError("90034")
    actions = board.leave_queue(other, "bridged", now) + board.leave_queue(call, "bridged", now)
    return actions + board.bridge(call, other, now)


def _first_waiting(board: Switchboard, name: str) -> str:
    queue = board.queues.get(name)
    if queue is None or not queue.waiting:
        raise ApiError("10027", f"No call waits in the '{name}' queue.", pointer="/queue")
    return queue.waiting[0].call_control_id


def _client_state_update(
    board: Switchboard, call: Call, body: checks.Body, now: datetime
) -> list[Action]:
    del board, call, now
    checks.text(body, "client_state", required=True)
    return []


_COMMANDS: dict[str, tuple[Command, bool]] = {
    "answer": (_answer, False),
    "reject": (_reject, False),
    "hangup": (_hangup, False),
    "client_state_update": (_client_state_update, False),
    "speak": (_speak, True),
    "gather_using_speak": (_gather, True),
    "playback_start": (_playback_start, True),
    "playback_stop": (_playback_stop, True),
    "enqueue": (_enqueue, True),
    "leave_queue": (_leave_queue, True),
    "bridge": (_bridge, True),
}
