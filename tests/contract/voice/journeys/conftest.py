"""Voice without the bus, on each database; migrated once for the run, and emptied for each test."""

from collections.abc import AsyncIterator

import pytest

from chassis.database import Database
from tests.contract.voice.centre.conftest import (
    centre_postgresql,
    centre_postgresql_url,
    centre_sqlite,
    emptied,
    migrated,
)
from tests.support.travellers import World
from tests.support.travellers import world as open_world

__all__ = ["centre_postgresql", "centre_postgresql_url", "centre_sqlite", "migrated", "world"]


@pytest.fixture
async def world(migrated: Database) -> AsyncIterator[World]:
    """Open voice with the default plan, and nobody on the line."""
    await emptied(migrated)
    async with open_world(migrated) as opened:
        yield opened
