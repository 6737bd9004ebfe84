"""The consent ledger in the database, and what it amounts to per person and scope."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.consent import (
    Action,
    Confirmation,
    LedgerEntry,
    Method,
    Scope,
    Standing,
    Standings,
)
from services.messaging.locks import lock, try_shared_lock
from services.messaging.message_store import classification_of
from services.messaging.tables import ledger, standings


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
            row.scope_number: Standing(Action(row.action), row.effective_time, row.entry_id)
            for row in await connection.execute(query)
        }

    async def append(self, connection: AsyncConnection, entry: LedgerEntry) -> bool:
        """Add an entry to the ledger; return False when it is there already."""
        insert = insert_into(connection, ledger).values(_entry_values(entry))
        insert = insert.on_conflict_do_nothing(index_elements=["entry_id"])
        result = await connection.execute(insert.returning(ledger.c.sequence))
        return result.first() is not None

    async def stand(
        self,
        connection: AsyncConnection,
        peer_number: str,
        scope_number: str,
        standing: Standing,
    ) -> None:
        """Write what one scope stands at from now on."""
        values = {
            "action": standing.action.value,
            "effective_time": standing.effective_time,
            "entry_id": standing.entry_id,
        }
        key = {"peer_number": peer_number, "scope_number": scope_number}
        insert = insert_into(connection, standings).values(**key, **values)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def recent(
        self, connection: AsyncConnection, peer_number: str, limit: int
    ) -> Sequence[LedgerEntry]:
        """Return a person's newest entries by effective time, then by recording."""
        query = sa.select(ledger).where(ledger.c.peer_number == peer_number)
        query = query.order_by(ledger.c.effective_time.desc(), ledger.c.sequence.desc())
        return [_entry(row) for row in await connection.execute(query.limit(limit))]


def _entry_values(entry: LedgerEntry) -> dict[str, Any]:
    classification = entry.classification
    return {
        "entry_id": entry.entry_id,
        "effective_time": entry.effective_time,
        "record_time": entry.record_time,
        "action": entry.action.value,
        "scope": entry.scope.value,
        "method": entry.method.value,
        "peer_number": entry.peer_number,
        "our_number": entry.our_number,
        "source_message_id": entry.source_message_id,
        "source_event_id": entry.source_event_id,
        "text": entry.text,
        "keyword_class": classification.keyword_class.value if classification else "",
        "rule_id": classification.rule_id if classification else "",
        "list_version": classification.list_version if classification else "",
        "messaging_profile_id": entry.messaging_profile_id,
        "confirmation": entry.confirmation.value,
        "confirmation_message_id": entry.confirmation_message_id,
    }


def _entry(row: sa.Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        entry_id=row.entry_id,
        sequence=row.sequence,
        effective_time=row.effective_time,
        record_time=row.record_time,
        action=Action(row.action),
        scope=Scope(row.scope),
        method=Method(row.method),
        peer_number=row.peer_number,
        our_number=row.our_number,
        source_message_id=row.source_message_id,
        source_event_id=row.source_event_id,
        text=row.text,
        classification=classification_of(row),
        messaging_profile_id=row.messaging_profile_id,
        confirmation=Confirmation(row.confirmation),
        confirmation_message_id=row.confirmation_message_id,
    )
