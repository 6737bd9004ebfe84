"""One service's data, in SQLite for a laptop and in PostgreSQL for everything else."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.errors import Contended, Fault, Unavailable
from chassis.migrations import upgrade, versions_folder

_READING = "switchhook_reading"
_BUSY_SECONDS = 5.0
_CONTENDED = {"40001", "40P01", "55P03"}
"""PostgreSQL: serialization failure, deadlock, lock not available."""
_AWAY = ("08", "53", "57P")
"""PostgreSQL: classes for lost connections, exhausted resources and a server going down."""
_UNUSABLE = re.compile("unable to open database file|disk I/O error|disk is full")
"""SQLite: what a file that cannot be used says."""


class Database:
    """Transactions over one pool of connections.

    On SQLite one writer at a time is let through; readers see the last committed state.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{_READING: True})
        self._writer = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None
        self.dialect: str = engine.dialect.name
        """"sqlite" or "postgresql"."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection whose changes are committed at the end and undone by an exception.

        Raises Unavailable when the database is away, Contended when it asks to try again.
        """
        if self.dialect != "sqlite":
            async with _transaction(self._engine) as connection:
                yield connection
            return
        if self._holder is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction would wait for itself")
        async with self._writer:
            self._holder = asyncio.current_task()
            try:
                async with _transaction(self._engine) as connection:
                    yield connection
            finally:
                self._holder = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for reads; on SQLite it waits for no writer.

        Raises Unavailable when the database is away.
        """
        async with _transaction(self._reader) as connection:
            yield connection

    async def reachable(self) -> bool:
        """Say whether a query gets through; a readiness probe."""
        try:
            async with self.reading() as connection:
                await connection.execute(sa.select(1))
        except Fault:
            return False
        return True


@asynccontextmanager
async def database(url: str, *, schema: str, migrations: str) -> AsyncIterator[Database]:
    """Open a database, run the missing migrations and close the pool at the end.

    ``url``: ``sqlite+aiosqlite:///path`` or ``postgresql+asyncpg://...``. ``schema``: the service's
    own PostgreSQL schema (unused on SQLite). ``migrations``: the package that holds ``versions``.
    """
    versions = versions_folder(migrations)
    engine = _sqlite(url) if url.startswith("sqlite") else _postgresql(url, schema)
    opened = Database(engine)
    try:
        async with opened.transaction() as connection:
            await connection.run_sync(upgrade, schema=schema, versions=versions)
        yield opened
    finally:
        await engine.dispose()


def insert_into(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that can say ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def fault_of(error: BaseException) -> Fault | None:
    """Return the fault a driver's error amounts to, or None when it is a bug of ours."""
    if isinstance(error, PoolTimeoutError | ConnectionError | TimeoutError):
        return Unavailable("DATABASE_UNAVAILABLE", "the database does not answer")
    if not isinstance(error, DBAPIError):
        return None
    code = str(getattr(error.orig, "sqlstate", "") or "")
    text = str(error.orig)
    if code in _CONTENDED or "database is locked" in text:
        return Contended("DATABASE_CONTENDED", "another transaction was in the way")
    if error.connection_invalidated or code.startswith(_AWAY) or _UNUSABLE.search(text):
        return Unavailable("DATABASE_UNAVAILABLE", "the database went away")
    return None


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    begun = False
    try:
        async with engine.connect() as connection, connection.begin():
            begun = True
            yield connection
    except Exception as error:
        fault = fault_of(error)
        if not begun and isinstance(error, OSError):
            fault = Unavailable("DATABASE_UNAVAILABLE", "the database cannot be reached")
        if fault is None:
            raise
        raise fault from error


def _sqlite(url: str) -> AsyncEngine:
    path = sa.make_url(url).database
    if not path or path == ":memory:":
        raise ValueError("SQLite needs a file: every connection would see a database of its own")
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_async_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: its deferred BEGIN loses updates.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get(_READING)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: str, schema: str) -> AsyncEngine:
    settings = {"search_path": schema, "application_name": f"switchhook-{schema}"}
    return create_async_engine(
        url,
        connect_args={"server_settings": settings, "timeout": 5, "command_timeout": 30},
        pool_size=8,
        max_overflow=4,
        pool_timeout=5,
        pool_pre_ping=True,
    )
