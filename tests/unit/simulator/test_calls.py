"""The call machine: what each command does, what it refuses, and what follows with time."""

from datetime import timedelta
from typing import Any

import pytest

from simulator.calls import Switchboard
from simulator.commands import Commands
from simulator.errors import ApiError
from simulator.legs import Call, State
from simulator.machine import Action, After, Emit, Note, Timer
from simulator.phones import Phone
from simulator.scripts import Script
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
    ring,
)


def test_an_incoming_call_is_parked() -> None:
    """An incoming call is announced as incoming and parked, its numbers as plain strings."""
    _, actions = new_board().ring(
        caller="+13125550101", to="+12025550110", connection_id="77", now=NOW, name="Ada"
    )
    payload = event(actions, "call.initiated")
    assert payload["direction"] == "incoming"
    assert payload["state"] == "parked"
    assert payload["from"] == "+13125550101"
    assert payload["connection_id"] == "77"
    assert payload["caller_id_name"] == "Ada"
    assert payload["client_state"] is None


def test_answer_is_followed_by_answered() -> None:
    """The answer command leads to call.answered and connects the parties."""
    board = new_board()
    call = ring(board)
    assert events(do(board, call, "answer")) == ["call.answered"]
    assert call.state is State.ANSWERED


def test_an_outgoing_call_cannot_be_answered() -> None:
    """Answering our own outgoing leg is refused with 90102."""
    board = new_board()
    call, _ = board.dial(DIAL, NOW)
    assert code(board, call, "answer") == "90102"


def test_speech_queues_up() -> None:
    """A second speak waits for the first; each has its started and ended."""
    board = new_board()
    call = answered(board)
    first = do(board, call, "speak", payload="One.", voice="female")
    second = do(board, call, "speak", payload="Two.", voice="female")
    assert events(first) == ["call.speak.started"]
    assert events(second) == []
    then = pass_time(board, first)
    assert events(then) == ["call.speak.ended", "call.speak.started"]
    assert event(then, "call.speak.ended")["status"] == "completed"
    assert events(pass_time(board, then)) == ["call.speak.ended"]


def test_speech_events_have_no_parties() -> None:
    """Speech events carry no from and to, as in Telnyx's schema."""
    board = new_board()
    payload = event(
        do(board, answered(board), "speak", payload="Hi", voice="x"), "call.speak.started"
    )
    assert "from" not in payload
    assert "to" not in payload


def test_a_hangup_cuts_speech_queue_and_gather() -> None:
    """A caller who hangs up ends speech with call_hangup and leaves the queue with hangup."""
    board = new_board()
    call = answered(board)
    do(board, call, "enqueue", queue_name="support")
    do(board, call, "speak", payload="Please wait.", voice="x")
    do(board, call, "gather_using_speak", payload="Press one.", voice="x")
    actions = board.caller_hangs_up(call, NOW)
    assert event(actions, "call.speak.ended")["status"] == "call_hangup"
    assert event(actions, "call.gather.ended")["status"] == "call_hangup"
    assert event(actions, "call.dequeued")["reason"] == "hangup"
    ended = event(actions, "call.hangup")
    assert (ended["hangup_cause"], ended["hangup_source"]) == ("normal_clearing", "caller")
    assert isinstance(ended["sip_hangup_cause"], str)


def test_a_caller_who_gives_up_is_an_originator_cancel() -> None:
    """Hanging up before the answer is reported as originator_cancel."""
    board = new_board()
    call, actions = board.ring(
        caller="+13125550101",
        to="+12025550110",
        connection_id="1",
        now=NOW,
        script=Script(patience=5),
    )
    gone = event(pass_time(board, actions), "call.hangup")
    assert gone["hangup_cause"] == "originator_cancel"
    assert call.state is State.ENDED


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("speak", {"payload": "Hi", "voice": "x"}, "90034"),
        ("enqueue", {"queue_name": "support"}, "90034"),
        ("leave_queue", {}, "90034"),
        ("reject", {}, "10004"),
        ("reject", {"cause": "BORED"}, "10032"),
        ("hangup", {"client_state": "not base64!"}, "90017"),
        ("teleport", {}, "10005"),
    ],
)
def test_a_parked_call_refuses(action: str, body: dict[str, Any], expected: str) -> None:
    """Commands that need an answer, or lack a field, are refused with Telnyx's code."""
    board = new_board()
    assert code(board, ring(board), action, **body) == expected


