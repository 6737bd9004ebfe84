"""The HTTP edge over real sockets, with a route that only echoes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from chassis import metrics
from services.gateway.edge import Edge, Incoming, Limits, Reply, Route, listening
from services.gateway.metrics import Metrics
from tests.integration.gateway.http import connected, post, request
from tests.support.eventually import eventually

JSON = [("Content-Type", "application/json")]
QUICK = Limits(body=1000, drained=5000, headers=2000, body_seconds=0.3, idle_seconds=0.3)


@dataclass
class Running:
    """An edge that listens, and what its route has seen."""

    port: int
    edge: Edge
    seen: list[bytes]
    gate: asyncio.Event


@asynccontextmanager
async def running(limits: Limits = QUICK) -> AsyncIterator[Running]:
    """Serve one route `/echo` that answers once the gate is open."""
    seen: list[bytes] = []
    gate = asyncio.Event()
    gate.set()

    async def echo(incoming: Incoming) -> Reply:
        seen.append(incoming.body)
        await gate.wait()
        if incoming.body == b"fail":
            raise RuntimeError("a bug")
        return Reply(200, "accepted", incoming.body)

    route = Route("webhooks", re.compile("/echo"), re.compile("application/json"), echo)
    edge = Edge([route], limits, Metrics(metrics.Metrics()))
    async with listening(edge, "127.0.0.1:0") as port:
        yield Running(port, edge, seen, gate)


async def test_requests_on_one_connection_are_answered_in_turn() -> None:
    """A connection is kept and carries one request after the other."""
    async with running() as edge, connected(edge.port) as connection:
        for number in range(3):
            answer = await connection.post("/echo", b"%d" % number, JSON)
            assert (answer.status, answer.body) == (200, b"%d" % number)


async def test_the_query_is_no_part_of_the_route() -> None:
    """A query, which nothing signs, changes nothing."""
    async with running() as edge:
        assert (await post(edge.port, "/echo?x=1", b"a", JSON)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/echo", 405),
        ("PUT", "/echo", 405),
        ("DELETE", "/echo", 405),
        ("OPTIONS", "/echo", 405),
        ("GET", "/", 404),
        ("POST", "/echo/", 404),
        ("POST", "/echo/..%2f", 404),
    ],
)
async def test_other_methods_and_paths_are_refused(method: str, path: str, status: int) -> None:
    """What has no place is refused in a few words, and the connection goes on."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(request(method, path, b"", JSON))
        answer = await connection.answer()
        assert answer.status == status
        assert 0 < len(answer.body) < 100
        assert (answer.headers.get("allow") == "POST") == (status == 405)
        assert (await connection.post("/echo", b"after", JSON)).status == 200


async def test_head_is_refused_without_a_body() -> None:
    """HEAD gets the refusal's headers alone, and the connection goes on."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(request("HEAD", "/echo"))
        head = await connection.reader.readuntil(b"\r\n\r\n")
        assert b" 405 " in head
        assert (await connection.post("/echo", b"after", JSON)).status == 200


@pytest.mark.parametrize("given", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_other_content_types_are_refused(given: str) -> None:
    """A body of another type is refused before anybody looks at it."""
    async with running() as edge:
        answer = await post(edge.port, "/echo", b"a", [("Content-Type", given)] if given else [])
        assert answer.status == 415
        assert edge.seen == []


async def test_compressed_bodies_are_refused() -> None:
    """Nothing is ever decompressed."""
    async with running() as edge:
        answer = await post(edge.port, "/echo", b"a", [*JSON, ("Content-Encoding", "gzip")])
        assert answer.status == 415


@pytest.mark.parametrize("size", [1001, 4999])
async def test_a_body_over_the_limit_is_refused_and_the_connection_kept(size: int) -> None:
    """A refused body is read to its end, so that its sender sees the answer."""
    async with running() as edge, connected(edge.port) as connection:
        assert (await connection.post("/echo", b"x" * size, JSON)).status == 413
        assert edge.edge.buffered == 0
        assert (await connection.post("/echo", b"x" * 1000, JSON)).status == 200


async def test_a_huge_body_is_refused_before_it_is_sent() -> None:
    """A length far over the limit is refused at its announcement, and the connection closed."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        said = await connection.closed()
        assert said.startswith(b"HTTP/1.1 413 ")
        assert said.count(b"HTTP/1.1") == 1


async def test_a_chunked_body_is_bounded_too() -> None:
    """Chunks add up: over the limit they are refused like a declared length."""
    async with running() as edge, connected(edge.port) as connection:
        head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        chunk = b"%x\r\n%s\r\n" % (600, b"x" * 600)
        await connection.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2)
        await connection.send(b"0\r\n\r\n")
        assert (await connection.answer()).status == 413
        await connection.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n")
        assert (await connection.answer()).body == b"x" * 600


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_400_or_closed(garbage: bytes) -> None:
    """Broken requests end their connection, reach no route and harm nobody else."""
    async with running() as edge:
        async with connected(edge.port) as connection:
            await connection.send(garbage)
            said = await connection.closed()
            assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
        assert edge.seen == []
        assert (await post(edge.port, "/echo", b"a", JSON)).status == 200
        assert edge.edge.buffered == 0


