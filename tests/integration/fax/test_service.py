"""The fax service from outside; the carrier is the simulator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import grpc
import pytest
from switchhook.event.v1 import event_pb2, fax_event_pb2, party_pb2
from switchhook.fax.v1 import fax_event_pb2 as announcements
from switchhook.fax.v1 import fax_pb2, fax_service_pb2

from chassis.errors import NotFound
from chassis.jetstream import Bus
from chassis.streams import EVENTS
from tests.support.eventually import eventually
from tests.support.fax_world import World, received


async def test_a_received_fax_is_fetched_stored_announced_and_streamed(everywhere: World) -> None:
    """The document behind the link comes back byte for byte, and the stream hears of it once."""
    sent = await asyncio.to_thread(
        everywhere.control.post, "/_sim/fax", {"from": "+13125550101", "pages": 2}
    )
    fax_id = sent["fax_id"]
    url = await eventually(lambda: everywhere.link(fax_id))
    for attempt in ("event-1", "event-2"):
        await everywhere.tell(attempt, received(fax_id, url))
    fax = await everywhere.in_state(fax_id, fax_pb2.DOCUMENT_STATE_STORED)
    assert fax.state == fax_pb2.FAX_STATE_RECEIVED
    assert (fax.page_count, fax.from_number) == (2, "+13125550101")
    pieces = [
        piece
        async for piece in everywhere.faxes.GetFaxDocument(
            fax_service_pb2.GetFaxDocumentRequest(fax_id=fax_id)
        )
    ]
    content = b"".join(piece.chunk for piece in pieces[1:])
    assert pieces[0].document == fax.document
    assert content.startswith(b"%PDF-")
    assert len(content) == fax.document.size_bytes

    async def announced() -> list[announcements.FaxStored]:
        return [event async for event in _announcements(everywhere.stream)]

    stored = await eventually(announced)
    assert [each.fax_id for each in stored] == [fax_id]
    assert stored[0].document.sha256 == fax.document.sha256


async def _announcements(stream: Bus) -> AsyncIterator[announcements.FaxStored]:
    sequence = 1
    with suppress(NotFound):
        while True:
            found = await stream.next(EVENTS, sequence, "events.v1.fax.fax.stored")
            message = announcements.FaxStored()
            assert event_pb2.Event.FromString(found.payload).service.Unpack(message)
            yield message
            sequence = found.sequence + 1


async def test_a_link_to_somewhere_else_is_not_followed(world: World) -> None:
    """A signed event may still name any host: only listed ones are asked, and it is said why."""
    await world.tell("event-1", received("fax-1", "http://127.0.0.1:9/metadata"))
    fax = await world.in_state("fax-1", fax_pb2.DOCUMENT_STATE_LOST)
    assert fax.document.reason == "SCHEME"
    pieces = world.faxes.GetFaxDocument(fax_service_pb2.GetFaxDocumentRequest(fax_id="fax-1"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        [piece async for piece in pieces]
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_the_fate_of_an_outgoing_fax_is_kept(world: World) -> None:
    """A failure names its reason, and a late event does not take it back."""
    fax = fax_event_pb2.FaxEvent(fax_id="fax-9", direction=party_pb2.DIRECTION_OUTBOUND)
    failed, queued = fax_event_pb2.FaxEvent(), fax_event_pb2.FaxEvent()
    failed.CopyFrom(fax)
    failed.failed.SetInParent()
    failed.failure_reason = "user_busy"
    queued.CopyFrom(fax)
    queued.queued.SetInParent()
    await world.tell("event-1", failed)
    await world.tell("event-2", queued)

    async def both() -> bool:
        return (await world.stream.state(EVENTS)).messages == 2 and await world.read(
            "fax-9"
        ) is not None

    await eventually(both)
    kept = await world.read("fax-9")
    assert kept is not None
    assert (kept.state, kept.failure_reason) == (fax_pb2.FAX_STATE_FAILED, "user_busy")
    assert not kept.HasField("document")


async def test_every_bad_field_of_a_list_is_named(world: World) -> None:
    """INVALID_ARGUMENT lists all of them."""
    request = fax_service_pb2.ListFaxesRequest(page_size=-1, number="12", states=[99])  # type: ignore[list-item]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.faxes.ListFaxes(request)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = refused.value.details() or ""
    assert all(name in details for name in ("page_size", "number", "states"))


async def test_lists_page_through_every_fax(world: World) -> None:
    """Following the tokens shows each fax once."""
    for number in range(5):
        fax = fax_event_pb2.FaxEvent(fax_id=f"fax-{number}")
        fax.queued.SetInParent()
        await world.tell(f"event-{number}", fax)

    async def walk() -> list[str]:
        seen: list[str] = []
        token = ""
        while True:
            request = fax_service_pb2.ListFaxesRequest(page_size=2, page_token=token)
            reply = await world.faxes.ListFaxes(request)
            seen += [fax.fax_id for fax in reply.faxes]
            token = reply.next_page_token
            if not token:
                return seen

    async def all_there() -> list[str]:
        seen = await walk()
        assert sorted(seen) == [f"fax-{number}" for number in range(5)]
        return seen

    await eventually(all_there)
