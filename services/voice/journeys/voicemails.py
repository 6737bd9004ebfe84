"""Voicemails: what callers leave behind, kept as tasks for whoever listens."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from chassis.errors import NotFound, NotYet
from services.voice.calls.recordings import Recording, RecordingState
from services.voice.journeys.tables import voicemails

_IDS = uuid.UUID("0b8f1c52-52ce-5c0b-9df2-7a0f54d1c7e9")
"""Never change it: a voicemail that is filed again would be kept twice."""
_MILLISECOND = timedelta(milliseconds=1)


class VoicemailState(StrEnum):
    """How far a voicemail has come."""

    RECORDING = "RECORDING"
    OPEN = "OPEN"
    HANDLED = "HANDLED"
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """One message left by a caller; the number is empty when there is none."""

    voicemail_id: str
    leg_id: str
    step_id: str
    state: VoicemailState
    create_time: datetime
    queue_id: str = ""
    agent_id: str = ""
    caller_number: str = ""
    called_number: str = ""
    recording_id: str = ""
    length: timedelta | None = None
    handled_by: str = ""
    handle_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoicemailFilter:
    """Which voicemails are wanted; what is empty does not matter."""

    state: VoicemailState | None = None
    queue_id: str = ""
    agent_id: str = ""
    caller_number: str = ""
    leg_id: str = ""
    created_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the voicemail it follows."""

    create_time: datetime
    voicemail_id: str


def voicemail_id(leg_id: str, key: str) -> str:
    """Name a voicemail by its leg and the key of the command that records it."""
    return str(uuid.uuid5(_IDS, f"{leg_id}/{key}"))


class Voicemails:
    """The voicemails of one service; every method works in the caller's transaction."""

    async def open(self, connection: AsyncConnection, voicemail: Voicemail) -> None:
        """Expect a message; one that is expected already stays as it is."""
        row = insert_into(connection, voicemails).values(
            voicemail_id=voicemail.voicemail_id,
            leg_id=voicemail.leg_id,
            step_id=voicemail.step_id,
            state=voicemail.state.value,
            queue_id=voicemail.queue_id,
            agent_id=voicemail.agent_id,
            caller_number=voicemail.caller_number,
            called_number=voicemail.called_number,
            recording_id="",
            handled_by="",
            create_time=voicemail.create_time,
        )
        await connection.execute(row.on_conflict_do_nothing())

    async def close(
        self,
        connection: AsyncConnection,
        voicemail_id: str,
        recording_id: str,
        length: timedelta | None,
    ) -> None:
        """Say what came of a message; a recording may still come after none was expected."""
        table = voicemails.c
        state = VoicemailState.OPEN if recording_id else VoicemailState.EMPTY
        waiting = [VoicemailState.RECORDING.value, VoicemailState.EMPTY.value]
        change = sa.update(voicemails).where(
            table.voicemail_id == voicemail_id, table.state.in_(waiting)
        )
        milliseconds = None if length is None else length // _MILLISECOND
        await connection.execute(
            change.values(state=state.value, recording_id=recording_id, length_ms=milliseconds)
        )

    async def recording_settled(
        self, connection: AsyncConnection, recording: Recording, now: datetime
    ) -> None:
        """Go on when the sound is kept, however late, or when it is lost for good."""
        if recording.state is RecordingState.LOST:
            change = sa.update(voicemails).where(
                voicemails.c.recording_id == recording.recording_id,
                voicemails.c.state == VoicemailState.OPEN.value,
            )
            await connection.execute(change.values(state=VoicemailState.EMPTY.value))
        elif recording.key:
            identity = voicemail_id(recording.leg_id, recording.key)
            await self.close(connection, identity, recording.recording_id, recording.duration)

    async def get(self, connection: AsyncConnection, voicemail_id: str) -> Voicemail:
        """Return a voicemail, or raise NotFound."""
        query = sa.select(voicemails).where(voicemails.c.voicemail_id == voicemail_id)
        row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound("VOICEMAIL_NOT_FOUND", "no voicemail with this id is kept")
        return _voicemail(row)

    async def handle(
        self, connection: AsyncConnection, voicemail_id: str, handled_by: str, now: datetime
    ) -> Voicemail:
        """Close the task of a voicemail; whoever was first stays.

        Raises NotFound, and NotYet while the recording has not come.
        """
        table = voicemails.c
        done = [VoicemailState.OPEN.value, VoicemailState.EMPTY.value]
        change = sa.update(voicemails).where(
            table.voicemail_id == voicemail_id, table.state.in_(done)
        )
        state = VoicemailState.HANDLED.value
        await connection.execute(change.values(state=state, handled_by=handled_by, handle_time=now))
        found = await self.get(connection, voicemail_id)
        if found.state is VoicemailState.RECORDING:
            raise NotYet("VOICEMAIL_NOT_RECORDED", "the recording has not come yet")
        return found

    async def page(
        self,
        connection: AsyncConnection,
        wanted: VoicemailFilter,
        after: Place | None,
        limit: int,
    ) -> Sequence[Voicemail]:
        """Return at most `limit` voicemails, newest first, those after a place."""
        table = voicemails.c
        query = sa.select(voicemails).where(*_conditions(wanted))
        if after is not None:
            place = sa.tuple_(table.create_time, table.voicemail_id)
            end = sa.tuple_(
                sa.literal(after.create_time, table.create_time.type), after.voicemail_id
            )
            query = query.where(place < end)
        query = query.order_by(table.create_time.desc(), table.voicemail_id.desc())
        return [_voicemail(row) for row in await connection.execute(query.limit(limit))]


def _conditions(wanted: VoicemailFilter) -> list[sa.ColumnElement[bool]]:
    table = voicemails.c
    equal = {
        table.state: wanted.state.value if wanted.state else "",
        table.queue_id: wanted.queue_id,
        table.agent_id: wanted.agent_id,
        table.caller_number: wanted.caller_number,
        table.leg_id: wanted.leg_id,
    }
    found = [column == value for column, value in equal.items() if value]
    if wanted.created_after is not None:
        found.append(table.create_time >= wanted.created_after)
    return found


def _voicemail(row: sa.Row[Any]) -> Voicemail:
    return Voicemail(
        voicemail_id=row.voicemail_id,
        leg_id=row.leg_id,
        step_id=row.step_id,
        state=VoicemailState(row.state),
        create_time=row.create_time,
        queue_id=row.queue_id,
        agent_id=row.agent_id,
        caller_number=row.caller_number,
        called_number=row.called_number,
        recording_id=row.recording_id,
        length=None if row.length_ms is None else row.length_ms * _MILLISECOND,
        handled_by=row.handled_by,
        handle_time=row.handle_time,
    )
