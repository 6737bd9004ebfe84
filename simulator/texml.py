"""A caller on the TeXML number: do what the documents say, note what was understood.

Verbs run from top to bottom (Telnyx: TeXML verbs). What cannot be understood is noted and passed
over. The leg itself, its queue and whom it is bridged to are the switchboard's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urljoin

import aiohttp

from simulator.journal import Journal
from simulator.legs import Call
from simulator.settings import Settings
from simulator.texml_client import TexmlCall, TexmlClient
from simulator.texml_line import CallOver, DocumentOver, Line, Switch
from simulator.texml_verbs import Verbs


class Texml:
    """Every TeXML call there is."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        journal: Journal,
        now: Callable[[], datetime],
        switch: Switch,
    ) -> None:
        self._settings = settings
        self._client = TexmlClient(settings, session, journal, now)
        self._switch = switch
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[str, Line] = {}
        self.calls: dict[str, TexmlCall] = {}

    def ring(self, leg: Call) -> TexmlCall:
        """Let the documents take over a leg that has come in."""
        call = TexmlCall(leg)
        line = Line(call, self._switch, self._settings)
        self.calls[call.call_sid], self._lines[call.call_sid] = call, line
        task = asyncio.create_task(self._run(call, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def happened(self, call_control_id: str, what: str, reason: str) -> bool:
        """Tell a TeXML call what became of its leg; False when the leg is none of ours."""
        line = self._lines.get(call_control_id)
        if line is not None:
            line.happened(what, reason)
        return line is not None

    async def _run(self, call: TexmlCall, line: Line) -> None:
        """Go on until a document or the caller ends the call."""
        verbs = Verbs(call, self._client, line, self._switch)
        url = here = self._settings.texml_url
        try:
            while url:
                here = urljoin(here, url)
                document = await self._client.fetch(call, here, {})
                call.status = "in-progress"
                url = "" if document is None else await verbs.follow(document, here) or ""
        except (CallOver, DocumentOver):
            pass
        self._switch.over(call)
        call.status = "completed"
        self._client.note(call, "texml.ended", {})
        await self._client.report(call)

    def forget(self) -> None:
        """Drop every call."""
        for task in self._tasks:
            task.cancel()
        self.calls.clear()
        self._lines.clear()

    async def close(self) -> None:
        """Drop every call and wait until each has stopped."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)
