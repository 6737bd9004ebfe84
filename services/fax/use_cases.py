"""What the service does: follow transmissions, bring their documents in, and answer readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Effect, InDoubt
from chassis.errors import NotFound, NotYet
from services.fax.model import Document, DocumentState, Fax, Observation, observe

FETCH = "fax.document"
"""The kind of effect that fetches a document; its body is the link."""
INSPECT = "fax.inspection"
"""The kind of effect that inspects a fetched document; its body is the document's hash."""

# Fetching changes nothing at the carrier, so a fetch in doubt is always repeated; the link is
# refreshed when it has expired. After a day the carrier is taken to have lost the document.
_FETCH_WINDOW = 24 * 3600.0
# One a minute, which is what attempts slow down to.
_FETCH_ATTEMPTS = 1500
# An inspection changes nothing outside, and always ends in a verdict when it is its turn.
_INSPECT_WINDOW = 365 * 24 * 3600.0
_ENDLESS = 0


class Store(Protocol):
    """Where faxes are kept."""

    async def get(self, connection: AsyncConnection, fax_id: str) -> Fax | None:
        """Return the fax or None."""
        ...

    async def hold(self, connection: AsyncConnection, fax: Fax) -> Fax:
        """Return the kept fax of this id, inserting `fax` if there is none, and lock it."""
        ...

    async def save(self, connection: AsyncConnection, fax: Fax) -> None:
        """Write back a fax that is held."""
        ...


class Effects(Protocol):
    """Where effects wait to be had."""

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue the effect unless its id was queued before."""
        ...


Announce = Callable[[Fax, datetime], Effect]
"""Makes the effect that tells the stream of a document that can be read, or never will be."""
Alarm = Callable[[str, str], None]
"""Tells operators of a fax without a readable document: its id and the reason."""


def silent(_fax_id: str, _reason: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class FaxUseCases:
    """The operations, each inside the caller's transaction."""

    store: Store
    effects: Effects
    announce: Announce
    alarm: Alarm = silent
    """Called for a document that nobody will be able to read."""

    async def record(self, connection: AsyncConnection, seen: Observation) -> Fax:
        """Take one event in; the first that brings a document has it fetched, once."""
        fax = observe(await self.store.hold(connection, observe(None, seen)), seen)
        if fax.awaits_document:
            fax = replace(fax, document=Document(state=DocumentState.PENDING))
            await self.effects.add(connection, _fetch(fax, seen.media_url))
        await self.store.save(connection, fax)
        return fax

    async def settle(
        self, connection: AsyncConnection, fax_id: str, document: Document, now: datetime
    ) -> Fax | None:
        """Record what became of a fetch: what came is inspected next, what is lost is announced.

        Returns None, and changes nothing, when the document has been erased in the meantime.
        """
        known = await self.store.get(connection, fax_id)
        if known is None:
            raise NotFound("FAX_NOT_FOUND", "no such fax", metadata={"fax_id": fax_id})
        held = await self.store.hold(connection, known)
        if held.document.state is DocumentState.DELETED:
            return None
        fax = replace(held, document=document)
        await self.store.save(connection, fax)
        if document.state is DocumentState.PENDING:
            await self.effects.add(connection, inspection(fax_id, document.sha256))
        elif await self.effects.add(connection, self.announce(fax, now)):
            self.alarm(fax_id, document.reason)
        return fax

    async def get(self, connection: AsyncConnection, fax_id: str) -> Fax:
        """Return the fax; raises NotFound."""
        fax = await self.store.get(connection, fax_id)
        if fax is None:
            raise NotFound("FAX_NOT_FOUND", "no such fax", metadata={"fax_id": fax_id})
        return fax

    async def readable_document(self, connection: AsyncConnection, fax_id: str) -> Document:
        """Return a document whose bytes are in the store; raises NotFound or NotYet."""
        document = (await self.get(connection, fax_id)).document
        if document.state is not DocumentState.STORED:
            raise NotYet(
                "DOCUMENT_NOT_STORED",
                "this fax has no document in the store",
                metadata={"document_state": document.state.name},
            )
        return document


def inspection(fax_id: str, sha256: str, request_id: str = "") -> Effect:
    """Return the effect that inspects a document, for the first time or because somebody asks."""
    again = f"-{request_id}" if request_id else ""
    return Effect(
        effect_id=f"fax-inspection-{fax_id}{again}",
        kind=INSPECT,
        body=sha256.encode(),
        entity_key=fax_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_INSPECT_WINDOW,
        max_attempts=_ENDLESS,
    )


@dataclass(frozen=True)
class Link:
    """Where the carrier said a document is, and when; the link dies minutes after that."""

    url: str
    announce_time: datetime | None = None


def link_of(body: bytes) -> Link:
    """Return what a fetch is to fetch; earlier versions wrote the bare link."""
    if not body.startswith(b"{"):
        return Link(body.decode())
    told = orjson.loads(body)
    return Link(told["url"], datetime.fromisoformat(told["announce_time"]))


def _fetch(fax: Fax, url: str) -> Effect:
    return Effect(
        effect_id=f"fax-document-{fax.fax_id}",
        kind=FETCH,
        body=orjson.dumps({"url": url, "announce_time": fax.announce_time}),
        entity_key=fax.fax_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_FETCH_WINDOW,
        max_attempts=_FETCH_ATTEMPTS,
    )
