"""Files under the hash of their content, in a local folder or an S3-compatible store.

An object is written once and never changed: the same content has the same name. The content type
lives in the service's database, because a local folder has no place for it. What may have to be
erased again is kept through `chassis.archive`, which knows who needs it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import obstore
from obstore.store import LocalStore, ObjectStore, S3Store

CHUNK = 64 * 1024
"""Most bytes in one chunk of a stream."""
_BLOCK = 256 * 1024
"""Bytes asked of the store at a time: each asking costs as much as sending a chunk."""


@dataclass(frozen=True)
class Stored:
    """An object that is in the store: its name and its size in bytes."""

    sha256: str
    size: int


class Draft:
    """An object being received: written to a file first, named when it is whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._size = 0

    async def write(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self._hash.update(chunk)
        self._size += len(chunk)
        await asyncio.to_thread(self._file.write, chunk)

    def finished(self) -> tuple[BinaryIO, Stored]:
        """Return the whole file, rewound, and its name and size."""
        self._file.seek(0)
        return self._file, Stored(self._hash.hexdigest(), self._size)


class Objects:
    """Keeps and hands out objects."""

    def __init__(self, store: ObjectStore, folder: str, drafts: Path | None = None) -> None:
        """Keep objects in this folder of `store`; receive them in `drafts` (default: temporary)."""
        self._store = store
        self._folder = folder
        self._drafts = drafts

    @asynccontextmanager
    async def draft(self) -> AsyncIterator[Draft]:
        """Give an empty draft, whose file is gone at the end of the block."""
        with tempfile.TemporaryFile(dir=self._drafts, prefix="draft-") as file:
            yield Draft(file)

    async def keep(self, draft: Draft) -> Stored:
        """Store the draft's content durably and return its name; storing it again is harmless."""
        file, stored = draft.finished()
        await obstore.put_async(self._store, self._path(stored.sha256), file)
        if isinstance(self._store, LocalStore):
            await asyncio.to_thread(
                _sync, Path(str(self._store.prefix)) / self._path(stored.sha256)
            )
        return stored

    async def read(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in chunks of at most CHUNK bytes; FileNotFoundError if it is gone."""
        found = await obstore.get_async(self._store, self._path(sha256))
        async for block in found.stream(min_chunk_size=_BLOCK):
            view = memoryview(block)
            for start in range(0, len(view), CHUNK):
                yield bytes(view[start : start + CHUNK])

    @property
    def gives_links(self) -> bool:
        """Whether the store hands out its objects by itself, to whoever has a link."""
        return isinstance(self._store, S3Store)

    async def link(self, sha256: str, seconds: float) -> str | None:
        """Return a signed link that works for so long, or None where the store gives none.

        Whoever has the link can read the object without any other right.
        """
        if not isinstance(self._store, S3Store):
            return None
        lifetime = timedelta(seconds=seconds)
        return await obstore.sign_async(self._store, "GET", self._path(sha256), lifetime)

    async def delete(self, sha256: str) -> None:
        """Delete the content for good; one that is gone already is no fault."""
        path = self._path(sha256)
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, path)
        if isinstance(self._store, LocalStore):
            await asyncio.to_thread(_sync_folder, Path(str(self._store.prefix)) / path)

    def _path(self, sha256: str) -> str:
        return f"{self._folder}/{sha256[:2]}/{sha256}"


def open_objects(url: str, folder: str) -> Objects:
    """Open the store at `url`: a folder's path, or `s3://bucket/prefix`.

    What is kept lies in its sub-folder `folder`, which must stay the same. The credentials of an S3
    store come from the environment, as for every AWS client.
    """
    if url.startswith("s3://"):
        return Objects(S3Store.from_url(url), folder)
    root = Path(url)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    drafts = root / "drafts"
    drafts.mkdir(exist_ok=True, mode=0o700)
    return Objects(LocalStore(root.resolve()), folder, drafts)


def _sync(path: Path) -> None:
    """Make the file and its name survive a power cut; the store itself only renames."""
    for each in (path, path.parent, path.parent.parent):
        _flush(each)


def _sync_folder(path: Path) -> None:
    """Make the absence of the file survive a power cut."""
    if path.parent.exists():
        _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
