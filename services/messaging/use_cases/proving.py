"""Proof: the ledger as a document, and the check of its chain."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import chain_walk
from chassis.chain import Head
from chassis.database import Database
from services.messaging.consent import evidence
from services.messaging.consent.ledger import LedgerEntry

_PAGE = 500


class Form(StrEnum):
    """How the document is written."""

    CSV = "csv"
    JSON_LINES = "json_lines"


class Book(chain_walk.Book, Protocol):
    """The ledger, to be read from the first entry to the last."""

    async def recorded(
        self,
        connection: AsyncConnection,
        *,
        after: int,
        limit: int,
        peer_number: str = "",
        until: int | None = None,
    ) -> Sequence[LedgerEntry]:
        """Return entries in the order of recording."""
        ...

    async def sent_times(
        self, connection: AsyncConnection, message_ids: Sequence[str]
    ) -> dict[str, datetime]:
        """Return when confirmations left, by message id."""
        ...


@dataclass(frozen=True)
class Proving:
    """Hands the ledger out and checks it, a page at a time so that nobody waits for it."""

    database: Database
    book: Book

    async def document(self, form: Form, peer_number: str = "") -> AsyncIterator[bytes]:
        """Yield the document in pieces of whole lines, up to the last entry of this moment."""
        async with self.database.reading() as connection:
            head = await self.book.head(connection)
        if form is Form.CSV:
            yield evidence.csv_header()
        after, write = 0, evidence.csv_rows if form is Form.CSV else evidence.json_lines
        while True:
            async with self.database.reading() as connection:
                page = await self.book.recorded(
                    connection,
                    after=after,
                    until=head.sequence,
                    limit=_PAGE,
                    peer_number=peer_number,
                )
                told = [each.confirmation_message_id for each in page]
                sent = await self.book.sent_times(connection, [each for each in told if each])
            if page:
                yield write(page, sent)
            if len(page) < _PAGE:
                break
            after = page[-1].sequence
        if form is Form.JSON_LINES:
            yield evidence.json_head(head)

    async def verify(self) -> Head:
        """Walk the whole chain and return its end; raises chain.Flaw at the first wrong entry."""
        return await chain_walk.verify(self.database, self.book)
