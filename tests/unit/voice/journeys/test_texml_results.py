"""What a TeXML request says of the step that it answers."""

from datetime import timedelta

import pytest

from services.voice.calls.facts import CommandKind, Result, ResultStatus
from services.voice.journeys.texml_answers import result_of, wants_document
from tests.unit.voice.journeys.walker import START


@pytest.mark.parametrize(
    ("step", "form", "result"),
    [
        ("", {"Digits": "1"}, None),
        ("3.wait", {"QueuePosition": "1"}, None),
        ("3.queue.0", {"QueueResult": "timeout"}, None),
        ("3.queue.0.after", {}, None),
        ("2.menu.1", {"Digits": "01"}, Result("2.menu.1", CommandKind.GATHER, START, digits="01")),
        (
            "2.menu.1",
            {"SpeechResult": "Sales."},
            Result("2.menu.1", CommandKind.GATHER, START, speech="Sales."),
        ),
        (
            "2.menu.1",
            {},
            Result("2.menu.1", CommandKind.GATHER, START, ResultStatus.TIMED_OUT),
        ),
        (
            "4.record",
            {
                "RecordingSid": "rec-1",
                "RecordingUrl": "https://x.example",
                "RecordingDuration": "7",
            },
            Result("4.record", CommandKind.RECORD, START, recording_id="rec-1"),
        ),
        ("4.record", {"RecordingSid": "rec-1", "RecordingStatus": "in-progress"}, None),
        (
            "4.record",
            {"RecordingSid": "rec-1", "RecordingStatus": "absent"},
            Result("4.record", CommandKind.RECORD, START, ResultStatus.FAILED),
        ),
        ("4.record", {}, Result("4.record", CommandKind.RECORD, START, ResultStatus.FAILED)),
        (
            "5.transfer",
            {"DialCallStatus": "completed"},
            Result("5.transfer", CommandKind.TRANSFER, START),
        ),
        (
            "5.transfer",
            {"DialCallStatus": "busy"},
            Result("5.transfer", CommandKind.TRANSFER, START, ResultStatus.FAILED),
        ),
    ],
)
def test_a_request_answers_its_step(step: str, form: dict[str, str], result: Result | None) -> None:
    """Keys, words, silence, a recording and an outside party each have their result."""
    assert result_of(step, form, START) == result


@pytest.mark.parametrize(
    ("text", "length"), [("7", timedelta(seconds=7)), ("-1", None), ("x", None), ("9" * 30, None)]
)
def test_a_length_is_only_believed_where_it_is_one(text: str, length: timedelta | None) -> None:
    """A duration that is no number of seconds is none."""
    result = result_of("1.record", {"RecordingSid": "r", "RecordingDuration": text}, START)
    assert result is not None
    assert result.duration == length


@pytest.mark.parametrize(
    ("form", "wants"),
    [
        ({"CallStatus": "ringing"}, True),
        ({"CallStatus": "in-progress", "Digits": "1"}, True),
        ({"CallStatus": "completed", "RecordingSid": "rec-1"}, False),
        ({"CallStatus": "in-progress", "RecordingStatus": "completed"}, False),
        ({"CallbackSource": "call-progress-events", "CallStatus": "in-progress"}, False),
    ],
)
def test_reports_want_no_document(form: dict[str, str], wants: bool) -> None:
    """Only a leg that is there asks what to hear."""
    assert wants_document(form) is wants
