"""Create the faxes and the tables of events handled and effects to be had."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import inbox, outbox

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Create everything."""
    inbox.create_v1(op)
    outbox.create_v1(op)
    op.create_table(
        "faxes",
        sa.Column("fax_id", sa.String(128), primary_key=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("raw_status", sa.String(64), nullable=False),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("from_number", sa.String(16), nullable=False),
        sa.Column("to_number", sa.String(16), nullable=False),
        sa.Column("page_count", sa.Integer),
        sa.Column("call_duration_ms", sa.BigInteger),
        sa.Column("partial_content", sa.Boolean, nullable=False),
        sa.Column("failure_reason", sa.String(128), nullable=False),
        sa.Column("connection_id", sa.String(64), nullable=False),
        sa.Column("document_state", sa.String(12), nullable=False),
        sa.Column("document_sha256", sa.String(64), nullable=False),
        sa.Column("document_size", sa.BigInteger, nullable=False),
        sa.Column("document_content_type", sa.String(64), nullable=False),
        sa.Column("document_store_time", sa.DateTime(timezone=True)),
        sa.Column("document_reason", sa.String(64), nullable=False),
    )
    op.create_index("faxes_newest", "faxes", ["create_time", "fax_id"])
    op.create_index("faxes_from", "faxes", ["from_number", "create_time"])
    op.create_index("faxes_to", "faxes", ["to_number", "create_time"])
