"""Say what became of a request to Telnyx: accepted, refused, never sent, or in doubt.

The four cases decide what may be done next. `Accepted`: Telnyx took it. `Refused`: it certainly did
not, and the kind says whether trying again helps. `NotSent`: the request never left us, so sending
it again is safe. `InDoubt`: it may have had its effect; only a request whose idempotency key or
command id Telnyx still remembers may be sent again.

Pure: no network and no clock but the one passed in.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any, TypeGuard

import orjson

from carrier.error_codes import KINDS, RefusalKind, kind_of

JsonObject = dict[str, Any]

_EPOCH = 1_000_000_000
"""A rate-limit reset above this is a Unix time: Telnyx's pages show both forms."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Telnyx answered: status, headers with lower-case names, and the bytes of the body.

    The body is empty when it was over the limit, encoded, or lost after a status that decides
    without it.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class WhyNotSent(StrEnum):
    """Why a request certainly never left us."""

    NAME_NOT_RESOLVED = "NAME_NOT_RESOLVED"
    NOT_CONNECTED = "NOT_CONNECTED"
    NO_TLS = "NO_TLS"
    NO_TIME = "NO_TIME"
    """The deadline passed while waiting for a connection."""


class WhyInDoubt(StrEnum):
    """Why nobody knows whether a request had its effect."""

    NO_ANSWER = "NO_ANSWER"
    """The deadline passed after the request had left."""
    CONNECTION_LOST = "CONNECTION_LOST"
    SERVER_ERROR = "SERVER_ERROR"
    """A 5xx: Telnyx may have acted before it failed."""
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    """A 408."""
    IN_PROGRESS = "IN_PROGRESS"
    """A 409 on a keyed request: the first one with this key is still at work; ask again later."""
    CONFLICT = "CONFLICT"
    """A 409 on a request without a key."""


class Unanswered(Exception):  # noqa: N818 - a fact, not a malfunction
    """No usable answer came; `outcome` says whether the request may have arrived."""

    def __init__(self, outcome: "NotSent | InDoubt") -> None:
        super().__init__(outcome.why.value)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Accepted:
    """Telnyx took the request.

    `body` is the decoded answer, empty when there was none or it could not be read. `replayed` says
    that Telnyx repeated the stored answer of an earlier request with the same key.
    """

    status: int
    body: JsonObject = field(repr=False)
    replayed: bool = False

    @property
    def data(self) -> JsonObject:
        """The `data` object of the answer, or an empty one."""
        data = self.body.get("data")
        return data if _is_object(data) else {}


@dataclass(frozen=True, slots=True)
class Refused:
    """Telnyx did not take the request; `kind` says what helps.

    `code` is Telnyx's error code, empty when the answer had none. `detail` may repeat numbers and
    text of the request, so it never goes to a log or to a caller. `retry_after` is in seconds; None
    means that Telnyx did not say.
    """

    status: int
    code: str
    title: str
    kind: RefusalKind
    retry_after: float | None = None
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request certainly never left us: it may be sent again as it is."""

    why: WhyNotSent


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The request may or may not have had its effect."""

    why: WhyInDoubt
    retry_after: float | None = None


Outcome = Accepted | Refused | NotSent | InDoubt


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The rate-limit headers of an answer; None where a header is absent or unreadable."""

    limit: int | None
    remaining: int | None
    reset_after: float | None
    """Seconds until the window starts anew."""


def classify(result: Reply | Unanswered, *, keyed: bool, now: float) -> Outcome:
    """Say what an answer, or its absence, means for the request.

    `keyed` tells that the request carried an Idempotency-Key; `now` is in Unix seconds.
    """
    if isinstance(result, Unanswered):
        return result.outcome
    if 200 <= result.status < 300:
        replayed = result.headers.get("idempotentreplayed", "false").lower() != "false"
        return Accepted(result.status, decode(result.body), replayed)
    wait = retry_after(result.headers, now)
    doubt = _doubt(result.status, keyed)
    return InDoubt(doubt, wait) if doubt else _refused(result, keyed, wait)


def decode(body: bytes) -> JsonObject:
    """Read a JSON object, or return an empty one: a malformed answer is no reason to fail."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if _is_object(value) else {}


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read how many seconds to wait: Retry-After, or the end of an exhausted rate-limit window."""
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None and text:
        seconds = _seconds_until(text, now)
    if seconds is None:
        limit = rate_limit(headers, now)
        seconds = limit.reset_after if limit.remaining == 0 else None
    return seconds


def rate_limit(headers: Mapping[str, str], now: float) -> RateLimit:
    """Read x-ratelimit-*; the reset is seconds on one of Telnyx's pages and a time on another."""
    reset = _number(headers.get("x-ratelimit-reset", ""))
    if reset is not None and reset > _EPOCH:
        reset = max(0.0, reset - now)
    return RateLimit(
        _count(headers.get("x-ratelimit-limit", "")),
        _count(headers.get("x-ratelimit-remaining", "")),
        reset,
    )


def _doubt(status: int, keyed: bool) -> WhyInDoubt | None:
    if status >= 500:
        return WhyInDoubt.SERVER_ERROR
    if status == 408:
        return WhyInDoubt.REQUEST_TIMEOUT
    if status == 409:
        return WhyInDoubt.IN_PROGRESS if keyed else WhyInDoubt.CONFLICT
    return None


def _refused(reply: Reply, keyed: bool, wait: float | None) -> Refused:
    error = _first_error(decode(reply.body))
    code = _text(error.get("code"))
    kind = kind_of(code, reply.status)
    if keyed and reply.status == 422 and code == "10027":
        kind = RefusalKind.KEY_REUSED
    title, detail = _text(error.get("title")), _text(error.get("detail"))
    return Refused(reply.status, code, title, kind, wait, detail)


def _first_error(body: JsonObject) -> JsonObject:
    """Find the error that decides: the first with a known code, else the first.

    Errors come in a list, alone in place of a list, or as the body itself (Telnyx: DELETE message).
    """
    listed = body.get("errors", body)
    entries = listed if isinstance(listed, list) else [listed]
    objects = [entry for entry in entries if _is_object(entry)]
    known = [error for error in objects if _text(error.get("code")) in KINDS]
    return next(iter(known or objects), {})


def _is_object(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)


def _text(value: object) -> str:
    """Write a code or a title as text: two of Telnyx's schemas type codes as integers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def _count(text: str) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _number(text: str) -> float | None:
    digits = text.strip()
    if len(digits) > 15 or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        return None
    return float(digits)


def _seconds_until(http_date: str, now: float) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(http_date).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment.timestamp() - now)
