"""Recordings of legs: what is known of them, and keeping their bytes beyond the carrier's links."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.effects import Effect, InDoubt
from services.voice.calls.desk import Outbox
from services.voice.calls.facts import CommandKind
from services.voice.calls.model import Call
from services.voice.calls.timeline import Moment, MomentKind, Timeline

FETCH = "telnyx.recording"
"""The kind of effect that brings a recording into the archive."""

_IDS = uuid.UUID("0f0f8f43-1ad5-5c19-9a36-b80f1c7be4a7")
_TRIED_FOR = timedelta(days=1)
"""How long a recording is tried to be fetched."""
_WINDOW = 365 * 24 * 3600.0  # Fetching changes nothing at the carrier: it is done again at will.


class RecordingState(StrEnum):
    """Where a recording stands."""

    PENDING = "PENDING"
    STORED = "STORED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording of a leg. ``key`` is the command's that started it; empty when unknown."""

    recording_id: str
    leg_id: str
    session_id: str
    create_time: datetime
    key: str = ""
    state: RecordingState = RecordingState.PENDING
    reason: str = ""
    channels: str = ""
    content_type: str = ""
    sha256: str = ""
    size_bytes: int = 0
    duration: timedelta | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    store_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """Which recordings to list; what is empty or None matches all."""

    leg_id: str = ""
    session_id: str = ""
    state: RecordingState | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """A recording the carrier has, and where; ``is_named``: a fresh link can be asked for."""

    recording_id: str
    urls: tuple[str, ...]
    is_named: bool = True
    channels: str = ""
    duration: timedelta | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put into the archive."""

    sha256: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class FetchJob:
    """One recording to fetch, since and until when; times in seconds since 1970."""

    recording_id: str
    urls: tuple[str, ...]
    is_named: bool
    create_time: float
    expire_time: float


class RecordingListener(Protocol):
    """Hears of recordings."""

    async def recording_settled(
        self, connection: AsyncConnection, recording: Recording, now: datetime
    ) -> None:
        """Go on: the recording is STORED, or LOST for good."""
        ...


class Recordings(Protocol):
    """Where recordings are kept."""

    async def add(self, connection: AsyncConnection, recording: Recording) -> bool:
        """Insert a recording; False when it is known."""
        ...

    async def get(self, connection: AsyncConnection, recording_id: str) -> Recording | None:
        """Return a recording, or None."""
        ...

    async def save(self, connection: AsyncConnection, recording: Recording) -> None:
        """Write a recording that is there."""
        ...


@dataclass(frozen=True)
class RecordingArchive:
    """The archive's use cases, each in the caller's transaction."""

    recordings: Recordings
    outbox: Outbox
    timeline: Timeline
    clock: Clock
    listeners: list[RecordingListener]

    async def announced(
        self, connection: AsyncConnection, call: Call, announced: Announced
    ) -> None:
        """Have a recording fetched that the carrier has; once more changes nothing."""
        recording = _pending(call, announced, self.clock.now())
        if not await self.recordings.add(connection, recording):
            return
        await self.outbox.add(connection, _fetch(recording, announced))
        await self._note(connection, recording)

    async def stored(self, connection: AsyncConnection, recording_id: str, kept: Kept) -> None:
        """Record that the bytes are in the archive."""
        await self._settle(
            connection,
            recording_id,
            state=RecordingState.STORED,
            reason="",
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            content_type=kept.content_type,
            store_time=self.clock.now(),
        )

    async def lost(self, connection: AsyncConnection, recording_id: str, reason: str) -> None:
        """Record that the bytes will not be in the archive."""
        await self._settle(connection, recording_id, state=RecordingState.LOST, reason=reason)

    async def _settle(
        self, connection: AsyncConnection, recording_id: str, **facts: object
    ) -> None:
        recording = await self.recordings.get(connection, recording_id)
        if recording is None or recording.state is not RecordingState.PENDING:
            return
        settled = replace(recording, **facts)  # type: ignore[arg-type]
        await self.recordings.save(connection, settled)
        await self._note(connection, settled)
        for listener in self.listeners:
            await listener.recording_settled(connection, settled, self.clock.now())

    async def _note(self, connection: AsyncConnection, recording: Recording) -> None:
        facts = (recording.state.value, recording.recording_id, recording.reason)
        moment = Moment(self.clock.now(), MomentKind.RECORDING, *facts)
        await self.timeline.add(connection, recording.leg_id, moment)


def job_of(effect: Effect) -> FetchJob:
    """Return what an effect fetches."""
    facts = orjson.loads(effect.body)
    return FetchJob(**{**facts, "urls": tuple(facts["urls"])})


def _pending(call: Call, announced: Announced, now: datetime) -> Recording:
    return Recording(
        recording_id=announced.recording_id,
        leg_id=call.leg_id,
        session_id=call.session_id,
        create_time=now,
        key=_key(call, announced.recording_id),
        channels=announced.channels,
        duration=announced.duration,
        start_time=announced.start_time,
        end_time=announced.end_time,
    )


def _key(call: Call, recording_id: str) -> str:
    made: Sequence[str] = [
        result.key
        for result in call.results
        if result.kind is CommandKind.RECORD and result.recording_id == recording_id
    ]
    return made[0] if made else ""


def _fetch(recording: Recording, announced: Announced) -> Effect:
    begun = recording.create_time
    facts = {
        "recording_id": recording.recording_id,
        "urls": list(announced.urls),
        "is_named": announced.is_named,
        "create_time": begun.timestamp(),
        "expire_time": (begun + _TRIED_FOR).timestamp(),
    }
    return Effect(
        effect_id=str(uuid.uuid5(_IDS, recording.recording_id)),
        kind=FETCH,
        body=orjson.dumps(facts),
        entity_key=recording.recording_id,
        in_doubt=InDoubt.RESEND,
        resend_window=_WINDOW,
        max_attempts=0,
    )
