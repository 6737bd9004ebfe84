"""Routing on each database; migrated once for the run, and emptied for each test."""

import pytest

from chassis.database import Database
from tests.contract.voice.centre.conftest import (
    centre_postgresql,
    centre_postgresql_url,
    centre_sqlite,
    emptied,
    migrated,
)

__all__ = ["centre_postgresql", "centre_postgresql_url", "centre_sqlite", "migrated", "opened"]


@pytest.fixture
async def opened(migrated: Database) -> Database:
    """A migrated database with nothing in it."""
    await emptied(migrated)
    return migrated
