"""Walking a whole chain, a page at a time so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.chain import Content, Flaw, Head, follow
from chassis.database import Database

_PAGE = 500
_FIRST = -(1 << 62)
"""Before every sequence, so that an entry slipped in before the first is seen as well."""


class Book(Protocol):
    """A log whose entries are chained."""

    async def head(self, connection: AsyncConnection) -> Head:
        """Return the end of the chain."""
        ...

    async def ends(self, connection: AsyncConnection) -> tuple[int, int]:
        """Return the last sequence of the log and of the chain, as of one moment."""
        ...

    async def links(
        self, connection: AsyncConnection, *, after: int, until: int, limit: int
    ) -> Sequence[tuple[Content, str]]:
        """Return what entries say and their hashes, in the order of the chain."""
        ...


async def verify(database: Database, book: Book) -> Head:
    """Walk the whole chain and return its end; raises Flaw at the first wrong entry."""
    async with database.reading() as connection:
        head = await book.head(connection)
    end = await _walk(database, book, head)
    if end != head:
        raise Flaw(end.sequence + 1, "", "is missing: the chain goes on to another end")
    async with database.reading() as connection:
        last, known = await book.ends(connection)
    if last != known:
        raise Flaw(min(last, known) + 1, "", "stands past the end of the chain")
    return head


async def _walk(database: Database, book: Book, head: Head) -> Head:
    end, after = Head(), _FIRST
    while True:
        async with database.reading() as connection:
            page = await book.links(connection, after=after, until=head.sequence, limit=_PAGE)
        for said, claimed in page:
            end = follow(end, said, claimed)
        if len(page) < _PAGE:
            return end
        after = end.sequence
