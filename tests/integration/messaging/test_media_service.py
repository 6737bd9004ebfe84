"""Media through the whole service: webhooks in, the carrier's files fetched, gRPC out."""

import asyncio
import hashlib
import io
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from PIL import Image
from switchhook.messaging.v1 import media_pb2, media_service_pb2, message_pb2

from tests.integration.messaging.suite import (
    Suite,
    fake_telnyx,
    inbound,
    messaging,
    whole_suite,
)
from tests.support.eventually import eventually

State, Reason = media_pb2.MediaState, media_pb2.MediaReason
Thumb = media_pb2.ThumbnailState
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Lovelace\r\nEND:VCARD\r\n"
SMIL = b'<?xml version="1.0"?>\n<smil><body><par><img src="photo"/></par></body></smil>'


def photo() -> bytes:
    """Return a picture larger than one chunk."""
    written = io.BytesIO()
    Image.effect_noise((400, 300), 90).save(written, "PNG")
    return written.getvalue()


def entry(suite: Suite, name: str, content: bytes, **changes: Any) -> dict[str, Any]:
    """Return a file as the media entry of a webhook, and put it where it says."""
    suite.telnyx.files.setdefault(name, content)
    said = {
        "url": suite.telnyx.media_url(name),
        "content_type": "application/octet-stream",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return {**said, **changes}


async def mms(suite: Suite, *media: dict[str, Any], text: str | None = None) -> str:
    """Deliver a message with these parts and return its id."""
    webhook = inbound(text, type="MMS", media=list(media))
    before = {message.message_id for message in await suite.all_messages()}
    await suite.deliver(webhook)

    async def arrived() -> str:
        found = {message.message_id for message in await suite.all_messages()} - before
        return next(iter(found), "")

    return await eventually(arrived) or ""


async def parts(suite: Suite, message_id: str) -> list[media_pb2.MediaPart]:
    """Return the parts of a message."""
    request = media_service_pb2.ListMediaRequest(message_id=message_id)
    return list((await suite.media.ListMedia(request)).parts)


async def settled(suite: Suite, message_id: str) -> list[media_pb2.MediaPart]:
    """Wait until nothing of a message is pending, and return its parts."""

    async def check() -> list[media_pb2.MediaPart]:
        found = await parts(suite, message_id)
        waiting = [
            part
            for part in found
            if part.state == State.MEDIA_STATE_PENDING
            or part.thumbnail_state == Thumb.THUMBNAIL_STATE_PENDING
        ]
        return [] if waiting else found

    return await eventually(check, timeout=30) or []


async def content(
    suite: Suite, message_id: str, index: int = 0
) -> tuple[media_pb2.MediaPart, bytes]:
    """Return the facts and the bytes of a part."""
    request = media_service_pb2.GetMediaRequest(message_id=message_id, index=index)
    pieces = [piece async for piece in suite.media.GetMedia(request)]
    assert max(len(piece.chunk) for piece in pieces) <= 64 * 1024
    return pieces[0].part, b"".join(piece.chunk for piece in pieces[1:])


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason of a refusal."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info = ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return str(info.reason)


async def test_every_part_is_archived_and_handed_out(nats_url: str, database_url: str) -> None:
    """A picture, a contact, a layout, a text and something unknown: all kept, each by its bytes."""
    picture = photo()
    files = {
        "photo": (picture, "image/png"),
        "card": (VCARD, "text/vcard"),
        "layout": (SMIL, "application/smil"),
        "note": ("grüße 👋".encode(), "text/plain"),
        "page": (b"<html><script>alert(1)</script>", "application/octet-stream"),
    }
    async with whole_suite(nats_url, database_url) as suite:
        media = [entry(suite, name, data) for name, (data, _) in files.items()]
        message_id = await mms(suite, *media)
        found = await settled(suite, message_id)
        assert [part.content_type for part in found] == [kind for _, kind in files.values()]
        assert all(part.state == State.MEDIA_STATE_STORED for part in found)
        assert all(part.hash_verified for part in found)
        assert [part.safe_to_show for part in found] == [True, False, False, True, False]
        for index, (data, _) in enumerate(files.values()):
            part, received = await content(suite, message_id, index)
            assert (part, received) == (found[index], data)
        first = await suite.media.ListMedia(
            media_service_pb2.ListMediaRequest(message_id=message_id, page_size=3)
        )
        rest = await suite.media.ListMedia(
            media_service_pb2.ListMediaRequest(
                message_id=message_id, page_size=3, page_token=first.next_page_token
            )
        )
        assert [*first.parts, *rest.parts] == found
        assert (len(first.parts), rest.next_page_token) == (3, "")
        message = await suite.message(message_id=message_id)
        assert [each.stored_sha256 for each in message.media] == [part.sha256 for part in found]
        assert not message.HasField("text")
        thumbnail = await suite.media.GetThumbnail(
            media_service_pb2.GetThumbnailRequest(message_id=message_id, index=0)
        )
        shown = thumbnail.thumbnail
        assert hashlib.sha256(shown.content).hexdigest() == found[0].thumbnail_sha256
        assert Image.open(io.BytesIO(shown.content)).size == (256, 192)
        with pytest.raises(grpc.aio.AioRpcError) as none:
            await suite.media.GetThumbnail(
                media_service_pb2.GetThumbnailRequest(message_id=message_id, index=1)
            )
        assert reason_of(none.value) == "THUMBNAIL_NOT_STORED"


async def endless(request: web.Request) -> web.StreamResponse:
    """Send a picture that never ends, without saying how long it is."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"\x89PNG\r\n\x1a\n")
    while True:
        await response.write(bytes(1024 * 1024))


async def test_what_is_not_what_it_should_be_is_rejected(
    nats_url: str, sqlite_database_url: str, tmp_path: Path
) -> None:
    """Wrong hashes and sizes, redirects to private addresses and endless bodies leave no byte."""
    away = "http://127.0.0.1:9/media/secret"
    metadata = "http://169.254.169.254/latest/meta-data/"
    async with whole_suite(
        nats_url, sqlite_database_url, MESSAGING_MEDIA_URL=str(tmp_path / "media")
    ) as suite:
        files = suite.telnyx.files
        files["elsewhere"] = web.Response(status=302, headers={"Location": away})
        files["metadata"] = web.Response(status=302, headers={"Location": metadata})
        files["endless"] = endless
        message_id = await mms(
            suite,
            entry(suite, "one", VCARD, sha256="0" * 64),
            entry(suite, "two", VCARD, sha256="", size=1),
            entry(suite, "elsewhere", b""),
            entry(suite, "metadata", b""),
            entry(suite, "endless", b"", size=None, sha256=None),
            entry(suite, "empty", b"", size=None, sha256=None),
            {"url": "https://media.example.com/a", "content_type": "image/png"},
            {"url": "file:///etc/passwd"},
            {"url": ""},
        )
        found = await settled(suite, message_id)
        assert [Reason.Name(part.reason).removeprefix("MEDIA_REASON_") for part in found] == [
            "HASH_MISMATCH",
            "SIZE_MISMATCH",
            "SOURCE_NOT_ALLOWED",
            "SOURCE_NOT_ALLOWED",
            "TOO_LARGE",
            "EMPTY",
            "SOURCE_NOT_ALLOWED",
            "SOURCE_NOT_ALLOWED",
            "SOURCE_NOT_ALLOWED",
        ]
        assert {part.state for part in found} == {State.MEDIA_STATE_REJECTED}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await content(suite, message_id)
        assert reason_of(refused.value) == "MEDIA_NOT_STORED"
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


async def test_hostile_pictures_leave_the_service_alone(
    nats_url: str, sqlite_database_url: str
) -> None:
    """What breaks or starves a child is stored as it came, and texts go on being sent."""
    whole = photo()
    bomb = whole[:16] + (60_000).to_bytes(4, "big") * 2 + whole[24:]
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        message_id = await mms(
            suite, entry(suite, "bomb", bomb), entry(suite, "half", whole[: len(whole) // 2])
        )
        found = await settled(suite, message_id)
        assert {part.state for part in found} == {State.MEDIA_STATE_STORED}
        assert {part.thumbnail_state for part in found} == {Thumb.THUMBNAIL_STATE_FAILED}
        sent = await suite.send()
        status = message_pb2.MessageStatus.MESSAGE_STATUS_SENDING
        await suite.reaches(status, message_id=sent.message_id)


async def test_media_of_somebody_who_has_opted_out_is_still_archived(
    nats_url: str, sqlite_database_url: str
) -> None:
    """A picture after a STOP is kept; nothing is answered."""
    async with whole_suite(nats_url, sqlite_database_url) as suite:
        await mms(suite, entry(suite, "first", VCARD), text="STOP")
        later = await mms(suite, entry(suite, "second", VCARD + b"\r\n"))
        assert (await settled(suite, later))[0].state == State.MEDIA_STATE_STORED


async def test_what_was_pending_is_fetched_after_a_restart(
    nats_url: str, database_url: str, tmp_path: Path
) -> None:
    """The carrier's store is away, the service ends, and the next one brings the part in."""
    folder = str(tmp_path / "media")
    async with fake_telnyx() as telnyx:
        telnyx.files["photo"] = web.Response(status=503)
        async with messaging(nats_url, database_url, telnyx, MESSAGING_MEDIA_URL=folder) as suite:
            message_id = await mms(suite, entry(suite, "photo", VCARD))
            await eventually(lambda: "photo" in telnyx.fetched)
            assert (await parts(suite, message_id))[0].state == State.MEDIA_STATE_PENDING
        telnyx.files["photo"] = VCARD
        async with messaging(nats_url, database_url, telnyx, MESSAGING_MEDIA_URL=folder) as suite:
            assert (await settled(suite, message_id))[0].state == State.MEDIA_STATE_STORED
            assert (await content(suite, message_id))[1] == VCARD


async def test_texts_are_sent_while_the_carriers_media_is_slow(
    nats_url: str, sqlite_database_url: str
) -> None:
    """Parts that hang, more than are fetched at a time, hold up no message."""
    hanging = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await hanging.wait()
        return web.Response(body=VCARD)

    async with whole_suite(nats_url, sqlite_database_url) as suite:
        media = []
        for number in range(10):
            suite.telnyx.files[f"slow-{number}"] = hang
            media.append(entry(suite, f"slow-{number}", VCARD))
        first, second = await mms(suite, *media), await mms(suite, *media)
        try:
            await eventually(lambda: len(suite.telnyx.fetched) >= 8)
            sent = await suite.send()
            status = message_pb2.MessageStatus.MESSAGE_STATUS_SENDING
            await suite.reaches(status, message_id=sent.message_id)
        finally:
            hanging.set()
        for message_id in (first, second):
            states = {part.state for part in await settled(suite, message_id)}
            assert states == {State.MEDIA_STATE_STORED}
