"""What each TeXML verb does to a call (Telnyx: TeXML verbs)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urljoin

from simulator.audio import PLAYBACK_SECONDS, speaking_time
from simulator.texml_client import TexmlCall, TexmlClient
from simulator.texml_line import FOREVER, CallOver, Dequeued, DocumentOver, Line, Switch

Verb = Callable[[ET.Element, str], Awaitable[str | None]]
"""Performs a verb of the document at a URL; returns where the call is to go on, if elsewhere."""

_UNHEARD_SECONDS = 1.0
"""Between two fetches of a waiting document in which nothing takes time."""

_DIALED = {"busy": "busy", "reject": "failed", "no_answer": "no-answer"}


class Verbs:
    """The verbs for one call."""

    def __init__(self, call: TexmlCall, client: TexmlClient, line: Line, switch: Switch) -> None:
        self._call = call
        self._client = client
        self._line = line
        self._switch = switch
        self._table: Mapping[str, Verb] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Record": self._record,
            "Enqueue": self._enqueue,
            "Leave": self._leave,
            "Dial": self._dial,
            "Redirect": self._redirect,
            "Hangup": self._end,
            "Reject": self._end,
        }

    async def follow(self, document: ET.Element, here: str) -> str | None:
        """Do what a document says; returns the URL to go on at, if it names one."""
        for verb in document:
            self._line.check()
            elsewhere = await self._perform(verb, here)
            if elsewhere is not None:
                return elsewhere
        return None

    async def _perform(self, verb: ET.Element, here: str) -> str | None:
        return await self._table.get(verb.tag, self._not_understood)(verb, here)

    async def _say(self, verb: ET.Element, here: str) -> None:
        del here
        text = self._call.leg.hears = _words(verb)
        self._note("texml.say", {"text": text, **verb.attrib})
        await self._line.pass_time(speaking_time(text), occupied=True)

    async def _play(self, verb: ET.Element, here: str) -> None:
        self._note("texml.play", {"url": urljoin(here, _words(verb))})
        await self._line.pass_time(PLAYBACK_SECONDS, occupied=True)

    async def _pause(self, verb: ET.Element, here: str) -> None:
        del here
        await self._line.pass_time(_number(verb, "length", 1), asked=True)

    async def _gather(self, verb: ET.Element, here: str) -> str | None:
        """Ask for keys or words, whichever the verb listens to and the person gives."""
        for prompt in verb:
            await self._perform(prompt, here)
        heard = " ".join(_words(prompt) for prompt in verb) or self._call.leg.hears
        listens, script = verb.get("input", "dtmf"), self._call.leg.script
        digits = script.press.to(heard) if listens != "speech" else ""
        speech = script.say.to(heard) if listens != "dtmf" else ""
        digits = digits.rstrip(verb.get("finishOnKey", "#"))
        self._note("texml.gather", {"digits": digits, "speech": speech, **verb.attrib})
        if speech:
            return await self._act(verb, here, {"SpeechResult": speech, "Confidence": "0.95"})
        if digits:
            return await self._act(verb, here, {"Digits": digits})
        await self._line.pass_time(_number(verb, "timeout", 5), occupied=True, asked=True)
        return None

    async def _record(self, verb: ET.Element, here: str) -> str | None:
        """Record the person's message; they hang up after it unless they stay."""
        script = self._call.leg.script
        seconds = min(script.message, _number(verb, "maxLength", 3600))
        self._note("texml.record", dict(verb.attrib))
        try:
            await self._line.pass_time(seconds, occupied=True)
        finally:
            self._call.recorded = fields = self._switch.record(self._call, seconds)
            callback = verb.get("recordingStatusCallback", "")
            if callback:
                await self._client.recorded(self._call, urljoin(here, callback), fields)
        if not script.stays:
            raise CallOver
        return await self._act(verb, here, fields)

    async def _enqueue(self, verb: ET.Element, here: str) -> str | None:
        queue = _words(verb)
        self._note("texml.enqueue", {"queue": queue, **verb.attrib})
        seconds = int(_number(verb, "maxWaitTimeSecs", FOREVER))
        result = "queue-full"
        if self._switch.enqueue(self._call, queue, seconds):
            result = await self._wait(queue, verb.get("waitUrl", ""), here)
        if result == "bridged":
            await self._line.talk()
        return await self._act(verb, here, {"QueueResult": result})

    async def _wait(self, queue: str, wait_url: str, here: str) -> str:
        """Let the caller wait until the queue is left, and return why."""
        url = urljoin(here, wait_url) if wait_url else ""
        try:
            while True:
                url = await self._hold(queue, url) or (urljoin(here, wait_url) if wait_url else "")
        except Dequeued as left:
            return str(left)

    async def _hold(self, queue: str, url: str) -> str:
        """Let the caller hear a waiting document once; returns where it leads, if anywhere."""
        fields = {
            "QueueSid": queue,
            "QueuePosition": "1",
            "CurrentQueueSize": "1",
            "QueueTime": "0",
            "AvgQueueTime": "0",
        }
        document = await self._client.fetch(self._call, url, fields) if url else None
        if document is None:
            await self._line.pass_time(FOREVER)
            return ""
        try:
            elsewhere = await self.follow(document, url)
        except DocumentOver:
            elsewhere = None
        if self._call.fetched:
            await self._line.pass_time(_UNHEARD_SECONDS)
        return urljoin(url, elsewhere) if elsewhere else ""

    async def _leave(self, verb: ET.Element, here: str) -> None:
        del here
        self._note("texml.leave", dict(verb.attrib))
        if not self._call.leg.queue:
            raise CallOver
        self._switch.leave(self._call)
        self._line.check()

    async def _dial(self, verb: ET.Element, here: str) -> str | None:
        legs = [{"noun": noun.tag, "target": _words(noun)} for noun in verb]
        legs = legs or [{"noun": "Number", "target": _words(verb)}]
        self._note("texml.dial", {"legs": legs, **verb.attrib})
        habit, talk = self._switch.rings(legs[0]["target"])
        rings = habit == "no_answer"
        waits = _number(verb, "timeout", 30) if rings else talk
        await self._line.pass_time(waits, occupied=True, asked=rings)
        return await self._act(verb, here, {"DialCallStatus": _DIALED.get(habit, "completed")})

    async def _redirect(self, verb: ET.Element, here: str) -> str:
        self._note("texml.redirect", {"url": urljoin(here, _words(verb))})
        return urljoin(here, _words(verb))

    async def _end(self, verb: ET.Element, here: str) -> None:
        del here
        self._note(f"texml.{verb.tag.lower()}", dict(verb.attrib))
        raise CallOver

    async def _not_understood(self, verb: ET.Element, here: str) -> None:
        del here
        self._note("texml.not_understood", {"verb": verb.tag})

    async def _act(self, verb: ET.Element, here: str, fields: Mapping[str, str]) -> str | None:
        """Ask the verb's action URL how to go on; its document replaces the one at hand."""
        if not verb.get("action"):
            return None
        url = urljoin(here, verb.get("action", ""))
        document = await self._client.fetch(self._call, url, fields)
        elsewhere = None if document is None else await self.follow(document, url)
        if elsewhere is None:
            raise DocumentOver
        return urljoin(url, elsewhere)

    def _note(self, kind: str, facts: Mapping[str, object]) -> None:
        self._client.note(self._call, kind, facts)


def _words(element: ET.Element) -> str:
    return (element.text or "").strip()


def _number(verb: ET.Element, name: str, default: float) -> float:
    try:
        return float(verb.get(name, default))
    except ValueError:
        return default
