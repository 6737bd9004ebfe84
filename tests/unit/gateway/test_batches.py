"""Natural batching."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.errors import Unavailable
from services.gateway.batches import Batches


class Work:
    """Remembers its batches and holds each until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def perform(self, items: Sequence[int]) -> Sequence[int | Exception]:
        """Multiply by ten; refuse negative numbers."""
        self.batches.append(list(items))
        await self.gate.wait()
        return [ValueError(str(item)) if item < 0 else item * 10 for item in items]


def batches(work: Work, limit: int = 4, waiting: int = 100) -> Batches[int, int]:
    """Numbers, each its own key."""
    return Batches(work.perform, key=lambda item: item, limit=limit, waiting=waiting)


async def test_what_arrives_meanwhile_goes_with_the_next_batch() -> None:
    """One batch is under way at a time; all that waited share the next, up to the limit."""
    work = Work()
    subject = batches(work)
    tasks = [asyncio.create_task(subject.add(number)) for number in range(1, 8)]
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30, 40, 50, 60, 70]
    assert work.batches == [[1, 2, 3, 4], [5, 6, 7]]


async def test_the_first_item_does_not_wait_for_company() -> None:
    """A lone item is carried out at once, in a batch of its own."""
    work = Work()
    work.gate.set()
    assert await batches(work).add(7) == 70
    assert work.batches == [[7]]


async def test_items_with_the_same_key_are_carried_out_once() -> None:
    """A hundred callers with one key share one item and one result."""
    work = Work()
    subject = batches(work)
    tasks = [asyncio.create_task(subject.add(5)) for _ in range(100)]
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(*tasks) == [50] * 100
    assert work.batches == [[5]]


async def test_each_item_has_its_own_failure() -> None:
    """An exception for one item does not touch the others of its batch."""
    work = Work()
    work.gate.set()
    subject = batches(work)
    results = await asyncio.gather(subject.add(1), subject.add(-2), return_exceptions=True)
    assert results[0] == 10
    assert isinstance(results[1], ValueError)


async def test_a_failed_batch_fails_all_its_items_and_no_others() -> None:
    """When the work itself fails, every caller of that batch learns it and the next one runs."""
    failures = [OSError("first batch")]

    async def work(items: Sequence[int]) -> Sequence[int]:
        if failures:
            raise failures.pop()
        return list(items)

    subject: Batches[int, int] = Batches(work, key=lambda item: item, limit=2, waiting=10)
    results = await asyncio.gather(*(subject.add(n) for n in range(3)), return_exceptions=True)
    assert [type(each) for each in results] == [OSError, OSError, int]


async def test_a_wrong_number_of_results_fails_the_batch() -> None:
    """No caller is left waiting for a result that never comes."""

    async def work(items: Sequence[int]) -> Sequence[int]:
        return []

    subject: Batches[int, int] = Batches(work, key=lambda item: item, limit=2, waiting=10)
    with pytest.raises(RuntimeError):
        await subject.add(1)


async def test_a_caller_that_gives_up_takes_nothing_from_the_others() -> None:
    """Cancelling one of two callers with the same key leaves the other its result."""
    work = Work()
    subject = batches(work)
    first, second = (asyncio.create_task(subject.add(3)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    work.gate.set()
    assert await second == 30
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_too_many_waiting_items_are_refused() -> None:
    """The queue is bounded: past its bound a caller is told to come back."""
    work = Work()
    subject = batches(work, limit=1, waiting=2)
    tasks = [asyncio.create_task(subject.add(number)) for number in range(5)]
    await asyncio.sleep(0)
    work.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in results if isinstance(each, Unavailable)]
    assert [each for each in results if isinstance(each, int)]


async def test_idle_returns_when_everything_is_done() -> None:
    """Waiting for idleness outlasts the batch under way and those behind it."""
    work = Work()
    subject = batches(work, limit=1)
    tasks = [asyncio.create_task(subject.add(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    work.gate.set()
    await subject.idle()
    assert [task.done() or await task for task in tasks]
    assert work.batches == [[1], [2]]
