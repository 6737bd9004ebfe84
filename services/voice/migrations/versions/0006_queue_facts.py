"""Create the ledger of facts."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    """Create the table and its indexes."""
    time = sa.DateTime(timezone=True)
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "queue_facts",
        sa.Column("position", identity, primary_key=True, autoincrement=True),
        sa.Column("fact_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("start_time", time, nullable=False),
        sa.Column("end_time", time, nullable=False),
        sa.Column("queue_id", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("offer_id", sa.Text, nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("caller_key", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("enqueue_time", time),
    )
    op.create_index("queue_facts_queue", "queue_facts", ["queue_id", "enqueue_time"])
    op.create_index("queue_facts_entry", "queue_facts", ["entry_id"])
    op.create_index("queue_facts_agent", "queue_facts", ["agent_id", "start_time"])
