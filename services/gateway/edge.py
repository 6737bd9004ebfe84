"""The HTTP edge: bounds, routes and exact answers, and nothing about webhooks.

Sits on Tornado's delegate interface, below its Application: no form or multipart body is parsed, no
body is decompressed, and a request costs half. Everything a stranger can make us hold is bounded:
connections, headers, bodies, seconds, requests under way. What breaks HTTP itself is answered 400
or closed by Tornado.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

from chassis.logs import get_logger
from services.gateway.metrics import Metrics

log = get_logger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one edge holds at most, in bytes, seconds and pieces."""

    body: int = 256 * 1024
    """A webhook is a few KiB; a larger body is refused with 413."""
    drained: int = 1024 * 1024
    """Up to this length a refused body is read to its end, so that the sender sees the answer."""
    headers: int = 16 * 1024
    body_seconds: float = 2.0
    idle_seconds: float = 10.0
    connections: int = 2000
    in_flight: int = 1024
    buffered: int = 64 * 1024 * 1024
    """Bodies of all requests together, while they are read and handled."""
    budget_seconds: float = 1.5
    """From the last byte of a request to its answer; Telnyx waits 2 s (webhook-fundamentals)."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One complete request, with every value of every header."""

    path: str
    headers: httputil.HTTPHeaders
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `outcome` is its word for metrics and logs."""

    status: int
    outcome: str
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """Where requests of one kind go."""

    name: str
    path: re.Pattern[str]
    content_types: re.Pattern[str]
    handle: Callable[[Incoming], Awaitable[Reply]]


NOT_FOUND = Reply(404, "not_found", b"There is nothing here.\n")
NOT_ALLOWED = Reply(405, "not_allowed", b"Only POST is taken here.\n", headers={"Allow": "POST"})
TOO_LARGE = Reply(413, "too_large", b"The body is too large.\n")
WRONG_TYPE = Reply(415, "wrong_type", b"This content type is not taken here.\n")
BUSY = Reply(503, "busy", b"Too much is under way; try again.\n", headers={"Retry-After": "1"})
LATE = Reply(503, "late", b"This took too long; try again.\n", headers={"Retry-After": "2"})
_NO_ROOM = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
BROKEN = Reply(500, "broken", b"Something is wrong here.\n")


class Edge(httputil.HTTPServerConnectionDelegate):
    """Take requests apart, refuse what is out of bounds, hand the rest to its route."""

    def __init__(self, routes: list[Route], limits: Limits, metrics: Metrics) -> None:
        """Serve `routes` within `limits`."""
        self.limits = limits
        self.metrics = metrics
        self.buffered = 0
        self.connections = 0
        self._routes = routes
        self._under_way: set[asyncio.Task[None]] = set()

    def start_request(
        self, server_conn: object, request_conn: httputil.HTTPConnection
    ) -> httputil.HTTPMessageDelegate:
        """Begin the next request of a connection."""
        return _Exchange(self, request_conn)

    @property
    def in_flight(self) -> int:
        """How many requests are being handled."""
        return len(self._under_way)

    def route(self, start: httputil.RequestStartLine) -> Route | None:
        """Return where a request belongs, its query left aside: nothing there is signed."""
        path = start.path.partition("?")[0]
        return next((route for route in self._routes if route.path.fullmatch(path)), None)

    def begin(self, work: Awaitable[None]) -> None:
        """Carry out `work` beside the connection's own reading."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def idle(self) -> None:
        """Wait until every request that was begun is answered."""
        while self._under_way:
            await asyncio.wait(self._under_way)


