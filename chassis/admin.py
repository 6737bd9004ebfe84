"""The operator's port: `/healthz`, `/readyz` and `/metrics` over HTTP.

It binds to the loopback interface unless a setting says otherwise: metrics and the names of
probes are for operators.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from chassis.health import Health

_IDLE = 30.0  # seconds a connection may be silent
_BODY_LIMIT = 1024  # bytes; nobody has a reason to send one


@asynccontextmanager
async def admin_server(
    address: str, health: Health, registry: CollectorRegistry
) -> AsyncIterator[int]:
    """Serve the three pages at `host:port` and yield the port; port 0 takes any free one."""
    host, _, port = address.rpartition(":")
    sockets = bind_sockets(int(port), host.strip("[]"), reuse_port=False)
    server = HTTPServer(
        _application(health, registry),
        idle_connection_timeout=_IDLE,
        body_timeout=_IDLE,
        max_body_size=_BODY_LIMIT,
    )
    server.add_sockets(sockets)
    try:
        yield int(sockets[0].getsockname()[1])
    finally:
        server.stop()
        await server.close_all_connections()


def _application(health: Health, registry: CollectorRegistry) -> Application:
    return Application(
        [
            ("/healthz", _Alive),
            ("/readyz", _Ready, {"health": health}),
            ("/metrics", _Metrics, {"registry": registry}),
        ],
        log_function=lambda _handler: None,
    )


class _Alive(RequestHandler):
    def get(self) -> None:
        self.write({"alive": True})


class _Ready(RequestHandler):
    def initialize(self, health: Health) -> None:
        self._health = health

    async def get(self) -> None:
        probes = await self._health.check()
        ready = all(probes.values())
        self.set_status(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
        self.set_header("Content-Type", "application/json")
        self.write(orjson.dumps({"ready": ready, "probes": probes}))


class _Metrics(RequestHandler):
    def initialize(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(self._registry))
