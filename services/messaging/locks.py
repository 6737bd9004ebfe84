"""Locks on names, for what has no row yet; held until the transaction ends.

PostgreSQL only: on SQLite one transaction writes at a time, and nothing changes before it ends.
"""

import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import Contended


async def lock(connection: AsyncConnection, name: str) -> None:
    """Wait until nobody else holds this name, then hold it alone."""
    if connection.dialect.name != "sqlite":
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_key(name))))


async def try_lock(connection: AsyncConnection, name: str) -> None:
    """Hold this name alone; raise Contended when somebody else holds it. It never waits."""
    if connection.dialect.name == "sqlite":
        return
    query = sa.select(sa.func.pg_try_advisory_xact_lock(_key(name)))
    if not (await connection.execute(query)).scalar_one():
        raise Contended("DATABASE_CONTENDED", "another transaction was in the way")


async def try_shared_lock(connection: AsyncConnection, name: str) -> None:
    """Hold this name together with others who share it; raise Contended when one holds it alone.

    It never waits, so a transaction that holds much cannot end up in a deadlock over it.
    """
    if connection.dialect.name == "sqlite":
        return
    query = sa.select(sa.func.pg_try_advisory_xact_lock_shared(_key(name)))
    if not (await connection.execute(query)).scalar_one():
        raise Contended("DATABASE_CONTENDED", "another transaction was in the way")


def _key(name: str) -> int:
    digest = hashlib.sha256(f"switchhook messaging {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
