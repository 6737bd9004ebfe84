"""Bring recordings into the archive: the performer of `telnyx.recording` effects."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import call_commands as wire
from carrier.error_codes import RefusalKind
from carrier.magic import MediaKind
from carrier.media import (
    Fetched,
    MediaError,
    MediaGone,
    MediaPolicy,
    MediaRefusal,
    MediaRefused,
    MediaTooLarge,
    MediaUnavailable,
    fetch,
)
from carrier.outcomes import Accepted, InDoubt, NotSent, Refused
from chassis import logs
from chassis.clock import Clock
from chassis.effects import Done, Effect, Failed, Outcome, RetryLater
from chassis.objects import Objects
from services.voice.calls.performers import Carrier
from services.voice.calls.recordings import FetchJob, Kept, RecordingArchive, job_of

MAX_BYTES = 256 * 1024 * 1024
"""Four hours, the carrier's longest call, as WAV of 8 kHz and 16 bits are 230 MB."""

Sink = Callable[[bytes], Awaitable[None]]
Fetch = Callable[[str, Sink], Awaitable[Fetched]]
"""Downloads a URL into a sink; raises a MediaError."""

# A link that is gone says so at once, so a fresh one and its download still fit the attempt.
_FETCH_SECONDS, _ASK_SECONDS = 18.0, 4.0
_LINK_LIVES = 540.0
"""Seconds after which a link is not tried any more. Source: Telnyx, storing call recordings: ten
minutes."""
_SHORTEST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 1.0, 1800.0, 3600.0

_log = logs.get_logger(__name__)


class RecordingFetcher:
    """Fetches a recording by the links announced, and by fresh ones when they are gone."""

    def __init__(
        self,
        archive: RecordingArchive,
        objects: Objects,
        fetch: Fetch,
        carrier: Carrier,
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._objects = objects
        self._fetch = fetch
        self._carrier = carrier
        self._clock = clock

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every fetch: it changes nothing at the carrier."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Make one attempt; what passes by is tried again, less and less often, for a day."""
        job = job_of(effect)
        age = self._clock.now().timestamp() - job.create_time
        if job.urls and (age < _LINK_LIVES or not job.is_named):
            outcome = await self._kept(job, job.urls)
            if outcome is not None:
                return outcome
        if not job.is_named:
            return Failed("LINK_GONE")
        return await self._by_fresh_link(job)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Record a recording that is stored or lost; anything else is still pending."""
        identity = effect.entity_key
        if isinstance(outcome, Done):
            kept = Kept(sha256=outcome.reference, **orjson.loads(outcome.detail))
            await self._archive.stored(connection, identity, kept)
        elif isinstance(outcome, Failed):
            await self._archive.lost(connection, identity, outcome.reason)
            _log.error("recording.lost", recording_id=identity, reason=outcome.reason)

    async def _by_fresh_link(self, job: FetchJob) -> Outcome:
        request = wire.get_recording(job.recording_id)
        match await self._carrier.perform(request, deadline=_ASK_SECONDS):
            case Accepted() as answer:
                urls = _links(answer.data.get("download_urls"))
                kept = await self._kept(job, urls) if urls else None
                return kept or self._later(job, "LINK_GONE")
            case Refused(kind=RefusalKind.NOT_FOUND | RefusalKind.GONE):
                # The store may lag behind the webhook.
                return self._later(job, "LINK_GONE")
            case Refused() as refused:
                return self._later(job, "UNAVAILABLE", refused.retry_after or 0.0)
            case NotSent() | InDoubt():
                return self._later(job, "UNAVAILABLE")

    async def _kept(self, job: FetchJob, urls: Sequence[str]) -> Outcome | None:
        """Return what became of fetching by one of some links, or None when all are gone."""
        for url in urls:
            try:
                return await self._download(url)
            except MediaGone:
                continue
            except MediaError as error:
                return self._failure(job, error)
        return None

    async def _download(self, url: str) -> Outcome:
        async with self._objects.draft() as draft:
            fetched = await self._fetch(url, draft.write)
            stored = await self._objects.keep(draft)
        facts = {"size_bytes": stored.size, "content_type": fetched.kind.value}
        return Done(stored.sha256, orjson.dumps(facts))

    def _failure(self, job: FetchJob, error: MediaError) -> Outcome:
        match error:
            case MediaUnavailable():
                return self._later(job, "UNAVAILABLE", error.retry_after or 0.0)
            case MediaTooLarge():
                return Failed("TOO_LARGE")
            case MediaRefused(reason=MediaRefusal.KEY):
                return self._later(job, "UNAVAILABLE")
            case MediaRefused(reason=MediaRefusal.KIND | MediaRefusal.EMPTY | MediaRefusal.ENCODED):
                return Failed("NOT_AUDIO")
            case MediaRefused(reason=MediaRefusal.STATUS):
                return Failed("CARRIER_FAILED")
            case _:
                return Failed("SOURCE_NOT_ALLOWED")

    def _later(self, job: FetchJob, reason: str, asked: float = 0.0) -> Outcome:
        """Try again after a quarter of the recording's age, until it expires."""
        now = self._clock.now().timestamp()
        if now >= job.expire_time:
            return Failed(reason)
        wait = min(max((now - job.create_time) / 4, _SHORTEST_WAIT), _LONGEST_WAIT)
        return RetryLater(max(wait, min(asked, _LONGEST_ASKED)), reason)


def _links(given: object) -> list[str]:
    """Return the links the carrier gives, the smaller file's first."""
    links = given if isinstance(given, dict) else {}
    return [link for name in ("mp3", "wav") if isinstance(link := links.get(name), str) and link]


def fetching(telnyx_url: str, api_key: str, hosts: tuple[str, ...]) -> Fetch:
    """Return the download of one recording: only from known hosts, only so large, only audio.

    The key is shown to Telnyx alone, and only after a request without it was turned away.
    """
    api = urlsplit(telnyx_url)
    # A carrier reached by plain http is a simulator, and serves its recordings itself.
    simulator = (f"{api.scheme}://{api.netloc}",) if api.scheme == "http" else ()
    policy = MediaPolicy(
        max_bytes=MAX_BYTES,
        kinds=frozenset({MediaKind.MP3, MediaKind.WAV}),
        hosts=hosts,
        development_origins=simulator,
        total_seconds=_FETCH_SECONDS,
    )

    async def download(url: str, sink: Sink) -> Fetched:
        return await fetch(url, policy=policy, sink=sink, api_key=api_key)

    return download
