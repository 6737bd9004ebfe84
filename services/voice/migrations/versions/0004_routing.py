"""Create routing plans with their revisions and numbers, and the decisions made by them."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_plans(op)
    _create_decisions(op)


def _create_plans(op: Operations) -> None:
    op.create_table(
        "routing_plans",
        sa.Column("plan_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("queues", sa.JSON, nullable=False),
        sa.Column("delete_time", _TIME),
    )
    op.create_table(
        "routing_plan_revisions",
        sa.Column("plan_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "routing_claims",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        _text("plan_id"),
    )
    op.create_index("ix_routing_claims_plan_id", "routing_claims", ["plan_id"])


def _create_decisions(op: Operations) -> None:
    names = ("kind", "leg_id", "plan_id", "step_id", "entry_id", "outcome")
    op.create_table(
        "routing_decisions",
        sa.Column("decision_id", sa.Text, primary_key=True),
        *map(_text, names),
        sa.Column("visit", sa.Integer, nullable=False),
        sa.Column("has_inputs", sa.Boolean, nullable=False),
        sa.Column("decide_time", _TIME, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    newest, leg, plan = (f"ix_routing_decisions_{each}" for each in ("newest", "leg", "plan"))
    op.create_index(newest, "routing_decisions", ["decide_time", "visit", "decision_id"])
    op.create_index(leg, "routing_decisions", ["leg_id", "decide_time"])
    op.create_index(plan, "routing_decisions", ["plan_id", "decide_time"])
