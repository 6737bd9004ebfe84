"""The consent ledger in the database, and what it amounts to per person and scope."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.consent import chain
from services.messaging.consent.decision import OpenHold, Standing, Standings
from services.messaging.consent.ledger import (
    Action,
    Basis,
    Channel,
    Confirmation,
    LedgerEntry,
    Method,
    Scope,
)
from services.messaging.consent.tables import chain as chain_table
from services.messaging.consent.tables import holds, ledger, standings
from services.messaging.keywords import KeywordClass
from services.messaging.locks import lock, try_shared_lock
from services.messaging.message_store import classification_of
from services.messaging.model import Direction
from services.messaging.tables import messages

_CHAIN = 1
_NO_QUESTION = (KeywordClass.STOP.value, KeywordClass.AMBIGUOUS.value)


class ConsentStore:
    """The ledger and what it amounts to, on SQLite and PostgreSQL."""

    async def hold(self, connection: AsyncConnection, peer_number: str) -> None:
        """Keep everybody else from changing or relying on a person's consent until the end."""
        await lock(connection, f"consent {peer_number}")

    async def rely(self, connection: AsyncConnection, peer_number: str) -> None:
        """Keep a person's consent as it is until the end of the transaction.

        Raises Contended when it is being changed at this moment: waiting here, with other rows
        claimed, could end in a deadlock.
        """
        await try_shared_lock(connection, f"consent {peer_number}")

    async def standings(self, connection: AsyncConnection, peer_number: str) -> Standings:
        """Return what a person's scopes stand at."""
        query = sa.select(standings).where(standings.c.peer_number == peer_number)
        return {
            row.scope_key: Standing(Action(row.action), row.effective_time, row.entry_id)
            for row in await connection.execute(query)
        }

    async def append(self, connection: AsyncConnection, entry: LedgerEntry) -> LedgerEntry | None:
        """Add an entry as the chain's next link and return it; None when it is there already.

        From here to the end of the transaction nobody else can add one, so that the chain has no
        gaps and no forks: add it last.
        """
        head = await self._hold_head(connection)
        known = sa.select(ledger.c.sequence).where(ledger.c.entry_id == entry.entry_id)
        if (await connection.execute(known)).first() is not None:
            return None
        link = chain.linked(entry, head)
        await connection.execute(sa.insert(ledger).values(_entry_values(link)))
        end = {"sequence": link.sequence, "hash": link.hash}
        await connection.execute(sa.update(chain_table).values(end))
        return link

    async def has(self, connection: AsyncConnection, entry_id: str) -> bool:
        """Say whether an entry is in the ledger; stays true only while its person is held."""
        query = sa.select(ledger.c.sequence).where(ledger.c.entry_id == entry_id)
        return (await connection.execute(query)).first() is not None

    async def head(self, connection: AsyncConnection) -> chain.Head:
        """Return the end of the chain."""
        row = (await connection.execute(sa.select(chain_table))).one()
        return chain.Head(row.sequence, row.hash)

    async def stand(
        self,
        connection: AsyncConnection,
        peer_number: str,
        scope_key: str,
        standing: Standing,
    ) -> None:
        """Write what one scope stands at from now on."""
        values = {
            "action": standing.action.value,
            "effective_time": standing.effective_time,
            "entry_id": standing.entry_id,
        }
        key = {"peer_number": peer_number, "scope_key": scope_key}
        insert = insert_into(connection, standings).values(**key, **values)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def open_hold(self, connection: AsyncConnection, peer_number: str) -> OpenHold | None:
        """Return the latest text of a person that waits for a judgement, or None."""
        query = sa.select(holds).where(holds.c.peer_number == peer_number, holds.c.state == "open")
        query = query.order_by(holds.c.effective_time.desc(), holds.c.hold_id.desc())
        row = (await connection.execute(query.limit(1))).first()
        return None if row is None else OpenHold(row.hold_id, row.entry_id, row.effective_time)

    async def asked_time(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> datetime | None:
        """Return when a person last wrote to a number something else than to stop, or None."""
        query = sa.select(sa.func.max(messages.c.create_time)).where(
            messages.c.peer_number == peer_number,
            messages.c.our_number == our_number,
            messages.c.direction == Direction.INBOUND.value,
            messages.c.keyword_class.not_in(_NO_QUESTION),
        )
        found = (await connection.execute(query)).scalar_one()
        return found if isinstance(found, datetime) else None

    async def recent(
        self, connection: AsyncConnection, peer_number: str, limit: int
    ) -> Sequence[LedgerEntry]:
        """Return a person's newest entries by effective time, then by recording."""
        query = sa.select(ledger).where(ledger.c.peer_number == peer_number)
        query = query.order_by(ledger.c.effective_time.desc(), ledger.c.sequence.desc())
        return [entry_of(row) for row in await connection.execute(query.limit(limit))]

    async def recorded(
        self,
        connection: AsyncConnection,
        *,
        after: int,
        limit: int,
        peer_number: str = "",
        until: int | None = None,
    ) -> Sequence[LedgerEntry]:
        """Return entries in the order of recording, those after a sequence, up to another."""
        query = sa.select(ledger).where(ledger.c.sequence > after)
        if peer_number:
            query = query.where(ledger.c.peer_number == peer_number)
        if until is not None:
            query = query.where(ledger.c.sequence <= until)
        query = query.order_by(ledger.c.sequence).limit(limit)
        return [entry_of(row) for row in await connection.execute(query)]

    async def links(
        self, connection: AsyncConnection, *, after: int, until: int, limit: int
    ) -> Sequence[tuple[chain.Content, str]]:
        """Return what entries say and their hashes, in the order of the chain.

        Raises chain.Flaw for a row that no entry of this service could be.
        """
        query = sa.select(ledger).where(ledger.c.sequence > after, ledger.c.sequence <= until)
        rows = await connection.execute(query.order_by(ledger.c.sequence).limit(limit))
        return [_link_of(row) for row in rows]

    async def ends(self, connection: AsyncConnection) -> tuple[int, int]:
        """Return the last sequence of the ledger and of the chain, as of one moment."""
        last = sa.select(sa.func.max(ledger.c.sequence)).scalar_subquery()
        end = sa.select(chain_table.c.sequence).scalar_subquery()
        row = (await connection.execute(sa.select(last, end))).one()
        return row[0] or 0, row[1] or 0

    async def newest(
        self, connection: AsyncConnection, *, before: int | None, limit: int, peer_number: str = ""
    ) -> Sequence[LedgerEntry]:
        """Return entries, last recorded first, those before a sequence."""
        query = sa.select(ledger)
        if before is not None:
            query = query.where(ledger.c.sequence < before)
        if peer_number:
            query = query.where(ledger.c.peer_number == peer_number)
        query = query.order_by(ledger.c.sequence.desc()).limit(limit)
        return [entry_of(row) for row in await connection.execute(query)]

    async def entries(
        self, connection: AsyncConnection, entry_ids: Sequence[str]
    ) -> Sequence[LedgerEntry]:
        """Return the entries of these ids, newest effective time first."""
        query = sa.select(ledger).where(ledger.c.entry_id.in_(entry_ids))
        query = query.order_by(ledger.c.effective_time.desc(), ledger.c.sequence.desc())
        return [entry_of(row) for row in await connection.execute(query)]

    async def sent_times(
        self, connection: AsyncConnection, message_ids: Sequence[str]
    ) -> dict[str, datetime]:
        """Return when confirmations left, by message id; those that have not are missing."""
        left = sa.func.coalesce(messages.c.send_time, messages.c.accept_time)
        query = sa.select(messages.c.message_id, messages.c.send_time, messages.c.accept_time)
        query = query.where(messages.c.message_id.in_(message_ids), left.is_not(None))
        return {
            row.message_id: row.send_time or row.accept_time
            for row in await connection.execute(query)
        }

    async def _hold_head(self, connection: AsyncConnection) -> chain.Head:
        query = sa.select(chain_table).with_for_update()
        row = (await connection.execute(query)).one()
        return chain.Head(row.sequence, row.hash)


def _link_of(row: sa.Row[Any]) -> tuple[chain.Content, str]:
    try:
        said = chain.content(entry_of(row))
    except (ValueError, TypeError) as error:
        raise chain.Flaw(row.sequence, row.entry_id, "has a value no entry can have") from error
    return {**said, "format": row.format}, row.hash


def _entry_values(entry: LedgerEntry) -> dict[str, Any]:
    return {
        **chain.content(entry),
        "effective_time": entry.effective_time,
        "record_time": entry.record_time,
        "prompt_time": entry.prompt_time,
        "request_deadline": entry.request_deadline,
        "hash": entry.hash,
    }


def entry_of(row: sa.Row[Any]) -> LedgerEntry:
    """Return an entry as it stands in the database, whoever wrote it there."""
    return LedgerEntry(
        entry_id=row.entry_id,
        sequence=row.sequence,
        effective_time=row.effective_time,
        record_time=row.record_time,
        action=Action(row.action),
        scope=Scope(row.scope),
        channel=Channel(row.channel),
        method=Method(row.method),
        basis=Basis(row.basis),
        brand=row.brand,
        program_id=row.program_id,
        peer_number=row.peer_number,
        our_number=row.our_number,
        source_message_id=row.source_message_id,
        source_event_id=row.source_event_id,
        text=row.text,
        evidence=row.evidence,
        language=row.language,
        classification=classification_of(row),
        messaging_profile_id=row.messaging_profile_id,
        reviewer=row.reviewer,
        note=row.note,
        hold_id=row.hold_id,
        prompt_time=row.prompt_time,
        request_deadline=row.request_deadline,
        confirmation=Confirmation(row.confirmation),
        confirmation_message_id=row.confirmation_message_id,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
