"""A switchboard without I/O, and ways to drive it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from simulator.calls import Switchboard
from simulator.clockwork import Clockwork
from simulator.commands import Commands
from simulator.errors import ApiError
from simulator.legs import Call
from simulator.machine import Action, After, Emit, Timer
from simulator.phones import Phones
from simulator.recordings import Recorder
from simulator.scripts import parse

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DIAL = {"connection_id": "1", "from": "+12025550110", "to": "+13125550102"}
PHONES = Phones()


def new_board() -> Switchboard:
    """Return a board that counts its ids and keeps no files."""
    numbers = count(1)
    recorder = Recorder(lambda name, *_: name, lambda media, _: f"https://files.example/{media}")
    return Switchboard(lambda: f"id-{next(numbers)}", lambda: f"token-{next(numbers)}", recorder)


def ring(board: Switchboard, **script: Any) -> Call:
    """Let somebody call who follows a script."""
    call, _ = board.ring(
        caller="+13125550101",
        to="+12025550110",
        connection_id="1",
        now=NOW,
        script=parse(script),
    )
    return call


def answered(board: Switchboard, **script: Any) -> Call:
    """Let somebody call who is answered."""
    call = ring(board, **script)
    do(board, call, "answer")
    return call


def do(
    board: Switchboard, call: Call, action: str, *, at: datetime = NOW, **body: Any
) -> list[Action]:
    """Give a command."""
    return Commands(board, PHONES).perform(call.call_control_id, action, body, at)


def events(actions: Sequence[Action]) -> list[str]:
    """Return the types of the events among actions."""
    return [action.event_type for action in actions if isinstance(action, Emit)]


def event(actions: Sequence[Action], event_type: str) -> dict[str, Any]:
    """Return the payload of the only event of a type."""
    (found,) = [a for a in actions if isinstance(a, Emit) and a.event_type == event_type]
    return found.payload


def timer(actions: Sequence[Action], kind: str = "") -> After:
    """Return the only timer among actions, or the only one of a kind."""
    (found,) = [a for a in actions if isinstance(a, After) and kind in ("", a.timer.kind)]
    return found


def expire(board: Switchboard, timer: Timer, now: datetime) -> list[Action]:
    """Let a timer strike."""
    return Clockwork(board).expire(timer, now)


def pass_time(board: Switchboard, actions: Sequence[Action], kind: str = "") -> list[Action]:
    """Let the one timer of these actions, or of that kind, strike."""
    after = timer(actions, kind)
    return expire(board, after.timer, NOW + timedelta(seconds=after.seconds))


def code(board: Switchboard, call: Call, action: str, **body: Any) -> str:
    """Return the code by which a command is refused."""
    with pytest.raises(ApiError) as refused:
        do(board, call, action, **body)
    return refused.value.code
