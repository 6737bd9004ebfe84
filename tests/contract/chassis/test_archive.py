"""What is kept stays while anybody needs it, and goes when nobody does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from obstore.exceptions import GenericError

from chassis.archive import ERASE, Archive, Eraser, made_from
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.dispatcher import dispatching
from chassis.effects import Effect, RetryLater
from chassis.errors import Unavailable
from chassis.objects import open_objects
from chassis.outbox import State
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database


@dataclass
class World:
    """An archive whose erasures are carried out only while `erasing`."""

    database: Database
    ledger: Ledger
    archive: Archive
    wake: Callable[[], None] = lambda: None

    async def keep(self, content: bytes, owner: str) -> str:
        """Keep content for an owner and return its hash."""
        async with self.archive.draft() as draft:
            await draft.write(content)
            return (await self.archive.keep(draft, owner)).sha256

    async def release(self, owner: str) -> list[str]:
        """Let an owner go."""
        async with self.database.transaction() as connection:
            freed = await self.archive.release(connection, owner)
        self.wake()
        return freed

    async def there(self, sha256: str) -> bool:
        """Say whether the bytes are in the store."""
        try:
            return b"".join([chunk async for chunk in self.archive.read(sha256)]) != b""
        except FileNotFoundError:
            return False

    async def gone(self, sha256: str) -> bool:
        """Say whether the bytes are not in the store."""
        return not await self.there(sha256)

    async def idle(self) -> bool:
        """Say whether no erasure waits."""
        async with self.database.reading() as connection:
            return sum((await self.ledger.outbox.backlog(connection)).values()) == 0

    @asynccontextmanager
    async def erasing(self) -> AsyncIterator[None]:
        """Carry erasures out for the block."""
        performers = {ERASE: Eraser(self.archive)}
        async with dispatching(
            self.database,
            self.ledger.outbox,
            performers,
            instance="test",
            clock=SystemClock(),
        ) as dispatcher:
            self.wake = dispatcher.wake
            yield


@pytest.fixture
async def world(database_url: str, objects_url: str) -> AsyncIterator[World]:
    """An archive on each database and each store of objects."""
    ledger = Ledger()
    async with ledger_database(database_url) as opened:
        objects = open_objects(objects_url, "things")
        yield World(opened, ledger, Archive(opened, objects, ledger.contents))


async def test_content_goes_with_its_last_owner(world: World) -> None:
    """Two owners of the same bytes keep them for one another."""
    sha256 = await world.keep(b"page", "fax:1")
    assert await world.keep(b"page", "fax:2") == sha256
    async with world.erasing():
        assert await world.release("fax:1") == []
        assert await world.release("fax:2") == [sha256]
        await eventually(lambda: world.gone(sha256))


async def test_owners_who_let_go_at_once_leave_nothing_behind(world: World) -> None:
    """Of owners who let go at the same time, exactly one is the last."""
    owners = [f"fax:{number}" for number in range(8)]
    for owner in owners:
        sha256 = await world.keep(b"page", owner)
    freed = await asyncio.gather(*(world.release(owner) for owner in owners))
    assert [hashes for hashes in freed if hashes] == [[sha256]]


async def test_what_was_made_from_a_content_goes_with_it(world: World) -> None:
    """A picture of a page does not outlive the page."""
    source = await world.keep(b"page", "fax:1")
    made = await world.keep(b"picture", made_from(source))
    async with world.erasing():
        await world.release("fax:1")
        await eventually(lambda: world.gone(made))
    assert await world.gone(source)


async def test_content_being_erased_cannot_be_claimed(world: World) -> None:
    """Who puts the same content meanwhile is told to wait, and then has it for good."""
    sha256 = await world.keep(b"page", "fax:1")
    await world.release("fax:1")
    with pytest.raises(Unavailable) as refused:
        await world.keep(b"page", "fax:2")
    assert refused.value.retry_after
    async with world.erasing():
        await eventually(world.idle)
        assert await world.keep(b"page", "fax:2") == sha256
        assert await world.there(sha256)
    async with world.erasing():
        assert await world.idle()
    assert await world.there(sha256)


async def test_the_same_content_may_come_and_go_again(world: World) -> None:
    """Each erasure is one of its own, although the content has one name."""
    async with world.erasing():
        for _ in range(2):
            sha256 = await world.keep(b"page", "fax:1")
            await world.release("fax:1")
            await eventually(world.idle)
            assert await world.gone(sha256)


async def test_an_owner_may_join_what_is_there_and_nothing_else(world: World) -> None:
    """Needing content that was never kept fails; needing kept content keeps it."""
    sha256 = await world.keep(b"page", "fax:1")
    async with world.database.transaction() as connection:
        await world.archive.need(connection, sha256, "job:1")
        assert await world.ledger.contents.other_owners(connection, sha256, "job:1") == 1
        with pytest.raises(FileNotFoundError):
            await world.archive.need(connection, "00" * 32, "job:1")
    assert await world.release("fax:1") == []


async def test_letting_go_twice_does_nothing_more(world: World) -> None:
    """An owner who has nothing lets go of nothing, and no erasure is queued twice."""
    sha256 = await world.keep(b"page", "fax:1")
    assert await world.release("fax:1") == [sha256]
    assert await world.release("fax:1") == []
    async with world.database.reading() as connection:
        assert (await world.ledger.outbox.backlog(connection))[State.NEW] == 1


async def test_an_erasure_waits_for_a_store_that_is_away(world: World) -> None:
    """What cannot be erased now stays on the list instead of being forgotten."""

    class Away:
        async def delete(self, sha256: str) -> None:
            raise GenericError("no answer")

    sha256 = await world.keep(b"page", "fax:1")
    broken = Archive(world.database, Away(), world.ledger.contents)  # type: ignore[arg-type]
    await world.release("fax:1")
    effect = Effect(effect_id="erase", kind=ERASE, body=b"", entity_key=sha256)
    assert isinstance(await Eraser(broken).perform(effect), RetryLater)
    assert await world.there(sha256)
