"""Tables of queues and of places in them."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from chassis.columns import UtcTime
from services.voice.tables import metadata

_MICROSECOND = timedelta(microseconds=1)

WAITS = "state IN ('WAITING', 'OFFERED')"
ALIVE = "state <> 'LEFT'"


class Length(TypeDecorator[timedelta]):
    """Keep a length of time to the microsecond, as a number: SQLite has no intervals."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Turn a length into microseconds."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Turn microseconds into a length."""
        return None if value is None else value * _MICROSECOND


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    condition = sa.text(where)
    return sa.Index(
        name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


queues = sa.Table(
    "queues",
    metadata,
    sa.Column("queue_id", sa.Text, primary_key=True),
    _text("display_name"),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
)

entries = sa.Table(
    "queue_entries",
    metadata,
    sa.Column("entry_id", sa.Text, primary_key=True),
    _text("leg_id"),
    _text("journey_id"),
    _text("queue_id"),
    _text("kind"),
    _text("state"),
    _text("outcome"),
    _text("caller_number"),
    _truth("is_vip"),
    _truth("escalated"),
    sa.Column("credit", Length, nullable=False),
    sa.Column("boosts", sa.JSON, nullable=False),
    sa.Column("priority", Length, nullable=False),
    sa.Column("required_skills", sa.JSON, nullable=False),
    _text("language"),
    _text("preferred_agent_id"),
    _text("decision_id"),
    _number("max_offers"),
    # 0 at the head of the queue, else 1: what entries are ordered by first.
    _number("head"),
    sa.Column("rank_time", UtcTime, nullable=False),
    sa.Column("enqueue_time", UtcTime, nullable=False),
    sa.Column("enter_time", UtcTime, nullable=False),
    sa.Column("left_time", UtcTime),
    _number("offers"),
    _number("failed_offers"),
    _truth("exhausted"),
    sa.Column("declined_by", sa.JSON, nullable=False),
    _number("attempts"),
    sa.Column("not_before", UtcTime),
    _text("agent_id"),
    _text("offer_id"),
    _text("talk_agent_id"),
    sa.Column("talk_start_time", UtcTime),
    sa.Column("talk_end_time", UtcTime),
    sa.Column("update_time", UtcTime, nullable=False),
    _partial(
        "ix_queue_entries_order",
        *("queue_id", "head", "rank_time", "enqueue_time", "entry_id"),
        where=WAITS,
    ),
    # One leg waits in one place: whatever goes wrong, not in two.
    _partial("uq_queue_entries_leg_id", "leg_id", where=ALIVE, unique=True),
    _partial("ix_queue_entries_alive", "queue_id", "entry_id", where=ALIVE),
    sa.Index("ix_queue_entries_leg_id", "leg_id"),
    sa.Index("ix_queue_entries_caller_number", "caller_number", "left_time"),
    sa.Index("ix_queue_entries_left_time", "left_time", "entry_id"),
    sa.Index("ix_queue_entries_update_time", "update_time"),
)
