"""A contact centre on each database; migrated once for the run, and emptied for each test."""

from collections.abc import AsyncIterator

import pytest

from chassis.database import Database, database
from services.voice.tables import metadata
from tests.support.floor import Floor
from tests.support.postgres import create_database, drop_database

_MIGRATIONS = "services.voice.migrations"


@pytest.fixture(scope="session")
async def centre_sqlite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A migrated SQLite database."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('centre') / 'voice.db'}"
    async with database(url, schema="voice", migrations=_MIGRATIONS) as opened:
        yield opened


@pytest.fixture(scope="session")
async def centre_postgresql_url(postgres_url: str) -> AsyncIterator[str]:
    """The address of a PostgreSQL database of these tests."""
    url = await create_database(postgres_url)
    yield url
    await drop_database(postgres_url, url)


@pytest.fixture(scope="session")
async def centre_postgresql(centre_postgresql_url: str) -> AsyncIterator[Database]:
    """A migrated PostgreSQL database."""
    async with database(centre_postgresql_url, schema="voice", migrations=_MIGRATIONS) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Database:
    """A migrated database; the test runs once on SQLite and once on PostgreSQL."""
    found: Database = request.getfixturevalue(f"centre_{request.param}")
    return found


@pytest.fixture
async def floor(migrated: Database) -> Floor:
    """A contact centre with a support queue, and nobody in it."""
    await emptied(migrated)
    built = Floor(migrated)
    await built.queue()
    return built


async def emptied(opened: Database) -> None:
    """Delete every row of the service."""
    async with opened.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())
