"""Make thumbnails: the performer of the outbox's `media.thumbnail` effects.

Pictures come from strangers, and decoders have holes, so a picture is opened in a child process
that can do little and dies young (see `thumbnail_child`). Whatever a picture does to its child, the
outcome is a thumbnail or a reason.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.magic import MediaKind, sniff
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.logs import get_logger
from chassis.objects import Objects
from services.messaging.media.model import PICTURES, Thumbnail, ThumbnailReason
from services.messaging.use_cases.media_archive import MediaArchive

CHILDREN = 2
"""How many pictures are opened at the same time."""

_CHILD_SECONDS = 12.0
"""A little more than its CPU time, for a machine that is busy."""
_TURN_SECONDS, _BUSY_SECONDS = 3.0, 1.0
_LARGEST = 512 * 1024
"""Bytes; a picture of 256 by 256 pixels is less, even as raw pixels."""

_CHILD = Path(__file__).with_name("thumbnail_child.py")
_STATUS = {
    3: ThumbnailReason.UNREADABLE,
    4: ThumbnailReason.TOO_MANY_PIXELS,
    5: ThumbnailReason.OUT_OF_RESOURCES,
    -9: ThumbnailReason.OUT_OF_RESOURCES,
    -24: ThumbnailReason.OUT_OF_RESOURCES,
}
"""By exit status of the child; SIGKILL and SIGXCPU are what its limits end in."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A thumbnail as the child has made it."""

    content: bytes
    content_type: str


class Thumbnailer:
    """Makes a thumbnail of a stored picture, keeps it, and records the outcome."""

    def __init__(self, archive: MediaArchive, objects: Objects) -> None:
        self._archive = archive
        self._objects = objects
        self._turns = asyncio.Semaphore(CHILDREN)

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every picture."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Have a child open the picture, when it is its turn."""
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            return RetryLater(_BUSY_SECONDS, "BUSY")
        try:
            facts = orjson.loads(effect.body)
            picture = self._objects.read(facts["sha256"])
            made = await small_picture(picture, facts["content_type"])
        except FileNotFoundError:
            return Failed(ThumbnailReason.UNREADABLE.name)
        finally:
            self._turns.release()
        if isinstance(made, ThumbnailReason):
            return Failed(made.name)
        async with self._objects.draft() as draft:
            await draft.write(made.content)
            stored = await self._objects.keep(draft)
        kept = {"content_type": made.content_type, "size_bytes": stored.size}
        return Done(stored.sha256, orjson.dumps(kept))

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Record the thumbnail, or why there is none."""
        message_id, index = effect.entity_key, orjson.loads(effect.body)["index"]
        if isinstance(outcome, Done):
            made = Thumbnail(sha256=outcome.reference, **orjson.loads(outcome.detail))
            await self._archive.shrunk(connection, message_id, index, made)
        elif isinstance(outcome, Failed):
            reason = ThumbnailReason.__members__.get(
                outcome.reason, ThumbnailReason.OUT_OF_RESOURCES
            )
            await self._archive.shrunk(connection, message_id, index, reason)
            _log.warning("thumbnail.failed", message_id=message_id, index=index, reason=reason.name)


async def small_picture(
    content: AsyncIterable[bytes], content_type: str, seconds: float = _CHILD_SECONDS
) -> Made | ThumbnailReason:
    """Return the thumbnail of a picture of this type, or why there is none."""
    with tempfile.TemporaryFile(prefix="picture-") as file:
        async for chunk in content:
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        status, written = await _run(PICTURES[content_type], file, seconds)
    if status != 0:
        return _STATUS.get(status, ThumbnailReason.CRASHED)
    kind = sniff(written)
    if kind not in (MediaKind.JPEG, MediaKind.PNG) or len(written) > _LARGEST:
        return ThumbnailReason.CRASHED
    return Made(written, kind.value)


async def _run(decoder: str, file: BinaryIO, seconds: float) -> tuple[int, bytes]:
    """Run a child on the file; return its exit status and what it wrote, up to the limit.

    It gets no environment, so no secret of ours. It is started by subprocess and not by the loop,
    whose way to fork runs the handlers of gRPC in the child.
    """
    child = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-I", str(_CHILD), decoder],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
    )
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                written = await asyncio.to_thread(child.stdout.read, _LARGEST + 1)
                if len(written) <= _LARGEST:
                    return await asyncio.to_thread(child.wait), written
    finally:
        # Ends the read above as well, should it still wait.
        child.kill()
        await asyncio.shield(asyncio.to_thread(child.wait))
        child.stdout.close()
    return -9, b""
