"""Timers that outlive the process, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.timers import Ticker, Timers, ticking
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Bell:
    """Notes what rang; fails as often as it is told, and sets timers anew when asked."""

    def __init__(self, timers: Timers) -> None:
        self.timers = timers
        self.rang: list[str] = []
        self.failures = 0
        self.next: datetime | None = None

    async def __call__(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Ring."""
        self.rang.append(key)
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        if self.next is not None:
            due, self.next = self.next, None
            await self.timers.set(connection, "bell", key, due)


class Tower:
    """A ticker over a clock that stands still, with one bell."""

    def __init__(self, opened: Database) -> None:
        self.opened = opened
        self.clock = FixedClock(NOON)
        self.timers = Ledger().timers
        self.bell = Bell(self.timers)
        self.commits = 0
        self.ticker = self.another()

    def another(self) -> Ticker:
        """Return one more ticker over the same timers, as a second replica has."""
        return Ticker(self.opened, self.timers, {"bell": self.bell}, self.clock, self._committed)

    async def set(self, key: str, due: datetime) -> None:
        """Set a timer of the bell."""
        async with self.opened.transaction() as connection:
            await self.timers.set(connection, "bell", key, due)

    async def due(self, key: str) -> datetime | None:
        """Return when a timer rings."""
        async with self.opened.reading() as connection:
            return await self.timers.due(connection, "bell", key)

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
async def tower(database_url: str) -> AsyncIterator[Tower]:
    """Give a tower over an empty table."""
    async with ledger_database(database_url) as opened:
        yield Tower(opened)


async def test_rings_once_when_due(tower: Tower) -> None:
    """A timer rings at its time, not before, and not again."""
    await tower.set("a", NOON + SECOND)
    assert await tower.ticker.tick() == 0
    tower.clock.advance(SECOND)
    assert await tower.ticker.tick() == 1
    assert await tower.ticker.tick() == 0
    assert tower.bell.rang == ["a"]
    assert tower.commits == 1


async def test_set_again_moves_it(tower: Tower) -> None:
    """The last time that was set counts, and a cancelled timer does not ring."""
    await tower.set("a", NOON)
    await tower.set("a", NOON + SECOND)
    await tower.set("b", NOON)
    async with tower.opened.transaction() as connection:
        await tower.timers.cancel(connection, "bell", "b")
    assert await tower.ticker.tick() == 0
    assert await tower.due("a") == NOON + SECOND
    assert await tower.due("b") is None


async def test_handler_may_set_it_anew(tower: Tower) -> None:
    """A timer that its own handler sets again is kept."""
    await tower.set("a", NOON)
    tower.bell.next = NOON + SECOND
    await tower.ticker.tick()
    assert await tower.due("a") == NOON + SECOND
    tower.clock.advance(SECOND)
    await tower.ticker.tick()
    assert tower.bell.rang == ["a", "a"]


async def test_failed_handler_is_called_again_later(tower: Tower) -> None:
    """A handler that raises changes nothing, holds up no other timer, and is tried again."""
    await tower.set("a", NOON - SECOND)
    await tower.set("b", NOON)
    tower.bell.failures = 1
    assert await tower.ticker.tick() == 2
    assert tower.bell.rang == ["a", "b"]
    assert await tower.ticker.tick() == 0
    tower.clock.advance(SECOND)
    await tower.ticker.tick()
    assert tower.bell.rang == ["a", "b", "a"]
    assert await tower.due("a") is None


async def test_two_replicas_ring_it_once(tower: Tower) -> None:
    """What one ticker has taken, another leaves alone until the lease is over."""
    await tower.set("a", NOON)
    async with tower.opened.transaction() as connection:
        taken = await tower.timers.take(connection, ["bell"], NOON)
    assert [each.key for each in taken] == ["a"]
    assert await tower.another().tick() == 0
    tower.clock.advance(timedelta(minutes=1))
    assert await tower.another().tick() == 1
    assert tower.bell.rang == ["a"]


async def test_kinds_without_a_handler_are_left_to_others(tower: Tower) -> None:
    """A ticker rings only what it has a handler for."""
    async with tower.opened.transaction() as connection:
        await tower.timers.set(connection, "gong", "a", NOON)
    assert await tower.ticker.tick() == 0


async def test_rings_beside_the_block(tower: Tower) -> None:
    """A running ticker rings what is set while it runs."""
    handlers = {"bell": tower.bell}
    async with ticking(tower.opened, tower.timers, handlers, tower.clock):
        await tower.set("a", NOON)
        await eventually(lambda: tower.bell.rang == ["a"])
