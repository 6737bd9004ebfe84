"""The bus away, back, full, or never there; the spool in its place; the process killed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chassis.errors import Unavailable
from chassis.lifecycle import BackgroundEnded
from chassis.settings import SettingsError, load
from chassis.streams import EVENTS, NotDurable
from services.gateway.app import Addresses
from services.gateway.settings import Settings
from services.gateway.spool import SpoolError
from tests.integration.gateway.door import (
    Door,
    Stream,
    environment,
    gateway,
    identity,
    stream,
    webhook,
)
from tests.support.eventually import eventually
from tests.support.nats import NatsServer
from tests.support.nats import nats_server as fresh_server


async def _has(stored: Stream, count: int) -> bool:
    return len(await stored.ids()) >= count


async def test_webhooks_are_kept_while_the_bus_is_down(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """With the bus killed webhooks are still answered 200, and are on the stream after it is back.

    Nothing is lost and nothing is there twice, duplicates included.
    """
    before, during, after = ([webhook() for _ in range(20)] for _ in range(3))
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        assert await door.deliver_all(*before) == {200}
        nats_server.kill()
        assert await door.deliver_all(*during, *during[:5]) == {200}
        nats_server.start()
        assert await door.deliver_all(*after, *during[:5]) == {200}
        await eventually(lambda: _has(stored, 60), timeout=30)
        wanted = sorted(map(identity, before + during + after))
        assert sorted(await stored.ids()) == wanted


async def test_a_frozen_bus_is_as_good_as_none(nats_server: NatsServer, tmp_path: Path) -> None:
    """A bus that takes connections and answers nothing does not hold webhooks up."""
    bodies = [webhook() for _ in range(10)]
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        nats_server.pause()
        assert await door.deliver_all(*bodies) == {200}
        nats_server.resume()
        await eventually(lambda: _has(stored, 10), timeout=30)
        assert sorted(await stored.ids()) == sorted(map(identity, bodies))


async def test_a_gateway_starts_and_accepts_without_a_bus(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Started while the bus is away it takes webhooks at once, and publishes them later."""
    nats_server.stop()
    body = webhook()
    async with gateway(nats_server, tmp_path) as door:
        assert (await door.deliver(body)).status == 200
        nats_server.start()
        async with stream(nats_server) as stored:
            await eventually(lambda: _has(stored, 1), timeout=30)
            assert await stored.ids() == [identity(body)]


