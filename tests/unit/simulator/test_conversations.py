"""Conversations: who is bridged to whom, what becomes of the other leg, when people hang up."""

from datetime import timedelta
from typing import Any

import pytest

from simulator.calls import Switchboard
from simulator.legs import Call, State
from simulator.machine import Action, Note
from simulator.phones import Phone
from simulator.scripts import Script, parse
from tests.unit.simulator.board import (
    DIAL,
    NOW,
    PHONES,
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


def _later(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def _dialed(board: Switchboard, phone: Phone | None = None, **more: Any) -> Call:
    """Return a leg that somebody has picked up."""
    call, actions = board.dial(DIAL | more, NOW, phone)
    pass_time(board, actions, "callee")
    return call


def _talking(board: Switchboard, **script: Any) -> tuple[Call, Call, list[Action]]:
    """Return a caller who will be parked, the agent they talk to, and what the bridge did."""
    caller = answered(board, **script)
    agent = _dialed(board)
    told: dict[str, Any] = {"call_control_id": agent.call_control_id, "park_after_unbridge": "self"}
    return caller, agent, do(board, caller, "bridge", **told)


def test_a_parked_caller_outlives_the_agent() -> None:
    """With park_after_unbridge the caller stays when the agent hangs up, and can be commanded."""
    board = new_board()
    caller, agent, _ = _talking(board)
    actions = board.caller_hangs_up(agent, NOW)
    assert events(actions) == ["call.hangup"]
    assert (caller.state, caller.bridged_to) == (State.ANSWERED, "")
    assert [note.kind for note in actions if isinstance(note, Note)] == ["call.parted"]
    assert events(do(board, caller, "speak", payload="Sorry.", voice="x")) == ["call.speak.started"]


def test_the_agent_does_not_outlive_a_parked_caller() -> None:
    """Only the leg that asked for it is parked; the other one ends with the conversation."""
    board = new_board()
    caller, agent, _ = _talking(board)
    assert events(board.caller_hangs_up(caller, NOW)) == ["call.hangup", "call.hangup"]
    assert not agent.alive


def test_a_dialed_leg_can_be_parked_too() -> None:
    """park_after_unbridge of a dial keeps the new leg, and needs link_to."""
    board = new_board()
    caller = answered(board)
    with pytest.raises(Exception, match="10004"):
        board.dial(DIAL | {"park_after_unbridge": "self"}, NOW)
    linked: dict[str, Any] = {"link_to": caller.call_control_id, "park_after_unbridge": "self"}
    agent = _dialed(board, **linked)
    do(board, caller, "bridge", call_control_id=agent.call_control_id)
    board.caller_hangs_up(caller, NOW)
    assert agent.alive
    assert agent.call_session_id == caller.call_session_id


def test_bridge_on_answer_joins_the_linked_leg() -> None:
    """A dial with bridge_on_answer is bridged to its link as soon as it is picked up."""
    board = new_board()
    caller = answered(board)
    body = DIAL | {"link_to": caller.call_control_id, "bridge_on_answer": True}
    agent, actions = board.dial(body, NOW)
    assert caller.awaits == agent.call_control_id
    follow = pass_time(board, actions, "callee")
    assert events(follow) == ["call.answered", "call.bridged", "call.bridged"]
    assert (caller.bridged_to, caller.awaits) == (agent.call_control_id, "")


def test_a_second_bridge_takes_the_caller_away() -> None:
    """Bridging a caller again ends the first agent's leg; prevent_double_bridge refuses it."""
    board = new_board()
    caller, first, _ = _talking(board)
    second = _dialed(board)
    told: dict[str, Any] = {"call_control_id": caller.call_control_id}
    assert code(board, second, "bridge", prevent_double_bridge=True, **told) == "10027"
    actions = do(board, second, "bridge", **told)
    assert events(actions) == ["call.hangup", "call.bridged", "call.bridged"]
    assert not first.alive
    assert caller.bridged_to == second.call_control_id


def test_a_bridged_call_that_is_queued_leaves_the_conversation() -> None:
    """Enqueueing a bridged call unbridges it."""
    board = new_board()
    caller, agent, _ = _talking(board)
    assert events(do(board, caller, "enqueue", queue_name="support")) == [
        "call.hangup",
        "call.enqueued",
    ]
    assert not agent.alive


def test_a_transfer_rings_somebody_else() -> None:
    """A transfer makes a leg with a state of its own and bridges it when it is picked up."""
    board = new_board()
    caller = answered(board)
    actions = do(board, caller, "transfer", to="+13125550102", target_leg_client_state="YWJj")
    initiated = event(actions, "call.initiated")
    assert (initiated["direction"], initiated["to"]) == ("outgoing", "+13125550102")
    assert initiated["client_state"] == "YWJj"
    assert initiated["call_session_id"] == caller.call_session_id
    follow = pass_time(board, actions, "callee")
    assert events(follow) == ["call.answered", "call.bridged", "call.bridged"]


def test_a_transfer_that_nobody_answers_leaves_the_caller() -> None:
    """When the new leg of a transfer ends, the first one can be commanded again."""
    board = new_board()
    caller = answered(board)
    PHONES.get("+13125550103").calls = ["busy"]
    actions = do(board, caller, "transfer", to="+13125550103")
    assert event(pass_time(board, actions, "callee"), "call.hangup")["hangup_cause"] == "user_busy"
    assert caller.alive
    assert caller.awaits == ""


def test_people_hang_up_when_they_have_talked() -> None:
    """Who talks for so many seconds ends that conversation, but none that came after it."""
    board = new_board()
    caller, agent, bridged = _talking(board, talk=30)
    after = timer(bridged, "talked")
    assert after.seconds == 30
    board.caller_hangs_up(agent, _later(10))
    other = _dialed(board)
    do(board, caller, "bridge", call_control_id=other.call_control_id)
    assert expire(board, after.timer, _later(30)) == []
    assert caller.alive


def test_patience_ends_when_somebody_talks() -> None:
    """A caller gives up waiting, yet not during a conversation; afterwards it counts anew."""
    board = new_board()
    _, rang = board.ring(
        caller="+13125550101",
        to="+12025550110",
        connection_id="1",
        now=NOW,
        script=Script(patience=20),
    )
    caller = next(iter(board.calls.values()))
    do(board, caller, "answer")
    agent = _dialed(board)
    told: dict[str, Any] = {"call_control_id": agent.call_control_id, "park_after_unbridge": "self"}
    do(board, caller, "bridge", at=_later(5), **told)
    assert expire(board, timer(rang, "impatient").timer, _later(20)) == []
    parted = board.caller_hangs_up(agent, _later(25))
    assert expire(board, timer(rang, "impatient").timer, _later(26)) == []
    assert events(pass_time(board, parted, "impatient")) == ["call.hangup"]


def test_a_phone_answers_in_its_time() -> None:
    """A phone rings for answer_after; longer than timeout_secs is no answer."""
    board = new_board()
    slow = Phone("+13125550102", answer_after=8)
    call, actions = board.dial(DIAL | {"timeout_secs": 5}, NOW, slow)
    assert timer(actions, "callee").seconds == 8
    assert timer(actions, "unanswered").seconds == 5
    assert event(pass_time(board, actions, "unanswered"), "call.hangup")["to"] == slow.number
    assert pass_time(board, actions, "callee") == []
    call, actions = board.dial(DIAL, NOW, slow)
    pass_time(board, actions, "callee")
    assert pass_time(board, actions, "unanswered") == []
    assert call.answered


def test_a_phone_can_behave_otherwise_each_time() -> None:
    """Habits are used up in turn, the last one stays."""
    phone = Phone("+13125550102")
    phone.change({"calls": ["no_answer", "pick_up"]})
    assert [phone.ring() for _ in range(3)] == ["no_answer", "pick_up", "pick_up"]


@pytest.mark.parametrize(
    "body",
    [
        {"calls": []},
        {"calls": ["sing"]},
        {"press": 1},
        {"press": ["1", 2]},
        {"talk": -1},
        {"stays": "yes"},
        {"answer_after": "soon"},
    ],
)
def test_a_wrong_habit_is_refused(body: dict[str, Any]) -> None:
    """Habits and scripts of the wrong kind raise ValueError."""
    with pytest.raises(ValueError, match="must be"):
        Phone("+13125550102").change(body)


def test_answers_follow_the_words_of_the_prompt() -> None:
    """Rules answer whenever their words are heard; turns are used up one by one."""
    rules = parse({"press": {"call you back": "1", "menu": "2"}}).press
    assert [rules.to("Shall we Call you back?"), rules.to("The menu"), rules.to("Hello")] == [
        "1",
        "2",
        "",
    ]
    assert rules.to("Shall we call you back?") == "1"
    turns = parse({"say": ["sales", "yes"]}).say
    assert [turns.to("Which?"), turns.to("Sure?"), turns.to("?")] == ["sales", "yes", ""]


def test_silence_is_taken_down() -> None:
    """From the answer to the first word and after the last one nothing is heard."""
    board = new_board()
    caller = answered(board)
    spoken = do(board, caller, "speak", at=_later(1), payload="x" * 100, voice="x")
    expire(board, timer(spoken, "speech").timer, _later(7))
    do(board, caller, "playback_start", at=_later(8), media_name="hold", loop="infinity")
    board.caller_hangs_up(caller, _later(20))
    spans = [(each.since, each.until) for each in caller.hearing.silences]
    assert spans == [(NOW, _later(1)), (_later(7), _later(8))]


def test_talks_are_taken_down() -> None:
    """A leg knows with whom it talked and for how long; a talk is no silence."""
    board = new_board()
    caller, agent, _ = _talking(board)
    board.caller_hangs_up(agent, _later(30))
    (talk,) = caller.hearing.talks
    assert (talk.other, talk.since, talk.until) == (agent.call_control_id, NOW, _later(30))
    assert caller.hearing.silences[-1].since == _later(30)
    assert caller.story()["talks"][0]["with"] == agent.call_control_id
