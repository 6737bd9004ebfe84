"""A request that comes twice is carried out once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.ports import Answers


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes a request the same as another."""

    method: str
    request_id: str
    fingerprint: bytes


async def once(
    answers: Answers,
    connection: AsyncConnection,
    asked: Asked,
    act: Callable[[], Awaitable[bytes]],
) -> bytes:
    """Act and keep the answer; a repeated request gets the first answer and nothing is done.

    Raises AlreadyDone (IDEMPOTENCY_MISMATCH) when the id was used for another request.
    """
    same = (asked.method, asked.request_id, asked.fingerprint)
    first = await answers.replay(connection, *same)
    if first is not None:
        return first
    answer = await act()
    await answers.record(connection, *same, answer)
    return answer
