"""Create the ledger."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import archive, change_log, inbox, outbox, requests, timers

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Create every table."""
    inbox.create_v1(op)
    outbox.create_v1(op)
    requests.create_v1(op)
    timers.create_v1(op)
    archive.create_v1(op)
    change_log.create_v1(op, "changes")
    op.create_table(
        "entry",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Text, nullable=False),
    )
