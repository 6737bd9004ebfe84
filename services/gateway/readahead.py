"""Read an endless source ahead of a slower reader, by a bounded number of items.

When the bound is reached the source waits; nothing is dropped. The reader may wait for the next
item with a time limit, and take all that has come already at once.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error


class ReadAhead(Generic[T]):
    """The items that were read and not taken yet; made by `reading_ahead`."""

    def __init__(self, most: int) -> None:
        """Hold at most `most` items."""
        self._items: asyncio.Queue[T | _Failure] = asyncio.Queue(most)

    async def next(self, wait: float | None = None) -> T | None:
        """Return the next item, or None when none comes within `wait` seconds.

        Raises what the source raised, after the items that came before.
        """
        try:
            async with asyncio.timeout(wait):
                item = await self._items.get()
        except TimeoutError:
            return None
        if isinstance(item, _Failure):
            raise item.error
        return item

    async def batch(self, most: int) -> list[T]:
        """Wait for an item and return it with those that have come already, at most `most`."""
        first = await self.next()
        items = [] if first is None else [first]
        while len(items) < most and not self._items.empty():
            item = self._items.get_nowait()
            if isinstance(item, _Failure):
                self._items.put_nowait(item)  # for the next call; there is nothing behind it
                break
            items.append(item)
        return items

    async def fill(self, source: AsyncIterator[T]) -> None:
        """Read `source` until it fails or this is cancelled."""
        try:
            # Closed here and at once, not whenever the collector finds it.
            async with aclosing(cast("AsyncGenerator[T, None]", source)):
                async for item in source:
                    await self._items.put(item)
            await self._items.put(_Failure(EOFError("the source has ended")))
        except Exception as error:  # the reader raises it
            await self._items.put(_Failure(error))


@asynccontextmanager
async def reading_ahead(source: AsyncIterator[T], most: int) -> AsyncIterator[ReadAhead[T]]:
    """Read `source` for the block, at most `most` items ahead; close it at the end."""
    ahead: ReadAhead[T] = ReadAhead(most)
    filling = asyncio.create_task(ahead.fill(source))
    try:
        yield ahead
    finally:
        filling.cancel()
        await asyncio.wait([filling])
