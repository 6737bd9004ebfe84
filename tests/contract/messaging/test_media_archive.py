"""The archive of media on both databases: what is queued, what is recorded, what can be read."""

import asyncio
from dataclasses import replace

import orjson
import pytest

from chassis.effects import Done, Doubtful, Effect, Failed, RetryLater
from chassis.errors import NotFound, NotYet
from services.messaging.media.fetching import MediaFetcher
from services.messaging.media.model import (
    MediaPart,
    MediaReason,
    MediaState,
    Thumbnail,
    ThumbnailReason,
    ThumbnailState,
)
from services.messaging.media.thumbnails import Thumbnailer
from services.messaging.model import Media, Message
from services.messaging.use_cases.media_archive import FETCH, SHRINK, Kept, MediaArchive, job_of
from tests.contract.messaging.conftest import Bench, inbound

PICTURE = Media("https://media.example.com/a", "image/jpeg", 9, "ab")
CARD = Media("https://media.example.com/b", "text/vcard", 5, "")
KEPT = Kept(sha256="ab" * 32, size_bytes=9, content_type="image/png", hash_verified=True)


def mms(*media: Media, text: str | None = None) -> Message:
    """Return a message with these parts."""
    return inbound(text, media=media or (PICTURE, CARD))


def archive_of(bench: Bench) -> MediaArchive:
    """Return the archive that receiving puts parts into."""
    return bench.receiving.media


async def parts_of(bench: Bench, message: Message) -> list[MediaPart]:
    """Return the parts of a message."""
    async with bench.database.reading() as connection:
        return await archive_of(bench).list(connection, message.message_id, limit=50)


async def keep(bench: Bench, message: Message, index: int, kept: Kept = KEPT) -> None:
    """Record a part as stored, in a transaction of its own."""
    async with bench.transaction() as connection:
        await archive_of(bench).stored(connection, message.message_id, index, kept)


async def test_each_part_is_queued_with_the_message(bench: Bench) -> None:
    """One fetch per part, which says all that a fetch needs."""
    message = await bench.receive(mms())
    first, second = [record.effect for record in await bench.effects(FETCH)]
    assert (first.entity_key, second.entity_key) == (message.message_id,) * 2
    assert (job_of(first).index, job_of(first).url) == (0, PICTURE.url)
    assert (job_of(first).size_bytes, job_of(first).sha256) == (9, "ab")
    assert (job_of(second).index, job_of(second).url) == (1, CARD.url)
    assert [part.state for part in await parts_of(bench, message)] == [MediaState.PENDING] * 2


async def test_a_repeated_message_queues_nothing_more(bench: Bench) -> None:
    """The same webhook under another event id changes nothing."""
    message = mms()
    await bench.receive(message)
    await keep(bench, message, 0)
    await bench.receive(message)
    assert len(await bench.effects(FETCH)) == 2
    states = [part.state for part in await parts_of(bench, message)]
    assert states == [MediaState.STORED, MediaState.PENDING]


async def test_nothing_is_queued_when_the_message_is_not_stored(bench: Bench) -> None:
    """Message and fetches are one transaction."""
    message = mms()

    async def interrupted() -> None:
        async with bench.transaction() as connection:
            stored = archive_of(bench).expected(message)
            assert await bench.messages.add(connection, stored)
            await archive_of(bench).queue(connection, stored)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await interrupted()
    assert await bench.message(message.message_id) is None
    assert await bench.effects(FETCH) == []


async def test_a_message_with_too_many_parts_keeps_ten(bench: Bench) -> None:
    """The rest has an outcome at once, and the message shows it."""
    media = [replace(PICTURE, url=f"https://media.example.com/{n}") for n in range(12)]
    message = await bench.receive(mms(*media))
    assert len(await bench.effects(FETCH)) == 10
    last = (await parts_of(bench, message))[-1]
    assert (last.state, last.reason) == (MediaState.REJECTED, MediaReason.TOO_MANY_PARTS)
    shown = await bench.message(message.message_id)
    assert shown is not None
    assert [each.state for each in shown.media].count(MediaState.PENDING) == 10
    assert shown.media[11].state is MediaState.REJECTED


async def test_media_of_somebody_who_has_opted_out_is_archived(bench: Bench) -> None:
    """A STOP, and whatever comes after it, is kept like any other message."""
    stop = await bench.receive(mms(PICTURE, text="STOP"))
    later = await bench.receive(mms(CARD))
    queued = [record.effect.entity_key for record in await bench.effects(FETCH)]
    assert queued == [stop.message_id, later.message_id]


async def test_a_stored_picture_is_shown_in_its_message_and_gets_a_thumbnail(bench: Bench) -> None:
    """The part, the message and the next effect change together."""
    message = await bench.receive(mms())
    await keep(bench, message, 0)
    part = (await parts_of(bench, message))[0]
    assert (part.state, part.sha256, part.size_bytes) == (MediaState.STORED, KEPT.sha256, 9)
    assert (part.store_time, part.thumbnail_state) == (bench.clock.now(), ThumbnailState.PENDING)
    shown = await bench.message(message.message_id)
    assert shown is not None
    assert (shown.media[0].state, shown.media[0].stored_sha256) == (part.state, KEPT.sha256)
    assert shown.media[1].state is MediaState.PENDING
    (shrink,) = await bench.effects(SHRINK)
    assert orjson.loads(shrink.effect.body)["sha256"] == KEPT.sha256


