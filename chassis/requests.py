"""The same request twice gets the same answer and has one effect."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock, SystemClock
from chassis.columns import UtcTime
from chassis.database import insert_into
from chassis.errors import AlreadyDone, Contended

_KEEP = timedelta(days=7)
"""How long an answer can be had again; no caller repeats a request for that long."""
_PRUNE_EVERY = 500
"""Requests recorded between two looks at what can go."""


class Requests:
    """The answers already given, by method and request_id."""

    def __init__(self, metadata: sa.MetaData, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._recorded = 0
        self.table = sa.Table(
            "request",
            metadata,
            sa.Column("method", sa.Text, primary_key=True),
            sa.Column("request_id", sa.Text, primary_key=True),
            sa.Column("fingerprint", sa.LargeBinary, nullable=False),
            sa.Column("response", sa.LargeBinary, nullable=False),
            sa.Column("create_time", UtcTime, nullable=False, index=True),
        )

    async def replay(
        self, connection: AsyncConnection, method: str, request_id: str, fingerprint: bytes
    ) -> bytes | None:
        """Return the answer this request was given before, or None when it is new.

        Raises AlreadyDone (IDEMPOTENCY_MISMATCH) when the id was used for another request.
        """
        table = self.table
        query = sa.select(table.c.fingerprint, table.c.response).where(
            table.c.method == method, table.c.request_id == request_id
        )
        found = (await connection.execute(query)).first()
        if found is None:
            return None
        if bytes(found.fingerprint) != fingerprint:
            raise AlreadyDone(
                "IDEMPOTENCY_MISMATCH", "this request_id was used for a different request"
            )
        return bytes(found.response)

    async def record(
        self,
        connection: AsyncConnection,
        method: str,
        request_id: str,
        fingerprint: bytes,
        response: bytes,
    ) -> None:
        """Keep the answer in the transaction of what the request changed.

        Raises Contended when the same request is being carried out elsewhere at the same time.
        """
        table = self.table
        statement = insert_into(connection, table).values(
            method=method,
            request_id=request_id,
            fingerprint=fingerprint,
            response=response,
            create_time=self._clock.now(),
        )
        statement = statement.on_conflict_do_nothing()
        if (await connection.execute(statement.returning(table.c.request_id))).first() is None:
            raise Contended("REQUEST_IN_PROGRESS", "the same request is being carried out")
        self._recorded += 1
        if self._recorded % _PRUNE_EVERY == 0:
            await self.prune(connection, self._clock.now() - _KEEP)

    async def once(
        self,
        connection: AsyncConnection,
        method: str,
        request_id: str,
        request: bytes,
        act: Callable[[], Awaitable[bytes]],
    ) -> bytes:
        """Act and keep the answer; the same request again gets the first answer and nothing more.

        `request` is the request as deterministic bytes. Raises what `replay` and `record` raise.
        """
        fingerprint = hashlib.sha256(request).digest()
        first = await self.replay(connection, method, request_id, fingerprint)
        if first is not None:
            return first
        answer = await act()
        await self.record(connection, method, request_id, fingerprint, answer)
        return answer

    async def prune(self, connection: AsyncConnection, before: datetime) -> int:
        """Delete answers older than `before` and return how many that were."""
        old = self.table.c.create_time < before
        return (await connection.execute(sa.delete(self.table).where(old))).rowcount


def create_v1(op: Operations) -> None:
    """Create the table of version 1; called by a service's migration and never changed."""
    op.create_table(
        "request",
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("response", sa.LargeBinary, nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_request_create_time", "request", ["create_time"])
