"""Automatic replies in the database: the rules, what was decided, and what is known of a pair.

What can be counted in the messages is counted there; only what cannot is kept beside them.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.model import Direction, FailureReason, Message, Purpose
from services.messaging.replies.business_hours import BusinessHours, Closure, OpenSpan
from services.messaging.replies.guards import BURST, Guard, Heard, Sent, tokens_at
from services.messaging.replies.rules import (
    Condition,
    Contains,
    Equals,
    FirstContact,
    OutOfHours,
    Rule,
)
from services.messaging.replies.tables import budget, decisions, rules, switch
from services.messaging.tables import messages

_ONLY = 1
"""The key of the tables that have one row."""
_OWN_PURPOSES = tuple(
    purpose.value
    for purpose in Purpose
    if purpose.value.endswith(("_confirmation", "_reply", "_prompt"))
)
_LOST = (
    FailureReason.OPTED_OUT.value,
    FailureReason.UNREACHABLE.value,
    FailureReason.NOT_DELIVERED.value,
)
_DAY = timedelta(days=1)
_MOST_SENT, _MOST_HEARD, _MOST_REPLIES = 20, 50, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about a received message."""

    message_id: str
    rule_id: str
    guard: Guard | None
    decide_time: datetime
    reply_message_id: str = ""
    reply_text: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether all automatic replies are switched off, and since when it stands so."""

    engaged: bool = False
    note: str = ""
    set_time: datetime | None = None


class AutoReplyStore:
    """Rules and decisions, on SQLite and PostgreSQL."""

    async def put(self, connection: AsyncConnection, rule: Rule) -> Rule:
        """Create a rule or replace the one of its id; return it with its times."""
        insert = insert_into(connection, rules).values(_rule_values(rule))
        changed = {
            column.name: insert.excluded[column.name]
            for column in rules.c
            if column.name not in ("rule_id", "create_time")
        }
        upsert = insert.on_conflict_do_update(index_elements=[rules.c.rule_id], set_=changed)
        row = (await connection.execute(upsert.returning(rules.c.create_time))).one()
        return dataclasses.replace(rule, create_time=row.create_time)

    async def get(self, connection: AsyncConnection, rule_id: str) -> Rule | None:
        """Return a rule, or None."""
        query = sa.select(rules).where(rules.c.rule_id == rule_id)
        row = (await connection.execute(query)).first()
        return None if row is None else _rule(row)

    async def page(
        self, connection: AsyncConnection, *, limit: int, after: tuple[int, str] | None = None
    ) -> Sequence[Rule]:
        """Return at most `limit` rules in the order they are asked, those after a place."""
        query = sa.select(rules).order_by(rules.c.priority, rules.c.rule_id).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(rules.c.priority, rules.c.rule_id) > sa.tuple_(*after))
        return [_rule(row) for row in await connection.execute(query)]

    async def enabled(self, connection: AsyncConnection) -> Sequence[Rule]:
        """Return every enabled rule, in the order they are asked."""
        query = sa.select(rules).where(rules.c.enabled).order_by("priority", "rule_id")
        return [_rule(row) for row in await connection.execute(query)]

    async def delete(self, connection: AsyncConnection, rule_id: str) -> None:
        """Delete a rule, if it is there."""
        await connection.execute(sa.delete(rules).where(rules.c.rule_id == rule_id))

    async def record(self, connection: AsyncConnection, message: Message, decided: Decided) -> None:
        """Keep what was decided about a received message."""
        values = {
            "message_id": decided.message_id,
            "our_number": message.our_number,
            "peer_number": message.peer_number,
            "rule_id": decided.rule_id,
            "guard": decided.guard.value if decided.guard else "",
            "reply_message_id": decided.reply_message_id,
            "reply_text": decided.reply_text,
            "decide_time": decided.decide_time,
        }
        insert = insert_into(connection, decisions).values(values)
        await connection.execute(insert.on_conflict_do_nothing())

    async def decided(self, connection: AsyncConnection, message_id: str) -> Decided | None:
        """Return what was decided about a message, or None when no rule matched it."""
        query = sa.select(decisions).where(decisions.c.message_id == message_id)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Decided(
            message_id=row.message_id,
            rule_id=row.rule_id,
            guard=Guard(row.guard) if row.guard else None,
            decide_time=row.decide_time,
            reply_message_id=row.reply_message_id,
            reply_text=row.reply_text,
        )

    async def replies(
        self, connection: AsyncConnection, our_number: str, peer_number: str, now: datetime
    ) -> Sequence[datetime]:
        """Return when replies by rule were given to a pair within a day, newest first."""
        query = (
            sa.select(decisions.c.decide_time)
            .where(*_answers(our_number, peer_number), decisions.c.decide_time > now - _DAY)
            .order_by(decisions.c.decide_time.desc())
        )
        return list((await connection.execute(query.limit(_MOST_REPLIES))).scalars())

    async def has_told(
        self,
        connection: AsyncConnection,
        our_number: str,
        peer_number: str,
        rule_id: str,
        since: datetime,
    ) -> bool:
        """Say whether a rule has answered a pair since a time."""
        query = sa.select(decisions.c.message_id).where(
            *_answers(our_number, peer_number),
            decisions.c.rule_id == rule_id,
            decisions.c.decide_time >= since,
        )
        return (await connection.execute(query.limit(1))).first() is not None

    async def sent(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> Sequence[Sent]:
        """Return our last messages to a pair, newest first."""
        query = sa.select(
            messages.c.text,
            messages.c.auto,
            messages.c.purpose,
            messages.c.create_time,
            messages.c.accept_time,
        ).where(*_pair(our_number, peer_number, Direction.OUTBOUND))
        query = query.order_by(messages.c.create_time.desc(), messages.c.message_id.desc())
        return [
            Sent(
                text=row.text or "",
                is_automatic=row.auto or row.purpose in _OWN_PURPOSES,
                create_time=row.create_time,
                leave_time=row.accept_time or row.create_time,
            )
            for row in await connection.execute(query.limit(_MOST_SENT))
        ]

    async def heard(
        self, connection: AsyncConnection, our_number: str, peer_number: str, now: datetime
    ) -> Sequence[Heard]:
        """Return what a person wrote within a day, newest first."""
        query = sa.select(messages.c.text, messages.c.subject, messages.c.create_time).where(
            *_pair(our_number, peer_number, Direction.INBOUND),
            messages.c.create_time > now - _DAY,
        )
        query = query.order_by(messages.c.create_time.desc(), messages.c.message_id.desc())
        return [
            Heard(row.text if (row.text or "").strip() else row.subject, row.create_time)
            for row in await connection.execute(query.limit(_MOST_HEARD))
        ]

    async def is_first(
        self, connection: AsyncConnection, our_number: str, peer_number: str, message_id: str
    ) -> bool:
        """Say whether nothing but this message was ever exchanged by a pair."""
        query = sa.select(messages.c.message_id).where(
            messages.c.our_number == our_number,
            messages.c.peer_number == peer_number,
            messages.c.message_id != message_id,
        )
        return (await connection.execute(query.limit(1))).first() is None

    async def sends_here(self, connection: AsyncConnection, number: str) -> bool:
        """Say whether a message from this number has gone out: then it is one of ours."""
        query = sa.select(messages.c.message_id).where(
            messages.c.our_number == number,
            messages.c.direction == Direction.OUTBOUND.value,
        )
        return (await connection.execute(query.limit(1))).first() is not None

    async def last_loss(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> datetime | None:
        """Return when a message to a pair last turned out to be undeliverable, or None."""
        when = sa.func.coalesce(messages.c.complete_time, messages.c.create_time)
        query = sa.select(sa.func.max(when, type_=messages.c.create_time.type)).where(
            *_pair(our_number, peer_number, Direction.OUTBOUND),
            messages.c.failure_reason.in_(_LOST),
        )
        found: datetime | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def switch(self, connection: AsyncConnection) -> Switch:
        """Return how the kill switch stands."""
        row = (await connection.execute(sa.select(switch))).first()
        return Switch() if row is None else Switch(row.engaged, row.note, row.set_time)

    async def set_switch(self, connection: AsyncConnection, wanted: Switch) -> None:
        """Set the kill switch."""
        values = dataclasses.asdict(wanted)
        insert = insert_into(connection, switch).values(switch_id=_ONLY, **values)
        upsert = insert.on_conflict_do_update(index_elements=["switch_id"], set_=values)
        await connection.execute(upsert)

    async def tokens(
        self, connection: AsyncConnection, now: datetime, *, hold: bool = False
    ) -> float:
        """Return how many replies may be given at once now; held, nobody else takes one."""
        query = sa.select(budget.c.tokens, budget.c.fill_time)
        row = (await connection.execute(query.with_for_update() if hold else query)).first()
        return float(BURST) if row is None else tokens_at(row.tokens, row.fill_time, now)

    async def take_token(self, connection: AsyncConnection, now: datetime) -> bool:
        """Use up one reply of the service's budget; return False when there is none."""
        full = {"budget_id": _ONLY, "tokens": float(BURST), "fill_time": now}
        await connection.execute(
            insert_into(connection, budget).values(full).on_conflict_do_nothing()
        )
        tokens = await self.tokens(connection, now, hold=True)
        if tokens < 1:
            return False
        await connection.execute(sa.update(budget).values(tokens=tokens - 1, fill_time=now))
        return True


