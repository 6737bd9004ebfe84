"""The numbers that are ours: those of the settings and those that plans take."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.routing.tables import claims


class ServedNumbers:
    """Knows which numbers callers reach us at; plans come and go while the service runs."""

    def __init__(self, settled: frozenset[str]) -> None:
        """Count these numbers as ours whatever plans there are."""
        self._settled = settled

    async def among(self, connection: AsyncConnection, numbers: Collection[str]) -> Collection[str]:
        """Return those of some numbers that are ours."""
        asked = set(numbers) - self._settled - {""}
        ours = set(numbers) & self._settled
        if not asked:
            return ours
        query = sa.select(claims.c.subject).where(claims.c.subject.in_(sorted(asked)))
        return ours | set((await connection.execute(query)).scalars())
