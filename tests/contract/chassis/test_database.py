"""Transactions, migrations and faults on both databases."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from chassis.database import Database, database
from chassis.errors import Contended, NotFound, Unavailable
from tests.support.drift import drift
from tests.support.ledger import MIGRATIONS, Ledger, ledger_database


async def test_migrated_schema_is_the_declared_one(database_url: str) -> None:
    """The tables the migrations make are the tables the chassis declares."""
    async with ledger_database(database_url) as opened:
        assert await drift(opened, Ledger().metadata) == []


async def test_drift_is_found(database_url: str) -> None:
    """A declared column that no migration makes is reported."""
    ledger = Ledger()
    ledger.entries.append_column(sa.Column("forgotten", sa.Text))
    async with ledger_database(database_url) as opened:
        assert len(await drift(opened, ledger.metadata)) == 1


async def test_instances_may_start_together(database_url: str) -> None:
    """Several instances that migrate at the same time all come up, and again later."""

    async def start() -> None:
        async with ledger_database(database_url):
            pass

    await asyncio.gather(*(start() for _ in range(4)))
    await start()


async def test_failed_migration_leaves_nothing(database_url: str) -> None:
    """A migration that fails half way is undone as a whole."""
    broken = "tests.contract.chassis.broken_migrations"
    with pytest.raises(ZeroDivisionError):
        async with database(database_url, schema="ledger", migrations=broken):
            pass
    async with ledger_database(database_url) as opened:
        assert await drift(opened, Ledger().metadata) == []


async def test_logging_is_left_alone(database_url: str) -> None:
    """Migrating does not touch the handlers or levels of anybody's loggers."""
    before = [(log.handlers[:], log.level, log.disabled) for log in _loggers()]
    async with ledger_database(database_url):
        pass
    after = [(log.handlers[:], log.level, log.disabled) for log in _loggers()]
    assert after[: len(before)] == before


def _loggers() -> list[logging.Logger]:
    return [logging.getLogger(), logging.getLogger("sqlalchemy"), logging.getLogger("alembic")]


async def test_no_update_is_lost(database_url: str) -> None:
    """Many tasks that read, add one and write never overwrite one another."""
    table = Ledger().entries
    async with ledger_database(database_url) as opened:
        async with opened.transaction() as connection:
            await connection.execute(sa.insert(table).values(event_id="0"))
        await asyncio.gather(*(_raise_by_one(opened, table, 20) for _ in range(6)))
        async with opened.reading() as connection:
            assert (await connection.execute(sa.select(table.c.event_id))).scalar_one() == "120"


async def _raise_by_one(opened: Database, table: sa.Table, times: int) -> None:
    for _ in range(times):
        async with opened.transaction() as connection:
            query = sa.select(table.c.event_id).with_for_update()
            value = int((await connection.execute(query)).scalar_one())
            await asyncio.sleep(0)
            await connection.execute(sa.update(table).values(event_id=str(value + 1)))


async def test_exception_undoes_everything(database_url: str) -> None:
    """What was written before an exception is gone, and the exception arrives unchanged."""
    table = Ledger().entries
    async with ledger_database(database_url) as opened:
        with pytest.raises(NotFound):
            await _insert_and_fail(opened, table)
        assert await _count(opened, table) == 0


async def _insert_and_fail(opened: Database, table: sa.Table) -> None:
    async with opened.transaction() as connection:
        await connection.execute(sa.insert(table).values(event_id="x"))
        raise NotFound("ENTRY_NOT_FOUND", "no such entry")


async def test_cancellation_undoes_everything(database_url: str) -> None:
    """A cancelled transaction leaves nothing behind and does not block the next."""
    table = Ledger().entries
    inside = asyncio.Event()

    async def write(opened: Database) -> None:
        async with opened.transaction() as connection:
            await connection.execute(sa.insert(table).values(event_id="x"))
            inside.set()
            await asyncio.Event().wait()

    async with ledger_database(database_url) as opened:
        task = asyncio.create_task(write(opened))
        await inside.wait()
        task.cancel()
        await asyncio.wait([task])
        async with opened.transaction() as connection:
            await connection.execute(sa.insert(table).values(event_id="y"))
        assert await _count(opened, table) == 1


