"""What the service does: follow transmissions, bring their documents in, and answer readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Effect, InDoubt
from chassis.errors import NotFound, NotYet
from services.fax.model import Document, DocumentState, Fax, Observation, observe

FETCH = "fax.document"
"""The kind of effect that fetches a document; its body is the link."""

# Fetching changes nothing at the carrier, so a fetch in doubt is always repeated; the link is
# refreshed when it has expired. After a day the carrier is taken to have lost the document.
_FETCH_WINDOW = 24 * 3600.0
_FETCH_ATTEMPTS = 100


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
"""Makes the effect that tells the stream of a stored document."""


@dataclass(frozen=True)
class FaxUseCases:
    """The operations, each inside the caller's transaction."""

    store: Store
    effects: Effects
    announce: Announce

    async def record(self, connection: AsyncConnection, seen: Observation) -> Fax:
        """Take one event in; the first that brings a document has it fetched, once."""
        fax = observe(await self.store.hold(connection, observe(None, seen)), seen)
        if fax.awaits_document:
            fax = replace(fax, document=Document(state=DocumentState.PENDING))
            await self.effects.add(connection, _fetch(fax.fax_id, seen.media_url))
        await self.store.save(connection, fax)
        return fax

    async def settle(
        self, connection: AsyncConnection, fax_id: str, document: Document, now: datetime
    ) -> None:
        """Record what became of a fetch; announce a stored document in the same transaction."""
        known = await self.store.get(connection, fax_id)
        if known is None:
            raise NotFound("FAX_NOT_FOUND", "no such fax", metadata={"fax_id": fax_id})
        fax = replace(await self.store.hold(connection, known), document=document)
        await self.store.save(connection, fax)
        if document.state is DocumentState.STORED:
            await self.effects.add(connection, self.announce(fax, now))

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


def _fetch(fax_id: str, link: str) -> Effect:
    return Effect(
        effect_id=f"fax-document-{fax_id}",
        kind=FETCH,
        body=link.encode(),
        entity_key=fax_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_FETCH_WINDOW,
        max_attempts=_FETCH_ATTEMPTS,
    )