def _pair(our_number: str, peer_number: str, direction: Direction) -> list[sa.ColumnElement[bool]]:
    return [
        messages.c.our_number == our_number,
        messages.c.peer_number == peer_number,
        messages.c.direction == direction.value,
        messages.c.is_group.is_(False),
    ]


def _answers(our_number: str, peer_number: str) -> list[sa.ColumnElement[bool]]:
    return [
        decisions.c.our_number == our_number,
        decisions.c.peer_number == peer_number,
        decisions.c.reply_message_id != "",
    ]


def _rule_values(rule: Rule) -> dict[str, Any]:
    return {
        "rule_id": rule.rule_id,
        "title": rule.title,
        "enabled": rule.enabled,
        "priority": rule.priority,
        "our_numbers": list(rule.our_numbers),
        "text": rule.text,
        "condition": _stored(rule.condition),
        "create_time": rule.create_time,
        "update_time": rule.update_time,
    }


def _rule(row: sa.Row[Any]) -> Rule:
    return Rule(
        rule_id=row.rule_id,
        title=row.title,
        enabled=row.enabled,
        priority=row.priority,
        our_numbers=tuple(row.our_numbers),
        text=row.text,
        condition=_condition(row.condition),
        create_time=row.create_time,
        update_time=row.update_time,
    )


def _stored(condition: Condition) -> dict[str, Any]:
    match condition:
        case Contains(phrases):
            return {"kind": "contains", "phrases": list(phrases)}
        case Equals(phrases):
            return {"kind": "equals", "phrases": list(phrases)}
        case OutOfHours(hours):
            spans = [
                [each.weekday, each.open_minute, each.close_minute] for each in hours.open_spans
            ]
            closed = [[each.first.isoformat(), each.last.isoformat()] for each in hours.closures]
            zone = hours.time_zone
            return {"kind": "out_of_hours", "zone": zone, "spans": spans, "closures": closed}
        case FirstContact():
            return {"kind": "first_contact"}


def _condition(stored: dict[str, Any]) -> Condition:
    match stored["kind"]:
        case "contains":
            return Contains(tuple(stored["phrases"]))
        case "equals":
            return Equals(tuple(stored["phrases"]))
        case "out_of_hours":
            spans = tuple(OpenSpan(*each) for each in stored["spans"])
            closures = tuple(
                Closure(date.fromisoformat(first), date.fromisoformat(last))
                for first, last in stored["closures"]
            )
            return OutOfHours(BusinessHours(stored["zone"], spans, closures))
        case _:
            return FirstContact()
