"""Moments of a leg: what happened to it, in order, from every part of voice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.calls.records import CallRecord, CommandRecord
from services.voice.calls.tables import moments

_LONGEST = 255
"""Characters that are kept of each text: together they are an index."""


class MomentKind(StrEnum):
    """What a moment is."""

    EVENT = "EVENT"
    COMMAND = "COMMAND"
    STEP = "STEP"
    QUEUE = "QUEUE"
    OFFER = "OFFER"
    RECORDING = "RECORDING"
    NOTE = "NOTE"


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment. ``title`` and ``detail`` are codes and never personal.

    ``reference`` is what it is about: an event's id, a command's key, an offer, an entry, a step.
    """

    time: datetime
    kind: MomentKind
    title: str
    reference: str = ""
    detail: str = ""
    leg_id: str = ""


class Timeline:
    """The moments of legs; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, leg_id: str, moment: Moment) -> None:
        """Keep a moment of a leg, unless the same but for its time is kept already."""
        row = insert_into(connection, moments).values(
            leg_id=leg_id,
            kind=moment.kind.value,
            title=moment.title[:_LONGEST],
            reference=moment.reference[:_LONGEST],
            detail=moment.detail[:_LONGEST],
            time=moment.time,
        )
        await connection.execute(row.on_conflict_do_nothing())

    async def of(self, connection: AsyncConnection, legs: Sequence[CallRecord]) -> Sequence[Moment]:
        """Return every moment of some legs, commands too, oldest first."""
        given = [
            replace(_of_command(each), leg_id=leg.call.leg_id)
            for leg in legs
            for each in leg.commands
        ]
        query = sa.select(moments).where(moments.c.leg_id.in_([leg.call.leg_id for leg in legs]))
        rows = (await connection.execute(query.order_by(moments.c.moment_id))).all()
        kept = [_moment(row) for row in rows]
        return sorted([*kept, *given], key=lambda each: each.time)


def _moment(row: sa.Row[tuple[object, ...]]) -> Moment:
    kind = MomentKind(row.kind)
    return Moment(row.time, kind, row.title, row.reference, row.detail, row.leg_id)


def _of_command(command: CommandRecord) -> Moment:
    detail = f"{command.state.value} {command.reason}".strip()
    kind = MomentKind.COMMAND
    return Moment(command.request_time, kind, command.kind.value, command.key, detail)