@pytest.mark.parametrize(
    ("action", "body", "expected"),
    [
        ("speak", {"voice": "x"}, "10004"),
        ("speak", {"payload": "Hi"}, "10004"),
        ("speak", {"payload": "x" * 3001, "voice": "x"}, "90010"),
        ("leave_queue", {}, "90035"),
        ("playback_start", {}, "10015"),
        ("bridge", {"queue": "empty"}, "10027"),
        ("bridge", {}, "10015"),
        ("bridge", {"call_control_id": "v3:nobody"}, "90015"),
        ("reject", {"cause": "USER_BUSY"}, "90102"),
    ],
)
def test_an_answered_call_refuses(action: str, body: dict[str, Any], expected: str) -> None:
    """Commands that do not fit an answered call are refused with Telnyx's code."""
    board = new_board()
    assert code(board, answered(board), action, **body) == expected


def test_an_ended_call_refuses_everything() -> None:
    """A command to a call that has ended gets 90018."""
    board = new_board()
    call = answered(board)
    do(board, call, "hangup")
    assert code(board, call, "speak", payload="Hi", voice="x") == "90018"


def test_an_unknown_call_is_named() -> None:
    """A command to a call nobody knows gets 90015."""
    with pytest.raises(ApiError) as refused:
        Commands(new_board(), PHONES).perform("v3:nobody", "answer", {}, NOW)
    assert refused.value.code == "90015"


def test_a_command_id_counts_once_within_a_minute() -> None:
    """The same command_id is ignored for 60 s and works again after that."""
    board = new_board()
    call = answered(board)
    speak: dict[str, Any] = {"payload": "Hi", "voice": "x", "command_id": "c1"}
    assert events(do(board, call, "speak", **speak)) == ["call.speak.started"]
    again = do(board, call, "speak", **speak)
    assert [note.kind for note in again if isinstance(note, Note)] == ["call.repeated"]
    assert events(again) == []
    later = do(board, call, "speak", at=NOW + timedelta(seconds=61), **speak)
    assert "call.speak" in [note.kind for note in later if isinstance(note, Note)]


def test_a_refused_command_does_not_use_up_its_id() -> None:
    """A command_id of a refused command can be used again."""
    board = new_board()
    call = ring(board)
    assert code(board, call, "speak", payload="Hi", voice="x", command_id="c1") == "90034"
    do(board, call, "answer")
    actions = do(board, call, "speak", payload="Hi", voice="x", command_id="c1")
    assert events(actions) == ["call.speak.started"]


def test_dialing_twice_with_one_command_id_calls_once() -> None:
    """The command_id of a dial is global: the second dial returns the first call."""
    board = new_board()
    body = DIAL | {"command_id": "d1"}
    first, _ = board.dial(body, NOW)
    second, actions = board.dial(body, NOW)
    assert second is first
    assert events(actions) == []


@pytest.mark.parametrize(
    ("fate", "kind", "expected", "cause"),
    [
        ("pick_up", "callee", ["call.answered"], None),
        ("busy", "callee", ["call.hangup"], "user_busy"),
        ("reject", "callee", ["call.hangup"], "call_rejected"),
        ("no_answer", "unanswered", ["call.hangup"], "timeout"),
    ],
)
def test_what_the_callee_does(fate: str, kind: str, expected: list[str], cause: str | None) -> None:
    """A dialed phone picks up, is busy, rejects or lets it ring."""
    board = new_board()
    _, actions = board.dial(DIAL, NOW, Phone("+13125550102", calls=[fate]))
    assert event(actions, "call.initiated")["direction"] == "outgoing"
    follow = pass_time(board, actions, kind)
    assert events(follow) == expected
    if cause:
        assert event(follow, "call.hangup")["hangup_cause"] == cause


