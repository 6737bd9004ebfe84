"""A channel to another gRPC server, with the habits every call needs.

Every call has a deadline: its own or the default, and never later than what is left of the call it
is made for. Calls are retried only where the proto declares that doing so is harmless. A peer that
is frozen or gone is noticed between calls.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from chassis import deadline

_RESERVE = 0.05  # seconds kept of an incoming deadline, to answer our own caller in time
_IDEMPOTENT = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
_RETRY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    # CANCELLED is what a call gets that races with the end of a server.
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}


@dataclass(frozen=True)
class Keepalive:
    """How a dead peer is noticed: a ping after `time` seconds, given up after `timeout` seconds."""

    time: float = 10.0
    timeout: float = 3.0


@asynccontextmanager
async def channel(
    address: str,
    *,
    services: Sequence[ServiceDescriptor] = (),
    default_deadline: float = 2.0,
    keepalive: Keepalive = Keepalive(),
) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel for the block; `services` are those whose idempotent methods are retried.

    Streams have no default deadline. A failed call raises grpc.aio.AioRpcError; wrap it in
    `chassis.grpc_status.as_faults` to get the fault it means. Nothing is connected before the
    first call, so the peer may start later.
    """
    opened = grpc.aio.insecure_channel(
        address,
        options=_options(services, keepalive),
        interceptors=[_UnaryDeadline(default_deadline), _StreamDeadline()],
    )
    try:
        yield opened
    finally:
        await opened.close()


def _options(
    services: Sequence[ServiceDescriptor], keepalive: Keepalive
) -> list[tuple[str, int | str]]:
    return [
        ("grpc.service_config", orjson.dumps(_service_config(services)).decode()),
        ("grpc.keepalive_time_ms", int(keepalive.time * 1000)),
        # The one that counts; keepalive_timeout_ms alone leaves a frozen peer unseen for a minute.
        ("grpc.http2.ping_timeout_ms", int(keepalive.timeout * 1000)),
        ("grpc.keepalive_timeout_ms", int(keepalive.timeout * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]


def _service_config(services: Sequence[ServiceDescriptor]) -> dict[str, Any]:
    names = [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if _is_idempotent(method)
    ]
    retries = [{"name": names, "retryPolicy": _RETRY}] if names else []
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        # Servers that stop say so here first. One without a health service counts as healthy.
        "healthCheckConfig": {"serviceName": ""},
        "methodConfig": retries,
    }


def _is_idempotent(method: MethodDescriptor) -> bool:
    # A call whose server died half-way is retried too, so anything undeclared must not be.
    return method.GetOptions().idempotency_level in _IDEMPOTENT


def _bounded(timeout: float | None) -> float | None:
    left = deadline.remaining()
    if left is None:
        return timeout
    if left <= _RESERVE:
        raise _too_late()
    return left - _RESERVE if timeout is None else min(timeout, left - _RESERVE)


def _too_late() -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    code = grpc.StatusCode.DEADLINE_EXCEEDED
    return grpc.aio.AioRpcError(code, nothing, nothing, "nothing is left of the deadline")


class _UnaryDeadline(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, default: float) -> None:
        self._default = default

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        own = client_call_details.timeout
        timeout = _bounded(self._default if own is None else own)
        return await continuation(_with_timeout(client_call_details, timeout), request)


class _StreamDeadline(grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        timeout = _bounded(client_call_details.timeout)
        return await continuation(_with_timeout(client_call_details, timeout), request)


def _with_timeout(
    details: grpc.aio.ClientCallDetails, timeout: float | None
) -> grpc.aio.ClientCallDetails:
    return grpc.aio.ClientCallDetails(
        details.method, timeout, details.metadata, details.credentials, details.wait_for_ready
    )
