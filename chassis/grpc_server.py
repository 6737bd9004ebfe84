"""A gRPC server with everything every service's server has, as one context manager.

It binds, starts, reports its health and, when the block is left, stops in good order: health says
NOT_SERVING, callers turn away, no new calls, those in flight are answered within `drain` seconds.

The health of the empty name says whether this server takes calls: SERVING until it stops. That of
a service's name says whether its probes are content. Callers watch the first, so that a server that
stops loses no call, and one that misses something still answers what it can.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health as grpc_health
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection as grpc_reflection

from chassis.health import Health
from chassis.interceptors import Guard
from chassis.lifecycle import background
from chassis.metrics import Metrics

_OPTIONS = (
    # Without this two processes can bind one port, and each sees half of the calls.
    ("grpc.so_reuseport", 0),
    # Find dead callers of long streams. The time to wait for a ping's answer is ping_timeout_ms;
    # keepalive_timeout_ms alone leaves it at a minute.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Let callers ping, also between calls; otherwise they are told to go away.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)
_LAST_STOP = 10  # times max_in_flight: where grpc itself refuses, health checks included
_HEALTH_INTERVAL = 1.0  # seconds between two looks at the probes
_TURN_AWAY = 0.2  # seconds for callers to hear that this server stops
_FLUSH = 0.1  # seconds for a server without calls to end by itself


@dataclass(frozen=True)
class Service:
    """One gRPC service: the generated function that adds it, its servicer and its descriptor."""

    add: Callable[[Any, grpc.aio.Server], None]
    servicer: object
    descriptor: ServiceDescriptor


@asynccontextmanager
async def serving(
    address: str,
    services: Sequence[Service],
    *,
    domain: str,
    health: Health,
    reflection: bool = False,
    max_in_flight: int = 200,
    drain: float = 5.0,
    metrics: Metrics | None = None,
) -> AsyncIterator[int]:
    """Serve `services` at `host:port` for the block and yield the port; port 0 takes a free one.

    `domain` is ErrorInfo's, such as `messaging.switchhook`. RuntimeError if the port is taken.
    """
    guard = Guard(domain, _methods(services), max_in_flight, metrics or Metrics())
    server = grpc.aio.server(
        interceptors=[guard],
        options=_OPTIONS,
        maximum_concurrent_rpcs=max_in_flight * _LAST_STOP,
    )
    for service in services:
        service.add(service.servicer, server)
    report = _HealthReport(health, [service.descriptor.full_name for service in services])
    report.add_to(server, reflection=reflection)
    port = server.add_insecure_port(address)
    await report.once()
    await server.start()
    try:
        async with background(report.run(), name="grpc-health"):
            yield port
    finally:
        try:
            await report.stop()
        finally:
            await _stop(server, guard, drain)


class _HealthServicer(grpc_health.aio.HealthServicer):
    """The standard health service, which here knows whether anybody watches."""

    watchers = 0

    async def Watch(  # noqa: N802 - the contract's name
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> None:
        self.watchers += 1
        try:
            await super().Watch(request, context)
        finally:
            self.watchers -= 1


class _HealthReport:
    """Keeps the gRPC health service saying what the probes say."""

    def __init__(self, health: Health, names: list[str]) -> None:
        self._health = health
        self._names = names
        self._servicer = _HealthServicer()

    def add_to(self, server: grpc.aio.Server, *, reflection: bool) -> None:
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        if reflection:
            standard = [grpc_health.SERVICE_NAME, grpc_reflection.SERVICE_NAME]
            grpc_reflection.enable_server_reflection([*self._names, *standard], server)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_HEALTH_INTERVAL)
            await self.once()

    async def once(self) -> None:
        ready = await self._health.ready()
        answer = health_pb2.HealthCheckResponse
        status = answer.SERVING if ready else answer.NOT_SERVING
        for name in self._names:
            async with _patience():
                await self._servicer.set(name, status)

    async def stop(self) -> None:
        """Say NOT_SERVING for good, and let those who watch hear it before calls are refused.

        A call that races with the end of a server comes back as CANCELLED: its caller cannot know
        whether it was carried out.
        """
        async with _patience():
            await self._servicer.enter_graceful_shutdown()
        if self._servicer.watchers:
            await asyncio.sleep(_TURN_AWAY)


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """Bound the setting of a status: it waits for all who watch, one may have stopped reading."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_HEALTH_INTERVAL):
            yield


async def _stop(server: grpc.aio.Server, guard: Guard, drain: float) -> None:
    """Refuse new calls, answer those in flight, then end the streams that have no end."""
    stopping = asyncio.create_task(server.stop(drain))
    try:
        await asyncio.wait([stopping], timeout=_FLUSH)
        while not stopping.done() and (calls := guard.busy()):
            await asyncio.wait([stopping, *calls], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([stopping], timeout=_FLUSH)
    finally:
        await server.stop(None)
        await stopping


def _methods(services: Sequence[Service]) -> list[str]:
    """Return `package.Service/Method` of all methods; ValueError for one that streams both ways."""
    names = []
    for service in services:
        for method in service.descriptor.methods:
            if method.client_streaming and method.server_streaming:
                raise ValueError(f"{method.full_name} streams both ways, which is not supported")
            names.append(f"{service.descriptor.full_name}/{method.name}")
    return names
