"""Reading events over gRPC: one, pages, and watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.event.v1.event_pb2 import Event, EventSource
from switchhook.gateway.v1.event_record_pb2 import EventFilter
from switchhook.gateway.v1.event_service_pb2 import (
    GetEventRequest,
    GetEventResponse,
    ListEventsRequest,
    ListEventsResponse,
    WatchEventsRequest,
    WatchEventsResponse,
)

from chassis.streams import EVENTS
from tests.integration.gateway.door import Door, gateway, identity, stream, webhook
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

_FOREVER = 60


async def found(door: Door, event_id: str) -> GetEventResponse:
    """Return an event as soon as the index has it."""

    async def get() -> GetEventResponse | None:
        try:
            return await door.events.GetEvent(GetEventRequest(event_id=event_id, include_raw=True))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            return None

    answer = await eventually(get)
    assert answer is not None
    return answer


async def everything(door: Door, **request: Any) -> list[str]:
    """Return the ids of all pages of a list, in order."""
    ids: list[str] = []
    token = ""
    while True:
        page = await door.events.ListEvents(ListEventsRequest(page_token=token, **request))
        ids += [record.event.event_id for record in page.records]
        token = page.next_page_token
        if not token:
            return ids


def reason(error: grpc.aio.AioRpcError) -> tuple[str, dict[str, str]]:
    """Return the reason and the metadata of a failed call."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            assert info.domain == "gateway.switchhook"
            return info.reason, dict(info.metadata)
    raise AssertionError("no ErrorInfo")


