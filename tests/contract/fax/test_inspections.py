"""What the store of inspections promises, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chassis.database import Database, database
from services.fax.documents.model import Active, FaxInspection, Problem, TextSource
from services.fax.documents.store import InspectionStore

FOUND = FaxInspection(
    fax_id="fax-1",
    sha256="ab" * 32,
    content_type="application/pdf",
    size=5_000_000_000,
    inspect_time=datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC),
    pages=((612.0, 792.0), (595.28, 841.89)),
    repaired=True,
    active=(Active.FORM, Active.LINK),
    text_source=TextSource.DOCUMENT,
)


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """The service's database, migrated."""
    async with database(database_url, schema="fax", migrations="services.fax.migrations") as each:
        yield each


async def test_an_inspection_comes_back_as_it_was_put(opened: Database) -> None:
    """Every fact survives the database, and another fax has none."""
    store = InspectionStore()
    async with opened.transaction() as connection:
        await store.put(connection, FOUND)
    async with opened.reading() as connection:
        assert await store.get(connection, "fax-1") == FOUND
        assert await store.get(connection, "fax-2") is None


async def test_a_newer_inspection_takes_the_place_of_the_one_before(opened: Database) -> None:
    """A fax has one verdict: the last."""
    store = InspectionStore()
    newer = replace(
        FOUND, pages=(), problem=Problem.ENCRYPTED, problem_detail="it is encrypted", active=()
    )
    async with opened.transaction() as connection:
        await store.put(connection, FOUND)
        await store.put(connection, newer)
    async with opened.reading() as connection:
        assert await store.get(connection, "fax-1") == newer
