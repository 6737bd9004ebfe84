"""Create the calls and their commands, with the inbox and the outbox."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import inbox, outbox

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Create every table of the first version."""
    inbox.create_v1(op)
    outbox.create_v1(op)
    _create_calls(op)
    op.create_table(
        "commands",
        sa.Column("command_id", sa.Text, primary_key=True),
        *_texts("leg_id", "step", "state", "reason"),
        sa.Column("request_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settle_time", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_commands_leg_id", "commands", ["leg_id"])


def _create_calls(op: Operations) -> None:
    op.create_table(
        "calls",
        sa.Column("leg_id", sa.Text, primary_key=True),
        *_texts("control_id", "session_id", "connection_id", "direction", "steering", "state"),
        *_texts("texml_app", "texml_queue", "caller_kind", "caller_number", "caller_raw"),
        *_texts("called_number", "raw_called", "attestation"),
        sa.Column("attestation_validated", sa.Boolean, nullable=False),
        sa.Column("lookup_outcome", sa.Text),
        sa.Column("lookup_is_vip", sa.Boolean, nullable=False),
        sa.Column("lookup_contact_count", sa.Integer, nullable=False),
        *_texts("lookup_display_name", "lookup_language"),
        *_times("initiate_time", "answer_time", "speech_start_time", "speech_end_time"),
        sa.Column("speech_cut_short", sa.Boolean, nullable=False),
        *_times("enqueue_time", "dequeue_time", "bridge_time", "hangup_time"),
        *_texts("enqueue_name", "dequeue_reason", "raw_dequeue_reason", "dequeue_name"),
        sa.Column("queue_wait_seconds", sa.Integer),
        *_texts("hangup_cause", "hangup_source", "refused_steps", "queue_name"),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_calls_newest", "calls", ["create_time", "leg_id"])
    for column in ("control_id", "session_id"):
        op.create_index(f"ix_calls_{column}", "calls", [column])
    for column in ("caller_number", "called_number"):
        op.create_index(f"ix_calls_{column}", "calls", [column, "create_time"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True)) for name in names]
