"""Make thumbnails: the performer of the outbox's `media.thumbnail` effects.

Pictures come from strangers, and decoders have holes, so a picture is opened in a child process
that can do little and dies young (see `chassis.sandbox`). Whatever a picture does to its child, the
outcome is a thumbnail or a reason.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterable
from dataclasses import dataclass

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.magic import MediaKind, sniff
from chassis.confined import UNREADABLE
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.errors import Overloaded
from chassis.logs import get_logger
from chassis.objects import Objects
from chassis.sandbox import End, Limits, Sandbox
from services.messaging.media.model import PICTURES, Thumbnail, ThumbnailReason
from services.messaging.use_cases.media_archive import MediaArchive

_PROGRAM = "services.messaging.media.thumbnail_child"
LIMITS = Limits(output_bytes=512 * 1024)
"""A picture of 256 by 256 pixels is less, even as raw pixels."""
_BUSY_SECONDS = 1.0

_STATUS = {UNREADABLE: ThumbnailReason.UNREADABLE, 4: ThumbnailReason.TOO_MANY_PIXELS}
"""By exit status; the program itself is never loaded here."""
_ENDS = {
    End.TIMED_OUT: ThumbnailReason.OUT_OF_RESOURCES,
    End.TOO_SLOW: ThumbnailReason.OUT_OF_RESOURCES,
    End.OUT_OF_MEMORY: ThumbnailReason.OUT_OF_RESOURCES,
    End.CRASHED: ThumbnailReason.CRASHED,
    End.REFUSED: ThumbnailReason.CRASHED,
}

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A thumbnail as the child has made it."""

    content: bytes
    content_type: str


class Thumbnailer:
    """Makes a thumbnail of a stored picture, keeps it, and records the outcome."""

    def __init__(self, archive: MediaArchive, objects: Objects, sandbox: Sandbox) -> None:
        self._archive = archive
        self._objects = objects
        self._sandbox = sandbox

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every picture."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Have a child open the picture, when it is its turn."""
        facts = orjson.loads(effect.body)
        try:
            picture = self._objects.read(facts["sha256"])
            made = await small_picture(picture, facts["content_type"], self._sandbox)
        except Overloaded as full:
            return RetryLater(full.retry_after or _BUSY_SECONDS, "BUSY")
        except FileNotFoundError:
            return Failed(ThumbnailReason.UNREADABLE.name)
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
    content: AsyncIterable[bytes], content_type: str, sandbox: Sandbox, limits: Limits = LIMITS
) -> Made | ThumbnailReason:
    """Return the thumbnail of a picture of this type, or why there is none.

    Raises Overloaded while too many pictures are being opened.
    """
    with tempfile.TemporaryFile(prefix="picture-") as file:
        async for chunk in content:
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        async with sandbox.run(_PROGRAM, PICTURES[content_type], file, limits) as ended:
            if ended.end is not End.DONE:
                return _STATUS.get(ended.status) or _ENDS[ended.end]
            written = ended.output.read()
    kind = sniff(written)
    if kind not in (MediaKind.JPEG, MediaKind.PNG):
        return ThumbnailReason.CRASHED
    return Made(written, kind.value)
