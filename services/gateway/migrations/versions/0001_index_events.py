"""Create the index of events and the mark of reconciliation."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import requests

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Create every table of the first version."""
    requests.create_v1(op)
    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("entity_key", sa.Text, nullable=False),
        sa.Column("source", sa.Integer, nullable=False),
        sa.Column("unreadable", sa.Boolean, nullable=False),
        sa.Column("receive_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_event_entity_key", "event", ["entity_key", "sequence"])
    op.create_index("ix_event_receive_time", "event", ["receive_time"])
    op.create_table(
        "index_place",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "reconciliation",
        sa.Column("log", sa.Text, primary_key=True),
        sa.Column("reached_time", sa.DateTime(timezone=True), nullable=False),
    )
