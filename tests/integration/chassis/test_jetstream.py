"""Publishing to a real nats-server and reading from it, in good times and bad."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from chassis.errors import NotFound, Unavailable
from chassis.jetstream import Bus, BusError, Outgoing, Published, StoredMessage, bus
from chassis.lifecycle import BackgroundEnded
from chassis.streams import EVENTS, ensure_streams
from cli.nats_server import NatsServer
from tests.support.eventually import eventually
from tests.support.log_lines import Lines, lines, log_set_up
from tests.support.nats import nats_server as run_nats_server

SUBJECT = "events.v1.test.note"

__all__ = ["lines", "log_set_up"]


@pytest.fixture
async def events(nats_url: str) -> AsyncIterator[Bus]:
    """Open a bus with its streams."""
    async with bus(nats_url, name="test", ping_interval=0.2) as opened:
        await ensure_streams(opened)
        yield opened


async def test_published_message_can_be_fetched(events: Bus) -> None:
    """What was published comes back with its subject, payload, headers and time."""
    headers = {"Switchhook-Reason": "näive"}
    before = datetime.now(UTC)
    published = await events.publish(SUBJECT, b"one", message_id="a", headers=headers)
    found = await events.get(EVENTS, published.sequence)
    assert (found.subject, found.payload, found.sequence) == (SUBJECT, b"one", 1)
    assert found.headers == {"Switchhook-Reason": "näive", "Nats-Msg-Id": "a"}
    assert abs((found.time - before).total_seconds()) < 60
    assert headers == {"Switchhook-Reason": "näive"}


async def test_same_id_is_stored_once(events: Bus) -> None:
    """A second publish with the same id says that it is a duplicate and where the first is."""
    first = await events.publish(SUBJECT, b"one", message_id="a")
    second = await events.publish(SUBJECT, b"two", message_id="a")
    assert first == Published(1, duplicate=False)
    assert second == Published(1, duplicate=True)


async def test_absent_message_is_not_found(events: Bus) -> None:
    """A sequence nobody stored is NotFound, as is the end of the stream."""
    with pytest.raises(NotFound):
        await events.get(EVENTS, 7)
    with pytest.raises(NotFound):
        await events.next(EVENTS, 1)


async def test_deleted_message_is_gone(events: Bus) -> None:
    """A deleted message cannot be fetched or deleted again."""
    published = await events.publish(SUBJECT, b"one", message_id="a")
    await events.delete(EVENTS, published.sequence)
    with pytest.raises(NotFound):
        await events.get(EVENTS, published.sequence)
    with pytest.raises(NotFound):
        await events.delete(EVENTS, published.sequence)


async def test_batch_is_stored_in_order(events: Bus) -> None:
    """Messages of a batch get consecutive sequences and carry no trace of the batch."""
    verdicts = await events.publish_batch(_notes(5))
    assert verdicts == [Published(number, duplicate=False) for number in range(1, 6)]
    found = await events.read(EVENTS, 1, 10)
    assert [message.payload for message in found] == [b"0", b"1", b"2", b"3", b"4"]
    assert found[4].headers == {"Nats-Msg-Id": "note-4"}
    assert (await events.get(EVENTS, 5)).headers == {"Nats-Msg-Id": "note-4"}


async def test_batch_with_a_duplicate_falls_back(events: Bus) -> None:
    """A batch that holds a stored message stores the others and names the duplicate."""
    await events.publish(SUBJECT, b"0", message_id="note-0")
    verdicts = await events.publish_batch(_notes(3))
    assert verdicts[0] == Published(1, duplicate=True)
    assert {verdict.sequence for verdict in verdicts if isinstance(verdict, Published)} == {1, 2, 3}


async def test_batch_with_a_bad_message_stores_the_good_ones(events: Bus) -> None:
    """One message nobody stores gets its own verdict and does not take the others with it."""
    notes = [*_notes(2), Outgoing("nowhere.at.all", b"x", "lost")]
    *good, bad = await events.publish_batch(notes, timeout=0.5)
    assert all(isinstance(verdict, Published) for verdict in good)
    assert isinstance(bad, BusError)
    assert not bad.in_doubt


async def test_oversized_message_is_refused(events: Bus) -> None:
    """A payload larger than the server takes is refused at once, alone or in a batch."""
    large = Outgoing(SUBJECT, b"x" * (events.max_payload + 1), "large")
    verdict = (await events.publish_batch([large, *_notes(1)]))[0]
    assert isinstance(verdict, BusError)
    assert (verdict.reason, verdict.in_doubt) == ("BUS_REFUSED", False)
    assert (await events.state(EVENTS)).messages == 1


async def test_range_is_read_by_subject(events: Bus) -> None:
    """Reading starts at a sequence, keeps to the subject and stops at the limit or the end."""
    await events.publish_batch(_notes(3))
    await events.publish("events.v1.other.thing", b"other", message_id="other")
    await events.publish(SUBJECT, b"last", message_id="last")
    assert [m.sequence for m in await events.read(EVENTS, 2, 10, subject=SUBJECT)] == [2, 3, 5]
    assert [m.sequence for m in await events.read(EVENTS, 1, 2)] == [1, 2]
    assert await events.read(EVENTS, 6, 10) == []


async def test_follow_starts_where_it_is_told(events: Bus) -> None:
    """Following starts at a sequence, at a time or with what comes next."""
    await events.publish_batch(_notes(3))
    third = await events.get(EVENTS, 3)
    async with _following(events, start_sequence=2) as messages:
        assert [(await anext(messages)).sequence for _ in range(2)] == [2, 3]
    async with _following(events, start_time=third.time) as messages:
        assert (await anext(messages)).sequence == 3
    async with _following(events) as messages:
        upcoming = asyncio.ensure_future(anext(messages))
        await eventually(lambda: _consumers(events))
        await events.publish(SUBJECT, b"new", message_id="new")
        assert (await upcoming).payload == b"new"


async def test_follow_leaves_nothing_behind(events: Bus) -> None:
    """The short-lived consumer is gone when its reader is."""
    async with _following(events, start_sequence=1) as messages:
        await events.publish(SUBJECT, b"new", message_id="new")
        await anext(messages)
        assert await _consumers(events) == 1
    assert await _consumers(events) == 0


async def test_follow_bridges_a_restart(events: Bus, nats_server: NatsServer) -> None:
    """A reader sees every message once and in order although the server is killed meanwhile."""
    async with _following(events, start_sequence=1) as messages:
        await events.publish_batch(_notes(3))
        seen = [(await anext(messages)).sequence for _ in range(2)]
        nats_server.kill()
        nats_server.start()
        await _publish_patiently(events, "late")
        seen += [(await anext(messages)).sequence for _ in range(2)]
    assert seen == [1, 2, 3, 4]


async def test_publish_without_connection_fails_at_once(
    events: Bus, nats_server: NatsServer
) -> None:
    """While the server is away a publish is refused without waiting, and nothing is sent later."""
    nats_server.kill()
    await eventually(lambda: not events.connected)
    for number in range(5):
        with pytest.raises(Unavailable) as caught:
            await events.publish(SUBJECT, b"x", message_id=f"m{number}", timeout=60)
        assert isinstance(caught.value, BusError)
        assert not caught.value.in_doubt
    assert not events._waiting
    assert not events._client._resp_map
    nats_server.start()
    await _publish_patiently(events, "after")
    assert (await events.state(EVENTS)).messages == 1


async def test_publish_in_flight_fails_with_the_connection(
    events: Bus, nats_server: NatsServer
) -> None:
    """A publish whose answer cannot come any more fails when the connection does, in doubt."""
    nats_server.pause()
    flying = asyncio.ensure_future(events.publish(SUBJECT, b"x", message_id="m", timeout=60))
    await asyncio.sleep(0.05)
    nats_server.kill()
    with pytest.raises(BusError) as caught:
        await flying
    assert caught.value.in_doubt


async def test_unanswered_publish_is_in_doubt(events: Bus, nats_server: NatsServer) -> None:
    """No answer in time is in doubt, and the same id settles it when the server is back."""
    nats_server.pause()
    with pytest.raises(BusError) as caught:
        await events.publish(SUBJECT, b"x", message_id="m", timeout=0.05)
    assert caught.value.in_doubt
    nats_server.resume()
    await _publish_patiently(events, "m")
    assert (await events.state(EVENTS)).messages == 1


async def test_publish_waits_for_a_stream_between_leaders(nats_url: str) -> None:
    """While nobody answers for a subject a publish goes on trying until its time is up."""
    async with bus(nats_url, name="test") as opened:
        with pytest.raises(BusError) as caught:
            await opened.publish(SUBJECT, b"x", message_id="m", timeout=0.3)
        assert (caught.value.reason, caught.value.in_doubt) == ("BUS_NO_RESPONDERS", False)
        publishing = asyncio.ensure_future(
            opened.publish(SUBJECT, b"x", message_id="m", timeout=30)
        )
        await ensure_streams(opened)
        assert (await publishing).sequence == 1


async def test_connection_that_is_over_takes_its_host_down(nats_url: str) -> None:
    """A connection that will not come back ends the block instead of leaving it without a bus."""
    with pytest.raises(BackgroundEnded):
        await _wait_on_a_bus_that_closes(nats_url)


async def _wait_on_a_bus_that_closes(nats_url: str) -> None:
    async with bus(nats_url, name="test") as opened:
        await opened._client.close()
        await asyncio.Event().wait()


async def test_frozen_server_is_left(nats_server: NatsServer) -> None:
    """A peer that keeps the connection open and says nothing is given up, even mid-write."""
    with run_nats_server() as other:
        urls = f"{nats_server.url},{other.url}"
        async with bus(urls, name="test", ping_interval=0.1) as opened:
            servers = [nats_server, other]
            servers.sort(key=lambda server: server.url != f"nats://127.0.0.1:{_port(opened)}")
            frozen, alive = servers
            frozen.pause()
            for number in range(40):
                await opened.send("core.subject", b"x" * 500_000, headers={"N": str(number)})
            await eventually(lambda: opened.connected and alive.url.endswith(f":{_port(opened)}"))
            await ensure_streams(opened)
            await opened.publish(SUBJECT, b"x", message_id="m")


def _port(opened: Bus) -> int | None:
    url = opened._client.connected_url
    return url.port if url is not None else None


async def test_connection_outlives_a_long_absence(events: Bus, nats_server: NatsServer) -> None:
    """The connection is tried for ever: many failed attempts do not close it."""
    nats_server.kill()
    pool = events._client._server_pool
    await eventually(lambda: pool[0].reconnects > 3)
    assert events._client.options["max_reconnect_attempts"] == -1
    nats_server.start()
    await _publish_patiently(events, "m")


async def test_only_a_lost_connection_is_a_warning(nats_server: NatsServer, lines: Lines) -> None:
    """A server that goes away is worth a warning; leaving it is not."""
    async with bus(nats_server.url, name="test") as opened:
        nats_server.kill()
        await eventually(lambda: not opened.connected)
        warned = [line["message"] for line in lines() if line["level"] == "warning"]
        nats_server.start()
        await eventually(lambda: opened.connected)
    left = [line["message"] for line in lines() if line["level"] == "warning"]
    assert (warned, left) == (["bus.disconnected"], [])


async def test_absent_server_is_reported() -> None:
    """Without a server there is no bus after the time one is willing to wait."""
    with pytest.raises(BusError):
        async with bus("nats://127.0.0.1:1", name="test", patience=0.2):
            pass


async def test_refusal_is_said_once(lines: Lines) -> None:
    """A server that does not let us in is an error in the log, once and not at every attempt."""
    started = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    async with started:
        port = started.sockets[0].getsockname()[1]
        with pytest.raises(BusError):
            async with bus(f"nats://127.0.0.1:{port}", name="test", patience=1.5):
                pass
    said = [line["message"] for line in lines() if line["level"] == "error"]
    assert said == ["bus.refuses_us"]


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    info = b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"auth_required":true}'
    writer.write(info + b"\r\n")
    await reader.readline()
    writer.write(b"-ERR 'Authorization Violation'\r\n")
    await writer.drain()
    writer.close()


async def test_bus_may_come_later(nats_server: NatsServer) -> None:
    """With no patience the bus is opened unconnected, refuses meanwhile and works when it can."""
    nats_server.stop()
    async with bus(nats_server.url, name="test", patience=0) as opened:
        with pytest.raises(BusError):
            await opened.publish(SUBJECT, b"x", message_id="m")
        nats_server.start()
        await eventually(lambda: opened.connected)
        await ensure_streams(opened)
        await opened.publish(SUBJECT, b"x", message_id="m")


async def test_closing_is_quick_with_waiting_messages(nats_url: str) -> None:
    """Leaving does not wait for messages that were pulled and never looked at."""
    async with asyncio.timeout(5), bus(nats_url, name="test") as opened:
        await ensure_streams(opened)
        await opened.publish_batch(_notes(20))
        async with _following(opened, start_sequence=1) as messages:
            await anext(messages)


async def test_api_refusal_carries_the_code(events: Bus) -> None:
    """What the server refuses raises its error code."""
    with pytest.raises(BusError) as caught:
        await events.api("STREAM.INFO.ABSENT")
    assert caught.value.code == 10059


async def test_stream_without_place_refuses(nats_url: str) -> None:
    """A full stream refuses new events and keeps the old ones."""
    async with bus(nats_url, name="test") as opened:
        await ensure_streams(opened, max_bytes=20_000)
        notes = [Outgoing(SUBJECT, b"x" * 4000, f"n{number}") for number in range(8)]
        verdicts = await opened.publish_batch(notes)
        kept = [verdict for verdict in verdicts if isinstance(verdict, Published)]
        refused = [verdict for verdict in verdicts if isinstance(verdict, BusError)]
        assert kept
        assert refused
        assert not any(error.in_doubt for error in refused)
        assert (await opened.get(EVENTS, 1)).payload == b"x" * 4000


def _notes(count: int) -> list[Outgoing]:
    return [Outgoing(SUBJECT, str(n).encode(), f"note-{n}") for n in range(count)]


@asynccontextmanager
async def _following(
    opened: Bus, *, start_sequence: int | None = None, start_time: datetime | None = None
) -> AsyncIterator[AsyncIterator[StoredMessage]]:
    messages = opened.follow(
        EVENTS, ["events.v1.>"], start_sequence=start_sequence, start_time=start_time
    )
    try:
        yield messages
    finally:
        await messages.aclose()  # type: ignore[attr-defined] # it is a generator


async def _consumers(opened: Bus) -> int:
    info = await opened.api(f"CONSUMER.NAMES.{EVENTS}")
    return int(info["total"])


async def _publish_patiently(opened: Bus, message_id: str) -> Published:
    async def attempt() -> Published | None:
        try:
            return await opened.publish(SUBJECT, b"patient", message_id=message_id)
        except BusError:
            return None

    published = await eventually(attempt)
    assert published is not None
    return published
