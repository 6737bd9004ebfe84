import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis.lifecycle import BackgroundEnded, background


async def forever() -> None:
    """Run until cancelled."""
    await asyncio.Event().wait()


async def failing() -> None:
    """End with an error after the others had a turn."""
    await asyncio.sleep(0)
    raise KeyError("lost")


async def test_work_runs_beside_the_block_and_ends_with_it() -> None:
    """Leaving the block cancels the work and waits for it."""
    seen: list[str] = []

    async def work() -> None:
        seen.append("started")
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            seen.append("ended")

    async with background(work(), name="work"):
        await asyncio.sleep(0)
        assert seen == ["started"]
    assert seen == ["started", "ended"]


async def test_work_that_fails_takes_its_host_down() -> None:
    """A dead loop ends the block with its name and its error as the cause."""
    with pytest.raises(BackgroundEnded, match="consumer") as caught:
        async with background(failing(), name="consumer"):
            await forever()
    assert isinstance(caught.value.__cause__, KeyError)


async def test_work_that_returns_takes_its_host_down() -> None:
    """A loop that ends in silence is as dead as one that fails."""
    with pytest.raises(BackgroundEnded, match="consumer"):
        async with background(asyncio.sleep(0), name="consumer"):
            await forever()


async def test_the_host_goes_on_after_the_failure() -> None:
    """Whoever catches the failure is not left cancelled."""
    with pytest.raises(BackgroundEnded):
        async with background(failing(), name="consumer"):
            await forever()
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_failure_that_meets_the_end_of_the_block_is_not_lost() -> None:
    """Work that dies while the block is being left is reported all the same."""
    died = asyncio.Event()

    async def work() -> None:
        died.set()
        raise KeyError("lost")

    with pytest.raises((BackgroundEnded, KeyError)):
        async with background(work(), name="consumer"):
            await died.wait()


async def test_work_is_asked_to_finish_what_it_has_in_hand() -> None:
    """With a stop the work ends by itself and is not cancelled."""
    stopping = asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        await stopping.wait()
        await asyncio.sleep(0)
        done.append("the last one")

    async with background(work(), name="consumer", stop=stopping.set):
        pass
    assert done == ["the last one"]


async def test_work_that_does_not_stop_is_cancelled() -> None:
    """Past the grace, asking becomes cancelling."""
    async with background(forever(), name="deaf", stop=lambda: None, grace=0.01):
        pass


async def test_an_error_while_stopping_is_raised() -> None:
    """What fails on the way out is not swallowed."""
    stopping = asyncio.Event()

    async def work() -> None:
        await stopping.wait()
        raise KeyError("the last one")

    with pytest.raises(KeyError):
        async with background(work(), name="consumer", stop=stopping.set):
            pass


async def test_an_error_of_the_block_passes_as_it_is() -> None:
    """The block's own errors are neither wrapped nor replaced."""
    with pytest.raises(ValueError, match="mine"):
        async with background(forever(), name="one"), background(forever(), name="two"):
            raise ValueError("mine")


async def test_the_right_one_of_several_is_named() -> None:
    """Inner and outer blocks unwind, and the one whose work died is reported."""
    unwound: list[str] = []

    @asynccontextmanager
    async def resource(name: str) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0)
            unwound.append(name)

    with pytest.raises(BackgroundEnded, match="outer"):
        async with (
            resource("database"),
            background(failing(), name="outer"),
            resource("bus"),
            background(forever(), name="inner"),
        ):
            await forever()
    assert unwound == ["bus", "database"]


async def test_a_cancellation_from_outside_stays_one() -> None:
    """Being cancelled is not mistaken for the death of the work."""
    inside = asyncio.Event()

    async def host() -> None:
        async with background(forever(), name="work"):
            inside.set()
            await forever()

    task = asyncio.create_task(host())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_inside_the_block_stays_one() -> None:
    """A deadline of the block's own is not mistaken for the death of the work."""
    with pytest.raises(TimeoutError):
        async with background(forever(), name="work"), asyncio.timeout(0.01):
            await forever()
