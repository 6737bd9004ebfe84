"""Translate between the archive's model and `switchhook.messaging.v1`, by name."""

from switchhook.messaging.v1 import media_pb2

from chassis.errors import FieldViolation, Invalid
from services.messaging.media.model import (
    MediaPart,
    MediaReason,
    MediaState,
    ThumbnailReason,
    ThumbnailState,
)
from services.messaging.translate import timestamp


def part(known: MediaPart) -> media_pb2.MediaPart:
    """Return a part as the contract shows it."""
    thumbnail = known.thumbnail
    return media_pb2.MediaPart(
        message_id=known.message_id,
        index=known.index,
        state=_state(known.state),
        sha256=known.sha256,
        size_bytes=known.size_bytes,
        content_type=known.content_type,
        declared_type=known.declared_type,
        hash_verified=known.hash_verified,
        safe_to_show=known.safe_to_show,
        reason=_reason(known.reason),
        reason_detail=known.reason_detail,
        thumbnail_state=_thumbnail_state(known.thumbnail_state),
        thumbnail_sha256=thumbnail.sha256 if thumbnail else "",
        thumbnail_type=thumbnail.content_type if thumbnail else "",
        thumbnail_size_bytes=thumbnail.size_bytes if thumbnail else 0,
        thumbnail_reason=_thumbnail_reason(known.thumbnail_reason),
        create_time=timestamp(known.create_time),
        store_time=timestamp(known.store_time),
        expire_time=timestamp(known.expire_time),
    )


def position(decoded: list[str | int]) -> int:
    """Return the index a page before ended with, -1 for the first page; raises Invalid."""
    match decoded:
        case []:
            return -1
        case [int(index)] if 0 <= index < 1 << 31:
            return index
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def _state(value: MediaState) -> media_pb2.MediaState.ValueType:
    return media_pb2.MediaState.Value(f"MEDIA_STATE_{value.name}")


def _reason(value: MediaReason) -> media_pb2.MediaReason.ValueType:
    return media_pb2.MediaReason.Value(f"MEDIA_REASON_{value.name}")


def _thumbnail_state(value: ThumbnailState) -> media_pb2.ThumbnailState.ValueType:
    return media_pb2.ThumbnailState.Value(f"THUMBNAIL_STATE_{value.name}")


def _thumbnail_reason(value: ThumbnailReason) -> media_pb2.ThumbnailReason.ValueType:
    return media_pb2.ThumbnailReason.Value(f"THUMBNAIL_REASON_{value.name}")