async def test_what_is_no_picture_gets_no_thumbnail(bench: Bench) -> None:
    """A contact is stored and that is all."""
    message = await bench.receive(mms(CARD))
    await keep(bench, message, 0, replace(KEPT, content_type="text/vcard"))
    assert (await parts_of(bench, message))[0].thumbnail_state is ThumbnailState.NONE
    assert await bench.effects(SHRINK) == []


async def test_parts_that_are_stored_at_the_same_time_do_not_undo_each_other(bench: Bench) -> None:
    """Ten results of one message at once: each is in the message afterwards."""
    media = [replace(PICTURE, url=f"https://media.example.com/{n}") for n in range(10)]
    message = await bench.receive(mms(*media))
    await asyncio.gather(*(keep(bench, message, index) for index in range(10)))
    shown = await bench.message(message.message_id)
    assert shown is not None
    assert [each.state for each in shown.media] == [MediaState.STORED] * 10


async def test_a_fetch_is_settled_by_its_outcome(bench: Bench) -> None:
    """Done stores, Failed ends with its reason, and anything else leaves the part pending."""
    message = await bench.receive(mms())
    fetcher = MediaFetcher(archive_of(bench), None, None, bench.clock)  # type: ignore[arg-type]
    effects = [record.effect for record in await bench.effects(FETCH)]

    async def settled(effect: Effect, outcome: object) -> MediaPart:
        async with bench.transaction() as connection:
            await fetcher.settle(connection, effect, outcome)  # type: ignore[arg-type]
        return (await parts_of(bench, message))[job_of(effect).index]

    first, second = effects
    for passing in (RetryLater(1.0, "UNAVAILABLE"), Doubtful("INTERRUPTED")):
        assert (await settled(first, passing)).state is MediaState.PENDING
    facts = {"size_bytes": 9, "content_type": "image/png", "hash_verified": True}
    done = Done(KEPT.sha256, orjson.dumps(facts))
    assert (await settled(first, done)).state is MediaState.STORED
    assert (await settled(first, Failed("LINK_GONE", "404"))).state is MediaState.STORED
    gone = await settled(second, Failed("LINK_GONE", "404"))
    assert (gone.state, gone.reason, gone.reason_detail) == (
        MediaState.EXPIRED,
        MediaReason.LINK_GONE,
        "404",
    )
    shown = await bench.message(message.message_id)
    assert shown is not None
    assert [each.state for each in shown.media] == [MediaState.STORED, MediaState.EXPIRED]


async def test_a_thumbnail_is_settled_by_its_outcome(bench: Bench) -> None:
    """It can be had, or the part says why not; the part itself stays as it is."""
    message = await bench.receive(mms(PICTURE, PICTURE))
    await keep(bench, message, 0)
    await keep(bench, message, 1)
    thumbnailer = Thumbnailer(archive_of(bench), None, None)  # type: ignore[arg-type]
    first, second = [record.effect for record in await bench.effects(SHRINK)]
    made = Thumbnail("cd" * 32, "image/jpeg", 5)
    facts = {"content_type": "image/jpeg", "size_bytes": 5}
    async with bench.transaction() as connection:
        await thumbnailer.settle(connection, first, Done(made.sha256, orjson.dumps(facts)))
        await thumbnailer.settle(connection, second, Failed("TOO_MANY_PIXELS"))
    one, other = await parts_of(bench, message)
    assert (one.thumbnail_state, one.thumbnail) == (ThumbnailState.STORED, made)
    assert (other.state, other.thumbnail_state) == (MediaState.STORED, ThumbnailState.FAILED)
    assert other.thumbnail_reason is ThumbnailReason.TOO_MANY_PIXELS


async def test_only_what_is_there_can_be_read(bench: Bench) -> None:
    """A missing message, a missing part and a missing archive copy are told apart."""
    message = await bench.receive(mms())
    archive = archive_of(bench)
    async with bench.database.reading() as connection:
        with pytest.raises(NotFound) as no_message:
            await archive.list(connection, "none", limit=1)
        with pytest.raises(NotFound) as no_part:
            await archive.readable(connection, message.message_id, 2)
        with pytest.raises(NotYet) as not_stored:
            await archive.readable(connection, message.message_id, 0)
        with pytest.raises(NotYet) as no_thumbnail:
            await archive.thumbnail(connection, message.message_id, 0)
    assert no_message.value.reason == "MESSAGE_NOT_FOUND"
    assert no_part.value.reason == "MEDIA_NOT_FOUND"
    assert (not_stored.value.reason, not_stored.value.metadata) == (
        "MEDIA_NOT_STORED",
        {"media_state": "PENDING"},
    )
    assert no_thumbnail.value.metadata == {"thumbnail_state": "NONE"}
