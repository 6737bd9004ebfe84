"""Ask a TeXML application what to do with a call, in signed forms.

The form is signed like a JSON webhook, over its raw bytes (Telnyx: TeXML instruction fetching).
"""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from simulator import world
from simulator.journal import Journal
from simulator.legs import Call
from simulator.machine import micros
from simulator.settings import Settings
from simulator.webhooks import USER_AGENT

_MAX_DOCUMENT = 64 * 1024
_MAX_DOCUMENTS = 20
"""Documents one call may fetch in one go; a redirect to itself must not run for ever."""

_FETCH_SECONDS = 5.0


@dataclass
class TexmlCall:
    """One call on the TeXML number, and its leg.

    `fetched` counts the documents since it waited; `recorded` is the last recording made on it.
    """

    leg: Call
    status: str = "ringing"
    fetched: int = 0
    recorded: Mapping[str, str] = field(default_factory=dict)

    @property
    def call_sid(self) -> str:
        """Return the id of the call, which is also its call_control_id."""
        return self.leg.call_control_id

    def form(self) -> dict[str, str]:
        """Return the fields every request about this call carries."""
        return {
            "AccountSid": world.ACCOUNT_SID,
            "CallSid": self.call_sid,
            "CallSidLegacy": self.call_sid,
            "CallStatus": self.status,
            "CallerId": self.leg.from_number,
            "CallingPartyType": "pstn",
            "ConnectionId": world.TEXML_CONNECTION_ID,
            "From": self.leg.from_number,
            "FromSipUri": f"sip:{self.leg.from_number}@example.com",
            "To": self.leg.to_number,
            "ToSipUri": f"sip:{self.leg.to_number}@example.com",
        }


class _NoDocument(Exception):  # noqa: N818 (why there is none, for the journal)
    pass


class TexmlClient:
    """Fetches documents and reports to the status callback; writes both into the journal."""

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        journal: Journal,
        now: Callable[[], datetime],
    ) -> None:
        self._status_url = settings.texml_status_url
        self._key = settings.signing_key()
        self._session = session
        self._journal = journal
        self._now = now

    def note(self, call: TexmlCall, kind: str, facts: Mapping[str, Any]) -> None:
        """Write into the journal what became of a call."""
        about = {
            "call_sid": call.call_sid,
            "from": call.leg.from_number,
            "to": call.leg.to_number,
        }
        self._journal.write(kind, about | dict(facts))

    async def fetch(
        self, call: TexmlCall, url: str, fields: Mapping[str, str]
    ) -> ET.Element | None:
        """Fetch a document; None, with a line in the journal, when it is not one."""
        began = time.monotonic()
        try:
            document = await self._load(call, url, fields)
        except (_NoDocument, aiohttp.ClientError, TimeoutError) as error:
            self.note(call, "texml.failed", {"url": url, "why": str(error) or type(error).__name__})
            return None
        seconds = round(time.monotonic() - began, 3)
        verbs = [verb.tag for verb in document]
        self.note(call, "texml.answered", {"url": url, "verbs": verbs, "seconds": seconds})
        return document

    async def _load(self, call: TexmlCall, url: str, fields: Mapping[str, str]) -> ET.Element:
        call.fetched += 1
        if call.fetched > _MAX_DOCUMENTS:
            raise _NoDocument("too many documents")
        status, body = await self._post(url, call.form() | dict(fields))
        document = parse(body) if status == 200 else None
        if document is None:
            raise _NoDocument(f"status {status}, no TeXML document")
        return document

    async def recorded(self, call: TexmlCall, url: str, fields: Mapping[str, str]) -> None:
        """Tell the callback of a recording that it can be had; it says little of the call."""
        named = ("AccountSid", "CallSid", "CallSidLegacy", "ConnectionId")
        about = {name: text for name, text in call.form().items() if name in named}
        try:
            await self._post(url, about | dict(fields))
        except (aiohttp.ClientError, TimeoutError) as error:
            self.note(call, "texml.failed", {"url": url, "why": type(error).__name__})

    async def report(self, call: TexmlCall) -> None:
        """Tell the status callback, if there is one, that the call is over."""
        if not self._status_url:
            return
        began, now = call.leg.start_time, self._now()
        fields = call.form() | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "1",
            "Timestamp": micros(now),
            "StartTime": micros(began),
            "EndTime": micros(now),
            "CallControlId": call.leg.call_control_id,
            "CallLegId": call.leg.call_leg_id,
            "CallSessionId": call.leg.call_session_id,
            "CallDuration": str(int((now - began).total_seconds())),
            "HangupCause": call.leg.cause or "normal_clearing",
        }
        told = ("RecordingUrl", "RecordingDuration")
        fields |= {name: text for name, text in call.recorded.items() if name in told}
        try:
            await self._post(self._status_url, fields)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.note(call, "texml.failed", {"why": type(error).__name__})

    async def _post(self, url: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        body, timestamp = urlencode(fields).encode(), int(time.time())
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": USER_AGENT,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(self._key, timestamp, body),
        }
        timeout = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
        async with self._session.post(url, data=body, headers=headers, timeout=timeout) as reply:
            return reply.status, await reply.content.read(_MAX_DOCUMENT)


def parse(body: bytes) -> ET.Element | None:
    """Return the root of a TeXML document, None when it is not one."""
    if b"<!DOCTYPE" in body:
        return None
    try:
        root = ET.fromstring(body)  # noqa: S314 (no document type, so no entities to expand)
    except ET.ParseError:
        return None
    return root if root.tag == "Response" else None
