"""Bring parts of messages into the archive: the performer of `telnyx.media` effects."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier.magic import MediaKind
from carrier.media import (
    Fetched,
    MediaGone,
    MediaPolicy,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    fetch,
)
from chassis.clock import Clock
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.logs import get_logger
from chassis.objects import Objects
from services.messaging.media.model import MAX_BYTES, MediaReason, MediaState
from services.messaging.use_cases.media_archive import FetchJob, Kept, MediaArchive, job_of

Sink = Callable[[bytes], Awaitable[None]]
Fetch = Callable[[str, Sink], Awaitable[Fetched]]
"""Downloads a URL into a sink; raises a MediaError."""

# Less than the dispatcher allows an attempt, so that a slow one is known to have failed.
_FETCH_SECONDS = 20.0
_SHORTEST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 2.0, 1800.0, 3600.0
_HEX = re.compile(r"[0-9a-f]{64}")

_REASONS = {
    MediaRefusal.EMPTY: MediaReason.EMPTY,
    MediaRefusal.STATUS: MediaReason.BAD_ANSWER,
    MediaRefusal.ENCODED: MediaReason.BAD_ANSWER,
    MediaRefusal.KIND: MediaReason.BAD_ANSWER,
}
"""Every other refusal is about where the link leads."""

_log = get_logger(__name__)


class MediaFetcher:
    """Fetches a part, keeps it if it is what the carrier announced, and records the outcome."""

    def __init__(self, archive: MediaArchive, objects: Objects, fetch: Fetch, clock: Clock) -> None:
        self._archive = archive
        self._objects = objects
        self._fetch = fetch
        self._clock = clock

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every fetch: it changes nothing at the carrier."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Make one attempt; what passes by is tried again, less and less often, for a day."""
        job = job_of(effect)
        try:
            return await self._kept(job)
        except MediaGone as error:
            # Nothing has been seen to bring a link back, but the store may lag behind the webhook.
            return self._later(job, MediaReason.LINK_GONE, str(error.status))
        except MediaUnavailable as error:
            asked = min(error.retry_after or 0.0, _LONGEST_ASKED)
            return self._later(job, MediaReason.UNAVAILABLE, error.why.value, asked)
        except MediaTooLarge:
            return Failed(MediaReason.TOO_LARGE.name)
        except MediaRefused as error:
            if error.reason is MediaRefusal.KEY:
                return self._later(job, MediaReason.KEY_REFUSED, "")
            reason = _REASONS.get(error.reason, MediaReason.SOURCE_NOT_ALLOWED)
            return Failed(reason.name, error.reason.value)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Record a part that is stored or lost; anything else is still pending."""
        index = job_of(effect).index
        if isinstance(outcome, Done):
            kept = Kept(sha256=outcome.reference, **orjson.loads(outcome.detail))
            await self._archive.stored(connection, effect.entity_key, index, kept)
        elif isinstance(outcome, Failed):
            reason = MediaReason[outcome.reason]
            await self._archive.lost(connection, effect.entity_key, index, reason, outcome.detail)
            self._tell(effect.entity_key, index, reason, outcome.detail)

    async def _kept(self, job: FetchJob) -> Outcome:
        async with self._objects.draft() as draft:
            fetched = await self._fetch(job.url, draft.write)
            stated = stated_sha256(job.sha256)
            if stated and stated != fetched.sha256:
                return Failed(MediaReason.HASH_MISMATCH.name)
            if job.size_bytes > 0 and job.size_bytes != fetched.size:
                return Failed(MediaReason.SIZE_MISMATCH.name)
            stored = await self._objects.keep(draft)
        facts = {
            "size_bytes": stored.size,
            "content_type": fetched.kind.value,
            "hash_verified": bool(stated),
        }
        return Done(stored.sha256, orjson.dumps(facts))

    def _later(
        self, job: FetchJob, reason: MediaReason, detail: str, asked: float = 0.0
    ) -> Outcome:
        """Try again after a quarter of the part's age, until it expires."""
        now = self._clock.now().timestamp()
        if now >= job.expire_time:
            return Failed(reason.name, detail)
        wait = min(max((now - job.create_time) / 4, _SHORTEST_WAIT), _LONGEST_WAIT)
        return RetryLater(max(wait, asked), reason.name)

    def _tell(self, message_id: str, index: int, reason: MediaReason, detail: str) -> None:
        facts = {"message_id": message_id, "index": index, "reason": reason.name, "detail": detail}
        if reason.state is MediaState.EXPIRED:
            # The carrier keeps it for some weeks more: somebody should look in time.
            _log.error("media.expired", **facts)
        else:
            _log.warning("media.rejected", **facts)


def stated_sha256(stated: str) -> str:
    """Return a stated SHA-256 as lower-case hex; empty when it is in no form that can be compared.

    Telnyx's captures have 64 hex digits; its schema allows 32 characters, which hold no SHA-256.
    """
    text = stated.strip()
    if _HEX.fullmatch(text.lower()):
        return text.lower()
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.hex() if len(decoded) == 32 else ""


def fetching(telnyx_url: str, api_key: str, hosts: tuple[str, ...]) -> Fetch:
    """Return the download of one part: only from known hosts, only so large, of any kind.

    The key is shown to Telnyx alone, and only after a request without it was turned away.
    """
    api = urlsplit(telnyx_url)
    # A carrier reached by plain http is a simulator, and serves its media itself.
    simulator = (f"{api.scheme}://{api.netloc}",) if api.scheme == "http" else ()
    policy = MediaPolicy(
        max_bytes=MAX_BYTES,
        kinds=frozenset(MediaKind),
        hosts=hosts,
        development_origins=simulator,
        total_seconds=_FETCH_SECONDS,
    )

    async def download(url: str, sink: Sink) -> Fetched:
        return await fetch(url, policy=policy, sink=sink, api_key=api_key)

    return download
