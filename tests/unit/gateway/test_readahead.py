"""Reading ahead of a slow reader."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from services.gateway.readahead import reading_ahead


class Source:
    """Counts upwards, remembers how far it was read and whether it was closed."""

    def __init__(self, end: int | None = None) -> None:
        self.read = 0
        self.closed = False
        self.end = end

    async def numbers(self) -> AsyncGenerator[int, None]:
        """Yield 1, 2, 3, ... and fail at the end, if there is one."""
        try:
            while self.end is None or self.read < self.end:
                self.read += 1
                yield self.read
                await asyncio.sleep(0)
            raise OSError("gone")
        finally:
            self.closed = True


async def turns(count: int = 50) -> None:
    """Let other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_it_reads_no_further_than_its_bound() -> None:
    """An unread source is read up to the bound and then waits; nothing is dropped."""
    source = Source()
    async with reading_ahead(source.numbers(), 4) as ahead:
        await turns()
        assert source.read <= 6  # four held, one in hand, one asked for
        assert [await ahead.next() for _ in range(20)] == list(range(1, 21))


async def test_it_closes_the_source() -> None:
    """Leaving the block closes the source at once."""
    source = Source()
    async with reading_ahead(source.numbers(), 4) as ahead:
        await ahead.next()
    assert source.closed


async def test_a_batch_takes_what_is_there() -> None:
    """A batch waits for one item and takes no more than have come and may be taken."""
    source = Source()
    async with reading_ahead(source.numbers(), 4) as ahead:
        await turns()
        assert await ahead.batch(3) == [1, 2, 3]


async def test_a_failure_comes_after_what_was_read_before_it() -> None:
    """What the source gave before it failed is handed out first."""
    source = Source(end=2)
    async with reading_ahead(source.numbers(), 10) as ahead:
        await turns()
        assert await ahead.batch(10) == [1, 2]
        with pytest.raises(OSError, match="gone"):
            await ahead.batch(10)


async def test_waiting_may_have_an_end() -> None:
    """When nothing comes in time the reader is told so and may ask again."""

    async def silent() -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 1

    async with reading_ahead(silent(), 4) as ahead:
        assert await ahead.next(0.01) is None
        assert await ahead.next(0.0) is None
