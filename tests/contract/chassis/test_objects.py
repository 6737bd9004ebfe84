"""What the store of objects promises, whatever keeps them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.objects import CHUNK, Objects, Stored, open_objects


@pytest.fixture
def objects(objects_url: str) -> Objects:
    """An empty store in a folder and on S3."""
    return open_objects(objects_url, "things")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], Objects]:
    """Open the same local folder again and again."""
    return lambda: open_objects(str(tmp_path / "objects"), "things")


async def keep(objects: Objects, *chunks: bytes) -> Stored:
    """Store the chunks as one object."""
    async with objects.draft() as draft:
        for chunk in chunks:
            await draft.write(chunk)
        return await objects.keep(draft)


async def content_of(objects: Objects, sha256: str) -> bytes:
    """Return all of an object."""
    return b"".join([chunk async for chunk in objects.read(sha256)])


async def test_an_object_comes_back_in_bounded_chunks(objects: Objects) -> None:
    """The bytes are the same, and no chunk is larger than promised."""
    content = os.urandom(3 * CHUNK + 17)
    stored = await keep(objects, content[:100], content[100:])
    chunks = [chunk async for chunk in objects.read(stored.sha256)]
    assert b"".join(chunks) == content
    assert stored.size == len(content)
    assert max(map(len, chunks)) <= CHUNK


async def test_the_same_content_has_one_name(objects: Objects) -> None:
    """Storing an object again changes nothing."""
    assert await keep(objects, b"page") == await keep(objects, b"pa", b"ge")


async def test_an_object_that_is_gone_is_reported(objects: Objects) -> None:
    """Reading what was never stored raises FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        await content_of(objects, "00" * 32)


async def test_a_deleted_object_is_gone_and_may_come_back(objects: Objects) -> None:
    """Deleting twice is no fault, and the same content can be stored anew."""
    stored = await keep(objects, b"page")
    other = await keep(objects, b"another page")
    await objects.delete(stored.sha256)
    await objects.delete(stored.sha256)
    with pytest.raises(FileNotFoundError):
        await content_of(objects, stored.sha256)
    assert await content_of(objects, other.sha256) == b"another page"
    assert await keep(objects, b"page") == stored
    assert await content_of(objects, stored.sha256) == b"page"


async def test_what_was_never_there_may_be_deleted(objects: Objects) -> None:
    """Erasing is the same whether or not somebody was faster."""
    await objects.delete("00" * 32)


async def test_an_object_outlives_the_store(folder: Callable[[], Objects]) -> None:
    """What was kept is there when the folder is opened again."""
    stored = await keep(folder(), b"page")
    assert await content_of(folder(), stored.sha256) == b"page"


async def test_a_draft_leaves_no_file_behind(folder: Callable[[], Objects], tmp_path: Path) -> None:
    """A draft that is not kept is gone, also from the disk."""
    async with folder().draft() as draft:
        await draft.write(b"unfinished")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_nobody_else_may_read_the_folder(
    folder: Callable[[], Objects], tmp_path: Path
) -> None:
    """The folder is open to its owner alone."""
    await keep(folder(), b"page")
    assert (tmp_path / "objects").stat().st_mode & 0o077 == 0
