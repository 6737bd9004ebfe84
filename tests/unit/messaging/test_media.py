"""Parts of messages: what they begin as, what they end as, and what of them is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from switchhook.messaging.v1 import media_pb2

from carrier.magic import MediaKind
from services.messaging.media import translate as media_translate
from services.messaging.media.model import (
    PICTURES,
    MediaPart,
    MediaReason,
    MediaState,
    Thumbnail,
    ThumbnailReason,
    ThumbnailState,
    lost,
    planned,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PART = MediaPart(
    message_id="m-1",
    index=0,
    state=MediaState.PENDING,
    create_time=NOON,
    expire_time=NOON + timedelta(hours=24),
)


def test_ten_parts_are_fetched_and_the_rest_is_rejected() -> None:
    """Each part has an outcome, however many there are."""
    parts = planned("m-1", ["image/png"] * 12, NOON)
    assert [part.index for part in parts] == list(range(12))
    assert [part.state for part in parts[:10]] == [MediaState.PENDING] * 10
    assert {(part.state, part.reason) for part in parts[10:]} == {
        (MediaState.REJECTED, MediaReason.TOO_MANY_PARTS)
    }


@pytest.mark.parametrize("reason", [each for each in MediaReason if each.value])
def test_a_lost_part_has_come_to_an_end(reason: MediaReason) -> None:
    """What might have passed by has expired; anything else was rejected."""
    passing = {MediaReason.LINK_GONE, MediaReason.UNAVAILABLE, MediaReason.KEY_REFUSED}
    expected = MediaState.EXPIRED if reason in passing else MediaState.REJECTED
    assert lost(PART, reason, "why").state is expected


def test_a_stored_part_is_never_lost() -> None:
    """An end holds."""
    stored = replace(PART, state=MediaState.STORED, sha256="ab")
    assert lost(stored, MediaReason.LINK_GONE, "404") == stored


@pytest.mark.parametrize("kind", MediaKind)
def test_only_pictures_sound_video_and_text_are_shown(kind: MediaKind) -> None:
    """Documents, contacts, layouts and what nobody knows are for saving only."""
    saved_only = {
        MediaKind.PDF,
        MediaKind.TIFF,
        MediaKind.VCARD,
        MediaKind.SMIL,
        MediaKind.OTHER,
    }
    part = replace(PART, state=MediaState.STORED, content_type=kind.value)
    assert part.safe_to_show == (kind not in saved_only)
    assert part.may_have_thumbnail == (kind.value in PICTURES)


def test_every_word_of_the_model_is_in_the_contract() -> None:
    """Each state and each reason has its value, and the contract has no other."""
    for ours, theirs, prefix, unset in (
        (MediaState, media_pb2.MediaState, "MEDIA_STATE_", set()),
        (MediaReason, media_pb2.MediaReason, "MEDIA_REASON_", set()),
        (ThumbnailState, media_pb2.ThumbnailState, "THUMBNAIL_STATE_", {"UNSPECIFIED"}),
        (ThumbnailReason, media_pb2.ThumbnailReason, "THUMBNAIL_REASON_", set()),
    ):
        names = {name.removeprefix(prefix) for name in theirs.keys()}  # noqa: SIM118
        assert names == set(ours.__members__) | unset


def test_a_part_is_shown_whole() -> None:
    """Every field of the contract is filled from the model."""
    known = replace(
        PART,
        index=3,
        state=MediaState.STORED,
        declared_type="image/jpg",
        sha256="ab",
        size_bytes=7,
        content_type="image/png",
        hash_verified=True,
        reason=MediaReason.EMPTY,
        reason_detail="why",
        store_time=NOON,
        thumbnail_state=ThumbnailState.STORED,
        thumbnail=Thumbnail("cd", "image/jpeg", 5),
        thumbnail_reason=ThumbnailReason.CRASHED,
    )
    shown = media_translate.part(known)
    filled = {field.name for field, _ in shown.ListFields()}
    assert filled == set(shown.DESCRIPTOR.fields_by_name)
    assert (shown.sha256, shown.thumbnail_sha256) == ("ab", "cd")
