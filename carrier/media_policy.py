"""Decide which media URLs may be fetched at all, before any network.

A media URL comes from a webhook or from a redirect, so it is somebody else's text. Only https to
port 443 of a listed name passes; addresses, credentials, other ports and anything two parsers read
differently do not. For development, exact http origins on the loopback can be listed, so that a
simulator can serve media.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from yarl import URL

from carrier.magic import SIGNED_KINDS, MediaKind

MAX_URL_CHARACTERS = 4096

DEFAULT_HOSTS = (
    "*.telnyx.com",
    "*.telnyxcloudstorage.com",
    "s3.amazonaws.com",
    "*.s3.amazonaws.com",
)
"""Where Telnyx keeps media of messages, faxes and recordings, as its samples show."""
DEFAULT_KEY_HOSTS = ("api.telnyx.com", "media.telnyx.com")

HTTPS_PORT = 443

# A name whose last label starts with a letter, so no spelling of an IP address is one.
_NAME = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
_HOST = re.compile(_NAME)
_PATTERN = re.compile(rf"(\*\.)?{_NAME}")


class MediaRefusal(StrEnum):
    """Why media is not fetched or not kept; trying again never helps."""

    MALFORMED_URL = "MALFORMED_URL"
    SCHEME = "SCHEME"
    CREDENTIALS = "CREDENTIALS"
    PORT = "PORT"
    HOST = "HOST"
    ADDRESS = "ADDRESS"
    """The name leads to an address that is not on the public internet."""
    REDIRECT = "REDIRECT"
    """A redirect without a target, from https to plain http, or one too many."""
    KEY = "KEY"
    """The host wants an API key and does not take ours, or may not get it."""
    STATUS = "STATUS"
    ENCODED = "ENCODED"
    KIND = "KIND"
    """The first bytes are of no kind the policy keeps."""
    EMPTY = "EMPTY"


class MediaError(Exception):
    """Media could not be had; the text never holds the URL, which may be signed."""


class MediaRefused(MediaError):  # noqa: N818 - a verdict, not a malfunction
    """The media must not be fetched or kept."""

    def __init__(self, reason: MediaRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPolicy:
    """What may be fetched, and how much of it.

    Hosts are names or `*.name` for every name below. Raises ValueError for a pattern too wide, a
    key host outside telnyx.com, or a development origin that is not http on a loopback address.
    """

    max_bytes: int
    kinds: frozenset[MediaKind] = SIGNED_KINDS
    hosts: tuple[str, ...] = DEFAULT_HOSTS
    key_hosts: tuple[str, ...] = DEFAULT_KEY_HOSTS
    """Who may be shown the API key, and only after a request without it was turned away."""
    development_origins: tuple[str, ...] = ()
    """Such as `http://127.0.0.1:8090`; empty in production."""
    total_seconds: float = 30.0
    max_redirects: int = 3

    def __post_init__(self) -> None:
        for pattern in (*self.hosts, *self.key_hosts):
            if not _PATTERN.fullmatch(pattern):
                raise ValueError(f"not a host name or *.name: {pattern!r}")
        for host in self.key_hosts:
            if not host.endswith(".telnyx.com"):
                raise ValueError(f"the API key is for Telnyx only, not for {host!r}")
        for origin in self.development_origins:
            if not _is_loopback_origin(origin):
                raise ValueError(f"not an http origin on a loopback address: {origin!r}")


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that has passed the policy."""

    url: URL
    host: str
    port: int
    development: bool
    takes_key: bool


def destination(url: str, policy: MediaPolicy) -> Destination:
    """Pass or refuse a URL. Raises MediaRefused."""
    parsed = _parse(url)
    host = (parsed.raw_host or "").lower()
    if str(parsed.origin()) in policy.development_origins:
        return Destination(parsed, host, parsed.port or 80, development=True, takes_key=False)
    if parsed.scheme != "https":
        raise MediaRefused(MediaRefusal.SCHEME)
    if parsed.port != HTTPS_PORT:
        raise MediaRefused(MediaRefusal.PORT)
    if not _HOST.fullmatch(host) or not _listed(host, policy.hosts):
        raise MediaRefused(MediaRefusal.HOST)
    takes_key = _listed(host, policy.key_hosts)
    return Destination(parsed, host, HTTPS_PORT, development=False, takes_key=takes_key)


def _parse(url: str) -> URL:
    if len(url) > MAX_URL_CHARACTERS or not re.fullmatch(r"[!-\[\]-~]+", url):
        raise MediaRefused(MediaRefusal.MALFORMED_URL)
    try:
        parsed, split = URL(url, encoded=True), urlsplit(url)
        host = (parsed.raw_host or "").lower()
        same = (host, parsed.explicit_port) == (split.hostname, split.port)
    except ValueError:
        raise MediaRefused(MediaRefusal.MALFORMED_URL) from None
    if parsed.scheme not in ("http", "https"):
        raise MediaRefused(MediaRefusal.SCHEME)
    if "@" in split.netloc:
        raise MediaRefused(MediaRefusal.CREDENTIALS)
    # What two parsers read differently is an attack on one of them.
    if not same or not host:
        raise MediaRefused(MediaRefusal.MALFORMED_URL)
    return parsed.with_fragment(None)


def _listed(host: str, patterns: tuple[str, ...]) -> bool:
    return any(
        host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
        for pattern in patterns
    )


def _is_loopback_origin(origin: str) -> bool:
    try:
        url = URL(origin)
        loopback = ip_address(url.host or "").is_loopback
        return loopback and url.scheme == "http" and str(url.origin()) == origin
    except ValueError:
        return False