def test_queues_are_first_in_first_out() -> None:
    """Bridging a queue takes the caller who waits longest and tells both legs."""
    board = new_board()
    first, second, agent = answered(board), answered(board), answered(board)
    assert (
        event(do(board, first, "enqueue", queue_name="support"), "call.enqueued")[
            "current_position"
        ]
        == 1
    )
    enqueued = event(do(board, second, "enqueue", queue_name="support"), "call.enqueued")
    assert enqueued["current_position"] == 2
    assert "from" not in enqueued
    actions = do(board, agent, "bridge", queue="support")
    dequeued = event(actions, "call.dequeued")
    assert (dequeued["call_control_id"], dequeued["reason"]) == (first.call_control_id, "bridged")
    bridged = [a for a in actions if isinstance(a, Emit) and a.event_type == "call.bridged"]
    assert {each.payload["call_control_id"] for each in bridged} == {
        agent.call_control_id,
        first.call_control_id,
    }
    assert board.queues["support"].waiting[0].call_control_id == second.call_control_id


def test_a_queue_has_its_limits() -> None:
    """A full queue, another max_size and a call already queued each have their own code."""
    board = new_board()
    one, two = answered(board), answered(board)
    do(board, one, "enqueue", queue_name="small", max_size=1)
    assert code(board, two, "enqueue", queue_name="small") == "90036"
    assert code(board, two, "enqueue", queue_name="small", max_size=2) == "90037"
    assert code(board, one, "enqueue", queue_name="other") == "90038"


def test_waiting_too_long_leaves_the_call_parked() -> None:
    """After max_wait_time_secs a call leaves the queue with timeout and lives on."""
    board = new_board()
    call = answered(board)
    enqueued = do(board, call, "enqueue", queue_name="support", max_wait_time_secs=10)
    follow = pass_time(board, enqueued)
    dequeued = event(follow, "call.dequeued")
    assert (dequeued["reason"], dequeued["wait_time_secs"]) == ("timeout", 10)
    assert call.alive


def test_a_queue_knows_its_average_wait() -> None:
    """The mean of the waits so far is told to the next caller and shown with the queue."""
    board = new_board()
    first, second = answered(board), answered(board)
    for call, seconds in ((first, 10), (second, 20)):
        do(board, call, "enqueue", queue_name="support")
        later = NOW + timedelta(seconds=seconds)
        do(board, call, "leave_queue", at=later)
    enqueued = event(do(board, first, "enqueue", queue_name="support"), "call.enqueued")
    assert enqueued["queue_avg_wait_time_secs"] == 15
    assert board.queues["support"].resource()["average_wait_time_secs"] == 15


def test_the_wait_of_an_earlier_stay_does_not_count() -> None:
    """A timer of a stay that has ended does not end the next one."""
    board = new_board()
    call = answered(board)
    earlier = do(board, call, "enqueue", queue_name="support", max_wait_time_secs=10)
    do(board, call, "leave_queue")
    later = NOW + timedelta(seconds=5)
    again = {"queue_name": "support", "max_wait_time_secs": 10}
    do(board, call, "enqueue", at=later, **again)
    assert pass_time(board, earlier) == []


def test_both_legs_of_a_bridge_end_together() -> None:
    """When one party of a bridge hangs up, the other leg ends too."""
    board = new_board()
    caller, agent = answered(board), answered(board)
    do(board, agent, "bridge", call_control_id=caller.call_control_id)
    assert events(board.caller_hangs_up(caller, NOW)) == ["call.hangup", "call.hangup"]
    assert not agent.alive


