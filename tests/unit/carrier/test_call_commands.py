"""Commands to calls are exact bytes: the same arguments give the same bytes for ever."""

import base64
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrier import call_commands as commands
from carrier.commands import Request

CALL = "v3:abc/def"
QUOTED = "v3%3Aabc%2Fdef"

GOLDEN: list[tuple[Request, str, str, bytes]] = [
    (
        commands.dial(
            connection_id="7",
            to="+12025550101",
            from_number="+12025550102",
            command_id="c-1",
            client_state=b"job",
            timeout_seconds=30,
            link_to=CALL,
            bridge_on_answer=True,
        ),
        "POST",
        "/calls",
        b'{"connection_id":"7","to":"+12025550101","from":"+12025550102","timeout_secs":30,'
        b'"link_to":"v3:abc/def","bridge_on_answer":true,"client_state":"am9i","command_id":"c-1"}',
    ),
    (
        commands.answer(CALL, command_id="c-1", client_state=b"\x00\xff"),
        "POST",
        f"/calls/{QUOTED}/actions/answer",
        b'{"client_state":"AP8=","command_id":"c-1"}',
    ),
    (
        commands.reject(CALL, cause="USER_BUSY", command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/reject",
        b'{"cause":"USER_BUSY","command_id":"c-1"}',
    ),
    (
        commands.hangup(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/hangup",
        b'{"command_id":"c-1"}',
    ),
    (
        commands.speak(CALL, text="Hi & welcome", voice="female", language="en-US", command_id="c"),
        "POST",
        f"/calls/{QUOTED}/actions/speak",
        b'{"payload":"Hi & welcome","voice":"female","language":"en-US","command_id":"c"}',
    ),
    (
        commands.speak(CALL, text="<speak/>", voice="AWS.Polly.Joanna", ssml=True, command_id="c"),
        "POST",
        f"/calls/{QUOTED}/actions/speak",
        b'{"payload":"<speak/>","payload_type":"ssml","voice":"AWS.Polly.Joanna","command_id":"c"}',
    ),
    (
        commands.enqueue(CALL, queue_name="vip", max_wait_seconds=600, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/enqueue",
        b'{"queue_name":"vip","max_wait_time_secs":600,"command_id":"c-1"}',
    ),
    (
        commands.leave_queue(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/leave_queue",
        b'{"command_id":"c-1"}',
    ),
    (
        commands.bridge_queue(CALL, queue_name="vip", command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/bridge",
        b'{"queue":"vip","command_id":"c-1"}',
    ),
    (commands.get_call(CALL), "GET", f"/calls/{QUOTED}", b""),
    (
        commands.bridge(CALL, other_call_control_id="v3:2", command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/bridge",
        b'{"call_control_id":"v3:2","park_after_unbridge":"self","command_id":"c-1"}',
    ),
    (
        commands.play(CALL, audio_url="https://example.com/a.mp3", loop=True, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/playback_start",
        b'{"audio_url":"https://example.com/a.mp3","loop":"infinity","command_id":"c-1"}',
    ),
    (
        commands.stop_playback(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/playback_stop",
        b'{"stop":"all","command_id":"c-1"}',
    ),
    (
        commands.gather_using_speak(
            CALL, text="Press 1.", voice="female", maximum_digits=1, command_id="c-1"
        ),
        "POST",
        f"/calls/{QUOTED}/actions/gather_using_speak",
        b'{"payload":"Press 1.","voice":"female","minimum_digits":1,"maximum_digits":1,'
        b'"valid_digits":"0123456789#*","terminating_digit":"#","timeout_millis":60000,'
        b'"inter_digit_timeout_millis":5000,"maximum_tries":1,"command_id":"c-1"}',
    ),
    (
        commands.gather_stop(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/gather_stop",
        b'{"command_id":"c-1"}',
    ),
    (
        commands.transcription_start(CALL, language="es", hints=["ventas"], command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/transcription_start",
        b'{"transcription_engine":"Google","transcription_engine_config":'
        b'{"transcription_engine":"Google","language":"es","hints":["ventas"]},'
        b'"transcription_tracks":"inbound","command_id":"c-1"}',
    ),
    (
        commands.transcription_stop(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/transcription_stop",
        b'{"command_id":"c-1"}',
    ),
    (
        commands.send_dtmf(CALL, digits="1w#", command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/send_dtmf",
        b'{"digits":"1w#","command_id":"c-1"}',
    ),
    (
        commands.record_start(CALL, max_seconds=120, silence_seconds=5, beep=True, command_id="c"),
        "POST",
        f"/calls/{QUOTED}/actions/record_start",
        b'{"format":"mp3","channels":"single","max_length":120,"timeout_secs":5,'
        b'"play_beep":true,"command_id":"c"}',
    ),
    (
        commands.record_stop(CALL, command_id="c-1"),
        "POST",
        f"/calls/{QUOTED}/actions/record_stop",
        b'{"command_id":"c-1"}',
    ),
    (
        commands.transfer(
            CALL, to="sip:a@example.com", target_client_state=b"job", command_id="c-1"
        ),
        "POST",
        f"/calls/{QUOTED}/actions/transfer",
        b'{"to":"sip:a@example.com","target_leg_client_state":"am9i","command_id":"c-1"}',
    ),
    (commands.get_recording("r/1"), "GET", "/recordings/r%2F1", b""),
]


@pytest.mark.parametrize(("request_", "method", "path", "body"), GOLDEN)
def test_builds_the_exact_request(request_: Request, method: str, path: str, body: bytes) -> None:
    """Method, path and bytes stay as they were: a command in doubt is sent again as it is."""
    assert (request_.method, request_.path, request_.body) == (method, path, body)


BUILDERS: list[Callable[[str], Request]] = [
    commands.get_call,
    commands.get_recording,
    lambda identifier: commands.answer(identifier, command_id="c"),
]


@pytest.mark.parametrize("build", BUILDERS)
@given(identifier=st.text(min_size=1, max_size=30).filter(lambda text: text not in (".", "..")))
def test_an_id_stays_one_segment_of_the_path(
    build: Callable[[str], Request], identifier: str
) -> None:
    """Whatever an id holds, it adds no segment, query or fragment to the path."""
    plain, odd = build("x").path, build(identifier).path
    assert odd.count("/") == plain.count("/")
    assert not set(odd) & set("?#\\@ \r\n")
    assert odd.isascii()


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_refuses_an_id_that_names_another_path(identifier: str) -> None:
    """Empty and dot segments would address something else."""
    with pytest.raises(ValueError, match="id"):
        commands.hangup(identifier, command_id="c")


@pytest.mark.parametrize("text", ["", "x" * 3001])
def test_refuses_what_no_voice_speaks(text: str) -> None:
    """A request that can never succeed is refused before it is stored."""
    with pytest.raises(ValueError, match="3000"):
        commands.speak("c", text=text, voice="female", command_id="c")
    with pytest.raises(ValueError, match="3000"):
        commands.gather_using_speak("c", text=text, voice="female", command_id="c")


@given(st.binary(max_size=200))
def test_client_state_comes_back_as_it_went(state: bytes) -> None:
    """Any bytes survive the base64 of client_state."""
    body = orjson.loads(commands.answer("c", command_id="c", client_state=state).body)
    assert base64.b64decode(body["client_state"], validate=True) == state
