"""What messaging knows of a part of a message: how far it is archived, and whether to show it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MAX_PARTS = 10
"""Parts of one message that are fetched; Telnyx itself sends at most as many."""

MAX_BYTES = 10 * 1024 * 1024
"""The largest part that is kept."""

GIVE_UP_AFTER = timedelta(hours=24)
"""How long a part that cannot be had is tried again; Telnyx keeps media for 30 days."""


class MediaState(StrEnum):
    """How far the archiving of a part has come; all but PENDING are final."""

    UNSPECIFIED = ""
    """Not archived: it belongs to a message that was sent."""
    PENDING = "pending"
    STORED = "stored"
    REJECTED = "rejected"
    EXPIRED = "expired"


class MediaReason(StrEnum):
    """Why a part is not in the archive."""

    UNSPECIFIED = ""
    HASH_MISMATCH = "hash_mismatch"
    SIZE_MISMATCH = "size_mismatch"
    TOO_LARGE = "too_large"
    TOO_MANY_PARTS = "too_many_parts"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    KEY_REFUSED = "key_refused"
    BAD_ANSWER = "bad_answer"
    EMPTY = "empty"
    LINK_GONE = "link_gone"
    UNAVAILABLE = "unavailable"

    @property
    def state(self) -> MediaState:
        """Return the end a part comes to for this reason."""
        return MediaState.EXPIRED if self in _PASSING else MediaState.REJECTED


_PASSING = (MediaReason.KEY_REFUSED, MediaReason.LINK_GONE, MediaReason.UNAVAILABLE)
"""What may be otherwise tomorrow, and is tried again until the part expires."""


class ThumbnailState(StrEnum):
    """Whether there is a small picture of a part."""

    NONE = "none"
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class ThumbnailReason(StrEnum):
    """Why a thumbnail cannot be made."""

    UNSPECIFIED = ""
    UNREADABLE = "unreadable"
    TOO_MANY_PIXELS = "too_many_pixels"
    OUT_OF_RESOURCES = "out_of_resources"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The small picture of a part, under its own hash."""

    sha256: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """One part of a received message; what it has is what the proto says of it."""

    message_id: str
    index: int
    state: MediaState
    create_time: datetime
    expire_time: datetime
    declared_type: str = ""
    sha256: str = ""
    size_bytes: int = 0
    content_type: str = ""
    hash_verified: bool = False
    reason: MediaReason = MediaReason.UNSPECIFIED
    reason_detail: str = ""
    store_time: datetime | None = None
    thumbnail_state: ThumbnailState = ThumbnailState.NONE
    thumbnail: Thumbnail | None = None
    thumbnail_reason: ThumbnailReason = ThumbnailReason.UNSPECIFIED

    @property
    def safe_to_show(self) -> bool:
        """Say whether a viewer may show it; its first bytes decide, not the carrier's word."""
        return self.content_type in _SHOWN

    @property
    def may_have_thumbnail(self) -> bool:
        """Say whether it is a picture of a kind that is opened."""
        return self.state is MediaState.STORED and self.content_type in PICTURES


PICTURES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
"""The types thumbnails are made of, and the one decoder each may be given to."""

_SHOWN = frozenset(PICTURES) | {
    "video/mp4",
    "video/3gpp",
    "audio/amr",
    "audio/mpeg",
    "audio/wav",
    "text/plain",
}


def first_state(index: int) -> MediaState:
    """Return the state a part of a received message begins in."""
    return MediaState.PENDING if index < MAX_PARTS else MediaState.REJECTED


def planned(message_id: str, declared_types: Sequence[str], now: datetime) -> list[MediaPart]:
    """Return the parts of a message that has just come in."""
    return [
        MediaPart(
            message_id=message_id,
            index=index,
            state=first_state(index),
            reason=(MediaReason.UNSPECIFIED if index < MAX_PARTS else MediaReason.TOO_MANY_PARTS),
            declared_type=declared_type,
            create_time=now,
            expire_time=now + GIVE_UP_AFTER,
        )
        for index, declared_type in enumerate(declared_types)
    ]


def lost(part: MediaPart, reason: MediaReason, detail: str) -> MediaPart:
    """Return the part as one that is not in the archive, unless it has come to an end already."""
    if part.state is not MediaState.PENDING:
        return part
    return replace(part, state=reason.state, reason=reason, reason_detail=detail)
