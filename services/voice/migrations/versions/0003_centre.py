"""Create queues, places in them, agents and offers."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"

_TIME = sa.DateTime(timezone=True)
_ALIVE = "state <> 'LEFT'"
_WAITS = "state IN ('WAITING', 'OFFERED')"
_HOLDING = "state IN ('PENDING', 'RINGING', 'ACCEPTED', 'CONNECTED')"
_LOADING = "state IN ('PENDING', 'RINGING', 'ACCEPTED', 'CONNECTED', 'WRAPPING')"


def upgrade(op: Operations) -> None:
    """Create every table of the contact centre's heart."""
    op.create_table(
        "queues",
        sa.Column("queue_id", sa.Text, primary_key=True),
        *_texts("display_name"),
        *_documents("settings"),
        *_times("create_time", "update_time"),
    )
    _create_entries(op)
    _create_agents(op)
    _create_offers(op)


def _create_entries(op: Operations) -> None:
    op.create_table(
        "queue_entries",
        sa.Column("entry_id", sa.Text, primary_key=True),
        *_texts("leg_id", "journey_id", "queue_id", "kind", "state", "outcome", "caller_number"),
        *_truths("is_vip", "escalated"),
        *_lengths("credit", "priority"),
        *_documents("boosts", "required_skills", "declined_by"),
        *_texts("language", "preferred_agent_id", "decision_id"),
        *_numbers("max_offers", "head", "offers", "failed_offers", "attempts"),
        *_times("rank_time", "enqueue_time", "enter_time", "update_time"),
        *_moments("left_time", "not_before", "talk_start_time", "talk_end_time"),
        *_truths("exhausted"),
        *_texts("agent_id", "offer_id", "talk_agent_id"),
    )
    order = ["queue_id", "head", "rank_time", "enqueue_time", "entry_id"]
    _index(op, "queue_entries", "order", order, where=_WAITS)
    _index(op, "queue_entries", "alive", ["queue_id", "entry_id"], where=_ALIVE)
    _unique(op, "uq_queue_entries_leg_id", "queue_entries", ["leg_id"], where=_ALIVE)
    _index(op, "queue_entries", "leg_id", ["leg_id"])
    _index(op, "queue_entries", "caller_number", ["caller_number", "left_time"])
    _index(op, "queue_entries", "left_time", ["left_time", "entry_id"])
    _index(op, "queue_entries", "update_time", ["update_time"])


def _create_agents(op: Operations) -> None:
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.Text, primary_key=True),
        *_texts("display_name", "address", "presence"),
        *_documents("skills"),
        *_numbers("capacity", "load"),
        *_moments("presence_time", "wrap_up_until", "idle_since"),
        *_times("create_time", "update_time"),
    )
    _index(op, "agents", "staffed", ["agent_id"], where="presence = 'AVAILABLE'")
    _index(op, "agents", "address", ["address"])
    op.create_table(
        "agent_queues",
        sa.Column("agent_id", sa.Text, primary_key=True),
        sa.Column("queue_id", sa.Text, primary_key=True),
    )
    _index(op, "agent_queues", "queue_id", ["queue_id", "agent_id"])


def _create_offers(op: Operations) -> None:
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Text, primary_key=True),
        *_texts("entry_id", "queue_id", "agent_id", "state", "leg_id", "address", "reason"),
        *_numbers("slot"),
        *_times("create_time", "lease_until", "update_time"),
        *_moments("answer_time", "connect_time", "end_time", "wrap_up_until", "wrap_up_end_time"),
        *_truths("wrap_up_extended"),
    )
    _unique(op, "uq_offers_entry_id", "offers", ["entry_id"], where=_HOLDING)
    _unique(op, "uq_offers_agent_id_slot", "offers", ["agent_id", "slot"], where=_LOADING)
    _index(op, "offers", "entry_id", ["entry_id"])
    _index(op, "offers", "leg_id", ["leg_id"])
    _index(op, "offers", "update_time", ["update_time"])
    _index(op, "offers", "queue_id", ["queue_id", "end_time"])


def _index(
    op: Operations, table: str, name: str, columns: list[str], where: str | None = None
) -> None:
    _create(op, f"ix_{table}_{name}", table, columns, where=where, unique=False)


def _unique(op: Operations, name: str, table: str, columns: list[str], where: str) -> None:
    _create(op, name, table, columns, where=where, unique=True)


def _create(
    op: Operations, name: str, table: str, columns: list[str], *, where: str | None, unique: bool
) -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _lengths(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _truths(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]


def _documents(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, _TIME, nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, _TIME) for name in names]