def _gather(board: Switchboard, **body: Any) -> tuple[Call, list[Action]]:
    call = answered(board)
    asked = {"payload": "Your number?", "voice": "x"} | body
    return call, do(board, call, "gather_using_speak", **asked)


def _press(board: Switchboard, call: Call, digits: str) -> list[Action]:
    return expire(board, Timer("press", call.call_control_id, digits), NOW)


def test_gathered_digits_keep_their_zeros() -> None:
    """Digits end with the terminator, which is not one of them, and stay a string."""
    board = new_board()
    call, _ = _gather(board)
    actions = _press(board, call, "007#")
    assert events(actions).count("call.dtmf.received") == 4
    ended = event(actions, "call.gather.ended")
    assert (ended["digits"], ended["status"]) == ("007", "valid")


def test_a_gather_ends_at_its_maximum() -> None:
    """The last digit that fits ends the gather without a terminator."""
    board = new_board()
    call, _ = _gather(board, maximum_digits=2)
    assert event(_press(board, call, "12"), "call.gather.ended")["digits"] == "12"


def test_a_gather_gives_up_after_its_tries() -> None:
    """Silence is asked about maximum_tries times and then ends as a timeout."""
    board = new_board()
    _, asked = _gather(board, maximum_tries=2)
    again = pass_time(board, pass_time(board, asked))
    assert events(again) == []
    assert event(pass_time(board, again), "call.gather.ended")["status"] == "timeout"


def test_a_digit_restarts_the_wait() -> None:
    """The timer of an earlier wait does not end a gather that a digit has restarted."""
    board = new_board()
    call, asked = _gather(board, minimum_digits=3)
    waits = pass_time(board, asked)
    _press(board, call, "1")
    assert pass_time(board, waits) == []
    assert pass_time(board, asked) == []


def test_a_scripted_caller_presses_when_asked() -> None:
    """A caller told to press digits does so when the first gather has been spoken."""
    board = new_board()
    call = ring(board, press="5#")
    do(board, call, "answer")
    asked = do(board, call, "gather_using_speak", payload="Choose.", voice="x")
    timers = [a.timer for a in asked if isinstance(a, After) and a.timer.kind == "press"]
    assert event(expire(board, timers[0], NOW), "call.gather.ended")["digits"] == "5"


def test_audio_ends_by_itself_or_when_stopped() -> None:
    """Audio that loops for ever lasts until playback_stop and is then cancelled."""
    board = new_board()
    call = answered(board)
    once = do(board, call, "playback_start", audio_url="https://media.example.com/a.wav")
    assert event(pass_time(board, once), "call.playback.ended")["status"] == "completed"
    endless = do(board, call, "playback_start", media_name="hold", loop="infinity")
    assert not [action for action in endless if isinstance(action, After)]
    stopped = event(do(board, call, "playback_stop"), "call.playback.ended")
    assert (stopped["status"], stopped["media_name"]) == ("cancelled", "hold")


def test_client_state_stays_with_the_call() -> None:
    """A client_state given once is carried by the events of the command and all later ones."""
    board = new_board()
    call = ring(board)
    actions = do(board, call, "answer", client_state="YWJj")
    assert event(actions, "call.answered")["client_state"] == "YWJj"
    ended = board.caller_hangs_up(call, NOW)
    assert event(ended, "call.hangup")["client_state"] == "YWJj"


def test_a_call_can_be_read_for_ten_minutes_after_its_end() -> None:
    """GET of an ended call works for ten minutes, then it is not found."""
    board = new_board()
    call = answered(board)
    do(board, call, "hangup")
    assert board.readable(call.call_control_id, NOW + timedelta(minutes=9)) is call
    with pytest.raises(ApiError) as refused:
        board.readable(call.call_control_id, NOW + timedelta(minutes=11))
    assert refused.value.status == 404
