import asyncio

from chassis import deadline


async def test_without_a_deadline_nothing_remains() -> None:
    """Outside of any call there is no deadline."""
    assert deadline.remaining() is None


async def test_an_inner_deadline_never_extends_the_outer() -> None:
    """The earlier deadline wins, and the outer one is back after the block."""
    with deadline.within(1):
        with deadline.within(60):
            inner = deadline.remaining()
        with deadline.within(-1):
            past = deadline.remaining()
        assert inner is not None
        assert inner <= 1
        assert past is not None
        assert past < 0
        assert deadline.remaining() is not None
    assert deadline.remaining() is None


async def test_tasks_inherit_the_deadline() -> None:
    """What a handler starts on behalf of a call is under the call's deadline."""

    async def ask() -> float | None:
        return deadline.remaining()

    with deadline.within(5):
        task = asyncio.create_task(ask())
    assert await task is not None
