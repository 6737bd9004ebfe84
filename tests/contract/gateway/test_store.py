"""The gateway's rows, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from chassis.database import Database, database
from services.gateway import store
from services.gateway.model import Entry, Filter, Period
from tests.support.drift import drift

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Open a migrated database."""
    async with database(url, schema="gateway", migrations="services.gateway.migrations") as made:
        yield made


def entry(sequence: int, **changes: object) -> Entry:
    """Return a line of the index."""
    usual: dict[str, object] = {
        "sequence": sequence,
        "event_id": f"event-{sequence}",
        "type": "call.initiated",
        "entity_key": "session-1",
        "source": 1,
        "unreadable": False,
        "receive_time": START + timedelta(seconds=sequence),
    }
    return Entry(**{**usual, **changes})  # type: ignore[arg-type]


async def add(made: Database, *entries: Entry) -> None:
    """Add lines in one transaction."""
    async with made.transaction() as connection:
        await store.add_events(connection, entries)


async def listed(
    made: Database,
    wanted: Filter | None = None,
    period: Period | None = None,
    below: int | None = None,
    limit: int = 100,
) -> list[int]:
    """List the places of events."""
    async with made.reading() as connection:
        found = await store.list_events(
            connection, wanted or Filter(), period or Period(), below=below, limit=limit
        )
    return list(found)


async def test_the_migrations_make_the_declared_tables(database_url: str) -> None:
    """Schema and declarations do not drift apart."""
    async with opened(database_url) as made:
        assert await drift(made, store.metadata) == []


async def test_an_event_keeps_its_first_place(database_url: str) -> None:
    """A second copy of an event, or of a place, changes nothing."""
    async with opened(database_url) as made:
        await add(made, entry(1), entry(1, event_id="other"), entry(7, event_id="event-1"))
        await add(made)
        await add(made, entry(1), entry(8, event_id="event-1"))
        async with made.reading() as connection:
            assert await store.find_event(connection, "event-1") == 1
            assert await store.find_event(connection, "other") is None
            assert await store.find_event(connection, "event-7") is None


async def test_filters_and_memory_agree(database_url: str) -> None:
    """The database finds what `Filter.matches` says, for every condition and their combinations."""
    entries = [
        entry(1),
        entry(2, type="call.hangup"),
        entry(3, type="Call.hangup", entity_key="session-2"),
        entry(4, type="message.received", entity_key="", source=3),
        entry(5, type="", unreadable=True, entity_key=""),
        entry(6, type="call_x%", source=2),
    ]
    filters = [
        Filter(type_prefix=prefix, entity_key=key, source=source, unreadable_only=unreadable)
        for prefix in ("", "call.", "call.hangup", "Call", "%", "call_", "message.received.x")
        for key in ("", "session-1", "session")
        for source in (0, 1, 2, 3)
        for unreadable in (False, True)
    ]
    async with opened(database_url) as made:
        await add(made, *entries)
        for each in filters:
            wanted = [line.sequence for line in reversed(entries) if each.matches(line)]
            assert await listed(made, each) == wanted, each


async def test_periods_include_their_start_and_exclude_their_end(database_url: str) -> None:
    """A period is half open, so that periods can be laid side by side."""
    async with opened(database_url) as made:
        await add(made, *(entry(number) for number in range(1, 6)))
        second, fourth = START + timedelta(seconds=2), START + timedelta(seconds=4)
        assert await listed(made, period=Period(second, fourth)) == [3, 2]
        assert await listed(made, period=Period(start=fourth)) == [5, 4]
        assert await listed(made, period=Period(end=second)) == [1]


async def test_lists_go_down_from_a_place(database_url: str) -> None:
    """Newest first, below a place, no more than asked."""
    async with opened(database_url) as made:
        await add(made, *(entry(number) for number in range(1, 10)))
        assert await listed(made, limit=3) == [9, 8, 7]
        assert await listed(made, below=7, limit=3) == [6, 5, 4]
        assert await listed(made, below=1) == []


async def test_the_index_follows_the_stream(database_url: str) -> None:
    """Its place moves, what the stream let go is forgotten, and all of it can be dropped."""
    async with opened(database_url) as made:
        async with made.transaction() as connection:
            assert await store.indexed(connection) == 0
            for number in (1, 2, 3):
                await store.add_events(connection, [entry(number)])
                await store.set_indexed(connection, number)
            assert await store.indexed(connection) == 3
            assert await store.forget_events(connection, 3) == 2
        assert await listed(made) == [3]
        async with made.transaction() as connection:
            await store.clear_index(connection)
            assert await store.indexed(connection) == 0
        assert await listed(made) == []


async def test_reconciliation_remembers_how_far_it_came(database_url: str) -> None:
    """The mark of a log is unknown at first and then moves."""
    async with opened(database_url) as made:
        for time in (START, START + timedelta(hours=1)):
            async with made.transaction() as connection:
                await store.reach(connection, "log", time)
            async with made.reading() as connection:
                assert await store.reached(connection, "log") == time
                assert await store.reached(connection, "other") is None
