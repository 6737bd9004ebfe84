"""The streams' configuration and the refusal of a bus that may lose messages."""

import pytest

from chassis.jetstream import Bus, BusError, bus
from chassis.streams import (
    DEAD_LETTERS,
    EVENTS,
    NotDurable,
    dead_letters_config,
    ensure_streams,
    events_config,
    require_durable,
)
from cli.nats_server import NatsServer
from tests.support.nats import nats_server as run_nats_server


async def test_streams_are_made_as_declared(nats_url: str) -> None:
    """Both streams exist afterwards with exactly the declared settings, also the second time."""
    async with bus(nats_url, name="test") as opened:
        for _ in range(2):
            await ensure_streams(opened)
            for config in (events_config(), dead_letters_config()):
                found = await _config(opened, config["name"])
                assert {key: found.get(key) for key in config} == config


async def test_streams_are_updated_in_place(nats_url: str) -> None:
    """New limits reach an existing stream, and what it holds stays."""
    async with bus(nats_url, name="test") as opened:
        await ensure_streams(opened, max_bytes=2**20)
        await opened.publish("events.v1.test.note", b"x", message_id="a")
        await ensure_streams(opened, max_bytes=2**21)
        assert (await _config(opened, EVENTS))["max_bytes"] == 2**21
        assert (await opened.state(EVENTS)).messages == 1


async def test_impossible_stream_is_refused(nats_url: str) -> None:
    """A stream the server has no room for is an error at start, not later."""
    async with bus(nats_url, name="test") as opened:
        with pytest.raises(BusError):
            await ensure_streams(opened, max_bytes=2**50)


async def test_durable_server_is_accepted(nats_server: NatsServer) -> None:
    """A server that syncs every message passes."""
    async with bus(nats_server.url, name="test") as opened:
        await ensure_streams(opened)
        await require_durable(opened, nats_server.monitor_url)


async def test_lazy_server_is_refused() -> None:
    """A server with the default sync_interval is refused, unless the setting relaxes it."""
    with run_nats_server(sync_always=False) as server:
        async with bus(server.url, name="test") as opened:
            await ensure_streams(opened)
            with pytest.raises(NotDurable, match="sync_interval: always"):
                await require_durable(opened, server.monitor_url)
            await require_durable(opened, server.monitor_url, relaxed=True)


async def test_silent_monitor_is_refused(nats_url: str) -> None:
    """What cannot be asked is not taken for durable."""
    async with bus(nats_url, name="test") as opened:
        await ensure_streams(opened)
        with pytest.raises(NotDurable, match="does not answer"):
            await require_durable(opened, "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"storage": "memory"}, "not on disk"),
        ({"persist_mode": "async", "allow_atomic": False}, "before it writes"),
        ({"discard": "old"}, "to make room"),
    ],
)
async def test_lossy_stream_is_refused(
    nats_server: NatsServer, change: dict[str, object], match: str
) -> None:
    """A stream that somebody made lossy is found."""
    async with bus(nats_server.url, name="test") as opened:
        await ensure_streams(opened)
        await opened.api(f"STREAM.DELETE.{EVENTS}")
        await opened.api(f"STREAM.CREATE.{EVENTS}", {**events_config(), **change})
        with pytest.raises(NotDurable, match=match):
            await require_durable(opened, nats_server.monitor_url)


async def test_dead_letters_have_a_limit_per_consumer(nats_url: str) -> None:
    """Past its limit a consumer's dead letters are refused, and others' are not."""
    async with bus(nats_url, name="test") as opened:
        await ensure_streams(opened, dead_letters_per_consumer=2)
        for number in range(2):
            await opened.publish("dead.v1.one", b"x", message_id=f"a{number}")
        with pytest.raises(BusError) as caught:
            await opened.publish("dead.v1.one", b"x", message_id="a2")
        assert (caught.value.code, caught.value.in_doubt) == (10077, False)
        await opened.publish("dead.v1.two", b"x", message_id="b0")
        assert (await opened.state(DEAD_LETTERS)).messages == 3


async def _config(opened: Bus, name: str) -> dict[str, object]:
    return dict((await opened.api(f"STREAM.INFO.{name}"))["config"])
