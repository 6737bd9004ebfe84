"""Recordings in SQL; every method works in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.calls.recordings import Recording, RecordingFilter, RecordingState
from services.voice.calls.tables import recordings


class SqlRecordings:
    """The recordings of one service."""

    async def add(self, connection: AsyncConnection, recording: Recording) -> bool:
        """Insert a recording; False when it is known."""
        row = insert_into(connection, recordings).values(_values(recording))
        added = row.on_conflict_do_nothing().returning(recordings.c.recording_id)
        return (await connection.execute(added)).first() is not None

    async def get(self, connection: AsyncConnection, recording_id: str) -> Recording | None:
        """Return a recording, or None."""
        query = sa.select(recordings).where(recordings.c.recording_id == recording_id)
        row = (await connection.execute(query)).first()
        return _recording(row) if row else None

    async def save(self, connection: AsyncConnection, recording: Recording) -> None:
        """Write a recording that is there."""
        where = recordings.c.recording_id == recording.recording_id
        await connection.execute(sa.update(recordings).where(where).values(_values(recording)))

    async def page(
        self,
        connection: AsyncConnection,
        wanted: RecordingFilter,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Sequence[Recording]:
        """Return up to `limit` recordings that follow a place, newest first."""
        newest = (recordings.c.create_time, recordings.c.recording_id)
        query = sa.select(recordings).where(*_conditions(wanted))
        if after is not None:
            time, recording_id = after
            bound = (sa.literal(time, newest[0].type), sa.literal(recording_id))
            query = query.where(sa.tuple_(*newest) < sa.tuple_(*bound))
        query = query.order_by(*(column.desc() for column in newest)).limit(limit)
        return [_recording(row) for row in await connection.execute(query)]


def _conditions(wanted: RecordingFilter) -> list[sa.ColumnElement[bool]]:
    asked = {
        recordings.c.leg_id: wanted.leg_id,
        recordings.c.session_id: wanted.session_id,
        recordings.c.state: wanted.state.value if wanted.state else "",
    }
    return [column == value for column, value in asked.items() if value]


_PLAIN = ("recording_id", "leg_id", "session_id", "reason", "channels", "content_type", "sha256")
_TIMES = ("start_time", "end_time", "create_time", "store_time")


def _values(recording: Recording) -> dict[str, Any]:
    length = recording.duration
    return {
        **{name: getattr(recording, name) for name in (*_PLAIN, *_TIMES, "size_bytes")},
        "command_key": recording.key,
        "state": recording.state.value,
        "duration_ms": None if length is None else length // timedelta(milliseconds=1),
    }


def _recording(row: sa.Row[Any]) -> Recording:
    length = row.duration_ms
    return Recording(
        **{name: getattr(row, name) for name in (*_PLAIN, *_TIMES, "size_bytes")},
        key=row.command_key,
        state=RecordingState(row.state),
        duration=None if length is None else timedelta(milliseconds=length),
    )
