"""What the document store promises."""

import os
from pathlib import Path

import pytest

from services.fax.documents import CHUNK, Documents, Stored, open_documents


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    """A store in a folder of the test's own."""
    return open_documents(str(tmp_path / "documents"))


async def keep(documents: Documents, *chunks: bytes) -> Stored:
    """Store the chunks as one document."""
    async with documents.draft() as draft:
        for chunk in chunks:
            await draft.write(chunk)
        return await documents.keep(draft)


async def test_a_document_comes_back_in_bounded_chunks(documents: Documents) -> None:
    """The bytes are the same, and no chunk is larger than promised."""
    content = os.urandom(3 * CHUNK + 17)
    stored = await keep(documents, content[:100], content[100:])
    chunks = [chunk async for chunk in documents.read(stored.sha256)]
    assert b"".join(chunks) == content
    assert stored.size == len(content)
    assert max(map(len, chunks)) <= CHUNK


async def test_the_same_content_has_one_name(documents: Documents) -> None:
    """Storing a document again changes nothing."""
    assert await keep(documents, b"page") == await keep(documents, b"pa", b"ge")


async def test_a_document_that_is_gone_is_reported(documents: Documents) -> None:
    """Reading what was never stored raises FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        [chunk async for chunk in documents.read("00" * 32)]


async def test_a_draft_leaves_no_file_behind(documents: Documents, tmp_path: Path) -> None:
    """A draft that is not kept is gone, also from the disk."""
    async with documents.draft() as draft:
        await draft.write(b"unfinished")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
