"""Following what changes, on both databases: nothing left out, in order, from where one stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.change_log import KEPT, Change, Step, Watching
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import NotYet
from chassis.lifecycle import background
from tests.support.drift import drift
from tests.support.ledger import Ledger, ledger_database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Book:
    """A log of changes of shoes."""

    def __init__(self, opened: Database) -> None:
        """Keep it in this database."""
        self.opened = opened
        self.clock = FixedClock(NOW)
        self.ledger = Ledger(self.clock)

    async def note(self, *keys: str) -> None:
        """Change these shoes in one transaction."""
        async with self.opened.transaction() as connection:
            for key in keys:
                await self.ledger.changes.note(connection, "shoe", key)

    async def load(
        self, connection: AsyncConnection, changes: Sequence[Change]
    ) -> list[str | None]:
        """Return the shoes, of which one is not to be shown."""
        return [None if change.key == "secret" else change.key.upper() for change in changes]

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[Watching[str]]:
        """Number changes, quickly, for the block."""
        watching = Watching(
            self.opened, self.ledger.changes, self.load, self.clock, poll_seconds=0.01
        )
        async with background(watching.run(), name="changes"):
            yield watching


@pytest.fixture
async def book(database_url: str) -> AsyncIterator[Book]:
    """An empty log."""
    async with ledger_database(database_url) as opened:
        yield Book(opened)


def anything(_thing: str) -> bool:
    """Want everything."""
    return True


async def take(
    watching: Watching[str],
    count: int,
    after: int | None = 0,
    wanted: Callable[[str], bool] = anything,
) -> list[Step[str]]:
    """Return the first steps of a watch that hold a change."""
    found: list[Step[str]] = []
    async with asyncio.timeout(20), aclosing(watching.watch(after, wanted)) as steps:
        async for step in steps:
            if step.change is not None:
                found.append(step)
            if len(found) == count:
                break
    return found


def things(steps: Sequence[Step[str]]) -> list[str | None]:
    """Return what was shown."""
    return [step.thing for step in steps]


async def test_the_table_is_the_one_declared(book: Book) -> None:
    """What the migration makes is what the code uses."""
    assert await drift(book.opened, book.ledger.metadata) == []


async def test_every_change_is_told_once_and_in_order(book: Book) -> None:
    """Numbered from one, each with its thing and the time it was recorded."""
    await book.note("boot", "clog")
    await book.note("boot")
    async with book.followed() as watching:
        steps = await take(watching, 3)
    assert [(step.sequence, step.thing) for step in steps] == [
        (1, "BOOT"),
        (2, "CLOG"),
        (3, "BOOT"),
    ]
    assert {step.change.record_time for step in steps if step.change} == {NOW}


async def test_a_watch_begins_now_and_goes_on(book: Book) -> None:
    """Without a sequence the first step says where the watch begins; what follows is told."""
    await book.note("before")
    async with book.followed() as watching, aclosing(watching.watch(None)) as steps:
        async with asyncio.timeout(20):
            first = await anext(steps)
            assert (first.sequence, first.change) == (1, None)
            await book.note("after")
            assert (await anext(steps)).thing == "AFTER"


async def test_a_watch_can_be_narrowed(book: Book) -> None:
    """What is not wanted, and what is not to be shown, is passed over."""
    await book.note("boot", "secret", "clog")
    async with book.followed() as watching:
        (step,) = await take(watching, 1, 0, lambda shoe: shoe != "BOOT")
    assert (step.sequence, step.thing) == (3, "CLOG")


async def test_who_comes_back_misses_nothing(book: Book) -> None:
    """However a log is cut into watches, together they tell what one watch tells."""
    await book.note(*(f"shoe {number}" for number in range(205)))
    async with book.followed() as watching:
        whole = await take(watching, 205)
        resumed = await take(watching, 120)
        resumed += await take(watching, 85, resumed[-1].sequence)
    assert things(resumed) == things(whole)


async def test_writers_and_numberers_at_once_leave_no_gap(book: Book) -> None:
    """Changes of transactions that overlap are numbered once each, and all of them are told."""
    async with book.followed() as one, book.followed() as two:
        reading = [asyncio.create_task(take(watching, 20)) for watching in (one, two)]
        await asyncio.gather(*(book.note(f"shoe {number}") for number in range(20)))
        first, second = await asyncio.gather(*reading)
    assert things(first) == things(second)
    assert [step.sequence for step in first] == list(range(1, 21))
    assert len(set(things(first))) == 20


async def test_a_change_committed_late_is_not_passed_over(postgres_database_url: str) -> None:
    """A transaction that began first and commits last gets a number after those told already.

    On SQLite one transaction writes at a time.
    """
    async with (
        ledger_database(postgres_database_url) as opened,
        Book(opened).followed() as watching,
    ):
        book = Book(opened)
        async with opened.transaction() as slow:
            await book.ledger.changes.note(slow, "shoe", "slow")
            await book.note("quick")
            assert things(await take(watching, 1)) == ["QUICK"]
        assert things(await take(watching, 2)) == ["QUICK", "SLOW"]


async def test_old_changes_are_forgotten_and_that_is_said(book: Book) -> None:
    """Coming back too late is an error that names where to go on, and the numbers go on too."""
    await book.note("boot", "clog", "mule")
    async with book.followed() as watching:
        await take(watching, 3)
        async with book.opened.transaction() as connection:
            await book.ledger.changes.prune(connection, NOW + KEPT + timedelta(days=1))
        with pytest.raises(NotYet) as raised:
            await take(watching, 1, 1)
        assert raised.value.metadata == {"oldest_sequence": "2"}
        await book.note("next")
        assert [step.sequence for step in await take(watching, 2, 2)] == [3, 4]
