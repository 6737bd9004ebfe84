"""Create the messages, the consent ledger and its projection."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import inbox, outbox, requests

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Create every table of version 1."""
    inbox.create_v1(op)
    outbox.create_v1(op)
    requests.create_v1(op)
    _create_messages(op)
    _create_consent(op)


def _create_messages(op: Operations) -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("carrier_message_id", sa.Text),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("create_time", time, nullable=False),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("recipients", sa.JSON, nullable=False),
        sa.Column("is_group", sa.Boolean, nullable=False),
        sa.Column("type", sa.String(12), nullable=False),
        sa.Column("raw_type", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("media", sa.JSON, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("raw_status", sa.Text, nullable=False),
        sa.Column("failure_reason", sa.String(20), nullable=False),
        sa.Column("carrier_code", sa.Text, nullable=False),
        sa.Column("carrier_title", sa.Text, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("cost_amount", sa.Text, nullable=False),
        sa.Column("cost_currency", sa.Text, nullable=False),
        sa.Column("messaging_profile_id", sa.Text, nullable=False),
        sa.Column("keyword_class", sa.String(12), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("list_version", sa.String(16), nullable=False),
        sa.Column("answered_by_carrier", sa.Boolean, nullable=False),
        sa.Column("accept_time", time),
        sa.Column("send_time", time),
        sa.Column("complete_time", time),
        sa.Column("read_time", time),
        sa.Column("expire_time", time),
        sa.UniqueConstraint("direction", "carrier_message_id", name="messages_carrier_id"),
    )
    op.create_index("messages_newest", "messages", ["create_time", "message_id"])
    op.create_index("messages_ours", "messages", ["our_number", "create_time"])
    op.create_index("messages_peer", "messages", ["peer_number", "create_time"])


def _create_consent(op: Operations) -> None:
    time = sa.DateTime(timezone=True)
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "consent_ledger",
        sa.Column("sequence", identity, primary_key=True, autoincrement=True),
        sa.Column("entry_id", sa.Text, nullable=False, unique=True),
        sa.Column("effective_time", time, nullable=False),
        sa.Column("record_time", time, nullable=False),
        sa.Column("action", sa.String(12), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("source_message_id", sa.Text, nullable=False),
        sa.Column("source_event_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("keyword_class", sa.String(12), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("list_version", sa.String(16), nullable=False),
        sa.Column("messaging_profile_id", sa.Text, nullable=False),
        sa.Column("confirmation", sa.String(12), nullable=False),
        sa.Column("confirmation_message_id", sa.Text, nullable=False),
    )
    op.create_index(
        "consent_ledger_peer", "consent_ledger", ["peer_number", "effective_time", "sequence"]
    )
    op.create_table(
        "consent_standings",
        sa.Column("peer_number", sa.Text, primary_key=True),
        sa.Column("scope_number", sa.Text, primary_key=True),
        sa.Column("action", sa.String(12), nullable=False),
        sa.Column("effective_time", time, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
    )
