"""Taking a fax to be sent: from an order and its bytes to a job with a first attempt."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.fax_commands import CONTENTS_MAX_BYTES
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import NotYet
from chassis.objects import Draft, Stored
from chassis.requests import Requests
from chassis.timers import Timers
from services.fax.documents.model import Cover, Normalized, PaperSize, Rejected
from services.fax.model import Document as ReceivedDocument
from services.fax.sending.following import Following
from services.fax.sending.ids import owner_of
from services.fax.sending.model import Document, Job
from services.fax.sending.numbers import Mark
from services.fax.sending.orders import Asked, Order, Sender, Source

METHOD = "SendFax"
UPLOAD = "fax.upload"
"""The kind of timer that lets go of what a call kept that did not come to its end."""

_TWICE = timedelta(minutes=10)
"""How long the same documents to the same number are taken for a mistake."""
_UPLOAD_TIME = timedelta(hours=1)
"""Longer than any call may last."""


class Documents(Protocol):
    """Makes clean PDFs."""

    async def assemble(
        self, cover: Cover | None, sha256s: Sequence[str], *, owner: str, page_size: PaperSize
    ) -> Normalized:
        """Keep one clean PDF of several documents for an owner, behind a cover page if any."""
        ...


class Archive(Protocol):
    """What is in the store, and who needs it."""

    async def keep(self, draft: Draft, owner: str) -> Stored:
        """Store the draft's content durably for an owner and return its name."""
        ...

    async def need(self, connection: AsyncConnection, sha256: str, owner: str) -> None:
        """Let another owner need content that is there; FileNotFoundError when it is not."""
        ...

    async def release(self, connection: AsyncConnection, owner: str) -> list[str]:
        """Let an owner need nothing any more."""
        ...


class Received(Protocol):
    """The faxes that came in."""

    async def readable_document(self, connection: AsyncConnection, fax_id: str) -> ReceivedDocument:
        """Return a document whose bytes are in the store; raises NotFound or NotYet."""
        ...


Answer = Callable[[Job], bytes]
Record = Callable[[str, str], Awaitable[None]]
"""Records that the document of a received fax is read: its fax_id and its hash."""


