"""A request that comes twice is carried out once."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.tables import requests

A = TypeVar("A", bound=Message)


async def once(
    connection: AsyncConnection, request: Any, answer: type[A], act: Callable[[], Awaitable[A]]
) -> A:
    """Act and keep the answer; a repeated request gets the first answer and nothing is done.

    ``request`` has a request_id, and ``answer`` is the type of what `act` returns. Raises
    AlreadyDone (IDEMPOTENCY_MISMATCH) when the id was used for another request.
    """
    fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    same = (type(request).__name__, request.request_id, fingerprint)
    first = await requests.replay(connection, *same)
    if first is not None:
        return answer.FromString(first)
    given = await act()
    await requests.record(connection, *same, given.SerializeToString(deterministic=True))
    return given
