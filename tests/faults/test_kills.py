"""Killing any process under load neither loses an event nor repeats an effect.

The short form kills each process once; `python3 dev.py faults` kills each ten times.
"""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import grpc.aio
import pytest
from switchhook.fax.v1 import fax_pb2, fax_service_pb2, fax_service_pb2_grpc
from switchhook.voice.v1 import queue_pb2, queue_service_pb2, queue_service_pb2_grpc

from cli import suite
from cli.environment import Ports, development
from cli.nats_server import NatsServer
from simulator.client import Control
from tests.faults.flow import Flow
from tests.support.eventually import eventually

ROUNDS = 10 if os.environ.get("SWITCHHOOK_FAULTS") == "long" else 1
PER_SECOND = 10.0
VICTIMS = ("nats", "gateway", "messaging", "voice", "fax", "crm")
BETWEEN = 15
"""Things sent between two kills, so that each one hits a suite at work."""


class Suite:
    """A suite of processes that can be killed one by one."""

    def __init__(
        self, ports: Ports, server: NatsServer, processes: dict[str, suite.Process]
    ) -> None:
        self.ports = ports
        self.control = Control(f"http://127.0.0.1:{ports.simulator}")
        self._server = server
        self._processes = processes

    async def kill(self, victim: str) -> None:
        """Kill a process with -9, start it again at once and wait until it is ready."""
        if victim == "nats":
            await asyncio.to_thread(self._server.kill)
            self._server.start()  # in this thread: the kernel ties the child to it
            return
        process = self._processes[victim]
        await asyncio.to_thread(process.kill)
        process.start()
        await suite.until_ready(process, self.ports.ready_urls()[victim])


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Suite]:
    """A suite as processes, with a carrier that leaves every reply to us."""
    monkeypatch.setenv("SWITCHHOOK_SIMULATOR_AUTORESPONDER", "off")
    ports = Ports.free()
    environ = development(tmp_path, ports)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(suite.bus(tmp_path, ports))
        parts = suite.as_processes(environ, tmp_path, ports.ready_urls())
        started = Suite(ports, server, await stack.enter_async_context(parts))
        await _room_for_everybody(ports)
        yield started


async def _room_for_everybody(ports: Ports) -> None:
    """Let the queue take all who call: nobody is ever served, and restarts take their time."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{ports.voice}") as channel:
        queues = queue_service_pb2_grpc.QueueServiceStub(channel)
        request = queue_service_pb2.UpdateQueueRequest(
            request_id=str(uuid.uuid4()),
            queue_id="support",
            settings=queue_pb2.QueueSettings(max_size=10_000),
        )
        await queues.UpdateQueue(request, timeout=10)


@pytest.mark.timeout(1500)
async def test_kills_lose_nothing_and_repeat_nothing(running: Suite) -> None:
    """Each text is answered once, each call answered, greeted and played music, each fax kept."""
    flow = Flow(running.control, PER_SECOND)
    sending = asyncio.create_task(flow.run())
    for _ in range(ROUNDS):
        for victim in VICTIMS:
            await _more(flow, sending)
            await running.kill(victim)
    flow.stopped = True
    await sending
    # What the carrier gave up on while the gateway was down comes from its log at the start.
    await eventually(lambda: not running.control.get("/_sim/deliveries")["pending"], timeout=60)
    await running.kill("gateway")

    async def complete() -> bool:
        assert await asyncio.to_thread(flow.account) == {}
        return True

    await eventually(complete, timeout=120, interval=0.5)
    assert flow.sent >= ROUNDS * len(VICTIMS) * BETWEEN
    await _all_stored(running, flow.faxes)


async def _more(flow: Flow, sending: asyncio.Task[None]) -> None:
    """Wait until enough has been sent since now, or sending has ended."""
    enough = flow.sent + BETWEEN
    await eventually(lambda: flow.sent >= enough or sending.done())


async def _all_stored(running: Suite, fax_ids: list[str]) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{running.ports.fax}") as target:
        faxes = fax_service_pb2_grpc.FaxServiceStub(target)

        async def stored() -> bool:
            for fax_id in fax_ids:
                request = fax_service_pb2.GetFaxRequest(fax_id=fax_id)
                fax = (await faxes.GetFax(request, timeout=5)).fax
                assert fax.document.state == fax_pb2.DOCUMENT_STATE_STORED
            return True

        await eventually(stored, timeout=60, interval=0.5)
