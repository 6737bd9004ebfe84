"""What a service does with an event, and an event on its way through the consumer."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.messages import Delivery
from chassis.verdicts import Verdict

T = TypeVar("T")
E = TypeVar("E", contravariant=True)


class Handler(Protocol[E]):
    """What a service does with an event."""

    async def prepare(self, event: E, /) -> Any:
        """Fetch what handling needs from elsewhere, before the transaction begins.

        May call the network, within a deadline. What it returns is handed to `apply`. Also called
        for events that turn out to have been handled before.
        """
        return None

    async def apply(self, connection: AsyncConnection, event: E, prepared: Any, /) -> None:
        """Change rows and queue effects, in the transaction of the batch.

        Raises a Fault, and its change alone is undone and the fault table decides. May be called
        again for the same event, when the transaction was undone for the sake of another.
        """
        ...


@dataclass(slots=True)
class Item(Generic[T]):
    """A delivery on its way to a verdict."""

    delivery: Delivery
    event: T | None = None
    event_id: str = ""
    prepared: Any = None
    unprepared: Exception | None = None
    """Why it could not be prepared."""
    error: Exception | None = None
    """Why it took no effect."""
    verdict: Verdict | None = None
    duplicate: bool = False
    counted: bool = False
    """Whether this attempt is on record already."""
