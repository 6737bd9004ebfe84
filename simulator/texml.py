"""A caller on the TeXML number: do what the documents say, note what was understood.

Verbs run from top to bottom (Telnyx: TeXML verbs). What cannot be understood is noted and passed
over.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urljoin

import aiohttp

from simulator.audio import PLAYBACK_SECONDS, speaking_time
from simulator.journal import Journal
from simulator.settings import Settings
from simulator.texml_client import TexmlCall, TexmlClient

Verb = Callable[[ET.Element, str], Awaitable[str | None]]
"""Performs a verb of the document at a URL; returns where the call is to go on, if elsewhere."""


class CallOver(Exception):  # noqa: N818 (it is how a call ends, not an error)
    """The document or the caller has ended the call."""


class Texml:
    """Every TeXML call there is."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        journal: Journal,
        now: Callable[[], datetime],
        new_token: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._client = TexmlClient(settings, session, journal, now)
        self._now = now
        self._new_token = new_token
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: dict[str, TexmlCall] = {}

    def ring(self, caller: str, to: str, *, patience: float = 0, presses: str = "") -> TexmlCall:
        """Let somebody call; after `patience` seconds, unless 0, they hang up by themselves."""
        call = TexmlCall(f"v3:{self._new_token()}", caller, to, self._now(), presses)
        self.calls[call.call_sid] = call
        if patience:
            loop = asyncio.get_running_loop()
            loop.call_later(patience * self._settings.time_scale, call.gone.set)
        task = asyncio.create_task(_Script(call, self._client, self._settings).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def forget(self) -> None:
        """Drop every call."""
        for task in self._tasks:
            task.cancel()
        self.calls.clear()

    async def close(self) -> None:
        """Drop every call and wait until each has stopped."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Script:
    """One call going through its documents."""

    def __init__(self, call: TexmlCall, client: TexmlClient, settings: Settings) -> None:
        self._call = call
        self._client = client
        self._start = settings.texml_url
        self._scale = settings.time_scale
        self._verbs: Mapping[str, Verb] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Enqueue": self._enqueue,
            "Dial": self._dial,
            "Redirect": self._redirect,
            "Hangup": self._end,
            "Reject": self._end,
            "Leave": self._end,
        }

    async def run(self) -> None:
        """Go on until a document or the caller ends the call."""
        call, url, here = self._call, self._start, self._start
        try:
            while url:
                here = urljoin(here, url)
                document = await self._client.fetch(call, here, {})
                call.status = "in-progress"
                url = "" if document is None else await self._follow(document, here) or ""
        except CallOver:
            pass
        call.status, call.queue = "completed", ""
        self._client.note(call, "texml.ended", {})
        await self._client.report(call)

    async def _follow(self, document: ET.Element, here: str) -> str | None:
        for verb in document:
            if self._call.gone.is_set():
                raise CallOver
            elsewhere = await self._perform(verb, here)
            if elsewhere is not None:
                return elsewhere
        return None

    async def _perform(self, verb: ET.Element, here: str) -> str | None:
        return await self._verbs.get(verb.tag, self._not_understood)(verb, here)

    async def _say(self, verb: ET.Element, here: str) -> None:
        del here
        self._note("texml.say", {"text": _words(verb), **verb.attrib})
        await self._pass(speaking_time(_words(verb)))

    async def _play(self, verb: ET.Element, here: str) -> None:
        self._note("texml.play", {"url": urljoin(here, _words(verb))})
        await self._pass(PLAYBACK_SECONDS)

    async def _pause(self, verb: ET.Element, here: str) -> None:
        del here
        await self._pass(_number(verb, "length", 1))

    async def _gather(self, verb: ET.Element, here: str) -> str | None:
        for prompt in verb:
            await self._perform(prompt, here)
        digits = self._call.presses.rstrip(verb.get("finishOnKey", "#"))
        self._call.presses = ""
        self._note("texml.gather", {"digits": digits, **verb.attrib})
        if digits:
            return await self._act(verb, here, {"Digits": digits})
        await self._pass(_number(verb, "timeout", 5))
        return None

    async def _enqueue(self, verb: ET.Element, here: str) -> str | None:
        self._call.queue = _words(verb)
        self._note("texml.enqueue", {"queue": self._call.queue, **verb.attrib})
        if verb.get("waitUrl"):
            await self._hold(urljoin(here, verb.get("waitUrl", "")))
        await self._pass(_number(verb, "maxWaitTimeSecs", 14400))
        self._call.queue = ""
        return await self._act(verb, here, {"QueueResult": "timeout"})

    async def _hold(self, url: str) -> None:
        """Let the caller hear the waiting document once."""
        fields = {
            "QueueSid": self._call.queue,
            "QueuePosition": "1",
            "CurrentQueueSize": "1",
            "QueueTime": "0",
            "AvgQueueTime": "0",
        }
        document = await self._client.fetch(self._call, url, fields)
        if document is not None:
            await self._follow(document, url)

    async def _dial(self, verb: ET.Element, here: str) -> str | None:
        legs = [{"noun": noun.tag, "target": _words(noun)} for noun in verb]
        legs = legs or [{"noun": "Number", "target": _words(verb)}]
        self._note("texml.dial", {"legs": legs, **verb.attrib})
        return await self._act(verb, here, {"DialCallStatus": "completed"})

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
        elsewhere = None if document is None else await self._follow(document, url)
        if elsewhere is None:
            raise CallOver
        return elsewhere

    async def _pass(self, seconds: float) -> None:
        """Let time pass, unless the caller hangs up before."""
        try:
            await asyncio.wait_for(self._call.gone.wait(), seconds * self._scale)
        except TimeoutError:
            return
        raise CallOver

    def _note(self, kind: str, facts: Mapping[str, object]) -> None:
        self._client.note(self._call, kind, facts)


def _words(element: ET.Element) -> str:
    return (element.text or "").strip()


def _number(verb: ET.Element, name: str, default: float) -> float:
    try:
        return float(verb.get(name, default))
    except ValueError:
        return default
