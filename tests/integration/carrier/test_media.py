"""Downloads against real sockets: what is kept, what is refused, and where nothing ever goes."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import connector as aiohttp_connector

from carrier import media, media_policy
from carrier.magic import SIGNED_KINDS
from carrier.media import (
    Fetched,
    MediaGone,
    MediaKind,
    MediaPolicy,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    WhyUnavailable,
    fetch,
)
from tests.integration.carrier.certificates import server_context

PDF = b"%PDF-1.7\n" + b"x" * 5000
KEY = "KEY-test-0123"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]] | bytes


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Site:
    """A server that records requests and answers each path as it is told."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.port = 0

    @property
    def origin(self) -> str:
        """The plain origin of the site."""
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            path = head.split(b" ")[1].decode().partition("?")[0]
            answer = self.answers.get(path, reply("404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def site(tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    """Serve on a free port of the loopback."""
    served = Site()
    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: served.names.append(name)
    server = await asyncio.start_server(served.connected, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


class Basket:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.content = b""

    async def put(self, chunk: bytes) -> None:
        """Keep the next bytes."""
        self.content += chunk


def policy_for(
    *sites: Site,
    max_bytes: int = 100_000,
    total_seconds: float = 30,
    kinds: frozenset[MediaKind] = SIGNED_KINDS,
) -> MediaPolicy:
    """Allow the plain origins of some sites."""
    return MediaPolicy(
        max_bytes=max_bytes,
        total_seconds=total_seconds,
        kinds=kinds,
        development_origins=tuple(each.origin for each in sites),
    )


async def got(url: str, policy: MediaPolicy) -> tuple[Fetched, bytes]:
    """Fetch into a basket."""
    basket = Basket()
    return await fetch(url, policy=policy, sink=basket.put), basket.content


async def refusal_of(url: str, policy: MediaPolicy) -> MediaRefusal:
    """Return why a URL is refused, and check that nothing reached the sink."""
    basket = Basket()
    with pytest.raises(MediaRefused) as caught:
        await fetch(url, policy=policy, sink=basket.put)
    assert basket.content == b""
    return caught.value.reason


async def test_streams_a_document_with_its_size_and_hash() -> None:
    """The sink gets every byte in order, and the result describes them."""
    async with site() as served:
        served.answers["/a.pdf"] = reply("200 OK", PDF, "Content-Type: Application/PDF; x=y")
        fetched, content = await got(served.origin + "/a.pdf", policy_for(served))
    assert content == PDF
    digest = hashlib.sha256(PDF).hexdigest()
    assert fetched == Fetched(len(PDF), digest, MediaKind.PDF, "application/pdf")


@pytest.mark.parametrize("size", [1, 3, 63, 64, 65])
async def test_a_body_in_small_pieces_is_the_same_body(size: int) -> None:
    """The kind is found however the first bytes are cut."""

    async def pieces(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, 300, size):
            piece = PDF[start : start + size] if start + size <= 300 else PDF[start:300]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with site() as served:
        served.answers["/a"] = pieces
        fetched, content = await got(served.origin + "/a", policy_for(served))
    assert (fetched.size, content) == (300, PDF[:300])


async def test_a_file_shorter_than_a_signature_window_is_kept() -> None:
    """Fewer bytes than are sniffed are enough when the file has no more."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", b"GIF89a")
        fetched, content = await got(served.origin + "/a", policy_for(served))
    assert (fetched.kind, content) == (MediaKind.GIF, b"GIF89a")


async def test_a_signed_link_arrives_as_it_was_signed() -> None:
    """The path and the query reach the wire unchanged."""
    target = "/a%2Fb/c%20d.pdf?X-Amz-Signature=a%2Fb%3D&x=%7E~+y"
    async with site() as served:
        served.answers["/a%2Fb/c%20d.pdf"] = reply("200 OK", PDF)
        await got(served.origin + target, policy_for(served))
    assert served.requests[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><html>" + b"x" * 100, b"GIF", b"\x1f\x8b" + b"x" * 100]
)
async def test_a_file_of_another_kind_never_reaches_the_sink(body: bytes) -> None:
    """Whatever the server calls it, the first bytes decide."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", body, "Content-Type: application/pdf")
        reason = await refusal_of(served.origin + "/a", policy_for(served))
    assert reason is MediaRefusal.KIND


async def test_a_kind_the_caller_does_not_keep_is_refused() -> None:
    """A fax service that wants documents gets no picture."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", b"GIF89a" + b"x" * 100)
        policy = policy_for(served, kinds=frozenset({MediaKind.PDF, MediaKind.TIFF}))
        assert await refusal_of(served.origin + "/a", policy) is MediaRefusal.KIND


