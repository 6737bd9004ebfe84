"""Send one request to Telnyx's REST API, once, and return what it answered.

Retrying is the outbox's business, because only it knows the idempotency key, the bytes and the time
of the first attempt. The account's key leaves this module only towards the configured base URL;
redirects, cookies and proxies from the environment are never followed.
"""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from carrier.commands import Request
from carrier.outcomes import (
    InDoubt,
    NotSent,
    Outcome,
    Reply,
    Unanswered,
    WhyInDoubt,
    WhyNotSent,
    classify,
)

BODY_LIMIT = 1024 * 1024
"""The most bytes of an answer that are read; a longer one counts as unreadable."""

_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")
# Printable ASCII without what could end the path or start another host.
_PATH = re.compile(r"/(?!/)[!-~]*")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(/|\?|$)")


class TelnyxApi:
    """A thin client of one account; made by `telnyx_api`, safe to use from many tasks."""

    def __init__(
        self, session: aiohttp.ClientSession, base_url: URL, connect_timeout: float
    ) -> None:
        self._session = session
        self._base = str(base_url).rstrip("/")
        self._connect_timeout = connect_timeout

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        idempotency_key: str | None = None,
        deadline: float = 5.0,
        content_type: str = "application/json",
    ) -> Reply:
        """Make one attempt within `deadline` seconds; `body` goes out byte for byte.

        Raises Unanswered when no usable answer came, and ValueError for a path or a key that could
        never be sent. (A read may be repeated once by the transport on a stale connection.)
        """
        url = self._url(path)
        headers = _headers(body, idempotency_key, content_type)
        progress = SimpleNamespace(sent=False)
        try:
            async with self._session.request(
                method,
                url,
                data=body or None,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=self._connect_timeout),
                trace_request_ctx=progress,
            ) as response:
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unanswered(_failure(error, sent=progress.sent)) from error

    async def perform(
        self, request: Request, *, idempotency_key: str | None = None, deadline: float = 5.0
    ) -> Outcome:
        """Make one attempt and say what became of it; raises nothing but ValueError."""
        result: Reply | Unanswered
        try:
            result = await self.request(
                request.method,
                request.path,
                request.body,
                idempotency_key=idempotency_key,
                deadline=deadline,
                content_type=request.content_type,
            )
        except Unanswered as unanswered:
            result = unanswered
        return classify(result, keyed=idempotency_key is not None, now=time.time())

    def _url(self, path: str) -> URL:
        if not _PATH.fullmatch(path) or _DOT_SEGMENT.search(path) or set(path) & set("\\#@"):
            raise ValueError("not a path below the API's base URL")
        return URL(self._base + path, encoded=True)


@asynccontextmanager
async def telnyx_api(
    base_url: str, api_key: str, *, connections: int = 20, connect_timeout: float = 3.0
) -> AsyncIterator[TelnyxApi]:
    """Open the client of one account, with at most `connections` connections at a time.

    Raises ValueError for a base URL that is not https (plain http is for the loopback of a
    simulator only) and for a key that cannot be a header.
    """
    url = _base_url(base_url)
    if not re.fullmatch(r"[!-~]+", api_key):
        raise ValueError("the API key is empty or holds blanks")
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "switchhook",
        },
        skip_auto_headers=["Content-Type"],
        trace_configs=[_noting_when_sent()],
        auto_decompress=False,
    )
    async with session:
        yield TelnyxApi(session, url, connect_timeout)


def _base_url(text: str) -> URL:
    url = URL(text)
    plain = url.scheme == "http" and _is_loopback(url.host)
    if not url.host or (url.scheme != "https" and not plain):
        raise ValueError("the API's base URL must be https, or http on a loopback address")
    if url.user or url.password or url.query_string or url.fragment:
        raise ValueError("the API's base URL must be an address and a path, nothing else")
    return url


def _is_loopback(host: str | None) -> bool:
    try:
        return host is not None and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def _headers(body: bytes | None, idempotency_key: str | None, content_type: str) -> dict[str, str]:
    headers = {"Content-Type": content_type} if body else {}
    if idempotency_key is not None:
        if not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
            # Telnyx: idempotency. A malformed key would be refused with 10015.
            raise ValueError("an idempotency key is 1 to 255 of A-Z a-z 0-9 _ -")
        headers["Idempotency-Key"] = idempotency_key
    return headers


def _noting_when_sent() -> aiohttp.TraceConfig:
    """Note the moment before the first byte is written: until then the request never left."""
    config = aiohttp.TraceConfig()

    async def note(_session: aiohttp.ClientSession, context: Any, _params: Any) -> None:
        context.trace_request_ctx.sent = True

    config.on_request_headers_sent.append(note)
    return config


async def _read(response: aiohttp.ClientResponse) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = await _bounded(response)
    except (aiohttp.ClientError, TimeoutError):
        if not 400 <= response.status < 500:
            raise
        body = b""  # A refusal stands without its words.
    readable = headers.get("content-encoding", "identity") == "identity"
    return Reply(response.status, headers, body if readable else b"")


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            response.close()
            return b""
    return bytes(body)


def _failure(error: BaseException, *, sent: bool) -> NotSent | InDoubt:
    timed_out = isinstance(error, TimeoutError)
    if sent:
        return InDoubt(WhyInDoubt.NO_ANSWER if timed_out else WhyInDoubt.CONNECTION_LOST)
    if timed_out:
        return NotSent(WhyNotSent.NO_TIME)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NotSent(WhyNotSent.NAME_NOT_RESOLVED)
    if isinstance(error, aiohttp.ClientSSLError):
        return NotSent(WhyNotSent.NO_TLS)
    return NotSent(WhyNotSent.NOT_CONNECTED)
