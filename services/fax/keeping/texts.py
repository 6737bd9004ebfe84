"""The recognized texts of faxes, and the words they are found by."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.fax.keeping.tables import texts, words
from services.fax.keeping.words import index_of

_ROWS = 500
"""Rows in one statement; databases bound the number of parameters."""


class FaxTexts:
    """The texts, on SQLite and PostgreSQL."""

    async def put(self, connection: AsyncConnection, fax_id: str, pages: Sequence[str]) -> None:
        """Keep the text of each page instead of any that was kept before.

        NUL, which PostgreSQL does not store, is left out.
        """
        for table in (texts, words):
            await connection.execute(sa.delete(table).where(table.c.fax_id == fax_id))
        clean = [page.replace("\x00", "") for page in pages]
        if clean:
            numbered = [
                {"fax_id": fax_id, "page": number, "text": text}
                for number, text in enumerate(clean, start=1)
            ]
            await connection.execute(sa.insert(texts), numbered)
        index = [{"word": word, "fax_id": fax_id} for word in index_of(clean)]
        for start in range(0, len(index), _ROWS):
            rows = insert_into(connection, words).values(index[start : start + _ROWS])
            await connection.execute(rows)

    async def get(self, connection: AsyncConnection, fax_id: str) -> list[str] | None:
        """Return the text of each page, or None when none was recognized."""
        query = sa.select(texts.c.text).where(texts.c.fax_id == fax_id).order_by(texts.c.page)
        return list((await connection.execute(query)).scalars()) or None

    async def any(self, connection: AsyncConnection) -> bool:
        """Say whether there is a text at all."""
        query = sa.select(texts.c.fax_id).limit(1)
        return (await connection.execute(query)).first() is not None
