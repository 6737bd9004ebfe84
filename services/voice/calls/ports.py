"""What calls need from elsewhere."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.model import Call, Lookup


class Transactions(Protocol):
    """The database, as far as a use case opens transactions of its own."""

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection whose changes stand or fall together."""
        ...

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection for reads."""
        ...


class Directory(Protocol):
    """Who knows who is calling."""

    async def find(self, phone_number: str) -> Lookup:
        """Return what is known of a number, in time and without ever raising."""
        ...


class OwnNumbers(Protocol):
    """Which numbers are ours."""

    async def among(self, connection: AsyncConnection, numbers: Collection[str]) -> Collection[str]:
        """Return those of some numbers that callers reach us at."""
        ...


class Preparation(Protocol):
    """What must be asked elsewhere before an event is recorded."""

    async def prepare(self, sighting: Call) -> object:
        """Ask, outside of any transaction and within a deadline of its own."""
        ...

    async def found(self, connection: AsyncConnection, sighting: Call, prepared: object) -> Call:
        """Keep what was found out, in the event's transaction, before any listener is called.

        Returns what of it is a fact of the call, to be joined with the event; `sighting` may not
        have been seen before, and its leg is not locked yet.
        """
        ...
