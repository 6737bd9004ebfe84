"""A cupboard, and a desk that sends, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.database import Database, database
from tests.support.fax_jobs import Desk, emptied
from tests.support.keeping import Cupboard, cupboard
from tests.support.postgres import create_database, drop_database

_MIGRATIONS = "services.fax.migrations"


@pytest.fixture
async def kept(database_url: str, tmp_path: Path) -> AsyncIterator[Cupboard]:
    """An empty cupboard whose documents lie in a folder."""
    async with cupboard(database_url, str(tmp_path / "objects")) as opened:
        yield opened


@pytest.fixture(scope="session")
async def fax_sqlite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A SQLite database, migrated once for the run."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('fax') / 'fax.db'}"
    async with database(url, schema="fax", migrations=_MIGRATIONS) as opened:
        yield opened


@pytest.fixture(scope="session")
async def fax_postgresql(postgres_url: str) -> AsyncIterator[Database]:
    """A PostgreSQL database, migrated once for the run."""
    url = await create_database(postgres_url)
    async with database(url, schema="fax", migrations=_MIGRATIONS) as opened:
        yield opened
    await drop_database(postgres_url, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Database:
    """A migrated database; the test runs once on SQLite and once on PostgreSQL."""
    found: Database = request.getfixturevalue(f"fax_{request.param}")
    return found


@pytest.fixture
async def desk(migrated: Database) -> Desk:
    """A desk with nothing on it."""
    await emptied(migrated)
    return Desk(migrated)
