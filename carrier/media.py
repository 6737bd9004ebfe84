"""Download what a webhook points at, without being led anywhere else.

Each hop is checked by `media_policy`, its name is resolved once, every address it has must be
public, and the connection goes to those very addresses with the name in SNI and Host, so a name
cannot change its address between check and use. Redirects are followed only through the same
checks. The body is streamed to a sink under limits of bytes and time; what it is is told from its
first bytes before any of it reaches the sink. No proxy is used: it would resolve the name again.
"""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from carrier.addresses import is_public
from carrier.magic import SNIFF_BYTES, MediaKind, kind_of
from carrier.media_policy import (
    Destination,
    MediaError,
    MediaPolicy,
    MediaRefusal,
    MediaRefused,
    destination,
)

__all__ = [
    "Fetched",
    "MediaError",
    "MediaGone",
    "MediaKind",
    "MediaPolicy",
    "MediaRefusal",
    "MediaRefused",
    "MediaTooLarge",
    "MediaUnavailable",
    "WhyUnavailable",
    "fetch",
]

Sink = Callable[[bytes], Awaitable[object]]
"""Takes the bytes in order; what it has taken is void when `fetch` raises."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a name, in standard notation."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_EXPIRED = frozenset({403, 404, 410})
_PASSING = frozenset({408, 425, 429})
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 10.0
_CHUNK_BYTES = 64 * 1024


class WhyUnavailable(StrEnum):
    """Why media cannot be had just now."""

    NAME_NOT_RESOLVED = "NAME_NOT_RESOLVED"
    NOT_CONNECTED = "NOT_CONNECTED"
    BROKEN_OFF = "BROKEN_OFF"
    TOO_SLOW = "TOO_SLOW"
    SERVER_ERROR = "SERVER_ERROR"


class MediaGone(MediaError):  # noqa: N818 - a fact, not a malfunction
    """The link has expired or the file is no longer there; ask Telnyx for a new link."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class MediaTooLarge(MediaError):  # noqa: N818 - a verdict, not a malfunction
    """The file is over the limit."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"over {max_bytes} bytes")
        self.max_bytes = max_bytes


class MediaUnavailable(MediaError):  # noqa: N818 - a fact, not a malfunction
    """The file cannot be had now; the same URL may work later. `retry_after` is in seconds."""

    def __init__(self, why: WhyUnavailable, retry_after: float | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was downloaded: its length, its SHA-256 in hex and what its first bytes say it is."""

    size: int
    sha256: str
    kind: MediaKind
    declared_type: str
    """The media type the server claimed, without parameters; may be empty or wrong."""


async def system_addresses(host: str, port: int) -> list[str]:
    """Ask the system's resolver for every address of a name. Raises OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def fetch(
    url: str,
    *,
    policy: MediaPolicy,
    sink: Sink,
    api_key: str | None = None,
    resolve: Resolve = system_addresses,
) -> Fetched:
    """Download one URL into `sink` and return what it was.

    Raises MediaRefused (never try again), MediaGone (ask for a new link), MediaTooLarge, or
    MediaUnavailable (try again later); what `sink` raises passes through. The caller compares size
    and SHA-256 with what the webhook promised.
    """
    try:
        async with asyncio.timeout(policy.total_seconds):
            return await _follow(url, policy, sink, api_key, resolve)
    except TimeoutError:
        raise MediaUnavailable(WhyUnavailable.TOO_SLOW) from None


async def _follow(
    url: str, policy: MediaPolicy, sink: Sink, api_key: str | None, resolve: Resolve
) -> Fetched:
    target = destination(url, policy)
    key: str | None = None
    redirects = 0
    while True:
        addresses = await _addresses(target, resolve)
        async with _opened(target, addresses, key) as response:
            if response.status in _REDIRECTS and redirects < policy.max_redirects:
                redirects += 1
                target, key = _next(target, response, policy), None
            elif response.status in (401, 403) and key is None and api_key and target.takes_key:
                # Telnyx's pages disagree whether message media wants the key: first without.
                key = api_key
            else:
                _check_status(response)
                return await _receive(response, policy, sink)


async def _addresses(target: Destination, resolve: Resolve) -> Sequence[str]:
    if target.development:
        return [target.host]
    try:
        addresses = await resolve(target.host, target.port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise MediaUnavailable(WhyUnavailable.NAME_NOT_RESOLVED)
    # One private address among public ones is an attack too: refuse the name.
    if not all(is_public(address) for address in addresses):
        raise MediaRefused(MediaRefusal.ADDRESS)
    return addresses


class _Pinned(AbstractResolver):
    """Resolves every name to the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Return the pinned addresses, whatever the name."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def _opened(
    target: Destination, addresses: Sequence[str], key: str | None
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Make one request on a connection of its own, to the pinned addresses only."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "switchhook"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Pinned(addresses), use_dns_cache=False, force_close=True
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS),
        auto_decompress=False,
    )
    try:
        async with (
            session,
            session.get(target.url, headers=headers, allow_redirects=False) as response,
        ):
            yield response
    except aiohttp.ServerTimeoutError:
        raise MediaUnavailable(WhyUnavailable.TOO_SLOW) from None
    except aiohttp.ClientConnectorError:
        raise MediaUnavailable(WhyUnavailable.NOT_CONNECTED) from None
    except aiohttp.ClientError:
        raise MediaUnavailable(WhyUnavailable.BROKEN_OFF) from None


def _next(
    current: Destination, response: aiohttp.ClientResponse, policy: MediaPolicy
) -> Destination:
    location = response.headers.get("Location", "")
    if not location:
        raise MediaRefused(MediaRefusal.REDIRECT)
    target = destination(urljoin(str(current.url), location), policy)
    if target.development and not current.development:
        raise MediaRefused(MediaRefusal.REDIRECT)
    return target


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status in _REDIRECTS:
        raise MediaRefused(MediaRefusal.REDIRECT)
    if status >= 500 or status in _PASSING:
        wait = response.headers.get("Retry-After", "")
        seconds = float(wait) if re.fullmatch("[0-9]{1,6}", wait) else None
        raise MediaUnavailable(WhyUnavailable.SERVER_ERROR, seconds)
    if status == 401:
        raise MediaRefused(MediaRefusal.KEY)
    if status in _EXPIRED:
        raise MediaGone(status)
    if status != 200:
        raise MediaRefused(MediaRefusal.STATUS)


async def _receive(response: aiohttp.ClientResponse, policy: MediaPolicy, sink: Sink) -> Fetched:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaRefused(MediaRefusal.ENCODED)
    if (response.content_length or 0) > policy.max_bytes:
        raise MediaTooLarge(policy.max_bytes)
    chunks = response.content.iter_chunked(_CHUNK_BYTES)
    head = await _head(chunks)
    if len(head) > policy.max_bytes:
        raise MediaTooLarge(policy.max_bytes)
    kind = _kind(head, policy)
    size, digest = len(head), hashlib.sha256(head)
    await sink(head)
    async for chunk in chunks:
        size += len(chunk)
        if size > policy.max_bytes:
            raise MediaTooLarge(policy.max_bytes)
        digest.update(chunk)
        await sink(chunk)
    declared = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(size, digest.hexdigest(), kind, declared)


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    """Read enough to tell what the file is, or all of a shorter one."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= SNIFF_BYTES:
            break
    return head


def _kind(head: bytes, policy: MediaPolicy) -> MediaKind:
    if not head:
        raise MediaRefused(MediaRefusal.EMPTY)
    kind = kind_of(head)
    if kind not in policy.kinds:
        raise MediaRefused(MediaRefusal.KIND)
    return kind
