"""Bringing documents in: the performer of fetch effects.

The carrier's link is signed and dies within minutes, so a fetch runs at once and, when the link is
dead already, asks the carrier for a fresh one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands
from carrier.media import (
    Fetched,
    MediaGone,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
)
from carrier.outcomes import Accepted
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.clock import Clock
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.objects import Objects
from services.fax.model import Document, DocumentState
from services.fax.use_cases import FaxUseCases

Sink = Callable[[bytes], Awaitable[None]]
Fetch = Callable[[str, Sink], Awaitable[Fetched]]
"""Downloads a URL into a sink; raises a MediaError."""

_RETRY_AFTER = 15.0  # seconds, when nobody says how long
_REASONS = {
    MediaRefusal.KIND: "NOT_A_FAX_DOCUMENT",
}


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: commands.Request, *, deadline: float = ...) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


class DocumentFetcher:
    """Fetches a document, keeps it, and records what became of it."""

    def __init__(
        self, faxes: FaxUseCases, documents: Objects, carrier: Carrier, fetch: Fetch, clock: Clock
    ) -> None:
        self._faxes = faxes
        self._documents = documents
        self._carrier = carrier
        self._fetch = fetch
        self._clock = clock

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every fetch: it changes nothing at the carrier."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Fetch and keep the document, through a fresh link if the first one is dead."""
        try:
            done = await self._from_link(effect.body.decode())
            return done or await self._from_fresh_link(effect.entity_key)
        except MediaUnavailable as error:
            return RetryLater(error.retry_after or _RETRY_AFTER, error.why.value)
        except MediaTooLarge:
            return Failed("TOO_LARGE")
        except MediaRefused as error:
            return Failed(_REASONS.get(error.reason, error.reason.value))

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Record a document that is stored or lost; anything else is still pending."""
        now = self._clock.now()
        if isinstance(outcome, Done):
            facts = orjson.loads(outcome.detail)
            document = Document(
                state=DocumentState.STORED, sha256=outcome.reference, store_time=now, **facts
            )
        elif isinstance(outcome, Failed):
            document = Document(state=DocumentState.LOST, reason=outcome.reason)
        else:
            return
        await self._faxes.settle(connection, effect.entity_key, document, now)

    async def _from_link(self, link: str) -> Done | None:
        """Return None when there is no link, or when it is dead."""
        if not link:
            return None
        async with self._documents.draft() as draft:
            try:
                fetched = await self._fetch(link, draft.write)
            except MediaGone:
                return None
            stored = await self._documents.keep(draft)
        facts = {"size": stored.size, "content_type": fetched.kind.value}
        return Done(stored.sha256, orjson.dumps(facts))

    async def _from_fresh_link(self, fax_id: str) -> Outcome:
        refreshed = await self._carrier.perform(commands.refresh_fax(fax_id))
        read = await self._carrier.perform(commands.get_fax(fax_id))
        if not (isinstance(refreshed, Accepted) and isinstance(read, Accepted)):
            return RetryLater(_RETRY_AFTER, "NO_FRESH_LINK")
        done = await self._from_link(str(read.data.get("media_url") or ""))
        return done or Failed("LINK_EXPIRED")
