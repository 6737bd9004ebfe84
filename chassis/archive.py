"""Objects that are kept as long as somebody needs them, and erased when nobody does.

The same content has one name and lies in the store once, so that several owners may need the same
bytes. Every owner is a row. Whoever keeps bytes claims them first and puts them then; whoever lets
go last has them erased. Content that is being erased cannot be claimed until it is gone, so that a
late erasure never takes away what has been put anew.

Owners are texts such as `fax:...` or `job:...`. What was made from a content and from nothing else
belongs to `content:<its hash>` and goes when that goes.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.clock import Clock, SystemClock
from chassis.columns import UtcTime
from chassis.database import Database, insert_into
from chassis.effects import Done, Effect, InDoubt, Outcome, RetryLater
from chassis.errors import Unavailable
from chassis.objects import Draft, Objects, Stored
from chassis.outbox import Outbox

__all__ = ["ERASE", "Archive", "Contents", "Eraser", "create_v1", "made_from"]

ERASE = "archive.erase"
"""The kind of effect that erases a content; its entity is the hash."""

_KEPT, _ERASING = "kept", "erasing"
# Erasing what is gone does nothing, so an erasure in doubt is repeated until it is sure.
_WINDOW = timedelta(days=3650).total_seconds()
_RETRY_AFTER = 5.0  # seconds, while the store does not answer
_MOMENT = 1.0  # seconds, told to who wants what is being erased

_log = logs.get_logger(__name__)


def made_from(sha256: str) -> str:
    """Return the owner of what was made from a content alone."""
    return f"content:{sha256}"


class Contents:
    """Who needs which content."""

    def __init__(
        self, metadata: sa.MetaData, outbox: Outbox, *, clock: Clock | None = None
    ) -> None:
        self._outbox = outbox
        self._clock = clock or SystemClock()
        self.table = sa.Table(
            "content",
            metadata,
            sa.Column("sha256", sa.String(64), primary_key=True),
            sa.Column("state", sa.String(8), nullable=False),
            sa.Column("claim_time", UtcTime, nullable=False),
        )
        self.needs = sa.Table(
            "content_need",
            metadata,
            sa.Column("sha256", sa.String(64), primary_key=True),
            sa.Column("owner", sa.Text, primary_key=True),
            sa.Index("content_need_owner", "owner"),
        )

    async def claim(self, connection: AsyncConnection, sha256: str, owner: str) -> None:
        """Let an owner need content that is about to be put; raises Unavailable while it goes."""
        fresh = {"sha256": sha256, "state": _KEPT, "claim_time": self._clock.now()}
        await connection.execute(
            insert_into(connection, self.table).values(fresh).on_conflict_do_nothing()
        )
        await self.need(connection, sha256, owner)

    async def need(self, connection: AsyncConnection, sha256: str, owner: str) -> None:
        """Let another owner need content that is there.

        Raises FileNotFoundError when it is not, Unavailable while it is being erased.
        """
        state = (await self._held(connection, [sha256])).get(sha256)
        if state is None:
            raise FileNotFoundError(sha256)
        if state == _ERASING:
            raise Unavailable(
                "CONTENT_BEING_ERASED",
                "the same content is being erased at this moment",
                retry_after=_MOMENT,
            )
        row = insert_into(connection, self.needs).values(sha256=sha256, owner=owner)
        await connection.execute(row.on_conflict_do_nothing())

    async def release(self, connection: AsyncConnection, owner: str) -> list[str]:
        """Let an owner need nothing any more; return the hashes that are to be erased for it.

        They leave the store soon after the transaction's end, and what was made from them follows.
        """
        needs = self.needs
        owned = sa.select(needs.c.sha256).where(needs.c.owner == owner).order_by(needs.c.sha256)
        hashes = list((await connection.execute(owned)).scalars())
        # Locked before anything is counted: of two owners who let go at once, one is the last.
        held = await self._held(connection, hashes)
        await connection.execute(sa.delete(needs).where(needs.c.owner == owner))
        query = sa.select(needs.c.sha256).where(needs.c.sha256.in_(hashes))
        needed = set((await connection.execute(query)).scalars())
        free = [sha256 for sha256 in hashes if sha256 not in needed and held.get(sha256) == _KEPT]
        for sha256 in free:
            await self._erase(connection, sha256)
        return free

    async def other_owners(self, connection: AsyncConnection, sha256: str, owner: str) -> int:
        """Return how many others need a content."""
        needs = self.needs
        query = sa.select(sa.func.count()).where(needs.c.sha256 == sha256, needs.c.owner != owner)
        return int((await connection.execute(query)).scalar_one())

    async def gone(self, connection: AsyncConnection, sha256: str) -> None:
        """Forget an erased content, and let go of what was made from it."""
        table = self.table
        erased = sa.and_(table.c.sha256 == sha256, table.c.state == _ERASING)
        await connection.execute(sa.delete(table).where(erased))
        await self.release(connection, made_from(sha256))

    async def _held(self, connection: AsyncConnection, hashes: list[str]) -> dict[str, str]:
        """Return the state of each content that is known, and lock them in one order for all."""
        table = self.table
        query = sa.select(table.c.sha256, table.c.state).where(table.c.sha256.in_(hashes))
        query = query.order_by(table.c.sha256).with_for_update()
        return {row.sha256: row.state for row in await connection.execute(query)}

    async def _erase(self, connection: AsyncConnection, sha256: str) -> None:
        table = self.table
        await connection.execute(
            sa.update(table).where(table.c.sha256 == sha256).values(state=_ERASING)
        )
        query = sa.select(table.c.claim_time).where(table.c.sha256 == sha256)
        claimed = (await connection.execute(query)).scalar_one()
        # The same content may come and go several times; each time it is another effect.
        effect = Effect(
            effect_id=f"erase-{sha256}-{claimed.timestamp():.6f}",
            kind=ERASE,
            body=b"",
            entity_key=sha256,
            in_doubt=InDoubt.RESEND,
            resend_window=_WINDOW,
            max_attempts=0,
        )
        await self._outbox.add(connection, effect)


@dataclass(frozen=True)
class Archive:
    """Objects with owners."""

    database: Database
    objects: Objects
    contents: Contents

    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """Give an empty draft, whose file is gone at the end of the block."""
        return self.objects.draft()

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in chunks; FileNotFoundError if it is gone."""
        return self.objects.read(sha256)

    async def keep(self, draft: Draft, owner: str) -> Stored:
        """Store the draft's content durably for an owner and return its name.

        Storing it again is harmless. Raises Unavailable while the same content is being erased.
        Makes a transaction of its own: call it outside of any.
        """
        _, stored = draft.finished()
        async with self.database.transaction() as connection:
            await self.contents.claim(connection, stored.sha256, owner)
        return await self.objects.keep(draft)

    async def need(self, connection: AsyncConnection, sha256: str, owner: str) -> None:
        """Let another owner need content that is there.

        Raises FileNotFoundError when it is not, Unavailable while it is being erased.
        """
        await self.contents.need(connection, sha256, owner)

    async def release(self, connection: AsyncConnection, owner: str) -> list[str]:
        """Let an owner need nothing any more; return the hashes that are erased for it."""
        return await self.contents.release(connection, owner)


@dataclass(frozen=True)
class Eraser:
    """Erases what nobody needs: the performer of ERASE."""

    archive: Archive

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every erasure: nobody can have claimed the content since it was decided."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Erase the bytes; what is gone already is gone."""
        try:
            await self.archive.objects.delete(effect.entity_key)
        except Exception:
            # Whatever the store's client raises: the bytes may be there, so it is tried again.
            _log.exception("archive.erase_failed", sha256=effect.entity_key)
            return RetryLater(_RETRY_AFTER, "STORE_UNAVAILABLE")
        return Done(effect.entity_key)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Forget what is erased."""
        if isinstance(outcome, Done):
            await self.archive.contents.gone(connection, effect.entity_key)


def create_v1(op: Operations) -> None:
    """Create the tables of version 1; called by a service's migration and never changed."""
    op.create_table(
        "content",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("claim_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "content_need",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("owner", sa.Text, primary_key=True),
    )
    op.create_index("content_need_owner", "content_need", ["owner"])
