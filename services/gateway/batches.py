"""Natural batching: one batch under way, whatever arrives meanwhile goes with the next.

It needs no timer, costs nothing when there is nothing to share, and under load spreads the price of
one acknowledgement or one fsync over everything that waited for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from chassis.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

Perform = Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]
"""Carry out one batch; one result or one exception for each item, in order."""


class Batches(Generic[T, R]):
    """Collect single items into batches of at most `limit` and carry them out one at a time."""

    def __init__(
        self, perform: Perform[T, R], *, key: Callable[[T], Hashable], limit: int, waiting: int
    ) -> None:
        """Carry batches out with `perform`; let at most `waiting` items wait for their turn.

        Items with the same `key` are one: the second gets what the first gets.
        """
        self._perform = perform
        self._key = key
        self._limit = limit
        self._most_waiting = waiting
        self._queue: deque[T] = deque()
        self._futures: dict[Hashable, asyncio.Future[R]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def add(self, item: T) -> R:
        """Return the item's own result, or raise its own exception.

        The item is carried out even when its caller stops waiting. Raises Unavailable when too
        many items wait.
        """
        key = self._key(item)
        future = self._futures.get(key)
        if future is None:
            future = self._enqueue(key, item)
        # One caller that gives up must not take the result from the others.
        return await asyncio.shield(future)

    async def idle(self) -> None:
        """Wait until nothing waits and nothing is under way."""
        while self._runner is not None:
            await asyncio.wait([self._runner])

    def _enqueue(self, key: Hashable, item: T) -> asyncio.Future[R]:
        if len(self._queue) >= self._most_waiting:
            raise Unavailable("OVERLOADED", "too much is waiting", retry_after=1)
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._futures[key] = future
        self._queue.append(item)
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._queue:
                count = min(self._limit, len(self._queue))
                await self._carry_out([self._queue.popleft() for _ in range(count)])
        finally:
            self._runner = None

    async def _carry_out(self, batch: list[T]) -> None:
        results: Sequence[R | Exception]
        try:
            results = await self._perform(batch)
            if len(results) != len(batch):
                raise RuntimeError(f"{len(results)} results for a batch of {len(batch)}")
        except Exception as error:  # each caller gets it; the next batch has its own chance
            results = [error] * len(batch)
        for item, result in zip(batch, results, strict=True):
            _settle(self._futures.pop(self._key(item)), result)


def _settle(future: "asyncio.Future[R]", result: R | Exception) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
        future.exception()  # looked at, so that a caller that gave up leaves no warning behind
    else:
        future.set_result(result)