async def test_an_archive_may_keep_what_nobody_knows() -> None:
    """A caller who wants every kind gets the bytes, and is told that they are of none."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", b"\x1f\x8b" + b"x" * 100)
        policy = policy_for(served, kinds=frozenset(MediaKind))
        fetched, content = await got(served.origin + "/a", policy)
    assert (fetched.kind, len(content)) == (MediaKind.OTHER, 102)


async def test_an_empty_file_is_refused() -> None:
    """No bytes are no document."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK")
        reason = await refusal_of(served.origin + "/a", policy_for(served))
    assert reason is MediaRefusal.EMPTY


async def test_an_encoded_body_is_refused() -> None:
    """A compressed answer nobody asked for could be a bomb."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", PDF, "Content-Encoding: gzip")
        reason = await refusal_of(served.origin + "/a", policy_for(served))
    assert reason is MediaRefusal.ENCODED
    assert b"Accept-Encoding: identity" in served.requests[0]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_expired_link_is_gone(status: int) -> None:
    """The caller asks the carrier for a new link."""
    async with site() as served:
        served.answers["/a"] = reply(f"{status} No")
        with pytest.raises(MediaGone) as caught:
            await got(served.origin + "/a", policy_for(served))
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("401 Unauthorized", MediaRefusal.KEY),
        ("204 No Content", MediaRefusal.STATUS),
        ("206 Partial Content", MediaRefusal.STATUS),
        ("304 Not Modified", MediaRefusal.STATUS),
        ("400 Bad Request", MediaRefusal.STATUS),
        ("418 Teapot", MediaRefusal.STATUS),
    ],
)
async def test_other_statuses_are_refused(status: str, reason: MediaRefusal) -> None:
    """Only 200 carries a document."""
    async with site() as served:
        served.answers["/a"] = reply(status)
        assert await refusal_of(served.origin + "/a", policy_for(served)) is reason


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        ("500 Oops", "X: y", None),
        ("503 Busy", "Retry-After: 7", 7),
        ("429 Slow", "Retry-After: soon", None),
        ("408 Timeout", "X: y", None),
    ],
)
async def test_a_passing_fault_is_retryable(
    status: str, header: str, seconds: float | None
) -> None:
    """The same URL may work later, and the server may say when."""
    async with site() as served:
        served.answers["/a"] = reply(status, b"", header)
        with pytest.raises(MediaUnavailable) as caught:
            await got(served.origin + "/a", policy_for(served))
    assert (caught.value.why, caught.value.retry_after) == (WhyUnavailable.SERVER_ERROR, seconds)


async def test_a_file_declared_too_large_is_not_read() -> None:
    """A Content-Length over the limit ends the download before it begins."""
    async with site() as served:
        served.answers["/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"
        with pytest.raises(MediaTooLarge) as caught:
            await got(served.origin + "/a", policy_for(served, max_bytes=1000))
    assert caught.value.max_bytes == 1000


async def test_exactly_the_limit_is_kept() -> None:
    """The limit itself is allowed."""
    async with site() as served:
        served.answers["/a"] = reply("200 OK", PDF)
        fetched, _ = await got(served.origin + "/a", policy_for(served, max_bytes=len(PDF)))
    assert fetched.size == len(PDF)


@pytest.mark.parametrize("limit", [10, 63, 100_000])
async def test_an_endless_body_ends_at_the_limit(limit: int) -> None:
    """A server that never stops is left at the limit, and the sink got no more than that."""

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + PDF[:4096] + b"\r\n")
            await writer.drain()

    basket = Basket()
    async with site() as served:
        served.answers["/a"] = endless
        policy = policy_for(served, max_bytes=limit)
        with pytest.raises(MediaTooLarge):
            await fetch(served.origin + "/a", policy=policy, sink=basket.put)
    assert len(basket.content) <= limit


async def test_a_slow_body_ends_at_the_deadline() -> None:
    """A server that trickles cannot hold a download for ever."""

    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\n%\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with site() as served:
        served.answers["/a"] = trickle
        with pytest.raises(MediaUnavailable) as caught:
            await got(served.origin + "/a", policy_for(served, total_seconds=0.3))
    assert caught.value.why is WhyUnavailable.TOO_SLOW


async def test_a_body_cut_short_is_retryable() -> None:
    """Fewer bytes than promised are not a document."""
    async with site() as served:
        served.answers["/a"] = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + PDF
        with pytest.raises(MediaUnavailable) as caught:
            await got(served.origin + "/a", policy_for(served))
    assert caught.value.why is WhyUnavailable.BROKEN_OFF


@pytest.mark.parametrize("answer", [b"", b"\x00\xff\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"])
async def test_no_http_is_retryable(answer: bytes) -> None:
    """A peer that does not speak HTTP gives no document."""
    async with site() as served:
        served.answers["/a"] = answer
        with pytest.raises(MediaUnavailable) as caught:
            await got(served.origin + "/a", policy_for(served))
    assert caught.value.why is WhyUnavailable.BROKEN_OFF


async def test_nobody_listening_is_retryable() -> None:
    """A refused connection may pass."""
    async with site() as served:
        pass
    with pytest.raises(MediaUnavailable) as caught:
        await got(served.origin + "/a", policy_for(served))
    assert caught.value.why is WhyUnavailable.NOT_CONNECTED


async def test_what_the_sink_raises_passes_through() -> None:
    """A full disk is the caller's own fault to handle."""

    async def full(_chunk: bytes) -> None:
        raise OSError("no space left")

    async with site() as served:
        served.answers["/a"] = reply("200 OK", PDF)
        with pytest.raises(OSError, match="no space left"):
            await fetch(served.origin + "/a", policy=policy_for(served), sink=full)


