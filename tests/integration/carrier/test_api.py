"""The REST client against real sockets: one attempt, and an exact account of what became of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from carrier import commands
from carrier.api import BODY_LIMIT, telnyx_api
from carrier.error_codes import RefusalKind
from carrier.outcomes import (
    Accepted,
    InDoubt,
    NotSent,
    Outcome,
    Refused,
    WhyInDoubt,
    WhyNotSent,
)
from tests.support.eventually import eventually

KEY = "KEY-test-0123"
MESSAGE = commands.send_message(to="+12025550101", from_number="+12025550102", text="hi")
Behavior = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """A server of raw sockets that records every request and answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.url = ""

    async def read_request(self, reader: asyncio.StreamReader) -> None:
        """Read one request with its body and record it."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.requests.append(head + await reader.readexactly(length))


@asynccontextmanager
async def wire(behavior: Behavior | None = None, answer: bytes = b"") -> AsyncIterator[Wire]:
    """Serve on a free port of the loopback; after each request do `behavior` or send `answer`."""
    served = Wire()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await served.read_request(reader)
                if behavior is not None:
                    await behavior(reader, writer)
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
    try:
        yield served
    finally:
        server.close()


def reply(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def outcome_of(
    url: str, request: commands.Request = MESSAGE, *, key: str | None = None, deadline: float = 5
) -> Outcome:
    """Perform one request with a client of its own."""
    async with telnyx_api(url, KEY) as api:
        return await api.perform(request, idempotency_key=key, deadline=deadline)


async def test_sends_the_bytes_the_key_and_the_idempotency_key() -> None:
    """The body goes out byte for byte below the base path, with both keys as headers."""
    answer = reply("200 OK", b'{"data":{"id":"m-1"}}', "IdempotentReplayed: true")
    async with wire(answer=answer) as server:
        outcome = await outcome_of(server.url, key="outbox-1")
    assert isinstance(outcome, Accepted)
    assert outcome.data == {"id": "m-1"}
    assert outcome.replayed
    (sent,) = server.requests
    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/messages HTTP/1.1\r\n")
    assert b"Authorization: Bearer KEY-test-0123" in head
    assert b"Idempotency-Key: outbox-1" in head
    assert b"Content-Type: application/json" in head
    assert body == MESSAGE.body


async def test_keeps_the_escapes_of_an_id() -> None:
    """A quoted id reaches the wire as it was quoted, neither decoded nor quoted twice."""
    async with wire(answer=reply("200 OK")) as server:
        await outcome_of(server.url, commands.get_message("v3:a/b?c"))
    assert server.requests[0].startswith(b"GET /v2/messages/v3%3Aa%2Fb%3Fc HTTP/1.1")


async def test_a_command_without_a_body_has_none() -> None:
    """An empty body is no body, so no content type is claimed."""
    async with wire(answer=reply("200 OK")) as server:
        await outcome_of(server.url, commands.refresh_fax("f-1"))
    assert b"content-type" not in server.requests[0].lower()


async def test_a_refused_connection_was_not_sent() -> None:
    """Nobody listening means the request certainly did not leave."""
    async with wire() as server:
        pass
    assert await outcome_of(server.url) == NotSent(WhyNotSent.NOT_CONNECTED)


async def test_an_unknown_name_was_not_sent() -> None:
    """A name that does not resolve means the request certainly did not leave."""
    outcome = await outcome_of("https://api.telnyx.invalid/v2")
    assert outcome == NotSent(WhyNotSent.NAME_NOT_RESOLVED)


async def test_a_failed_handshake_was_not_sent() -> None:
    """A peer that speaks no TLS never saw the request, nor the key."""
    seen: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await outcome_of(f"https://127.0.0.1:{port}/v2")
    assert outcome == NotSent(WhyNotSent.NO_TLS)
    assert KEY.encode() not in b"".join(seen)


async def test_waiting_for_a_connection_is_not_sent() -> None:
    """A request whose deadline passes in the queue for a connection never left."""
    release = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await release.wait()

    async with wire(hold) as server, telnyx_api(server.url, KEY, connections=1) as api:
        first = asyncio.create_task(api.perform(MESSAGE, deadline=30))
        await eventually(lambda: server.requests)
        second = await api.perform(MESSAGE, deadline=0.05)
        release.set()
        assert second == NotSent(WhyNotSent.NO_TIME)
        assert await first == InDoubt(WhyInDoubt.CONNECTION_LOST)
        assert len(server.requests) == 1


async def test_silence_after_the_request_is_in_doubt() -> None:
    """Telnyx has the request and says nothing before the deadline: nobody knows."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with wire(silent) as server:
        outcome = await outcome_of(server.url, deadline=0.2)
    assert outcome == InDoubt(WhyInDoubt.NO_ANSWER)


async def test_a_reset_after_the_request_is_in_doubt() -> None:
    """Telnyx has the request and the connection breaks: nobody knows, and nothing is retried."""

    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with wire(reset) as server:
        outcome = await outcome_of(server.url)
        assert outcome == InDoubt(WhyInDoubt.CONNECTION_LOST)
        assert len(server.requests) == 1


async def test_a_stale_connection_is_not_retried() -> None:
    """A pooled connection the server has closed does not make a second attempt of a send."""
    answers = [reply("200 OK"), b""]

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))
        await writer.drain()
        await server.read_request(reader)

    async with wire(once) as server, telnyx_api(server.url, KEY) as api:
        assert isinstance(await api.perform(MESSAGE), Accepted)
        assert await api.perform(MESSAGE) == InDoubt(WhyInDoubt.CONNECTION_LOST)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"\x00\xff\r\n\r\n"]
)
async def test_a_broken_answer_is_in_doubt(answer: bytes) -> None:
    """An answer cut short, or no HTTP at all, does not tell whether the send happened."""

    async def broken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with wire(broken) as server:
        outcome = await outcome_of(server.url)
    assert outcome == InDoubt(WhyInDoubt.CONNECTION_LOST)


