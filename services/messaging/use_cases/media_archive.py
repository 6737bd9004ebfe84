"""What the archive does: take parts on, record what became of them, and answer readers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Effect, InDoubt
from chassis.errors import NotFound, NotYet
from services.messaging.media.model import (
    MediaPart,
    MediaReason,
    MediaState,
    Thumbnail,
    ThumbnailReason,
    ThumbnailState,
    first_state,
    lost,
    planned,
)
from services.messaging.model import Media, Message
from services.messaging.ports import Effects, Messages

FETCH = "telnyx.media"
"""The kind of effect that fetches a part."""
SHRINK = "media.thumbnail"
"""The kind of effect that makes the thumbnail of a stored part."""

# Neither changes anything outside, so whatever is in doubt is done again, however much later.
_WINDOW = 365 * 24 * 3600.0
_ENDLESS = 0


class Parts(Protocol):
    """Where the parts are kept. Every method works inside the caller's transaction."""

    async def add(self, connection: AsyncConnection, parts: Sequence[MediaPart]) -> None:
        """Insert the parts of a new message."""
        ...

    async def hold(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> MediaPart | None:
        """Return a part and keep others from changing it until the transaction ends."""
        ...

    async def get(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> MediaPart | None:
        """Return a part, or None."""
        ...

    async def save(self, connection: AsyncConnection, part: MediaPart) -> None:
        """Write back a part that is held."""
        ...

    async def of_message(
        self, connection: AsyncConnection, message_id: str, *, limit: int, after: int
    ) -> list[MediaPart]:
        """Return at most `limit` parts of a message, in order, that come after this index."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put into the archive."""

    sha256: str
    size_bytes: int
    content_type: str
    hash_verified: bool


@dataclass(frozen=True, slots=True)
class FetchJob:
    """One part to fetch: what the carrier says of it, and since and until when it is tried."""

    index: int
    url: str
    size_bytes: int
    sha256: str
    create_time: float
    expire_time: float
    """Both in seconds since 1970."""


@dataclass(frozen=True)
class MediaArchive:
    """The operations, each inside the caller's transaction."""

    parts: Parts
    messages: Messages
    effects: Effects
    clock: Clock

    def expected(self, received: Message) -> Message:
        """Return a message that comes in with the states its parts begin in."""
        media = (replace(each, state=first_state(i)) for i, each in enumerate(received.media))
        return replace(received, media=tuple(media))

    async def queue(self, connection: AsyncConnection, received: Message) -> None:
        """Have every part of a message fetched that was stored in this transaction."""
        if not received.media:
            return
        types = [media.content_type for media in received.media]
        parts = planned(received.message_id, types, self.clock.now())
        await self.parts.add(connection, parts)
        for part, media in zip(parts, received.media, strict=True):
            if part.state is MediaState.PENDING:
                await self.effects.add(connection, _fetch(part, media))

    async def stored(
        self, connection: AsyncConnection, message_id: str, index: int, kept: Kept
    ) -> None:
        """Record a part whose bytes are in the archive, and have its thumbnail made."""
        part = await self._held(connection, message_id, index)
        if part is None or part.state is not MediaState.PENDING:
            return
        part = replace(
            part,
            state=MediaState.STORED,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            content_type=kept.content_type,
            hash_verified=kept.hash_verified,
            store_time=self.clock.now(),
        )
        if part.may_have_thumbnail:
            part = replace(part, thumbnail_state=ThumbnailState.PENDING)
            await self.effects.add(connection, _shrink(part))
        await self._save(connection, part)

    async def lost(
        self,
        connection: AsyncConnection,
        message_id: str,
        index: int,
        reason: MediaReason,
        detail: str,
    ) -> None:
        """Record a part that is not in the archive and will not be."""
        part = await self._held(connection, message_id, index)
        if part is not None:
            await self._save(connection, lost(part, reason, detail))

    async def shrunk(
        self,
        connection: AsyncConnection,
        message_id: str,
        index: int,
        result: Thumbnail | ThumbnailReason,
    ) -> None:
        """Record the thumbnail of a part, or why there is none."""
        part = await self.parts.hold(connection, message_id, index)
        if part is None:
            return
        if isinstance(result, Thumbnail):
            part = replace(part, thumbnail_state=ThumbnailState.STORED, thumbnail=result)
        else:
            failed = ThumbnailState.FAILED
            part = replace(part, thumbnail_state=failed, thumbnail_reason=result)
        await self.parts.save(connection, part)

    async def list(
        self, connection: AsyncConnection, message_id: str, *, limit: int, after: int = -1
    ) -> list[MediaPart]:
        """Return at most `limit` parts of a message after this index; raises NotFound."""
        if await self.messages.get(connection, message_id) is None:
            raise NotFound("MESSAGE_NOT_FOUND", "no such message")
        return await self.parts.of_message(connection, message_id, limit=limit, after=after)

    async def readable(self, connection: AsyncConnection, message_id: str, index: int) -> MediaPart:
        """Return a part whose bytes are in the archive; raises NotFound or NotYet."""
        part = await self._known(connection, message_id, index)
        if part.state is not MediaState.STORED:
            raise NotYet(
                "MEDIA_NOT_STORED",
                "this part is not in the archive",
                metadata={"media_state": part.state.name},
            )
        return part

    async def thumbnail(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> Thumbnail:
        """Return the thumbnail of a part; raises NotFound or NotYet."""
        part = await self._known(connection, message_id, index)
        if part.thumbnail is None:
            raise NotYet(
                "THUMBNAIL_NOT_STORED",
                "there is no thumbnail of this part",
                metadata={"thumbnail_state": part.thumbnail_state.name},
            )
        return part.thumbnail

    async def _known(self, connection: AsyncConnection, message_id: str, index: int) -> MediaPart:
        part = await self.parts.get(connection, message_id, index)
        if part is None:
            raise NotFound("MEDIA_NOT_FOUND", "the message has no such part")
        return part

    async def _held(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> MediaPart | None:
        """Return a part; its message is held first, always, so that nobody waits in a circle."""
        await self.messages.hold(connection, message_id)
        return await self.parts.hold(connection, message_id, index)

    async def _save(self, connection: AsyncConnection, part: MediaPart) -> None:
        """Save a part, and show its state in the message it belongs to."""
        await self.parts.save(connection, part)
        message = await self.messages.hold(connection, part.message_id)
        if message is None or part.index >= len(message.media):
            return
        media = list(message.media)
        shown = replace(media[part.index], state=part.state, stored_sha256=part.sha256)
        media[part.index] = shown
        await self.messages.save(connection, replace(message, media=tuple(media)))


def job_of(effect: Effect) -> FetchJob:
    """Read what an effect of kind FETCH asks for."""
    return FetchJob(**orjson.loads(effect.body))


def _fetch(part: MediaPart, media: Media) -> Effect:
    job = FetchJob(
        index=part.index,
        url=media.url,
        size_bytes=media.size_bytes,
        sha256=media.sha256,
        create_time=part.create_time.timestamp(),
        expire_time=part.expire_time.timestamp(),
    )
    return Effect(
        effect_id=f"media-{part.message_id}-{part.index}",
        kind=FETCH,
        body=orjson.dumps(job),
        entity_key=part.message_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_WINDOW,
        max_attempts=_ENDLESS,
    )


def _shrink(part: MediaPart) -> Effect:
    facts = {"index": part.index, "sha256": part.sha256, "content_type": part.content_type}
    return Effect(
        effect_id=f"thumbnail-{part.message_id}-{part.index}",
        kind=SHRINK,
        body=orjson.dumps(facts),
        entity_key=part.message_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_WINDOW,
        max_attempts=_ENDLESS,
    )