async def test_headers_over_the_limit_close_the_connection() -> None:
    """Endless headers are not collected."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000)
        assert b" 200 " not in await connection.closed()


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"POST /echo HT",
        b"POST /echo HTTP/1.1\r\nHost: x\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 10\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
async def test_a_sender_that_dawdles_is_closed(beginning: bytes) -> None:
    """Silence, half a header and half a body each have an end, and leave nothing behind."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(beginning)
        await connection.closed()
        await eventually(lambda: edge.edge.connections == 0)
        assert edge.edge.buffered == 0
        assert edge.seen == []


async def test_trickling_does_not_extend_the_time() -> None:
    """A byte now and then does not keep a connection open."""
    async with running() as edge, connected(edge.port) as connection:
        await connection.send(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 900\r\n\r\n"
        )
        closing = asyncio.create_task(connection.closed())
        for _ in range(900):
            if closing.done() or connection.writer.is_closing():
                break
            connection.writer.write(b"a")
            await asyncio.wait([closing], timeout=0.02)
        await closing
        assert edge.seen == []


async def test_connections_over_the_bound_are_turned_away() -> None:
    """The connection too many gets 503 and Retry-After; when one ends there is room again."""
    limits = replace(QUICK, connections=2, idle_seconds=30)
    async with running(limits) as edge:
        async with connected(edge.port) as one, connected(edge.port) as two:
            assert (await one.post("/echo", b"1", JSON)).status == 200
            assert (await two.post("/echo", b"2", JSON)).status == 200
            async with connected(edge.port) as three:
                said = await three.closed()
                assert said.startswith(b"HTTP/1.1 503 ")
                assert b"Retry-After:" in said
        await eventually(lambda: edge.edge.connections == 0)
        assert (await post(edge.port, "/echo", b"a", JSON)).status == 200


async def test_too_many_requests_at_once_are_told_to_come_back() -> None:
    """Past the bound of requests under way the answer is 503 and Retry-After, at once."""
    limits = replace(QUICK, in_flight=2)
    async with running(limits) as edge:
        edge.gate.clear()
        under_way = [
            asyncio.create_task(post(edge.port, "/echo", b"%d" % n, JSON)) for n in range(2)
        ]
        await eventually(lambda: edge.edge.in_flight == 2)
        refused = await post(edge.port, "/echo", b"3", JSON)
        assert refused.status == 503
        assert refused.headers["retry-after"]
        edge.gate.set()
        assert [(await each).status for each in under_way] == [200, 200]


async def test_bodies_under_way_are_bounded_in_memory() -> None:
    """Past the bound of bytes held the answer is 503, and the bytes are let go."""
    limits = replace(QUICK, buffered=1500)
    async with running(limits) as edge:
        edge.gate.clear()
        first = asyncio.create_task(post(edge.port, "/echo", b"x" * 1000, JSON))
        await eventually(lambda: edge.edge.in_flight == 1)
        assert (await post(edge.port, "/echo", b"y" * 1000, JSON)).status == 503
        edge.gate.set()
        assert (await first).status == 200
        await eventually(lambda: edge.edge.buffered == 0)


async def test_an_answer_that_takes_too_long_is_503() -> None:
    """The budget is hard: the sender is told to try again before it gives up."""
    limits = replace(QUICK, budget_seconds=0.05)
    async with running(limits) as edge:
        edge.gate.clear()
        answer = await post(edge.port, "/echo", b"a", JSON)
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert edge.edge.in_flight == 0


async def test_a_bug_is_a_500_without_words_and_ends_nothing() -> None:
    """An unforeseen failure shows nothing of itself, and the next request is served."""
    async with running() as edge, connected(edge.port) as connection:
        answer = await connection.post("/echo", b"fail", JSON)
        assert answer.status == 500
        assert b"bug" not in answer.body
        assert (await connection.post("/echo", b"ok", JSON)).status == 200


async def test_a_sender_that_leaves_early_harms_nothing() -> None:
    """The answer to somebody who is gone is dropped quietly."""
    async with running() as edge:
        edge.gate.clear()
        async with connected(edge.port) as connection:
            await connection.send(request("POST", "/echo", b"a", JSON))
            await eventually(lambda: edge.edge.in_flight == 1)
        edge.gate.set()
        await eventually(lambda: edge.edge.in_flight == 0)
        assert (await post(edge.port, "/echo", b"b", JSON)).status == 200


async def test_closing_answers_what_is_under_way() -> None:
    """Shutdown takes no new connections and lets a request that was taken have its answer."""
    async with running() as edge:
        edge.gate.clear()
        pending = asyncio.create_task(post(edge.port, "/echo", b"a", JSON))
        await eventually(lambda: edge.edge.in_flight == 1)
        asyncio.get_running_loop().call_later(0.05, edge.gate.set)
    assert (await pending).status == 200
    with pytest.raises(ConnectionError):
        await post(edge.port, "/echo", b"a", JSON)
