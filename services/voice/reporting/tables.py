"""The table of the ledger of facts. Rows are only ever added."""

import sqlalchemy as sa

from chassis.columns import UtcTime, big_identity
from services.voice.tables import metadata

facts = sa.Table(
    "queue_facts",
    metadata,
    sa.Column("position", big_identity(), primary_key=True, autoincrement=True),
    sa.Column("fact_id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("start_time", UtcTime, nullable=False),
    sa.Column("end_time", UtcTime, nullable=False),
    sa.Column("queue_id", sa.Text, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("offer_id", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text, nullable=False),
    sa.Column("caller_key", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("enqueue_time", UtcTime),
    sa.Index("queue_facts_queue", "queue_id", "enqueue_time"),
    sa.Index("queue_facts_entry", "entry_id"),
    sa.Index("queue_facts_agent", "agent_id", "start_time"),
)