def bad_fields(error: grpc.aio.AioRpcError) -> set[str]:
    """Return the fields a refused request is told of."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status is not None
    bad = error_details_pb2.BadRequest()
    return {
        violation.field
        for detail in status.details
        if detail.Unpack(bad)
        for violation in bad.field_violations
    }


class Watch:
    """One watch, its steps sorted."""

    def __init__(self, call: Any) -> None:
        """Read the steps of `call`."""
        self._call = call

    async def step(self) -> WatchEventsResponse:
        """Return the next step."""
        async with asyncio.timeout(_FOREVER):
            step = await self._call.read()
        assert isinstance(step, WatchEventsResponse)
        return step

    async def events(self, count: int) -> list[str]:
        """Return the ids of the next so many events."""
        ids: list[str] = []
        while len(ids) < count:
            step = await self.step()
            if step.HasField("record"):
                ids.append(step.record.event.event_id)
        return ids


@asynccontextmanager
async def watching(door: Door, **request: Any) -> AsyncIterator[Watch]:
    """Watch for the block; the watch is in place when the block begins."""
    call = door.events.WatchEvents(WatchEventsRequest(**request))
    watch = Watch(call)
    assert (await watch.step()).HasField("progress")
    yield watch
    call.cancel()


async def test_an_event_is_found_by_its_id(nats_server: NatsServer, tmp_path: Path) -> None:
    """GetEvent returns the event as it stands on the stream, its raw body only when asked."""
    body = webhook("call.initiated")
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        await door.deliver(body)
        record = (await found(door, identity(body))).record
        (message,) = await stored.messages()
        assert record.sequence == message.sequence
        assert record.event == Event.FromString(message.payload)
        without = await door.events.GetEvent(GetEventRequest(event_id=identity(body)))
        assert without.record.event.raw == b""
        assert without.record.event.type == "call.initiated"


async def test_an_unknown_and_an_expired_event_are_told_apart(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """NOT_FOUND says whether the event never was or is no longer held."""
    body = webhook()
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await door.events.GetEvent(GetEventRequest(event_id="nothing"))
        assert reason(unknown.value)[0] == "EVENT_NOT_FOUND"
        await door.deliver(body)
        record = (await found(door, identity(body))).record
        await stored.bus.delete(EVENTS, record.sequence)
        with pytest.raises(grpc.aio.AioRpcError) as expired:
            await door.events.GetEvent(GetEventRequest(event_id=identity(body)))
        assert reason(expired.value) == ("EVENT_EXPIRED", {"sequence": str(record.sequence)})


async def test_lists_are_paged_newest_first(
    nats_server: NatsServer, tmp_path: Path, database_url: str
) -> None:
    """Pages of every size hold each event once, newest first, also while new ones arrive."""
    bodies = [webhook() for _ in range(23)]
    async with (
        gateway(nats_server, tmp_path, SWITCHHOOK_GATEWAY_DATABASE_URL=database_url) as door,
        stream(nats_server) as stored,
    ):
        for body in bodies:
            await door.deliver(body)
        newest_first = (await stored.ids())[::-1]
        await found(door, newest_first[0])
        for size in (0, 1, 7, 23, 250):
            assert await everything(door, page_size=size) == newest_first
        first = await door.events.ListEvents(ListEventsRequest(page_size=10))
        late = webhook()
        await door.deliver(late)
        await found(door, identity(late))
        second = await door.events.ListEvents(
            ListEventsRequest(page_size=10, page_token=first.next_page_token)
        )
        both = [*first.records, *second.records]
        assert [record.event.event_id for record in both] == newest_first[:20]


async def test_lists_are_filtered(nats_server: NatsServer, tmp_path: Path) -> None:
    """Each condition narrows the list; several must hold together."""
    call, ended = webhook("call.initiated"), webhook("call.hangup")
    ended["data"]["payload"] = call["data"]["payload"]
    fax = webhook("fax.received", fax_id="fax-1")
    garbage = b"this is not JSON"
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for body in (call, ended, fax, garbage):
            assert (await door.deliver(body)).status == 200
        unreadable = (await stored.ids())[-1]
        await found(door, unreadable)
        calls = [identity(ended), identity(call)]

        async def listed(**conditions: Any) -> list[str]:
            return await everything(door, filter=EventFilter(**conditions))

        session = call["data"]["payload"]["call_session_id"]
        assert await listed(type_prefix="call.") == calls
        assert await listed(type_prefix="CALL.") == []
        assert await listed(type_prefix="call.h") == [identity(ended)]
        assert await listed(type_prefix="%") == []
        assert await listed(entity_key=session) == calls
        assert await listed(entity_key=session, type_prefix="call.i") == [identity(call)]
        assert await listed(unreadable_only=True) == [unreadable]
        assert len(await listed(source=EventSource.EVENT_SOURCE_WEBHOOK)) == 4
        assert await listed(source=EventSource.EVENT_SOURCE_TEXML) == []
        received = (await found(door, identity(fax))).record.event.receive_time
        after = await everything(door, start_time=received)
        before = await everything(door, end_time=received)
        assert after == [unreadable, identity(fax)]
        assert before == calls


async def test_a_page_stays_below_what_a_receiver_takes(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Large events make short pages, and nothing is left out between them."""
    bodies = [webhook(text="x" * 200_000) for _ in range(14)]
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for body in bodies:
            assert (await door.deliver(body)).status == 200
        newest_first = (await stored.ids())[::-1]
        await found(door, newest_first[0])
        page: ListEventsResponse = await door.events.ListEvents(
            ListEventsRequest(page_size=250, include_raw=True)
        )
        assert 0 < len(page.records) < 14
        assert page.ByteSize() < 3 * 1024 * 1024
        assert await everything(door, page_size=250, include_raw=True) == newest_first


