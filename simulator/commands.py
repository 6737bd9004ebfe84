"""The call commands: POST /calls/{id}/actions/{command}, checked and applied to the switchboard.

Those about what is heard are in `sounds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator import checks, sounds
from simulator.calls import COMMAND_WINDOW, Switchboard
from simulator.errors import ApiError
from simulator.legs import Call
from simulator.machine import Action, After, Timer
from simulator.phones import Phones
from simulator.queues import DEFAULT_MAX_SIZE
from simulator.sounds import Command


class Commands:
    """Carries commands out on a switchboard; `phones` are those a transfer may ring."""

    def __init__(self, board: Switchboard, phones: Phones) -> None:
        self._board = board
        self._phones = phones
        self._table: Mapping[str, tuple[Command, bool]] = {
            "answer": (_answer, False),
            "reject": (_reject, False),
            "hangup": (_hangup, False),
            "client_state_update": (_client_state_update, False),
            "enqueue": (_enqueue, True),
            "leave_queue": (_leave_queue, True),
            "bridge": (_bridge, True),
            "transfer": (self._transfer, True),
        } | {name: (perform, True) for name, perform in sounds.COMMANDS.items()}

    def perform(
        self, call_control_id: str, action: str, body: checks.Body, now: datetime
    ) -> list[Action]:
        """Apply a command to a call; a command_id seen within 60 s is accepted and does nothing.

        Raises ApiError: 10005 for an unknown command, 90015 for an unknown call, 90018 for one
        that has ended, 90034 for a command that needs an answered call, and the field errors.
        """
        command, needs_answer = self._find(action)
        call = self._board.calls.get(call_control_id)
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
        with self._board.listening(call, now):
            actions = command(self._board, call, body, now)
        if command_id:
            call.commands[command_id] = now
        if state is not None:
            _carry_state(call, state, actions)
        return [call.note(f"call.{action}", _told(body) | self._met(call, action)), *actions]

    def _met(self, call: Call, action: str) -> dict[str, str]:
        """Return the number of whom a bridge brought a call together with."""
        other = self._board.calls.get(call.bridged_to)
        if action != "bridge" or other is None:
            return {}
        return {"with": other.from_number if other.incoming else other.to_number}

    def _find(self, action: str) -> tuple[Command, bool]:
        try:
            return self._table[action]
        except KeyError:
            raise ApiError("10005") from None

    def _transfer(
        self, board: Switchboard, call: Call, body: checks.Body, now: datetime
    ) -> list[Action]:
        phone = self._phones.get(checks.text(body, "to", required=True))
        return board.transfer(call, body, phone, now)


def _carry_state(call: Call, state: str, actions: list[Action]) -> None:
    """Give the state to the call and to every event of this command (Telnyx: client_state)."""
    call.client_state = state
    for action in actions:
        payload = getattr(action, "payload", None)
        if payload and payload.get("call_control_id") == call.call_control_id:
            payload["client_state"] = state


def _told(body: checks.Body) -> dict[str, Any]:
    """Return what a command said; the call it bridges to must not hide the call itself."""
    facts = dict(body)
    for name, shown in (("call_control_id", "bridged_to"), ("to", "to_number")):
        if name in facts:
            facts[shown] = facts.pop(name)
    facts.pop("from", None)
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
    actions = board.part(call, now)
    call.queue = name
    position = queue.join(call.call_control_id, now)
    actions.append(
        call.emit(
            "call.enqueued",
            now,
            parties=False,
            queue=name,
            current_position=position,
            queue_avg_wait_time_secs=queue.average_wait(),
        )
    )
    if patience:
        timer = Timer("queue", call.call_control_id, now.isoformat())
        actions.append(After(patience, timer, asked=True))
    return actions


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
    if body.get("prevent_double_bridge") and other.bridged_to:
        raise ApiError("10027", "The other call is bridged already.", pointer="/call_control_id")
    # Whoever is on hold after the conversation lives on as well; music is not simulated.
    kept = checks.text(body, "park_after_unbridge") == "self" or body.get("hold_after_unbridge")
    actions = board.leave_queue(other, "bridged", now) + board.leave_queue(call, "bridged", now)
    actions += board.bridge(call, other, now)
    call.parks = bool(kept) or call.by_texml
    return actions


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
