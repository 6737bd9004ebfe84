"""Showing calls, dials, sessions and moments."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from services.voice.calls.ports import Transactions
from services.voice.calls.records import CallFilter, CallRecord, Place


class Calls(Protocol):
    """Where calls are read."""

    async def get(self, connection: AsyncConnection, leg_id: str) -> CallRecord | None:
        """Return one call with its commands, or None."""
        ...

    async def page(
        self, connection: AsyncConnection, wanted: CallFilter, after: Place | None, limit: int
    ) -> Sequence[CallRecord]:
        """Return up to `limit` calls, newest first, that follow a place."""
        ...


class CallReader:
    """Shows calls."""

    def __init__(self, database: Transactions, calls: Calls) -> None:
        self._database = database
        self._calls = calls

    async def get(self, leg_id: str) -> CallRecord:
        """Return one call, or raise NotFound."""
        async with self._database.reading() as connection:
            found = await self._calls.get(connection, leg_id)
        if found is None:
            raise NotFound("CALL_NOT_FOUND", "no call with this id is known")
        return found

    async def page(
        self, wanted: CallFilter, after: Place | None, size: int
    ) -> tuple[Sequence[CallRecord], Place | None]:
        """Return up to `size` calls, newest first, and the place to go on from, if any."""
        async with self._database.reading() as connection:
            found = await self._calls.page(connection, wanted, after, size + 1)
        shown = found[:size]
        if len(found) <= size:
            return shown, None
        return shown, Place(shown[-1].create_time, shown[-1].call.leg_id)