async def test_readers_do_not_wait_for_a_writer(database_url: str) -> None:
    """A read goes through, and sees the committed state, while a write is under way."""
    table = Ledger().entries
    async with ledger_database(database_url) as opened, opened.transaction() as connection:
        await connection.execute(sa.insert(table).values(event_id="x"))
        assert await _count(opened, table) == 0


async def test_nested_transaction_is_refused_on_sqlite(sqlite_database_url: str) -> None:
    """A transaction opened inside another raises instead of waiting for itself for ever."""
    async with ledger_database(sqlite_database_url) as opened, opened.transaction():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            async with opened.transaction():
                pass


async def test_instants_keep_their_meaning(database_url: str) -> None:
    """An instant in any zone comes back as the same instant in UTC; a naive one is refused."""
    ledger = Ledger()
    table = ledger.inbox.table
    local = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    async with ledger_database(database_url) as opened:
        async with opened.transaction() as connection:
            row = {"event_id": "a", "handle_time": local}
            await connection.execute(sa.insert(table).values(row))
        async with opened.reading() as connection:
            kept = (await connection.execute(sa.select(table.c.handle_time))).scalar_one()
            assert (kept, kept.tzinfo) == (local, UTC)
            naive = datetime(2026, 3, 1)  # noqa: DTZ001 - what must be refused
            with pytest.raises(sa.exc.StatementError):
                await connection.execute(sa.select(table).where(table.c.handle_time == naive))


async def test_sqlite_is_durable(sqlite_database_url: str) -> None:
    """Every SQLite connection runs in WAL mode with synchronous=FULL and foreign keys."""
    async with ledger_database(sqlite_database_url) as opened, opened.reading() as connection:
        found = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert found == ["wal", 2, 1]


async def test_services_share_a_postgresql_database(postgres_database_url: str) -> None:
    """Two services in one database keep apart by their schemas."""
    table = Ledger().entries
    url = postgres_database_url
    async with (
        database(url, schema="one", migrations=MIGRATIONS) as one,
        database(url, schema="two", migrations=MIGRATIONS) as two,
    ):
        async with one.transaction() as connection:
            await connection.execute(sa.insert(table).values(event_id="x"))
        assert (await _count(one, table), await _count(two, table)) == (1, 0)


async def test_absent_database_is_unavailable() -> None:
    """A database nobody listens for is Unavailable, not an error of its own kind."""
    with pytest.raises(Unavailable):
        async with ledger_database("postgresql+asyncpg://nobody@127.0.0.1:1/none"):
            pass


async def test_lost_connection_is_unavailable_and_heals(postgres_database_url: str) -> None:
    """A connection the server closes is Unavailable once; the next transaction works."""
    async with ledger_database(postgres_database_url) as opened:
        with pytest.raises(Unavailable):
            await _cut_own_connection(opened)
        assert await opened.reachable()


async def _cut_own_connection(opened: Database) -> None:
    async with opened.transaction() as connection:
        own = (await connection.execute(sa.select(sa.func.pg_backend_pid()))).scalar_one()
        async with opened.reading() as other:
            await other.execute(sa.select(sa.func.pg_terminate_backend(own)))
        await connection.execute(sa.select(1))


async def test_deadlock_is_contended(postgres_database_url: str) -> None:
    """The victim of a deadlock is told to try again."""
    table = Ledger().entries
    async with ledger_database(postgres_database_url) as opened:
        async with opened.transaction() as connection:
            rows = [{"event_id": "a"}, {"event_id": "b"}]
            await connection.execute(sa.insert(table).values(rows))
        barrier = asyncio.Barrier(2)

        async def change(first: str, second: str) -> None:
            async with opened.transaction() as connection:
                for event_id in (first, second):
                    where = table.c.event_id == event_id
                    await connection.execute(sa.update(table).where(where).values(event_id=first))
                    if event_id == first:
                        await barrier.wait()

        results = await asyncio.gather(change("a", "b"), change("b", "a"), return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [Contended]


async def _count(opened: Database, table: sa.Table) -> int:
    async with opened.reading() as connection:
        query = sa.select(sa.func.count()).select_from(table)
        return int((await connection.execute(query)).scalar_one())
