"""Showing calls, dials, sessions and moments."""

from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import NotFound
from services.voice.calls.ports import Transactions
from services.voice.calls.records import (
    CallFilter,
    CallRecord,
    DialRecord,
    Place,
    SessionFilter,
    SessionRecord,
)
from services.voice.calls.timeline import Moment

LEGS_SHOWN = 250
"""The most legs that are shown of one session."""


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

    async def of_sessions(
        self, connection: AsyncConnection, session_ids: Sequence[str], limit: int
    ) -> Sequence[CallRecord]:
        """Return at most `limit` legs of some sessions, oldest first."""
        ...

    async def first_legs(
        self,
        connection: AsyncConnection,
        wanted: SessionFilter,
        after: Place | None,
        limit: int,
    ) -> Sequence[tuple[str, Place]]:
        """Return up to `limit` sessions that follow a place, newest first, with their places."""
        ...


class Dials(Protocol):
    """Where dials are read."""

    async def get(self, connection: AsyncConnection, dial_id: str) -> DialRecord | None:
        """Return a dial, or None."""
        ...


class Moments(Protocol):
    """Where moments are read."""

    async def of(self, connection: AsyncConnection, legs: Sequence[CallRecord]) -> Sequence[Moment]:
        """Return every moment of some legs, oldest first."""
        ...


class CallReader:
    """Shows calls."""

    def __init__(
        self, database: Transactions, calls: Calls, dials: Dials, moments: Moments
    ) -> None:
        self._database = database
        self._calls = calls
        self._dials = dials
        self._moments = moments

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

    async def dial(self, dial_id: str) -> DialRecord:
        """Return one dial, or raise NotFound."""
        async with self._database.reading() as connection:
            found = await self._dials.get(connection, dial_id)
        if found is None:
            raise NotFound("DIAL_NOT_FOUND", "no dial with this id is known")
        return found

    async def session(self, session_id: str) -> SessionRecord:
        """Return the legs that belong together, or raise NotFound."""
        async with self._database.reading() as connection:
            legs = await self._calls.of_sessions(connection, [session_id], LEGS_SHOWN)
        if not legs:
            raise NotFound("SESSION_NOT_FOUND", "no leg of this session is known")
        return SessionRecord(session_id, tuple(legs))

    async def sessions(
        self, wanted: SessionFilter, after: Place | None, size: int
    ) -> tuple[Sequence[SessionRecord], Place | None]:
        """Return up to `size` sessions, newest first, and the place to go on from, if any."""
        async with self._database.reading() as connection:
            found = await self._calls.first_legs(connection, wanted, after, size + 1)
            shown = found[:size]
            ids = [session_id for session_id, _ in shown]
            legs = await self._calls.of_sessions(connection, ids, size * LEGS_SHOWN) if ids else []
        of = {session_id: tuple(group) for session_id, group in _by_session(legs)}
        records = [SessionRecord(session_id, of[session_id]) for session_id in ids]
        return records, shown[-1][1] if len(found) > size else None

    async def moments(self, leg_id: str, *, whole_session: bool) -> Sequence[Moment]:
        """Return what happened to a leg, or to its session, oldest first; or raise NotFound."""
        leg = await self.get(leg_id)
        session_id = leg.call.session_id if whole_session else ""
        async with self._database.reading() as connection:
            legs: Sequence[CallRecord] = [leg]
            if session_id:
                legs = await self._calls.of_sessions(connection, [session_id], LEGS_SHOWN)
            return await self._moments.of(connection, legs)


def _by_session(legs: Sequence[CallRecord]) -> Sequence[tuple[str, list[CallRecord]]]:
    """Return legs by session, those of each oldest first."""

    def session(leg: CallRecord) -> str:
        return leg.call.session_id

    return [(key, list(group)) for key, group in groupby(sorted(legs, key=session), session)]
