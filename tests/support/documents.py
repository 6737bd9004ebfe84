"""A store of documents for tests that need no owners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from chassis.objects import Draft, Objects, Stored


class OwnedObjects:
    """An archive that notes who needs what, and erases nothing."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.owners: dict[str, set[str]] = {}

    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """Give an empty draft."""
        return self._objects.draft()

    async def keep(self, draft: Draft, owner: str) -> Stored:
        """Store the draft's content and note its owner."""
        stored = await self._objects.keep(draft)
        self.owners.setdefault(stored.sha256, set()).add(owner)
        return stored

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content."""
        return self._objects.read(sha256)


async def keep(objects: Objects, content: bytes) -> str:
    """Store a content and return its name."""
    async with objects.draft() as draft:
        await draft.write(content)
        return (await objects.keep(draft)).sha256


async def content_of(objects: Objects, sha256: str) -> bytes:
    """Return a content."""
    return b"".join([chunk async for chunk in objects.read(sha256)])
