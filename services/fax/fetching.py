"""Bringing documents in: the performer of fetch effects.

The carrier's link is signed and dies within minutes, so a fetch runs at once and, when the link is
dead already, asks the carrier for a fresh one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands
from carrier.error_codes import RefusalKind
from carrier.media import (
    Fetched,
    MediaGone,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
)
from carrier.outcomes import Accepted, Refused
from carrier.outcomes import Outcome as CarrierOutcome
from chassis.archive import Archive
from chassis.clock import Clock
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.errors import Unavailable
from services.fax.keeping.arrivals import Arrivals
from services.fax.model import Document, DocumentState
from services.fax.use_cases import FaxUseCases, Link, link_of

Sink = Callable[[bytes], Awaitable[None]]
Fetch = Callable[[str, Sink], Awaitable[Fetched]]
"""Downloads a URL into a sink; raises a MediaError."""

_RETRY_AFTER = 15.0  # seconds, when nobody says how long
_LINK_LIFE = timedelta(minutes=5)
"""After this a fresh link is asked for first. Source: Telnyx, links of faxes live ten minutes."""
_PATIENCE = timedelta(minutes=15)
"""How long after the announcement even a fresh link may be dead: the carrier may be late itself."""
_REASONS = {
    MediaRefusal.KIND: "NOT_A_FAX_DOCUMENT",
}
_HOPELESS = {RefusalKind.NOT_FOUND, RefusalKind.GONE, RefusalKind.PERMANENT}


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: commands.Request, *, deadline: float = ...) -> CarrierOutcome:
        """Make one attempt and say what became of it."""
        ...


class DocumentFetcher:
    """Fetches a document, keeps it, and records what became of it."""

    def __init__(
        self,
        faxes: FaxUseCases,
        archive: Archive,
        carrier: Carrier,
        fetch: Fetch,
        clock: Clock,
        arrivals: Arrivals,
    ) -> None:
        self._faxes = faxes
        self._archive = archive
        self._carrier = carrier
        self._fetch = fetch
        self._clock = clock
        self._arrivals = arrivals

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every fetch: it changes nothing at the carrier."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Fetch and keep the document, through a fresh link if the first one is dead or old."""
        try:
            return await self._bring(effect.entity_key, link_of(effect.body))
        except MediaUnavailable as error:
            return RetryLater(error.retry_after or _RETRY_AFTER, error.why.value)
        except MediaTooLarge:
            return Failed("TOO_LARGE")
        except MediaRefused as error:
            return Failed(_REASONS.get(error.reason, error.reason.value))
        except Unavailable as fault:
            return RetryLater(fault.retry_after or _RETRY_AFTER, fault.reason)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Record a document that is here, to be inspected, or lost; anything else is awaited."""
        now = self._clock.now()
        if isinstance(outcome, Done):
            facts = orjson.loads(outcome.detail)
            document = Document(
                state=DocumentState.PENDING, sha256=outcome.reference, store_time=now, **facts
            )
        elif isinstance(outcome, Failed):
            document = Document(state=DocumentState.LOST, reason=_why(outcome))
        else:
            return
        fax = await self._faxes.settle(connection, effect.entity_key, document, now)
        if fax is None:
            # It was erased meanwhile: what has just been kept for it must go as well.
            await self._archive.release(connection, _owner(effect.entity_key))
        elif isinstance(outcome, Done):
            self._arrivals.arrived(fax)

    async def _bring(self, fax_id: str, link: Link) -> Outcome:
        age = self._clock.now() - link.announce_time if link.announce_time else None
        late = age is not None and age > _LINK_LIFE
        done = None if late else await self._from_link(fax_id, link.url)
        if done:
            return done
        fresh, missing = await self._fresh_link(fax_id)
        for url in (fresh, link.url if late else ""):
            if done := await self._from_link(fax_id, url):
                return done
        young = age is not None and age < _PATIENCE
        return RetryLater(_RETRY_AFTER, missing.reason) if young else missing

    async def _from_link(self, fax_id: str, url: str) -> Done | None:
        """Return None when there is no link, or when it is dead."""
        if not url:
            return None
        async with self._archive.draft() as draft:
            try:
                fetched = await self._fetch(url, draft.write)
            except MediaGone:
                return None
            stored = await self._archive.keep(draft, _owner(fax_id))
        facts = {"size": stored.size, "content_type": fetched.kind.value}
        return Done(stored.sha256, orjson.dumps(facts))

    async def _fresh_link(self, fax_id: str) -> tuple[str, RetryLater | Failed]:
        """Return a fresh link, which may be empty, and what it means when nothing lies behind it.

        A carrier that does not know the fax has nothing to give, one that is away may have.
        """
        refreshed = await self._carrier.perform(commands.refresh_fax(fax_id))
        read = await self._carrier.perform(commands.get_fax(fax_id))
        if isinstance(read, Refused) and read.kind in _HOPELESS:
            return "", Failed("LINK_EXPIRED")
        if not (isinstance(refreshed, Accepted) and isinstance(read, Accepted)):
            return "", RetryLater(_RETRY_AFTER, "NO_FRESH_LINK")
        return str(read.data.get("media_url") or ""), Failed("LINK_EXPIRED")


def _owner(fax_id: str) -> str:
    return f"fax:{fax_id}"


def _why(failed: Failed) -> str:
    """Return why a document is lost: what was wrong at last when every attempt was in vain."""
    return failed.detail if failed.reason == "ATTEMPTS_EXHAUSTED" else failed.reason
