"""Create journeys, the documents of TeXML callers, and voicemails."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Create the tables."""
    op.create_table(
        "journeys",
        sa.Column("leg_id", sa.Text, primary_key=True),
        *_texts("plan_id"),
        sa.Column("revision", sa.Integer, nullable=False),
        *_texts("phase", "step_id"),
        sa.Column("visit", sa.Integer, nullable=False),
        *_texts("queue_id", "entry_id", "end", "memory"),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_journeys_entry_id", "journeys", ["entry_id"])
    op.create_table(
        "texml_documents",
        sa.Column("leg_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        *_texts("document"),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
    )
    _create_voicemails(op)


def _create_voicemails(op: Operations) -> None:
    op.create_table(
        "voicemails",
        sa.Column("voicemail_id", sa.Text, primary_key=True),
        *_texts("leg_id", "step_id", "state", "queue_id", "agent_id"),
        *_texts("caller_number", "called_number", "recording_id"),
        sa.Column("length_ms", sa.BigInteger),
        *_texts("handled_by"),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handle_time", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_voicemails_newest", "voicemails", ["create_time", "voicemail_id"])
    op.create_index("ix_voicemails_leg_id", "voicemails", ["leg_id"])
    op.create_index("ix_voicemails_queue_id", "voicemails", ["queue_id", "create_time"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