async def test_events_deleted_from_the_stream_are_left_out(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """What the stream no longer holds is not listed, and paging goes on past it."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for _ in range(9):
            await door.deliver(webhook())
        messages = await stored.messages()
        ids = await stored.ids()
        await found(door, ids[-1])
        for message in messages[2:6]:
            await stored.bus.delete(EVENTS, message.sequence)
        assert await everything(door, page_size=3) == (ids[:2] + ids[6:])[::-1]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (ListEventsRequest(page_size=251), {"page_size"}),
        (
            ListEventsRequest(page_size=-1, filter=EventFilter(type_prefix="x" * 129)),
            {"page_size", "filter.type_prefix"},
        ),
        (ListEventsRequest(page_token="nonsense"), {"page_token"}),
        (
            ListEventsRequest(start_time=Timestamp(seconds=5), end_time=Timestamp(seconds=5)),
            {"start_time"},
        ),
        (ListEventsRequest(start_time=Timestamp(seconds=-1)), {"start_time"}),
        (ListEventsRequest(end_time=Timestamp(seconds=2**60)), {"end_time"}),
        (ListEventsRequest(end_time=Timestamp(seconds=5, nanos=2_000_000_000)), {"end_time"}),
        (ListEventsRequest(filter=EventFilter(source=77)), {"filter.source"}),  # type: ignore[arg-type]
    ],
)
async def test_bad_list_requests_name_every_bad_field(
    request_: ListEventsRequest, fields: set[str], nats_server: NatsServer, tmp_path: Path
) -> None:
    """A broken rule is INVALID_ARGUMENT with the field's name."""
    async with gateway(nats_server, tmp_path) as door:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await door.events.ListEvents(request_)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert bad_fields(refused.value) == fields


async def test_a_page_token_belongs_to_its_filter(nats_server: NatsServer, tmp_path: Path) -> None:
    """A token given for one filter is refused with another."""
    async with gateway(nats_server, tmp_path) as door:
        for _ in range(2):
            body = webhook()
            await door.deliver(body)
        await found(door, identity(body))
        page = await door.events.ListEvents(ListEventsRequest(page_size=1))
        assert page.next_page_token
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await door.events.ListEvents(
                ListEventsRequest(
                    page_token=page.next_page_token, filter=EventFilter(type_prefix="x")
                )
            )
        assert bad_fields(refused.value) == {"page_token"}


async def test_a_watch_sees_what_comes_after_it(nats_server: NatsServer, tmp_path: Path) -> None:
    """From now on: nothing from before, everything after the first sign of life, in order."""
    before, after = webhook(), [webhook() for _ in range(5)]
    async with gateway(nats_server, tmp_path) as door:
        await door.deliver(before)
        async with watching(door) as watch:
            for body in after:
                await door.deliver(body)
            assert await watch.events(5) == [identity(body) for body in after]


async def test_a_watch_continues_where_another_stopped(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Starting at a sequence gives exactly the events from there on, old and new."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for _ in range(8):
            await door.deliver(webhook())
        messages, ids = await stored.messages(), await stored.ids()
        async with watching(door, sequence=messages[4].sequence) as watch:
            assert await watch.events(4) == ids[4:]
            body = webhook()
            await door.deliver(body)
            assert await watch.events(1) == [identity(body)]
        async with watching(door, sequence=messages[-1].sequence + 2) as watch:
            body = webhook()
            await door.deliver(body)
            assert await watch.events(1) == [identity(body)]


async def test_a_watch_starts_at_a_time(nats_server: NatsServer, tmp_path: Path) -> None:
    """Starting at a time gives what the stream stored at that time or later."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for _ in range(6):
            await door.deliver(webhook())
        messages, ids = await stored.messages(), await stored.ids()
        since = Timestamp()
        since.FromDatetime(messages[3].time)
        async with watching(door, time=since) as watch:
            # The server keeps nanoseconds, we keep microseconds: the cut lies at or before.
            seen = await watch.events(3)
            assert seen == ids[3:]


async def test_a_watch_is_filtered(nats_server: NatsServer, tmp_path: Path) -> None:
    """Only matching events are sent, the raw body only when asked."""
    async with gateway(nats_server, tmp_path) as door:
        wanted = EventFilter(type_prefix="call.hangup")
        async with watching(door, filter=wanted, include_raw=True) as watch:
            bodies = [webhook(kind) for kind in ("call.initiated", "call.hangup", "call.answered")]
            for body in [*bodies, webhook("call.hangup")]:
                await door.deliver(body)
            first = await watch.step()
            assert first.record.event.event_id == identity(bodies[1])
            assert first.record.event.raw
            assert (await watch.step()).record.event.type == "call.hangup"


async def test_a_watch_says_how_far_it_has_come(
    nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a match there are signs of life, with a place to continue from."""
    monkeypatch.setattr("services.gateway.events.HEARTBEAT", 0.05)
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        watching(door, filter=EventFilter(type_prefix="fax.")) as watch,
    ):
        for _ in range(3):
            await door.deliver(webhook("call.initiated"))
        last = (await stored.messages())[-1].sequence

        async def reached() -> bool:
            return (await watch.step()).progress.sequence == last

        await eventually(reached)


async def test_a_watch_survives_the_bus(nats_server: NatsServer, tmp_path: Path) -> None:
    """The bus killed and started again: the watch goes on without a gap or a repetition."""
    bodies = [webhook() for _ in range(12)]
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        watching(door) as watch,
    ):
        for body in bodies[:6]:
            await door.deliver(body)
        seen = await watch.events(6)
        nats_server.kill()
        for body in bodies[6:]:
            assert (await door.deliver(body)).status == 200
        nats_server.start()
        seen += await watch.events(6)
        await eventually(lambda: stored.bus.connected)
        assert seen == await stored.ids()


