"""Commands as TeXML documents.

A document says everything up to where the caller has to act or to wait; the URL it names there
holds the key of what is waited for, and the carrier asks it how to go on.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from carrier import texml
from services.voice.calls.command import (
    Command,
    Enqueue,
    Gather,
    HangUp,
    LeaveQueue,
    Play,
    Record,
    Reject,
    Speak,
    Transfer,
)
from services.voice.journeys.actions import Give

_LONGEST_PAUSE = 5
"""Seconds of silence at most before a leg asks again."""


class Documents:
    """Writes the documents that steer TeXML calls."""

    def __init__(self, voice: str, url: str) -> None:
        """Speak with a voice of the carrier; `url` is the gateway's route, without application."""
        # Documents name the voices of Amazon Polly without the vendor. Source: Telnyx, TeXML Say.
        self._voice = voice.removeprefix("AWS.")
        self._url = url.rstrip("/")

    def write(self, app: str, gives: Sequence[Give], *, in_queue: bool = False) -> str:
        """Return a document of these commands; without any it says to do nothing.

        `in_queue` is for a caller in the carrier's queue: what is asked there is asked once, since
        the document as a whole is asked for again.
        """
        verbs = [
            verb for give in gives for verb in self._verbs(app, give.key, give.command, in_queue)
        ]
        return texml.document(*verbs).decode()

    def refusal(self) -> str:
        """Return the document that refuses a call without answering it."""
        return texml.document(texml.reject()).decode()

    def leave(self) -> str:
        """Return the document that takes a caller out of the carrier's queue."""
        return texml.document(texml.leave()).decode()

    def patience(self, seconds: float) -> str:
        """Return a document of silence, for as long as nothing is to be heard in a queue."""
        return texml.document(texml.pause(_bounded(seconds, 1, _LONGEST_PAUSE))).decode()

    def moment(self, app: str, step: str) -> str:
        """Return a document that asks again in a second, under another step."""
        return texml.document(texml.pause(1), texml.redirect(self._at(app, step))).decode()

    def _at(self, app: str, step: str) -> str:
        return f"{self._url}/{app}/{step}"

    def _verbs(self, app: str, key: str, command: Command, in_queue: bool) -> Sequence[texml.Verb]:
        url = self._at(app, key)
        match command:
            case Speak(text):
                return [self._say(text)]
            case Play(audio_url):
                return [texml.play(audio_url)]
            case Gather():
                asked = self._gather(command, url)
                # Who presses nothing falls through, and is asked about at the same place.
                return [asked] if in_queue else [asked, texml.redirect(url)]
            case Enqueue(queue, longest):
                return [_enqueue(queue, longest, url, self._at(app, waiting_step(key)))]
            case Record():
                return [_record(command, url), texml.redirect(url)]
            case Transfer():
                return [_dial(command, url)]
            case LeaveQueue():
                return [texml.leave()]
            case HangUp():
                return [texml.hangup()]
            case Reject(_):
                return [texml.reject()]
            case _:
                return []  # Answering and stopping sounds go without saying here.

    def _say(self, text: str) -> texml.Verb:
        return texml.say(text, voice=self._voice)

    def _gather(self, asked: Gather, url: str) -> texml.Verb:
        speech: dict[str, texml.Attribute] = {}
        if asked.speech_hints:
            hints = ",".join(hint.replace(",", " ") for hint in asked.speech_hints)
            speech = {"hints": hints, "speech_timeout": "auto"}
        return texml.gather(
            *([self._say(asked.text)] if asked.text.strip() else []),
            input="dtmf speech" if asked.speech_hints else "dtmf",
            action=url,
            method="POST",
            timeout=_seconds(asked.timeout, 1, 120),
            finish_on_key=asked.terminator,
            min_digits=asked.min_digits,
            max_digits=asked.max_digits,
            valid_digits=asked.valid_digits,
            **speech,
        )


def waiting_step(key: str) -> str:
    """Return the step at which a leg in the carrier's queue asks what to hear."""
    return f"{key.partition('.')[0]}.wait"


def _enqueue(queue: str, longest: timedelta | None, url: str, wait_url: str) -> texml.Verb:
    wait = _seconds(longest, 1, 14_400) if longest else 14_400
    return texml.enqueue(
        queue,
        action=url,
        method="POST",
        wait_url=wait_url,
        wait_url_method="POST",
        max_wait_time_secs=wait,
    )


def _record(asked: Record, url: str) -> texml.Verb:
    limits: dict[str, texml.Attribute] = {}
    if asked.max_length is not None:
        limits["max_length"] = _seconds(asked.max_length, 1, 14_400)
    if asked.silence is not None:
        limits["timeout"] = _seconds(asked.silence, 1, 14_400)
    return texml.record(
        action=url,
        method="POST",
        play_beep=asked.beep,
        channels="single",
        # Of a caller who hangs up only the callback tells.
        recording_status_callback=url,
        **limits,
    )


def _dial(asked: Transfer, url: str) -> texml.Verb:
    to = texml.number(asked.to) if asked.to.startswith("+") else texml.sip(asked.to)
    caller: dict[str, texml.Attribute] = {}
    if asked.from_number:
        caller["caller_id"] = asked.from_number
    return texml.dial(
        to, action=url, method="POST", timeout=_seconds(asked.timeout, 5, 120), **caller
    )


def _seconds(length: timedelta, least: int, most: int) -> int:
    return _bounded(length.total_seconds(), least, most)


def _bounded(seconds: float, least: int, most: int) -> int:
    return min(max(ceil(seconds), least), most)
