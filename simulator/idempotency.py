"""Idempotency-Key of POST /messages, without I/O (Telnyx: idempotency).

A key belongs to a method and a path. While the first request runs, a second gets 409. A success is
replayed for 24 hours to a request with the same query and the same bytes; another request under the
same key gets 422. Failures are not stored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.errors import ApiError

KEPT = timedelta(hours=24)

_KEY = re.compile(r"[A-Za-z0-9_:-]{1,255}")
_POINTER = "/header/Idempotency-Key"


@dataclass(frozen=True)
class Stored:
    """The reply a repeated request gets."""

    status: int
    body: bytes


@dataclass
class _Record:
    fingerprint: tuple[str, bytes]
    since: datetime
    reply: Stored | None = None


@dataclass(frozen=True)
class Claim:
    """The right to perform a request under a key."""

    scope: tuple[str, str, str]


class IdempotencyKeys:
    """The keys of the last 24 hours."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, str], _Record] = {}

    def begin(
        self,
        keys: Sequence[str],
        method: str,
        path: str,
        query: str,
        body: bytes,
        now: datetime,
    ) -> Claim | Stored | None:
        """Claim a request, or return the stored reply; None when it brought no key.

        `keys` holds every Idempotency-Key header. Raises ApiError 10015 for a malformed or repeated
        header, 10036 while the first request runs, 10027 when the request differs from the first.
        """
        if not keys:
            return None
        if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
            raise ApiError("10015", "The Idempotency-Key is malformed.", pointer=_POINTER)
        scope = (keys[0], method, path)
        known = self._records.get(scope)
        if known is None or now - known.since > KEPT:
            self._records[scope] = _Record((query, body), now)
            return Claim(scope)
        if known.fingerprint != (query, body):
            detail = "The Idempotency-Key was used with a different request."
            raise ApiError("10027", detail, pointer=_POINTER)
        if known.reply is None:
            detail = "A request with this Idempotency-Key is already being processed."
            raise ApiError("10036", detail, pointer=_POINTER)
        return known.reply

    def finish(self, claim: Claim, reply: Stored) -> None:
        """Keep the reply of a request that succeeded."""
        self._records[claim.scope].reply = reply

    def forget(self, claim: Claim) -> None:
        """Free the key of a request that failed."""
        self._records.pop(claim.scope, None)
