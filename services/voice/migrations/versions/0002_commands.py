"""Add roles, results, commands by key, dials, moments, changes, recordings, timers, requests."""

import json

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import change_log, requests, timers

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)
_KINDS = {"ANSWER": "ANSWER", "GREET": "SPEAK", "ENQUEUE": "ENQUEUE", "HANG_UP": "HANG_UP"}
"""The kinds of command that the steps of the first policy were."""


def upgrade(op: Operations) -> None:
    """Change what is there and create what is new."""
    timers.create_v1(op)
    requests.create_v1(op)
    _extend_calls(op)
    _name_commands_by_key(op)
    _create_dials(op)
    _create_moments(op)
    change_log.create_v1(op, "call_changes")
    _create_recordings(op)


def _extend_calls(op: Operations) -> None:
    texts = ("caller_id_name", "screening_result", "diversion", "role", "subject", "dial_id")
    for name in (*texts, "lookup_tier", "lookup_owner_agent_id"):
        op.add_column("calls", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for name in ("lost", "lookup_escalated"):
        column = sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column("calls", column)
    op.add_column("calls", sa.Column("last_bridge_time", _TIME))
    for name in ("results", "refusals"):
        op.add_column("calls", sa.Column(name, sa.Text, nullable=False, server_default="[]"))
    op.execute("UPDATE calls SET role = 'UNKNOWN', last_bridge_time = bridge_time")
    _keep_refusals(op)
    op.drop_column("calls", "refused_steps")
    op.create_index("ix_calls_dial_id", "calls", ["dial_id"])


def _keep_refusals(op: Operations) -> None:
    calls = sa.table("calls", *map(sa.column, ("leg_id", "refused_steps", "refusals")))
    connection = op.get_bind()
    found = connection.execute(sa.select(calls).where(calls.c.refused_steps != "")).all()
    for row in found:
        refusals = json.dumps([[step, ""] for step in row.refused_steps.split()])
        update = sa.update(calls).where(calls.c.leg_id == row.leg_id)
        connection.execute(update.values(refusals=refusals))


def _name_commands_by_key(op: Operations) -> None:
    for name in ("command_key", "kind"):
        op.add_column("commands", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("commands", sa.Column("ordinal", sa.Integer, nullable=False, server_default="0"))
    for ordinal, (step, kind) in enumerate(_KINDS.items()):
        change = f"command_key = step, kind = '{kind}', ordinal = {ordinal}"
        op.execute(f"UPDATE commands SET {change} WHERE step = '{step}'")  # noqa: S608 - constants
    op.drop_column("commands", "step")


def _create_dials(op: Operations) -> None:
    op.create_table(
        "dials",
        sa.Column("dial_id", sa.Text, primary_key=True),
        *_texts("role", "subject", "to_address", "from_number", "state", "reason", "leg_id"),
        sa.Column("request_time", _TIME, nullable=False),
        sa.Column("settle_time", _TIME),
    )


def _create_moments(op: Operations) -> None:
    op.create_table(
        "call_moments",
        sa.Column("moment_id", _identity(), primary_key=True, autoincrement=True),
        *_texts("leg_id", "kind", "title", "reference", "detail"),
        sa.Column("time", _TIME, nullable=False),
        sa.UniqueConstraint(
            "leg_id", "kind", "title", "reference", "detail", name="uq_call_moments"
        ),
    )


def _create_recordings(op: Operations) -> None:
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.Text, primary_key=True),
        *_texts("leg_id", "session_id", "command_key", "state", "reason", "channels"),
        *_texts("content_type", "sha256"),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("start_time", _TIME),
        sa.Column("end_time", _TIME),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("store_time", _TIME),
    )
    op.create_index("ix_recordings_newest", "recordings", ["create_time", "recording_id"])
    op.create_index("ix_recordings_leg_id", "recordings", ["leg_id"])
    op.create_index("ix_recordings_session_id", "recordings", ["session_id"])


def _identity() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
