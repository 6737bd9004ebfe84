"""What becomes of a received document once it has been looked into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.effects import Effect, InDoubt
from chassis.errors import NotFound, NotYet
from services.fax.documents.model import (
    FaxInspection,
    Inspection,
    Rejected,
    TextSource,
    text_source_of,
)
from services.fax.model import Document, DocumentState, Fax
from services.fax.use_cases import Alarm, Announce, Effects, Store, inspection

RECOGNIZE = "fax.recognition"
"""The kind of effect that reads the text off one page; its body is the document's hash, a space
and the page."""
RECOGNIZED_PAGES = 50
"""Pages of one document that the engine reads; the rest has no text."""

_WINDOW = 365 * 24 * 3600.0
_INSPECTED = (DocumentState.PENDING, DocumentState.STORED, DocumentState.QUARANTINED)


class Inspections(Protocol):
    """Where verdicts are kept."""

    async def get(self, connection: AsyncConnection, fax_id: str) -> FaxInspection | None:
        """Return the newest inspection of a fax's document, or None."""
        ...

    async def put(self, connection: AsyncConnection, found: FaxInspection) -> None:
        """Keep an inspection in the place of the one before."""
        ...


class Texts(Protocol):
    """Where the texts of documents are kept and found."""

    async def put(self, connection: AsyncConnection, fax_id: str, pages: Sequence[str]) -> None:
        """Keep the text of each page in the place of what was kept before."""
        ...

    async def get(self, connection: AsyncConnection, fax_id: str) -> list[str] | None:
        """Return the text of each page, or None when none was ever kept."""
        ...


class Resends(Protocol):
    """Finds out whether a fax has come before."""

    async def link(
        self, connection: AsyncConnection, fax: Fax, page_hashes: Sequence[int]
    ) -> object:
        """Link a fax with those that show the same pages."""
        ...


