"""Waiting for a condition instead of sleeping for luck."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
def eventually(
    check: Callable[[], Awaitable[T]], *, timeout: float = ..., interval: float = ...
) -> Coroutine[Any, Any, T]: ...


@overload
def eventually(
    check: Callable[[], T], *, timeout: float = ..., interval: float = ...
) -> Coroutine[Any, Any, T]: ...


async def eventually(
    check: Callable[[], Any],
    *,
    timeout: float = 10,  # noqa: ASYNC109 - how long to wait is what a caller says
    interval: float = 0.01,
) -> Any:
    """Call `check` until it returns something true, and return that.

    An AssertionError of the check counts as "not yet". After `timeout` seconds the last one is
    raised, or a new one that shows the last value.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while True:
        value, failure = await _attempt(check)
        if failure is None and value:
            return value
        if loop.time() >= deadline:
            raise failure or AssertionError(f"still {value!r} after {timeout} s")
        await asyncio.sleep(interval)
        interval = min(interval * 1.5, 0.2)


async def _attempt(check: Callable[[], Any]) -> tuple[Any, AssertionError | None]:
    try:
        result = check()
        return (await result if inspect.isawaitable(result) else result), None
    except AssertionError as failure:
        return None, failure
