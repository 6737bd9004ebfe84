"""Plans, the numbers that take them, and decisions."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.voice.tables import metadata

plans = sa.Table(
    "routing_plans",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("queues", sa.JSON, nullable=False),
    sa.Column("delete_time", UtcTime),
)

revisions = sa.Table(
    "routing_plan_revisions",
    metadata,
    sa.Column("plan_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

claims = sa.Table(
    "routing_claims",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("plan_id", sa.Text, nullable=False, index=True),
)
"""Which plan takes the callers of a number, or of a TeXML application."""

decisions = sa.Table(
    "routing_decisions",
    metadata,
    sa.Column("decision_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("leg_id", sa.Text, nullable=False),
    sa.Column("plan_id", sa.Text, nullable=False),
    sa.Column("step_id", sa.Text, nullable=False),
    sa.Column("visit", sa.Integer, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("has_inputs", sa.Boolean, nullable=False),
    sa.Column("decide_time", UtcTime, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_routing_decisions_newest", "decide_time", "visit", "decision_id"),
    sa.Index("ix_routing_decisions_leg", "leg_id", "decide_time"),
    sa.Index("ix_routing_decisions_plan", "plan_id", "decide_time"),
)