async def test_a_redirect_to_an_allowed_place_is_followed() -> None:
    """Relative and absolute targets pass through the same checks."""
    async with site() as first, site() as second:
        first.answers["/a"] = reply("302 Found", b"", "Location: b?x=1")
        first.answers["/b"] = reply("307 Moved", b"", f"Location: {second.origin}/c")
        second.answers["/c"] = reply("200 OK", PDF)
        fetched, _ = await got(first.origin + "/a", policy_for(first, second))
    assert fetched.size == len(PDF)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1:9/x", MediaRefusal.SCHEME),
        ("http://169.254.169.254/latest/", MediaRefusal.SCHEME),
        ("https://evil.example/x", MediaRefusal.HOST),
        ("//evil.example/x", MediaRefusal.SCHEME),
        ("file:///etc/passwd", MediaRefusal.SCHEME),
        ("https://user@media.telnyx.com/x", MediaRefusal.CREDENTIALS),
        ("https://media.telnyx.com:8443/x", MediaRefusal.PORT),
        ("", MediaRefusal.REDIRECT),
    ],
)
async def test_a_redirect_elsewhere_is_refused(location: str, reason: MediaRefusal) -> None:
    """A server that passed the checks cannot send us to one that does not."""
    async with site() as served:
        served.answers["/a"] = reply("302 Found", b"", f"Location: {location}")
        assert await refusal_of(served.origin + "/a", policy_for(served)) is reason


async def test_redirects_in_a_circle_end() -> None:
    """At most three redirects are followed."""
    async with site() as served:
        served.answers["/a"] = reply("302 Found", b"", "Location: /a")
        reason = await refusal_of(served.origin + "/a", policy_for(served))
        assert reason is MediaRefusal.REDIRECT
        assert len(served.requests) == 4


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fd00:ec2::254"],
        ["8.8.8.8", "10.0.0.1"],
        ["not an address"],
    ],
)
async def test_a_listed_name_with_a_private_address_is_refused(addresses: list[str]) -> None:
    """A name under somebody's control cannot lead inside, not even with one address of several."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return addresses

    with pytest.raises(MediaRefused) as caught:
        await fetch(
            "https://media.telnyx.com/a",
            policy=MediaPolicy(max_bytes=1000),
            sink=Basket().put,
            resolve=resolve,
        )
    assert caught.value.reason is MediaRefusal.ADDRESS
    assert asked == [("media.telnyx.com", 443)]


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    """The address of every hop is checked, not only of the first."""

    async def inside(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1"]

    async with site() as served:
        served.answers["/a"] = reply("302 Found", b"", "Location: https://media.telnyx.com/x")
        with pytest.raises(MediaRefused) as caught:
            await fetch(
                served.origin + "/a",
                policy=policy_for(served),
                sink=Basket().put,
                resolve=inside,
            )
    assert caught.value.reason is MediaRefusal.ADDRESS


@pytest.mark.parametrize("error", [OSError("no such host"), UnicodeError("label too long"), None])
async def test_a_name_without_an_address_is_retryable(error: Exception | None) -> None:
    """A resolver that is away may come back."""

    async def resolve(_host: str, _port: int) -> list[str]:
        if error is not None:
            raise error
        return []

    with pytest.raises(MediaUnavailable) as caught:
        await fetch(
            "https://media.telnyx.com/a",
            policy=MediaPolicy(max_bytes=1000),
            sink=Basket().put,
            resolve=resolve,
        )
    assert caught.value.why is WhyUnavailable.NAME_NOT_RESOLVED


async def loopback(_host: str, _port: int) -> list[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


@asynccontextmanager
async def telnyx_site(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool = True
) -> AsyncIterator[Site]:
    """Serve names of Telnyx over TLS on this machine, with the rules bent just so far."""
    names = ("media.telnyx.com", "cdn.telnyx.com", "s3.amazonaws.com")
    serving, trusting = server_context(folder, *names)
    async with site(serving) as served:
        monkeypatch.setattr(media_policy, "HTTPS_PORT", served.port)
        monkeypatch.setattr(media, "is_public", lambda address: address == "127.0.0.1")
        if trusted:
            monkeypatch.setattr(aiohttp_connector, "_SSL_CONTEXT_VERIFIED", trusting)
        yield served


async def test_connects_to_the_checked_address_with_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is the resolved one; SNI, certificate and Host are the name's."""
    async with telnyx_site(tmp_path, monkeypatch) as served:
        served.answers["/a"] = reply("200 OK", PDF)
        url = f"https://media.telnyx.com:{served.port}/a"
        fetched = await fetch(
            url, policy=MediaPolicy(max_bytes=9000), sink=Basket().put, resolve=loopback
        )
    assert fetched.size == len(PDF)
    assert served.names == ["media.telnyx.com"]
    assert f"Host: media.telnyx.com:{served.port}\r\n".encode() in served.requests[0]