async def test_a_refusal_stands_without_its_body() -> None:
    """A 4xx whose body is cut short is still a refusal."""

    async def broken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 422 Unprocessable\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()

    async with wire(broken) as server:
        outcome = await outcome_of(server.url)
    assert outcome == Refused(422, "", "", RefusalKind.BAD_REQUEST)


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[1]", b'"x"', b"\xff\xfe", b"[" * 5000, b"x" * (BODY_LIMIT + 1)],
    ids=["empty", "text", "list", "string", "binary", "deep", "huge"],
)
async def test_an_unreadable_body_of_a_success_is_tolerated(body: bytes) -> None:
    """The status says accepted; a body that cannot be read or is over the limit counts as empty."""
    async with wire(answer=reply("200 OK", body)) as server:
        outcome = await outcome_of(server.url)
    assert outcome == Accepted(200, {})


async def test_an_endless_body_ends_at_the_limit() -> None:
    """Reading stops at the limit even when the server never stops."""

    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    async with wire(endless) as server:
        outcome = await outcome_of(server.url, deadline=60)
    assert outcome == Accepted(200, {})


async def test_a_compressed_body_is_not_opened() -> None:
    """We ask for plain bytes; a compressed answer could be a bomb and is left closed."""
    async with wire(answer=reply("200 OK", b"\x1f\x8b junk", "Content-Encoding: gzip")) as server:
        outcome = await outcome_of(server.url)
    assert outcome == Accepted(200, {})
    assert b"Accept-Encoding: identity" in server.requests[0]


async def test_a_redirect_is_not_followed() -> None:
    """The key is not carried to another host: a redirect is a wrong base URL."""
    async with wire(answer=reply("200 OK")) as elsewhere:
        moved = reply("307 Temporary Redirect", b"", f"Location: {elsewhere.url}/messages")
        async with wire(answer=moved) as server:
            outcome = await outcome_of(server.url)
    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.CONFIGURATION
    assert elsewhere.requests == []


async def test_cookies_are_not_kept() -> None:
    """What one answer sets does not travel with the next request."""
    answer = reply("200 OK", b"{}", "Set-Cookie: a=b")
    async with wire(answer=answer) as server:
        # By name, because no cookie jar keeps cookies of an address.
        by_name = server.url.replace("127.0.0.1", "localhost")
        async with telnyx_api(by_name, KEY) as api:
            await api.perform(MESSAGE)
            await api.perform(MESSAGE)
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """An http_proxy variable does not divert the key."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with wire(answer=reply("200 OK")) as server:
        assert isinstance(await outcome_of(server.url), Accepted)


@pytest.mark.parametrize(
    "path",
    [
        "messages",
        "//evil.example/messages",
        "/\\evil.example",
        "/a b",
        "/a\r\nX: y",
        "/a#b",
        "/../v1/messages",
        "/calls/./x",
        "/calls/..",
        "/calls/..?a=b",
        "@evil.example/",
        "/é",
        "",
        "https://evil.example/",
    ],
)
async def test_refuses_a_path_that_could_leave_the_base(path: str) -> None:
    """A path that could name another host, resource or header is refused before any network."""
    async with wire(answer=reply("200 OK")) as server, telnyx_api(server.url, KEY) as api:
        with pytest.raises(ValueError, match="path"):
            await api.request("GET", path)
    assert server.requests == []


@pytest.mark.parametrize("key", ["", "a b", "a\n", "é", "x" * 256, "a:b"])
async def test_refuses_a_malformed_idempotency_key(key: str) -> None:
    """A key Telnyx would refuse is refused here."""
    async with telnyx_api("http://127.0.0.1:9/v2", KEY) as api:
        with pytest.raises(ValueError, match="idempotency key"):
            await api.request("POST", "/messages", b"{}", idempotency_key=key)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.telnyx.com/v2",
        "http://10.0.0.1/v2",
        "http://127.0.0.1.example.com/v2",
        "https://user@api.telnyx.com/v2",
        "https://api.telnyx.com/v2?x=y",
        "https://api.telnyx.com/v2#x",
        "ftp://api.telnyx.com",
        "api.telnyx.com/v2",
        "",
    ],
)
async def test_refuses_a_base_url_that_would_show_the_key(base_url: str) -> None:
    """Only https, or http to the loopback of a simulator, may carry the key."""
    with pytest.raises(ValueError, match="base URL"):
        async with telnyx_api(base_url, KEY):
            pass


@pytest.mark.parametrize("key", ["", "KEY 1", "KEY\n", "KEY\r\nX: y", "clé"])
async def test_refuses_a_key_that_cannot_be_a_header(key: str) -> None:
    """No key, or one with blanks, stops the start."""
    with pytest.raises(ValueError, match="API key") as caught:
        async with telnyx_api("https://api.telnyx.com/v2", key):
            pass
    assert not key or key not in str(caught.value)


async def test_the_key_is_in_no_representation() -> None:
    """Printing the client or a failure does not print the key."""
    async with wire() as server:
        pass
    async with telnyx_api(server.url, KEY) as api:
        outcome = await api.perform(MESSAGE)
        assert KEY not in repr(api)
        assert KEY not in repr(outcome)


def test_a_request_prints_without_its_body() -> None:
    """A request printed by accident shows no text and no number."""
    assert "2025550101" not in repr(MESSAGE)
