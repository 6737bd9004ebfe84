"""Texts that wait for a judgement, and questions that wait for a YES, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.consent.holds import Hold, HoldPosition, HoldState, OptIn
from services.messaging.consent.tables import holds, opt_ins


class HoldStore:
    """Holds and open questions, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, hold: Hold) -> bool:
        """Insert a hold; return False when it is there already."""
        insert = insert_into(connection, holds).values(_hold_values(hold))
        insert = insert.on_conflict_do_nothing(index_elements=["hold_id"])
        result = await connection.execute(insert.returning(holds.c.hold_id))
        return result.first() is not None

    async def get(
        self, connection: AsyncConnection, hold_id: str, *, for_update: bool = False
    ) -> Hold | None:
        """Return a hold, or None; for an update, nobody else changes it until the end."""
        query = sa.select(holds).where(holds.c.hold_id == hold_id)
        query = query.with_for_update() if for_update else query
        row = (await connection.execute(query)).first()
        return None if row is None else _hold(row)

    async def save(self, connection: AsyncConnection, hold: Hold) -> None:
        """Write back what was decided."""
        where = holds.c.hold_id == hold.hold_id
        await connection.execute(sa.update(holds).where(where).values(_hold_values(hold)))

    async def list(
        self,
        connection: AsyncConnection,
        state: HoldState,
        *,
        limit: int,
        after: HoldPosition | None = None,
        peer_number: str = "",
    ) -> Sequence[Hold]:
        """Return at most `limit` holds in a state, the oldest due first."""
        query = sa.select(holds).where(holds.c.state == state.value)
        if peer_number:
            query = query.where(holds.c.peer_number == peer_number)
        if after is not None:
            place = sa.tuple_(sa.literal(after.due_time, holds.c.due_time.type), after.hold_id)
            query = query.where(sa.tuple_(holds.c.due_time, holds.c.hold_id) > place)
        query = query.order_by(holds.c.due_time, holds.c.hold_id).limit(limit)
        return [_hold(row) for row in await connection.execute(query)]

    async def overdue(
        self, connection: AsyncConnection, now: datetime, limit: int
    ) -> Sequence[str]:
        """Return ids of open holds whose time is over, the oldest due first."""
        query = sa.select(holds.c.hold_id).where(
            holds.c.state == HoldState.OPEN.value, holds.c.due_time <= now
        )
        query = query.order_by(holds.c.due_time, holds.c.hold_id).limit(limit)
        return list((await connection.execute(query)).scalars())

    async def open_count(self, connection: AsyncConnection) -> tuple[int, datetime | None]:
        """Return how many holds are open, and when the text of the oldest came."""
        query = sa.select(sa.func.count(), sa.func.min(holds.c.effective_time))
        query = query.where(holds.c.state == HoldState.OPEN.value)
        row = (await connection.execute(query)).one()
        return row[0], row[1]

    async def ask(self, connection: AsyncConnection, question: OptIn, scope_key: str) -> None:
        """Keep the newest question put to a person for a program."""
        values = _opt_in_values(question)
        key = {"peer_number": question.peer_number, "scope_key": scope_key}
        insert = insert_into(connection, opt_ins).values(**key, **values)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=list(key), set_=values)
        )

    async def asked(
        self, connection: AsyncConnection, peer_number: str, scope_key: str
    ) -> OptIn | None:
        """Return the newest question put to a person for a program, or None."""
        query = sa.select(opt_ins).where(
            opt_ins.c.peer_number == peer_number, opt_ins.c.scope_key == scope_key
        )
        row = (await connection.execute(query)).first()
        return None if row is None else _opt_in(row)


def _hold_values(hold: Hold) -> dict[str, Any]:
    return {
        "hold_id": hold.hold_id,
        "entry_id": hold.entry_id,
        "peer_number": hold.peer_number,
        "our_number": hold.our_number,
        "program_id": hold.program_id,
        "message_id": hold.message_id,
        "effective_time": hold.effective_time,
        "due_time": hold.due_time,
        "state": hold.state.value,
        "reviewer": hold.reviewer,
        "note": hold.note,
        "resolve_time": hold.resolve_time,
        "resolve_entry_id": hold.resolve_entry_id,
    }


def _hold(row: sa.Row[Any]) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        entry_id=row.entry_id,
        peer_number=row.peer_number,
        our_number=row.our_number,
        program_id=row.program_id,
        message_id=row.message_id,
        effective_time=row.effective_time,
        due_time=row.due_time,
        state=HoldState(row.state),
        reviewer=row.reviewer,
        note=row.note,
        resolve_time=row.resolve_time,
        resolve_entry_id=row.resolve_entry_id,
    )


def _opt_in_values(question: OptIn) -> dict[str, Any]:
    return {
        "our_number": question.our_number,
        "program_id": question.program_id,
        "text": question.text,
        "version": question.version,
        "language": question.language,
        "evidence": dict(question.evidence),
        "message_id": question.message_id,
        "prompt_time": question.prompt_time,
        "expire_time": question.expire_time,
    }


def _opt_in(row: sa.Row[Any]) -> OptIn:
    return OptIn(
        peer_number=row.peer_number,
        our_number=row.our_number,
        program_id=row.program_id,
        text=row.text,
        version=row.version,
        language=row.language,
        evidence=row.evidence,
        message_id=row.message_id,
        prompt_time=row.prompt_time,
        expire_time=row.expire_time,
    )