async def test_a_certificate_nobody_vouches_for_is_not_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that cannot prove the name gets no request."""
    async with telnyx_site(tmp_path, monkeypatch, trusted=False) as served:
        with pytest.raises(MediaUnavailable) as caught:
            await fetch(
                f"https://media.telnyx.com:{served.port}/a",
                policy=MediaPolicy(max_bytes=9000),
                sink=Basket().put,
                api_key=KEY,
                resolve=loopback,
            )
    assert caught.value.why is WhyUnavailable.NOT_CONNECTED
    assert served.requests == []


async def test_the_key_is_shown_only_after_a_request_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A media host that turns us away is asked once more with the key."""
    async with telnyx_site(tmp_path, monkeypatch) as served:
        served.answers["/a"] = reply("401 Unauthorized")
        with pytest.raises(MediaRefused) as caught:
            await fetch(
                f"https://media.telnyx.com:{served.port}/a",
                policy=MediaPolicy(max_bytes=9000),
                sink=Basket().put,
                api_key=KEY,
                resolve=loopback,
            )
    assert caught.value.reason is MediaRefusal.KEY
    first, second = served.requests
    assert b"Authorization" not in first
    assert b"Authorization: Bearer KEY-test-0123\r\n" in second


@pytest.mark.parametrize("host", ["cdn.telnyx.com", "s3.amazonaws.com"])
async def test_the_key_is_never_shown_to_another_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Storage and unlisted hosts never see the key, not even as the target of a redirect."""
    async with telnyx_site(tmp_path, monkeypatch) as served:
        moved = f"Location: https://{host}:{served.port}/b"

        async def keyed(writer: asyncio.StreamWriter) -> None:
            wanted = b"Authorization" in served.requests[-1]
            writer.write(reply("302 Found", b"", moved) if wanted else reply("401 Unauthorized"))
            await writer.drain()

        served.answers["/a"] = keyed
        served.answers["/b"] = reply("401 Unauthorized")
        with pytest.raises(MediaRefused):
            await fetch(
                f"https://media.telnyx.com:{served.port}/a",
                policy=MediaPolicy(max_bytes=9000),
                sink=Basket().put,
                api_key=KEY,
                resolve=loopback,
            )
    paths = [request.split(b" ")[1] for request in served.requests]
    assert paths == [b"/a", b"/a", b"/b"]
    assert b"Authorization" not in served.requests[2]


async def test_a_redirect_does_not_lead_from_https_to_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a listed development origin is no target for a real host."""
    async with telnyx_site(tmp_path, monkeypatch) as served, site() as plain:
        served.answers["/a"] = reply("302 Found", b"", f"Location: {plain.origin}/b")
        with pytest.raises(MediaRefused) as caught:
            await fetch(
                f"https://media.telnyx.com:{served.port}/a",
                policy=policy_for(plain),
                sink=Basket().put,
                resolve=loopback,
            )
    assert caught.value.reason is MediaRefusal.REDIRECT
    assert plain.requests == []


async def test_the_key_is_never_shown_to_a_development_origin() -> None:
    """Plain http carries no key."""
    async with site() as served:
        served.answers["/a"] = reply("401 Unauthorized")
        with pytest.raises(MediaRefused):
            await fetch(
                served.origin + "/a", policy=policy_for(served), sink=Basket().put, api_key=KEY
            )
    assert len(served.requests) == 1
    assert b"Authorization" not in served.requests[0]


async def test_no_failure_shows_the_url() -> None:
    """A signed link in a log line would be a leak."""
    async with site() as served:
        for status in ("404 No", "401 No", "500 No", "302 No", "204 No"):
            served.answers["/secret"] = reply(status)
            with pytest.raises(media.MediaError) as caught:
                await got(served.origin + "/secret?token=abc", policy_for(served))
            assert "secret" not in str(caught.value)
            assert caught.value.__cause__ is None
