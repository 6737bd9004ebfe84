"""Parts of messages in the database: one method per query, rows to model and back."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.media.model import (
    MediaPart,
    MediaReason,
    MediaState,
    Thumbnail,
    ThumbnailReason,
    ThumbnailState,
)
from services.messaging.media.tables import media_parts


class MediaStore:
    """Parts of messages, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, parts: Sequence[MediaPart]) -> None:
        """Insert the parts of a message that was inserted in the same transaction."""
        await connection.execute(sa.insert(media_parts), [_values(part) for part in parts])

    async def hold(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> MediaPart | None:
        """Return a part and keep others from changing it until the transaction ends."""
        return await _one(connection, message_id, index, for_update=True)

    async def get(
        self, connection: AsyncConnection, message_id: str, index: int
    ) -> MediaPart | None:
        """Return a part, or None."""
        return await _one(connection, message_id, index, for_update=False)

    async def save(self, connection: AsyncConnection, part: MediaPart) -> None:
        """Write back a part that is held."""
        where = (
            media_parts.c.message_id == part.message_id,
            media_parts.c.part_index == part.index,
        )
        await connection.execute(sa.update(media_parts).where(*where).values(_values(part)))

    async def of_message(
        self, connection: AsyncConnection, message_id: str, *, limit: int, after: int = -1
    ) -> list[MediaPart]:
        """Return at most `limit` parts of a message, in order, that come after this index."""
        query = sa.select(media_parts).where(
            media_parts.c.message_id == message_id, media_parts.c.part_index > after
        )
        rows = await connection.execute(query.order_by(media_parts.c.part_index).limit(limit))
        return [_part(row) for row in rows]


async def _one(
    connection: AsyncConnection, message_id: str, index: int, *, for_update: bool
) -> MediaPart | None:
    query = sa.select(media_parts).where(
        media_parts.c.message_id == message_id, media_parts.c.part_index == index
    )
    if for_update:
        query = query.with_for_update()
    row = (await connection.execute(query)).first()
    return None if row is None else _part(row)


def _values(part: MediaPart) -> dict[str, Any]:
    thumbnail = part.thumbnail
    return {
        "message_id": part.message_id,
        "part_index": part.index,
        "state": part.state.value,
        "declared_type": part.declared_type,
        "sha256": part.sha256,
        "size_bytes": part.size_bytes,
        "content_type": part.content_type,
        "hash_verified": part.hash_verified,
        "reason": part.reason.value,
        "reason_detail": part.reason_detail,
        "thumbnail_state": part.thumbnail_state.value,
        "thumbnail_sha256": thumbnail.sha256 if thumbnail else "",
        "thumbnail_type": thumbnail.content_type if thumbnail else "",
        "thumbnail_size_bytes": thumbnail.size_bytes if thumbnail else 0,
        "thumbnail_reason": part.thumbnail_reason.value,
        "create_time": part.create_time,
        "store_time": part.store_time,
        "expire_time": part.expire_time,
    }


def _part(row: sa.Row[Any]) -> MediaPart:
    return MediaPart(
        message_id=row.message_id,
        index=row.part_index,
        state=MediaState(row.state),
        declared_type=row.declared_type,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        content_type=row.content_type,
        hash_verified=row.hash_verified,
        reason=MediaReason(row.reason),
        reason_detail=row.reason_detail,
        thumbnail_state=ThumbnailState(row.thumbnail_state),
        thumbnail=_thumbnail(row),
        thumbnail_reason=ThumbnailReason(row.thumbnail_reason),
        create_time=row.create_time,
        store_time=row.store_time,
        expire_time=row.expire_time,
    )


def _thumbnail(row: sa.Row[Any]) -> Thumbnail | None:
    if not row.thumbnail_sha256:
        return None
    return Thumbnail(row.thumbnail_sha256, row.thumbnail_type, row.thumbnail_size_bytes)
