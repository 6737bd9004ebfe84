"""A small local queue on disk that stands in for the bus while the bus is away.

A SQLite file of its own, apart from the service's database: it must work when everything else does
not. WAL with synchronous=FULL means that a commit is on disk when it returns, that kill -9 and
power cuts lose no committed row, and that a record torn by one is left out when the file is opened
again (SQLite: Write-Ahead Logging). Writers share commits, so an fsync serves all who wait.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chassis.errors import Unavailable
from chassis.messages import Outgoing
from services.gateway.batches import Batches

T = TypeVar("T")

_BATCH = 256
_PRAGMAS = (
    # One process owns the file: a second gateway on the same spool fails at once, and no
    # shared-memory file is needed.
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    # Message texts and numbers do not stay behind in free pages once they are on the stream.
    "PRAGMA secure_delete = ON",
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spooled (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    payload BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Spooled:
    """One message in the spool and its place in the order of arrival."""

    position: int
    message: Outgoing


class SpoolError(Exception):
    """The spool file cannot be opened; the message says which and why."""


class Spool:
    """Messages on disk, in order of arrival, each id once."""

    def __init__(self, path: Path, *, max_bytes: int, timeout: float = 0.3) -> None:
        """Keep messages in the file at `path`, of at most `max_bytes`; see `opened`."""
        self._path = path
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._batches: Batches[Outgoing, None] = Batches(
            self._append, key=lambda message: message.message_id, limit=_BATCH, waiting=2048
        )
        self._filled = asyncio.Event()
        self._count = 0
        self._room = 1.0

    @property
    def count(self) -> int:
        """How many messages wait in the spool."""
        return self._count

    @property
    def room(self) -> float:
        """The share of the spool that is free, from 0 to 1."""
        return self._room

    async def append(self, message: Outgoing) -> None:
        """Return when `message` is safely on disk; an id that is there already changes nothing.

        Raises Unavailable when the spool is full, broken or too slow.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._batches.add(message)
        except TimeoutError:
            raise _unavailable("the spool is too slow") from None
        except sqlite3.Error as error:
            raise _unavailable("the spool is full or broken") from error

    async def filled(self) -> None:
        """Wait until there is at least one message in the spool."""
        await self._filled.wait()

    async def oldest(self, limit: int) -> list[Spooled]:
        """Return up to `limit` messages in order of arrival; they stay in the spool."""
        return await self._in_thread(lambda: self._select(limit))

    async def remove(self, positions: Sequence[int]) -> None:
        """Take messages out for good: they are on the stream."""
        await self._in_thread(lambda: self._delete(positions))
        self._changed()

    async def open(self) -> None:
        """Open the file, creating it when there is none; raise SpoolError when that fails."""
        try:
            await self._in_thread(self._open)
        except (OSError, sqlite3.Error) as error:
            await self.close()
            raise SpoolError(f"the spool {self._path} cannot be used: {error}") from error
        self._changed()

    async def close(self) -> None:
        """Finish what is under way and close the file."""
        await self._batches.idle()
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def _append(self, messages: Sequence[Outgoing]) -> Sequence[None]:
        await self._in_thread(lambda: self._insert(messages))
        self._changed()
        return [None] * len(messages)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _changed(self) -> None:
        if self._count:
            self._filled.set()
        else:
            self._filled.clear()

    # What follows runs in the spool's one thread.

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        self._file = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        for pragma in _PRAGMAS:
            self._file.execute(pragma)
        self._file.execute(_SCHEMA)
        self._most_pages = self._max_bytes // self._number("PRAGMA page_size")
        self._file.execute(f"PRAGMA max_page_count = {self._most_pages}")
        self._count = self._number("SELECT count(*) FROM spooled")
        self._measure()

    def _close(self) -> None:
        with contextlib.suppress(AttributeError):  # it was never opened
            self._file.close()

    def _insert(self, messages: Sequence[Outgoing]) -> None:
        with self._transaction():
            added = self._file.executemany(
                "INSERT OR IGNORE INTO spooled (message_id, subject, payload) VALUES (?, ?, ?)",
                [(each.message_id, each.subject, each.payload) for each in messages],
            )
        self._count += added.rowcount
        self._measure()

    def _select(self, limit: int) -> list[Spooled]:
        rows = self._file.execute(
            "SELECT position, subject, payload, message_id FROM spooled ORDER BY position LIMIT ?",
            (limit,),
        )
        return [
            Spooled(position, Outgoing(subject, payload, message_id=message_id))
            for position, subject, payload, message_id in rows
        ]

    def _delete(self, positions: Sequence[int]) -> None:
        with self._transaction():
            removed = self._file.executemany(
                "DELETE FROM spooled WHERE position = ?", [(position,) for position in positions]
            )
        self._count -= removed.rowcount
        self._measure()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            # A failed COMMIT may already have ended the transaction.
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    def _measure(self) -> None:
        used = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        self._room = max(0.0, 1 - used / self._most_pages)

    def _number(self, query: str) -> int:
        return int(self._file.execute(query).fetchone()[0])


@asynccontextmanager
async def opened(path: Path, *, max_bytes: int) -> AsyncIterator[Spool]:
    """Keep the spool at `path` open for the block."""
    spool = Spool(path, max_bytes=max_bytes)
    await spool.open()
    try:
        yield spool
    finally:
        await spool.close()


def _unavailable(message: str) -> Unavailable:
    return Unavailable("SPOOL_UNAVAILABLE", message, retry_after=2)
