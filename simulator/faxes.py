"""Faxes both ways, without I/O. An inbound one has a document; its link is made by `sign_url`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import checks, documents, world
from simulator.errors import ApiError
from simulator.fax_outcomes import BEFORE_ANY_PAGE, Outcome
from simulator.filters import fits
from simulator.machine import Action, After, Emit, Note, Timer, micros
from simulator.phones import Phones

CONTENTS_MAX_BYTES = 20_000_000
"""Most bytes of a document within the request (Telnyx: OpenAPI POST /faxes)."""

_QUALITIES = ("normal", "high", "very_high", "ultra_light", "ultra_dark")

# Each step: the event, the status after it, and the seconds until it (Telnyx: fax webhooks).
_OUTBOUND = {
    "queued": ("fax.media.processed", "media.processed", 0.5),
    "media.processed": ("fax.sending.started", "sending", 0.5),
    "sending": ("fax.delivered", "delivered", 2.0),
}
_INBOUND = {
    "initiated": ("fax.receiving.started", "receiving", 0.2),
    "receiving": ("fax.media.processing.started", "media.processing", 2.0),
    "media.processing": ("fax.received", "received", 0.5),
}


@dataclass
class Fax:
    """One fax; `failure` is the reason it will fail with, empty when it will not.

    `sent_pages` is how many pages leave before that. Of a document that came with the request only
    the hash is kept.
    """

    fax_id: str
    direction: str
    from_number: str
    to_number: str
    connection_id: str
    created_at: datetime
    updated_at: datetime
    status: str
    page_count: int = 1
    client_state: str | None = None
    source: dict[str, str] = field(default_factory=dict)
    quality: str = "high"
    store_media: bool = False
    webhook_url: str = ""
    media_id: str = ""
    media_url: str = ""
    failure: str = ""
    partial: bool = False
    sent_pages: int | None = None
    t38_enabled: bool = True
    sha256: str = ""

    def resource(self) -> dict[str, Any]:
        """Return the fax as GET /faxes/{id} shows it."""
        shown: dict[str, Any] = {
            "record_type": "fax",
            "id": self.fax_id,
            "connection_id": self.connection_id,
            "direction": self.direction,
            "from": self.from_number,
            "to": self.to_number,
            "quality": self.quality,
            "status": self.status,
            "store_media": self.store_media,
            "created_at": micros(self.created_at),
            "updated_at": micros(self.updated_at),
        }
        optional = {"client_state": self.client_state, "webhook_url": self.webhook_url}
        media = {"media_url": self.media_url} if self.direction == "inbound" else self.source
        return shown | {name: value for name, value in (optional | media).items() if value}


class FaxMachine:
    """Every fax of the account. `sign_url` makes a fresh short-lived link to a document."""

    def __init__(
        self,
        new_id: Callable[[], str],
        sign_url: Callable[[str, datetime], str],
        phones: Phones,
    ) -> None:
        self._new_id = new_id
        self._sign_url = sign_url
        self._phones = phones
        self.faxes: dict[str, Fax] = {}
        self.outcomes: dict[str, list[Outcome]] = {}

    def send(
        self, body: checks.Body, now: datetime, contents: bytes = b""
    ) -> tuple[Fax, list[Action]]:
        """Accept POST /faxes, or raise the ApiError Telnyx answers with."""
        connection_id = checks.text(body, "connection_id", required=True)
        sender, to = checks.phone_number(body, "from"), checks.phone_number(body, "to")
        names = ("media_url", "media_name")
        source = {name: checks.text(body, name) for name in names if checks.text(body, name)}
        if len(source) + bool(contents) != 1:
            one = "Give exactly one of media_url, media_name and contents."
            raise ApiError("10015", one, status=422)
        if len(contents) > CONTENTS_MAX_BYTES:
            raise ApiError("10015", "The contents are larger than 20 MB.", status=422)
        fax = Fax(self._new_id(), "outbound", sender, to, connection_id, now, now, "queued")
        fax.source = source
        fax.client_state = checks.client_state(body)
        fax.quality = checks.one_of(body, "quality", _QUALITIES) or "high"
        fax.store_media = body.get("store_media") is True
        fax.webhook_url = checks.text(body, "webhook_url")
        fax.t38_enabled = body.get("t38_enabled") is not False
        if contents:
            fax.sha256 = hashlib.sha256(contents).hexdigest()
            fax.page_count = documents.pages(contents)
        outcome = self._outcome(to)
        fax.failure, fax.sent_pages = outcome.failure, outcome.pages
        self.faxes[fax.fax_id] = fax
        queued = self._event(fax, "fax.queued", now)
        return fax, [_note("fax.accepted", fax), queued, self._next(fax, _OUTBOUND)]

    def arrive(
        self,
        sender: str,
        to: str,
        now: datetime,
        *,
        media_id: str,
        pages: int,
        failure: str = "",
        partial: bool = False,
    ) -> tuple[Fax, list[Action]]:
        """Let a machine fax us the document `media_id`; `failure` breaks the transmission."""
        fax = Fax(
            self._new_id(), "inbound", sender, to, world.FAX_CONNECTION_ID, now, now, "initiated"
        )
        fax.media_id, fax.page_count = media_id, pages
        fax.failure, fax.partial = failure, partial
        self.faxes[fax.fax_id] = fax
        return fax, [self._next(fax, _INBOUND)]

    def cancel(self, fax_id: str, now: datetime) -> list[Action]:
        """Stop an outbound fax that is not over (Telnyx: cancel a fax).

        What the webhook says then is not documented; here it is a failure for the reason canceled.
        """
        fax = self.find(fax_id)
        if fax.direction != "outbound":
            raise ApiError("90081")
        if fax.status not in _OUTBOUND:
            raise ApiError("90080")
        fax.status, fax.failure, fax.updated_at = "failed", "canceled", now
        return [_note("fax.canceled", fax), self._event(fax, "fax.failed", now)]

    def refresh(self, fax_id: str, now: datetime) -> list[Action]:
        """Make a new link to the document of an inbound fax (Telnyx: refresh a fax)."""
        fax = self.find(fax_id)
        if fax.media_url:
            fax.media_url = self._sign_url(fax.media_id, now)
        return [_note("fax.refresh", fax)]

    def find(self, fax_id: str) -> Fax:
        """Return a fax; 10005 when there is none."""
        try:
            return self.faxes[fax_id]
        except KeyError:
            raise ApiError("10005") from None

    def listed(self, wanted: Mapping[str, str]) -> list[Fax]:
        """Return the faxes that fit the filters of GET /faxes, newest first.

        A filter is written field.test: created_at.gte, direction.eq.
        """
        found = sorted(self.faxes.values(), key=lambda fax: fax.created_at, reverse=True)
        return [fax for fax in found if fits(fax.resource(), wanted)]

    def expire(self, timer: Timer, now: datetime) -> list[Action]:
        """Take a fax one step on."""
        fax = self.faxes.get(timer.subject)
        steps = _OUTBOUND if fax and fax.direction == "outbound" else _INBOUND
        if fax is None or fax.status not in steps:
            return []
        event_type, status, _ = steps[fax.status]
        no_call = status == "sending" and fax.failure in BEFORE_ANY_PAGE
        if fax.failure and (no_call or status in ("delivered", "received")):
            event_type, status = "fax.failed", "failed"
        if status == "received":
            fax.media_url = self._sign_url(fax.media_id, now)
        fax.status, fax.updated_at = status, now
        event = self._event(fax, event_type, now)
        return [event, self._next(fax, steps)] if status in steps else [event]

    def _outcome(self, number: str) -> Outcome:
        scripted = self.outcomes.get(number)
        return scripted.pop(0) if scripted else Outcome(self._phones.get(number).faxes)

    def _next(self, fax: Fax, steps: Mapping[str, tuple[str, str, float]]) -> After:
        return After(steps[fax.status][2], Timer("fax", fax.fax_id))

    def _event(self, fax: Fax, event_type: str, now: datetime) -> Emit:
        payload: dict[str, Any] = {
            "fax_id": fax.fax_id,
            "connection_id": fax.connection_id,
            "direction": fax.direction,
            "from": fax.from_number,
            "to": fax.to_number,
            "user_id": world.USER_ID,
            "status": fax.status,
        }
        if fax.direction == "outbound":
            names = {"media_url": "original_media_url"}
            payload |= {names.get(name, name): value for name, value in fax.source.items()}
            if fax.client_state is not None:
                payload["client_state"] = fax.client_state
        else:
            payload["caller_id"] = fax.from_number
        payload |= _outcome(fax)
        return Emit(event_type, payload, micros(now), webhook_url=fax.webhook_url)


def _outcome(fax: Fax) -> dict[str, Any]:
    """Return the fields only some statuses carry (Telnyx: fax webhooks)."""
    seconds = {"call_duration_secs": 20 + 15 * fax.page_count}
    pages = {"page_count": fax.page_count}
    match fax.status:
        case "failed":
            sent = {} if fax.sent_pages is None else {"page_count": fax.sent_pages}
            return sent | {"failure_reason": fax.failure}
        case "received":
            received = {"media_url": fax.media_url, "partial_content": fax.partial}
            return pages | seconds | received
        case "delivered":
            return pages | seconds
        case "media.processing" | "media.processed":
            return pages
        case _:
            return {}


def _note(kind: str, fax: Fax) -> Note:
    facts: dict[str, Any] = {"fax_id": fax.fax_id, "from": fax.from_number, "to": fax.to_number}
    if fax.direction == "outbound":
        facts |= {"pages": fax.page_count, "quality": fax.quality, "t38": fax.t38_enabled}
        facts |= {"sha256": fax.sha256}
    return Note(kind, facts | {"client_state": fax.client_state, **fax.source})