class _Exchange(httputil.HTTPMessageDelegate):
    """One request and its one answer."""

    def __init__(self, edge: Edge, connection: httputil.HTTPConnection) -> None:
        self._edge = edge
        self._connection = connection
        self._chunks: list[bytes] = []
        self._size = 0
        self._refusal: Reply | None = None
        self._answered = False
        self._started = time.perf_counter()
        self._route: Route | None = None
        self._path = ""
        self._head_only = False
        self._headers = httputil.HTTPHeaders()

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> None:
        assert isinstance(start_line, httputil.RequestStartLine)  # noqa: S101 - for the types
        self._path = start_line.path.partition("?")[0]
        self._headers = headers
        self._head_only = start_line.method == "HEAD"
        self._route = self._edge.route(start_line)
        self._refusal = self._refuse(start_line, headers)
        if _declared_length(headers) > self._edge.limits.drained:
            # Too long to be read to its end: answer now; the rest is never looked at.
            self._connection.set_max_body_size(2**62)  # type: ignore[attr-defined]
            self._answer(self._refusal or TOO_LARGE)

    def data_received(self, chunk: bytes) -> None:
        if self._refusal is not None:
            return
        if self._size + len(chunk) > self._edge.limits.body:
            self._drop(TOO_LARGE)
        elif self._edge.buffered + len(chunk) > self._edge.limits.buffered:
            self._drop(BUSY)
        else:
            self._chunks.append(chunk)
            self._size += len(chunk)
            self._edge.buffered += len(chunk)

    def finish(self) -> None:
        self._started = time.perf_counter()
        if self._refusal is None and self._edge.in_flight >= self._edge.limits.in_flight:
            self._drop(BUSY)
        if self._refusal is not None:
            self._answer(self._refusal)
        elif self._route is not None:
            self._edge.begin(self._handle(self._route))

    def on_connection_close(self) -> None:
        self._release()

    def _refuse(
        self, start: httputil.RequestStartLine, headers: httputil.HTTPHeaders
    ) -> Reply | None:
        if self._route is None:
            return NOT_FOUND
        if start.method != "POST":
            return NOT_ALLOWED
        if not self._route.content_types.fullmatch(headers.get("Content-Type", "").lower()):
            return WRONG_TYPE
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            return WRONG_TYPE
        if _declared_length(headers) > self._edge.limits.body:
            return TOO_LARGE
        return None

    def _drop(self, refusal: Reply) -> None:
        self._refusal = refusal
        self._release()

    def _release(self) -> None:
        self._edge.buffered -= self._size
        self._size = 0
        self._chunks.clear()

    async def _handle(self, route: Route) -> None:
        reply = BROKEN
        try:
            async with asyncio.timeout(self._edge.limits.budget_seconds):
                body = b"".join(self._chunks)
                reply = await route.handle(Incoming(self._path, self._headers, body))
        except TimeoutError:
            reply = LATE
            log.error("request.late", route=route.name)
        except Exception:
            log.exception("request.broken", route=route.name)
        finally:
            self._release()
            self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        if self._answered:
            return
        self._answered = True
        name = self._route.name if self._route else "none"
        self._edge.metrics.answered(name, reply.outcome, time.perf_counter() - self._started)
        headers = httputil.HTTPHeaders(
            {"Content-Length": str(len(reply.body)), "Date": formatdate(usegmt=True)}
        )
        if reply.body:
            headers["Content-Type"] = reply.content_type
        headers.update(reply.headers)
        start = httputil.ResponseStartLine("", reply.status, HTTPStatus(reply.status).phrase)
        # The sender may be gone; that is its affair.
        body = None if self._head_only else reply.body or None
        written = self._connection.write_headers(start, headers, body)
        written.add_done_callback(lambda done: done.exception())
        self._connection.finish()


class _BoundedServer(HTTPServer):
    """A server that turns connections away when it has as many as it may."""

    edge: Edge

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if self.edge.connections >= self.edge.limits.connections:
            self.edge.metrics.answered("none", "no_connection", 0)
            _turn_away(stream)
            return
        self.edge.connections += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self.edge.connections -= 1
        super().on_close(server_conn)


def _turn_away(stream: IOStream) -> None:
    def sent(done: "asyncio.Future[None]") -> None:
        done.exception()  # looked at: the sender may be gone
        stream.close()

    stream.write(_NO_ROOM).add_done_callback(sent)


@asynccontextmanager
async def listening(edge: Edge, address: str) -> AsyncIterator[int]:
    """Serve `edge` at host:port for the block and give the bound port.

    At the end no new connection is taken, requests under way are answered, idle ones are closed.
    """
    limits = edge.limits
    server = _BoundedServer(
        edge,
        max_header_size=limits.headers,
        max_body_size=limits.drained,
        max_buffer_size=2 * limits.drained,
        body_timeout=limits.body_seconds,
        idle_connection_timeout=limits.idle_seconds,
        decompress_request=False,
    )
    server.edge = edge
    host, _, port = address.rpartition(":")
    sockets = bind_sockets(int(port), host.strip("[]"), backlog=1024)
    server.add_sockets(sockets)
    try:
        yield int(sockets[0].getsockname()[1])
    finally:
        server.stop()
        await edge.idle()
        await server.close_all_connections()


def _declared_length(headers: httputil.HTTPHeaders) -> int:
    # What is not a number is for Tornado to refuse.
    text = headers.get("Content-Length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
