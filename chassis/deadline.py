"""By when the call at hand must be answered, for everything that is done on its behalf.

The gRPC server sets it for each call, the client reads it. The tasks a handler starts inherit it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def remaining() -> float | None:
    """Return the seconds that are left, negative when it is too late, None without a deadline."""
    until = _deadline.get()
    return None if until is None else until - time.monotonic()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block `seconds`, or less if there was an earlier deadline; nothing is cancelled."""
    left = remaining()
    allowed = seconds if left is None else min(seconds, left)
    before = _deadline.get()
    _deadline.set(time.monotonic() + allowed)
    try:
        yield
    finally:
        _deadline.set(before)