@dataclass(frozen=True)
class Received:
    """The operations, each inside the caller's transaction."""

    store: Store
    effects: Effects
    announce: Announce
    inspections: Inspections
    texts: Texts
    resends: Resends
    has_engine: bool
    alarm: Alarm

    async def passed(
        self,
        connection: AsyncConnection,
        fax_id: str,
        sha256: str,
        found: Inspection,
        now: datetime,
    ) -> None:
        """Record a document that can be read, and announce it."""
        fax = await self._held(connection, fax_id, sha256)
        if fax is None:
            return
        document = replace(
            fax.document,
            state=DocumentState.STORED,
            content_type=found.kind,
            pages=found.page_count,
            reason="",
        )
        fax = await self._decided(connection, fax, document, now)
        source = text_source_of(found.texts, engine=self.has_engine)
        verdict = replace(
            _verdict(fax, now),
            pages=found.pages,
            repaired=found.repaired,
            active=found.active,
            text_source=source,
        )
        await self.inspections.put(connection, verdict)
        if source is TextSource.DOCUMENT:
            await self.texts.put(connection, fax_id, found.texts)
        elif source is TextSource.PENDING:
            await self.effects.add(connection, _recognition(verdict, 1))
        await self.resends.link(connection, fax, found.page_hashes)

    async def refused(
        self, connection: AsyncConnection, fax_id: str, sha256: str, why: Rejected, now: datetime
    ) -> None:
        """Record a document that cannot be read, and raise the alarm; its bytes stay."""
        fax = await self._held(connection, fax_id, sha256)
        if fax is None:
            return
        document = replace(
            fax.document, state=DocumentState.QUARANTINED, reason=why.problem.value, pages=None
        )
        fax = await self._decided(connection, fax, document, now)
        verdict = replace(_verdict(fax, now), problem=why.problem, problem_detail=why.detail)
        await self.inspections.put(connection, verdict)

    async def recognized(
        self, connection: AsyncConnection, fax_id: str, sha256: str, page: int, text: str
    ) -> None:
        """Record what the engine has read off a page, and have the next one read."""
        verdict = await self._awaiting(connection, fax_id, sha256)
        if verdict is None:
            return
        pages = (await self.texts.get(connection, fax_id) or [])[: page - 1]
        pages += [""] * (page - 1 - len(pages))
        await self.texts.put(connection, fax_id, [*pages, text])
        if page < min(len(verdict.pages), RECOGNIZED_PAGES):
            await self.effects.add(connection, _recognition(verdict, page + 1))
        else:
            done = replace(verdict, text_source=TextSource.RECOGNITION)
            await self.inspections.put(connection, done)

    async def unrecognized(self, connection: AsyncConnection, fax_id: str, sha256: str) -> None:
        """Record that the engine failed; what it has read before stays."""
        verdict = await self._awaiting(connection, fax_id, sha256)
        if verdict is not None:
            failed = replace(verdict, text_source=TextSource.ENGINE_FAILED)
            await self.inspections.put(connection, failed)

    async def ask(self, connection: AsyncConnection, fax_id: str, request_id: str) -> None:
        """Have a document inspected again; raises NotFound or NotYet."""
        document = (await self.fax(connection, fax_id)).document
        if not document.sha256 or document.state not in _INSPECTED:
            raise _not_stored(document)
        await self.effects.add(connection, inspection(fax_id, document.sha256, request_id))

    async def found(self, connection: AsyncConnection, fax_id: str) -> FaxInspection:
        """Return what was found in a document; raises NotFound or NotYet."""
        document = (await self.fax(connection, fax_id)).document
        known = await self.inspections.get(connection, fax_id)
        if known is None or known.sha256 != document.sha256:
            raise _not_stored(document)
        return known

    async def arrived(self, connection: AsyncConnection, fax_id: str) -> FaxInspection:
        """Return what was found in a document whose bytes are kept; raises NotFound or NotYet."""
        document = (await self.fax(connection, fax_id)).document
        if document.state not in (DocumentState.STORED, DocumentState.QUARANTINED):
            raise _not_stored(document)
        return await self.found(connection, fax_id)

    async def readable(self, connection: AsyncConnection, fax_id: str) -> Document:
        """Return a document that can be shown; raises NotFound or NotYet."""
        document = (await self.fax(connection, fax_id)).document
        if document.state is not DocumentState.STORED:
            raise _not_stored(document)
        return document

    async def fax(self, connection: AsyncConnection, fax_id: str) -> Fax:
        """Return the fax; raises NotFound."""
        fax = await self.store.get(connection, fax_id)
        if fax is None:
            raise NotFound("FAX_NOT_FOUND", "no such fax", metadata={"fax_id": fax_id})
        return fax

    async def _held(self, connection: AsyncConnection, fax_id: str, sha256: str) -> Fax | None:
        """Return the fax, locked, if this is still its document."""
        known = await self.store.get(connection, fax_id)
        if known is None:
            return None
        fax = await self.store.hold(connection, known)
        still = fax.document.sha256 == sha256 and fax.document.state in _INSPECTED
        return fax if still else None

    async def _decided(
        self, connection: AsyncConnection, fax: Fax, document: Document, now: datetime
    ) -> Fax:
        """Save the verdict and announce it; the same one again is announced no second time."""
        decided = replace(fax, document=document)
        await self.store.save(connection, decided)
        new = await self.effects.add(connection, self.announce(decided, now))
        if new and document.state is DocumentState.QUARANTINED:
            self.alarm(fax.fax_id, document.reason)
        return decided

    async def _awaiting(
        self, connection: AsyncConnection, fax_id: str, sha256: str
    ) -> FaxInspection | None:
        if await self._held(connection, fax_id, sha256) is None:
            return None
        verdict = await self.inspections.get(connection, fax_id)
        if verdict is None or verdict.text_source is not TextSource.PENDING:
            return None
        return verdict


def _verdict(fax: Fax, now: datetime) -> FaxInspection:
    document = fax.document
    return FaxInspection(
        fax_id=fax.fax_id,
        sha256=document.sha256,
        content_type=document.content_type,
        size=document.size,
        inspect_time=now,
    )


def _not_stored(document: Document) -> NotYet:
    return NotYet(
        "DOCUMENT_NOT_STORED",
        "this fax has no document to be read",
        metadata={"document_state": document.state.name},
    )


def _recognition(verdict: FaxInspection, page: int) -> Effect:
    # Each inspection has its pages read anew.
    run = f"{verdict.inspect_time.timestamp():.6f}"
    return Effect(
        effect_id=f"fax-recognition-{verdict.fax_id}-{run}-{page}",
        kind=RECOGNIZE,
        body=f"{verdict.sha256} {page}".encode(),
        entity_key=verdict.fax_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_WINDOW,
        max_attempts=0,
    )
