"""Commands as TeXML documents."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from services.voice.calls.command import (
    Answer,
    Command,
    Enqueue,
    Gather,
    HangUp,
    LeaveQueue,
    Play,
    Record,
    Reject,
    Speak,
    StopPlayback,
    Transfer,
)
from services.voice.documents import Documents
from services.voice.journeys.actions import Give

HEAD = "<?xml version='1.0' encoding='utf-8'?>\n"
HERE = "https://hooks.example.com/texml"
DOCUMENTS = Documents("AWS.Polly.Joanna", f"{HERE}/")


def written(*gives: tuple[str, Command], in_queue: bool = False) -> str:
    """Return a document without its head."""
    document = DOCUMENTS.write("main", [Give(*each) for each in gives], in_queue=in_queue)
    assert document.startswith(HEAD)
    return document.removeprefix(HEAD)


def test_what_needs_no_answer_is_said_at_once() -> None:
    """Words and files follow one another, then the caller is put where it can ask."""
    document = written(
        ("1.say", Speak("Hello & <welcome>")),
        ("2.say", Play("https://media.example.com/a.mp3")),
        ("3.queue.0", Enqueue("caller-1", timedelta(hours=4))),
    )
    assert document == (
        '<Response><Say voice="Polly.Joanna">Hello &amp; &lt;welcome&gt;</Say>'
        "<Play>https://media.example.com/a.mp3</Play>"
        f'<Enqueue action="{HERE}/main/3.queue.0" method="POST" waitUrl="{HERE}/main/3.wait"'
        ' waitUrlMethod="POST" maxWaitTimeSecs="14400">caller-1</Enqueue></Response>'
    )


def test_a_question_comes_back_to_where_it_was_asked() -> None:
    """Keys and words go to the question's own URL; so does whoever presses nothing."""
    gather = Gather(
        "Press 1.", valid_digits="01", speech_hints=("sales, please",), timeout=timedelta(seconds=7)
    )
    assert written(("2.menu.1", gather)) == (
        f'<Response><Gather input="dtmf speech" action="{HERE}/main/2.menu.1" method="POST"'
        ' timeout="7" finishOnKey="#" minDigits="1" maxDigits="1" validDigits="01"'
        ' hints="sales  please" speechTimeout="auto">'
        '<Say voice="Polly.Joanna">Press 1.</Say></Gather>'
        f"<Redirect>{HERE}/main/2.menu.1</Redirect></Response>"
    )
    waiting = written(("2.wait.1", Gather("", valid_digits="1")), in_queue=True)
    assert "Redirect" not in waiting
    assert 'input="dtmf"' in waiting


def test_a_message_is_recorded_within_limits() -> None:
    """Silence and length end a recording; both ways lead to the same place."""
    record = Record(timedelta(minutes=2), timedelta(seconds=5))
    assert written(("1.record", record)) == (
        f'<Response><Record action="{HERE}/main/1.record" method="POST" playBeep="true"'
        ' channels="single" recordingStatusCallback="'
        f'{HERE}/main/1.record" maxLength="120" timeout="5" />'
        f"<Redirect>{HERE}/main/1.record</Redirect></Response>"
    )


@pytest.mark.parametrize(
    ("to", "noun"),
    [
        ("+13125550150", "<Number>+13125550150</Number>"),
        ("sip:desk@example.com", "<Sip>sip:desk@example.com</Sip>"),
    ],
)
def test_a_transfer_dials(to: str, noun: str) -> None:
    """A number and an address are dialled, and the way on is asked for afterwards."""
    transfer = Transfer(to, "+12025550110", timedelta(seconds=2))
    assert written(("4.transfer", transfer)) == (
        f'<Response><Dial action="{HERE}/main/4.transfer" method="POST" timeout="5"'
        f' callerId="+12025550110">{noun}</Dial></Response>'
    )


@pytest.mark.parametrize(
    ("command", "verbs"),
    [
        (HangUp(), ["Hangup"]),
        (Reject(), ["Reject"]),
        (LeaveQueue(), ["Leave"]),
        (Answer(), []),
        (StopPlayback(), []),
    ],
)
def test_short_commands(command: Command, verbs: list[str]) -> None:
    """Each has its verb; what goes without saying has none."""
    root = ElementTree.fromstring(written(("1.x", command)))  # noqa: S314 - our own document
    assert [verb.tag for verb in root] == verbs


def test_documents_of_their_own() -> None:
    """A refusal, a way out of the queue, silence within bounds, and asking again."""
    assert "<Reject" in DOCUMENTS.refusal()
    assert "<Leave />" in DOCUMENTS.leave()
    assert '<Pause length="5" />' in DOCUMENTS.patience(90)
    assert '<Pause length="1" />' in DOCUMENTS.patience(0)
    again = DOCUMENTS.moment("main", "3.queue.0.after")
    assert f"<Redirect>{HERE}/main/3.queue.0.after</Redirect>" in again
