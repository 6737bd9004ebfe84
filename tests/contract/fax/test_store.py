"""What the fax store promises, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import services.fax.documents.tables
import services.fax.keeping.tables
import services.fax.sending.tables  # noqa: F401 - declares the tables of sending
from chassis.database import Database, database
from services.fax.model import Direction, Document, DocumentState, Fax, State
from services.fax.store import FaxStore, Filters, Position
from services.fax.tables import metadata
from tests.support.drift import drift

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """The service's database, migrated."""
    async with database(database_url, schema="fax", migrations="services.fax.migrations") as each:
        yield each


def fax(number: int, **facts: object) -> Fax:
    """Return a fax that differs from others by its number."""
    plain = Fax(
        fax_id=f"fax-{number}",
        create_time=START + timedelta(seconds=number),
        update_time=START + timedelta(seconds=number),
        direction=Direction.INBOUND,
        from_number="+13125550101",
        to_number="+12025550130",
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


async def test_migrations_make_the_tables_the_code_uses(opened: Database) -> None:
    """The migrated schema and the declared one are the same."""
    assert await drift(opened, metadata) == []


async def test_a_fax_comes_back_as_it_was_saved(opened: Database) -> None:
    """Every field survives, times to the microsecond."""
    store = FaxStore()
    whole = fax(
        1,
        state=State.RECEIVED,
        raw_status="received",
        page_count=0,
        call_duration=timedelta(seconds=41),
        partial_content=True,
        failure_reason="sender_call_dropped",
        connection_id="1447842681660114324",
        announce_time=START,
        redact_time=START,
        document=Document(
            state=DocumentState.STORED,
            sha256="ab" * 32,
            size=5_000_000_000,
            content_type="application/pdf",
            store_time=START,
            reason="",
        ),
    )
    async with opened.transaction() as connection:
        await store.hold(connection, fax(1))
        await store.save(connection, whole)
    async with opened.reading() as connection:
        assert await store.get(connection, "fax-1") == whole
        assert await store.get(connection, "fax-2") is None


async def test_holding_a_known_fax_gives_the_known_one(opened: Database) -> None:
    """The one who comes second does not overwrite what the first has kept."""
    store = FaxStore()
    async with opened.transaction() as connection:
        assert await store.hold(connection, fax(1, state=State.RECEIVING)) == fax(
            1, state=State.RECEIVING
        )
    async with opened.transaction() as connection:
        held = await store.hold(connection, fax(1, state=State.RECEIVED))
    assert held.state is State.RECEIVING


async def test_pages_cover_every_fax_once_newest_first(opened: Database) -> None:
    """Walking the pages shows all faxes in order, also those of the same instant."""
    store = FaxStore()
    async with opened.transaction() as connection:
        for number in range(7):
            await store.hold(
                connection, fax(number, create_time=START + timedelta(seconds=number // 3))
            )
    seen: list[str] = []
    after: Position | None = None
    while True:
        async with opened.reading() as connection:
            page = await store.list(connection, Filters(), limit=2, after=after)
        if not page:
            break
        seen += [each.fax_id for each in page]
        after = Position(page[-1].create_time, page[-1].fax_id)
    assert seen == [f"fax-{number}" for number in (6, 5, 4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(direction=Direction.OUTBOUND), {"fax-2"}),
        (Filters(states=[State.FAILED, State.RECEIVED]), {"fax-2", "fax-3"}),
        (Filters(number="+13125550102"), {"fax-2", "fax-3"}),
        (Filters(start=START + timedelta(seconds=2)), {"fax-2", "fax-3"}),
        (Filters(end=START + timedelta(seconds=2)), {"fax-1"}),
        (Filters(number="+13125550102", direction=Direction.INBOUND), {"fax-3"}),
        (Filters(number="+12025550199"), set()),
    ],
)
async def test_filters_narrow(opened: Database, filters: Filters, expected: set[str]) -> None:
    """Each filter leaves what fits it, and several leave what fits all."""
    store = FaxStore()
    kept = [
        fax(1),
        fax(2, direction=Direction.OUTBOUND, state=State.FAILED, to_number="+13125550102"),
        fax(3, state=State.RECEIVED, from_number="+13125550102"),
    ]
    async with opened.transaction() as connection:
        for each in kept:
            await store.hold(connection, each)
    async with opened.reading() as connection:
        found = await store.list(connection, filters, limit=10)
    assert {each.fax_id for each in found} == expected