async def test_spooled_webhooks_outlive_the_gateway(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """What one run of the gateway spooled, the next one publishes."""
    body = webhook()
    nats_server.stop()
    async with gateway(nats_server, tmp_path) as door:
        assert (await door.deliver(body)).status == 200
    nats_server.start()
    async with gateway(nats_server, tmp_path), stream(nats_server) as stored:
        await eventually(lambda: _has(stored, 1), timeout=30)
        assert await stored.ids() == [identity(body)]


async def test_nothing_is_promised_when_nothing_can_be_kept(
    nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the bus down and the spool out of order the answer is 503 and when to come back."""

    async def broken(*_: object) -> None:
        raise Unavailable("SPOOL_UNAVAILABLE", "the spool is full or broken", retry_after=2)

    body = webhook()
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        monkeypatch.setattr("services.gateway.spool.Spool.append", broken)
        nats_server.stop()
        answer = await door.deliver(body)
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 1
        nats_server.start()
        await eventually(lambda: stored.bus.connected)

        async def delivered() -> bool:
            return (await door.deliver(body)).status == 200

        await eventually(delivered, timeout=30)
        assert await stored.ids() == [identity(body)]


async def test_a_full_spool_is_503_and_not_ready(nats_server: NatsServer, tmp_path: Path) -> None:
    """The spool's bound holds: what no longer fits is refused, and readiness says so."""
    nats_server.stop()
    text = "x" * 200_000
    async with gateway(nats_server, tmp_path, SWITCHHOOK_GATEWAY_SPOOL_MEBIBYTES="1") as door:
        ready = f"http://127.0.0.1:{door.addresses.admin}/readyz"
        async with aiohttp.ClientSession() as session:
            async with session.get(ready) as answer:
                assert answer.status == 200
            statuses = [(await door.deliver(webhook(text=text))).status for _ in range(8)]
            assert statuses[0] == 200
            assert statuses[-1] == 503
            async with session.get(ready) as answer:
                assert answer.status == 503


async def test_a_bus_that_may_lose_data_is_refused_at_the_start(tmp_path: Path) -> None:
    """A server without `sync_interval: always` keeps the gateway from starting, with the reason."""
    with fresh_server(sync_always=False) as server:
        with pytest.raises(NotDurable, match="sync_interval"):
            async with gateway(server, tmp_path):
                pytest.fail("it started")
        async with gateway(server, tmp_path, SWITCHHOOK_DURABILITY="relaxed") as door:
            assert (await door.deliver(webhook())).status == 200


async def test_a_bus_that_may_lose_data_ends_a_gateway_that_waited_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found wanting later, the bus takes the gateway down; what it spooled stays on disk."""
    monkeypatch.setattr("services.gateway.app.GRACE", 0.0)
    body = webhook()
    with fresh_server(sync_always=False) as server:
        server.stop()

        async def wait_for_the_end() -> None:
            async with gateway(server, tmp_path) as door:
                assert (await door.deliver(body)).status == 200
                server.start()
                await asyncio.sleep(30)

        with pytest.raises(BackgroundEnded) as ended:
            await wait_for_the_end()
        assert isinstance(ended.value.__cause__, NotDurable)
        async with (
            gateway(server, tmp_path, SWITCHHOOK_DURABILITY="relaxed"),
            stream(server) as stored,
        ):
            await eventually(lambda: _has(stored, 1), timeout=30)


async def test_a_deleted_stream_is_made_again(
    nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that somebody deletes under a running gateway costs no webhook."""
    monkeypatch.setattr("services.gateway.opening._AGAIN", 0.2)
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        assert (await door.deliver(webhook())).status == 200
        await stored.bus.api(f"STREAM.DELETE.{EVENTS}")
        body = webhook()
        assert (await door.deliver(body)).status == 200
        await eventually(lambda: _has(stored, 1), timeout=30)
        assert await stored.ids() == [identity(body)]


async def test_an_unusable_spool_is_found_at_the_start(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """A spool that cannot be opened keeps the gateway from starting and is named."""
    (tmp_path / "gateway-spool.db").mkdir()
    with pytest.raises(SpoolError, match=r"gateway-spool\.db"):
        async with gateway(nats_server, tmp_path):
            pytest.fail("it started")


@pytest.mark.parametrize("environ", [{}, {"TELNYX_PUBLIC_KEY": "AAAA"}])
def test_no_key_no_gateway(environ: dict[str, str]) -> None:
    """Without a usable public key the gateway refuses to start and names the setting."""
    with pytest.raises(SettingsError, match="TELNYX_PUBLIC_KEY"):
        load(Settings, environ)


class Killed:
    """A gateway in a process of its own, to be killed."""

    def __init__(self, environ: dict[str, str]) -> None:
        """Prepare a process with these settings."""
        self._environ = {**os.environ, **environ}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process and wait until it takes connections."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.gateway",
            env=self._environ,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if b"process.started" in line:
                return
        raise AssertionError("the gateway did not start")

    async def kill(self) -> None:
        """Kill the process with -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.communicate()


async def _try(door: Door, body: dict[str, Any], answered: list[str]) -> None:
    """Deliver until there is an answer, as a carrier does, and note a 200."""
    for _ in range(1200):  # a minute: two restarts on a busy machine take a while
        try:
            answer = await door.deliver(body)
        except (OSError, EOFError):
            await asyncio.sleep(0.05)
            continue
        if answer.status == 200:
            answered.append(identity(body))
            return


@pytest.mark.parametrize("bus_up", [True, False])
async def test_kill_9_loses_nothing_that_was_answered(
    bus_up: bool, nats_server: NatsServer, tmp_path: Path
) -> None:
    """Killed in the middle of a burst, every webhook that was answered 200 is on the stream once.

    With the bus up they were on the stream, with the bus away in the spool.
    """
    port = _free_port()
    here = {"SWITCHHOOK_GATEWAY_HTTP_ADDRESS": f"127.0.0.1:{port}"}
    process = Killed({**environment(nats_server, tmp_path), **here})
    door = Door(Addresses(port, 0, 0))
    answered: list[str] = []
    await process.start()
    try:
        if not bus_up:
            nats_server.stop()
        bodies = [webhook() for _ in range(60)]
        sending = [asyncio.create_task(_try(door, body, answered)) for body in bodies]
        for kills in range(1, 3):
            await eventually(_answered(answered, kills * 5), timeout=30)
            await process.kill()
            await process.start()
        await asyncio.gather(*sending)
        assert len(answered) == len(bodies)
        if not bus_up:
            nats_server.start()
        async with stream(nats_server) as stored:
            await eventually(lambda: _has(stored, 60), timeout=30)
            assert sorted(await stored.ids()) == sorted(answered)
    finally:
        await process.kill()


def _answered(answered: list[str], least: int) -> Callable[[], bool]:
    return lambda: len(answered) >= least


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