@dataclass(frozen=True)
class Taking:
    """Takes orders."""

    database: Database
    following: Following
    requests: Requests
    timers: Timers
    documents: Documents
    archive: Archive
    received: Received
    sender: Sender
    clock: Clock

    async def take(self, asked: Asked, draft: Draft, answer: Answer, record: Record) -> bytes:
        """Make the job of a request, or return the answer it was given before.

        The draft holds the uploaded bytes, if the order speaks of an upload. Raises NotYet for what
        must be settled first, NotFound for a document nobody knows, and AlreadyDone
        (IDEMPOTENCY_MISMATCH) when the id was used for another request.
        """
        async with self.database.reading() as connection:
            first = await self._replayed(connection, asked)
            known = await self.following.numbers.get(connection, asked.order.to_number)
        if first is not None:
            return first
        order = self._configured(asked.order)
        _check_mark(known.mark, order)
        async with self._holding() as owner:
            found = await self._found(order, draft, owner)
            for source, hashes in found:
                if source.fax_id:
                    await record(source.fax_id, hashes[0])
            sources = [sha256 for _, hashes in found for sha256 in hashes]
            job = await self._made(asked, order, sources, owner)
            async with self.database.transaction() as connection:
                return await self._once(connection, asked, order, job, answer)

    async def let_go(self, connection: AsyncConnection, owner: str, _now: datetime) -> None:
        """Let go of what a call kept that did not come to its end."""
        await self.archive.release(connection, owner)

    @asynccontextmanager
    async def _holding(self) -> AsyncIterator[str]:
        """Give an owner for the time of a call; a timer ends it if the process does not."""
        owner = f"upload:{uuid.uuid4()}"
        async with self.database.transaction() as connection:
            await self.timers.set(connection, UPLOAD, owner, self.clock.now() + _UPLOAD_TIME)
        try:
            yield owner
        finally:
            async with self.database.transaction() as connection:
                await self.archive.release(connection, owner)
                await self.timers.cancel(connection, UPLOAD, owner)

    async def _once(
        self, connection: AsyncConnection, asked: Asked, order: Order, job: Job, answer: Answer
    ) -> bytes:
        # Holding the number first: of two equal requests at a time, the second sees the first.
        known = await self.following.numbers.hold(connection, order.to_number)
        if (first := await self._replayed(connection, asked)) is not None:
            return first
        _check_mark(known.mark, order)
        await self._check_twice(connection, order, job)
        whole = (*job.sources, job.document.sha256)
        await self._need(connection, whole, owner_of(job.job_id))
        taken = answer(await self.following.take(connection, job))
        await self.requests.record(connection, METHOD, asked.request_id, asked.fingerprint, taken)
        return taken

    async def _replayed(self, connection: AsyncConnection, asked: Asked) -> bytes | None:
        return await self.requests.replay(connection, METHOD, asked.request_id, asked.fingerprint)

    def _configured(self, order: Order) -> Order:
        """Fill in what the settings say."""
        sender = order.from_number or self.sender.from_number
        missing = "" if sender else "SWITCHHOOK_FAX_FROM_NUMBER"
        if not self.sender.connection_id:
            missing = "SWITCHHOOK_FAX_CONNECTION_ID"
        if missing:
            raise NotYet(
                "SENDING_NOT_CONFIGURED",
                "this service is not set up to send faxes",
                metadata={"setting": missing},
            )
        return replace(order, from_number=sender)

    async def _check_twice(self, connection: AsyncConnection, order: Order, job: Job) -> None:
        if order.allow_duplicate:
            return
        since = job.create_time - _TWICE
        earlier = await self.following.jobs.same_content(
            connection, job.to_number, job.content_key, since
        )
        if earlier is not None:
            raise NotYet(
                "DUPLICATE_DOCUMENT",
                "the same documents went to the same number a short while ago",
                metadata={"job_id": earlier},
            )

    async def _found(
        self, order: Order, draft: Draft, owner: str
    ) -> list[tuple[Source, list[str]]]:
        """Return the hashes behind each source, needed by the owner from now on."""
        uploads = [source for source in order.sources if source.upload]
        uploaded = (await self.archive.keep(draft, owner)).sha256 if uploads else ""
        found: list[tuple[Source, list[str]]] = []
        async with self.database.transaction() as connection:
            for source in order.sources:
                hashes = [uploaded] if source.upload else await self._stored(connection, source)
                await self._need(connection, hashes, owner)
                found.append((source, hashes))
        return found

    async def _stored(self, connection: AsyncConnection, source: Source) -> list[str]:
        if source.fax_id:
            return [(await self.received.readable_document(connection, source.fax_id)).sha256]
        return list((await self.following.get(connection, source.job_id)).sources)

    async def _need(self, connection: AsyncConnection, sha256s: Iterable[str], owner: str) -> None:
        for sha256 in sha256s:
            try:
                await self.archive.need(connection, sha256, owner)
            except FileNotFoundError:
                raise _gone() from None

    async def _made(self, asked: Asked, order: Order, sources: list[str], owner: str) -> Job:
        paper, now = order.page_size or self.sender.page_size, self.clock.now()
        cover = _cover(order, now)
        if cover is None and not sources:
            # An earlier job that had nothing but a cover page.
            raise _gone()
        try:
            made = await self.documents.assemble(cover, sources, owner=owner, page_size=paper)
        except Rejected as rejected:
            raise _rejected(rejected) from None
        except FileNotFoundError:
            raise _gone() from None
        self._check_size(made)
        return Job(
            job_id=asked.job_id,
            to_number=order.to_number,
            from_number=order.from_number,
            document=Document(
                sha256=made.sha256,
                size=made.size,
                page_count=made.page_count,
                has_cover_page=cover is not None,
                page_size=paper.value,
            ),
            create_time=now,
            update_time=now,
            sources=tuple(sources),
            content_key=_content_key(sources, order.cover),
            quality=order.quality,
            monochrome=order.monochrome,
            in_doubt=order.in_doubt,
        )

    def _check_size(self, made: Normalized) -> None:
        if made.size > CONTENTS_MAX_BYTES and not self.sender.links:
            raise NotYet(
                "DOCUMENT_TOO_LARGE_TO_SEND",
                "the document is too large to be sent without an S3 store",
                metadata={"size_bytes": str(made.size), "limit_bytes": str(CONTENTS_MAX_BYTES)},
            )


def _check_mark(mark: Mark, order: Order) -> None:
    if mark is not Mark.NONE and not order.allow_marked_number:
        raise NotYet("NUMBER_NOT_FAXABLE", "the number is marked", metadata={"mark": mark.name})


def _cover(order: Order, now: datetime) -> Cover | None:
    """Return the cover page with what the service knows filled in."""
    if order.cover is None:
        return None
    date = f"{now:%B} {now.day}, {now.year}"
    return replace(order.cover, to_number=order.to_number, from_number=order.from_number, date=date)


def _content_key(sources: Sequence[str], cover: Cover | None) -> str:
    """Return what tells these documents from others; a cover page counts where it is alone."""
    said = list(sources)
    if cover is not None and not said:
        said = [repr(sorted(asdict(cover).items()))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _gone() -> NotYet:
    return NotYet(
        "DOCUMENT_NOT_STORED",
        "a document is not in the store any more",
        metadata={"document_state": "DELETED"},
    )


def _rejected(rejected: Rejected) -> NotYet:
    place = "cover page" if rejected.source is None else f"document {rejected.source + 1}"
    return NotYet(
        "DOCUMENT_REJECTED",
        f"{place}: {rejected.detail}",
        metadata={"problem": rejected.problem.name, "detail": rejected.detail},
    )