async def test_a_watch_that_cannot_start_says_why(nats_server: NatsServer, tmp_path: Path) -> None:
    """A place that is gone, one that is not reached, and nonsense are three different refusals."""
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for _ in range(3):
            await door.deliver(webhook())
        await stored.bus.api(f"STREAM.PURGE.{EVENTS}", {"seq": 3})

        async def refused(**request: Any) -> grpc.aio.AioRpcError:
            call = door.events.WatchEvents(WatchEventsRequest(**request))
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await call.read()
            return error.value

        assert reason(await refused(sequence=2)) == ("SEQUENCE_GONE", {"first_sequence": "3"})
        ahead = await refused(sequence=2**64 - 1)
        assert reason(ahead) == ("SEQUENCE_AHEAD", {"last_sequence": "3"})
        assert ahead.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert bad_fields(await refused(sequence=0)) == {"sequence"}
        assert bad_fields(await refused(time=Timestamp(seconds=-5))) == {"time"}
        async with watching(door, sequence=1) as watch:
            assert await watch.events(1) == (await stored.ids())


async def test_a_slow_watcher_misses_nothing(nats_server: NatsServer, tmp_path: Path) -> None:
    """A watcher that does not read holds nobody up, and finds everything when it does."""
    bodies = [webhook(text="x" * 20_000) for _ in range(600)]
    async with (
        gateway(nats_server, tmp_path) as door,
        stream(nats_server) as stored,
        watching(door, include_raw=True) as watch,
    ):
        for first in range(0, 600, 100):
            assert await door.deliver_all(*bodies[first : first + 100]) == {200}
        assert await watch.events(600) == await stored.ids()


async def test_a_remade_stream_is_indexed_afresh(nats_server: NatsServer, tmp_path: Path) -> None:
    """When the stream has been made anew the index forgets the old one."""
    old, new = webhook(), webhook()
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        for _ in range(3):
            await door.deliver(webhook())
        await door.deliver(old)
        await found(door, identity(old))
        await stored.bus.api(f"STREAM.DELETE.{EVENTS}")
    async with gateway(nats_server, tmp_path) as door:
        await door.deliver(new)
        await found(door, identity(new))
        assert await everything(door) == [identity(new)]


async def test_reading_without_a_bus_is_unavailable(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """While the bus is away readers are told so, and when to come back."""
    body = webhook()
    async with gateway(nats_server, tmp_path) as door:
        await door.deliver(body)
        await found(door, identity(body))
        nats_server.stop()
        with pytest.raises(grpc.aio.AioRpcError) as away:
            await door.events.GetEvent(GetEventRequest(event_id=identity(body)))
        assert away.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason(away.value)[0] == "BUS_UNAVAILABLE"
        nats_server.start()
