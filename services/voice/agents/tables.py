"""Tables of agents and of what they are offered."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.voice.tables import metadata

HOLDING = "state IN ('PENDING', 'RINGING', 'ACCEPTED', 'CONNECTED')"
LOADING = "state IN ('PENDING', 'RINGING', 'ACCEPTED', 'CONNECTED', 'WRAPPING')"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    condition = sa.text(where)
    return sa.Index(
        name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


agents = sa.Table(
    "agents",
    metadata,
    sa.Column("agent_id", sa.Text, primary_key=True),
    _text("display_name"),
    _text("address"),
    sa.Column("skills", sa.JSON, nullable=False),
    _number("capacity"),
    _text("presence"),
    sa.Column("presence_time", UtcTime),
    _number("load"),
    sa.Column("wrap_up_until", UtcTime),
    sa.Column("idle_since", UtcTime),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    _partial("ix_agents_staffed", "agent_id", where="presence = 'AVAILABLE'"),
    sa.Index("ix_agents_address", "address"),
)

memberships = sa.Table(
    "agent_queues",
    metadata,
    sa.Column("agent_id", sa.Text, primary_key=True),
    sa.Column("queue_id", sa.Text, primary_key=True),
    sa.Index("ix_agent_queues_queue_id", "queue_id", "agent_id"),
)

offers = sa.Table(
    "offers",
    metadata,
    sa.Column("offer_id", sa.Text, primary_key=True),
    _text("entry_id"),
    _text("queue_id"),
    _text("agent_id"),
    _text("state"),
    _text("leg_id"),
    _text("address"),
    _number("slot"),
    _text("reason"),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("lease_until", UtcTime, nullable=False),
    sa.Column("answer_time", UtcTime),
    sa.Column("connect_time", UtcTime),
    sa.Column("end_time", UtcTime),
    sa.Column("wrap_up_until", UtcTime),
    sa.Column("wrap_up_end_time", UtcTime),
    sa.Column("wrap_up_extended", sa.Boolean, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    # The claim is checked under locks; these two hold even if it were not: never two agents for
    # one entry, never more for an agent than they have places.
    _partial("uq_offers_entry_id", "entry_id", where=HOLDING, unique=True),
    _partial("uq_offers_agent_id_slot", "agent_id", "slot", where=LOADING, unique=True),
    sa.Index("ix_offers_entry_id", "entry_id"),
    sa.Index("ix_offers_leg_id", "leg_id"),
    sa.Index("ix_offers_update_time", "update_time"),
    sa.Index("ix_offers_queue_id", "queue_id", "end_time"),
)
