"""Create what sending needs: jobs, attempts, numbers, timers, requests and the log of changes."""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import change_log, requests, timers

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    """Create everything."""
    timers.create_v1(op)
    requests.create_v1(op)
    change_log.create_v1(op, "fax_changes")
    _jobs(op)
    _attempts(op)
    op.create_table(
        "fax_numbers",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("mark_time", sa.DateTime(timezone=True)),
        sa.Column("not_a_fax_count", sa.Integer, nullable=False),
    )


def _jobs(op: Operations) -> None:
    op.create_table(
        "fax_jobs",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("to_number", sa.Text, nullable=False),
        sa.Column("from_number", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("page_count", sa.Integer, nullable=False),
        sa.Column("has_cover_page", sa.Boolean, nullable=False),
        sa.Column("page_size", sa.Text, nullable=False),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("content_key", sa.Text, nullable=False),
        sa.Column("quality", sa.Text, nullable=False),
        sa.Column("monochrome", sa.Boolean, nullable=False),
        sa.Column("in_doubt", sa.Text, nullable=False),
        sa.Column("cancel_time", sa.DateTime(timezone=True)),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("fax_jobs_newest", "fax_jobs", ["create_time", "job_id"])
    op.create_index("fax_jobs_to", "fax_jobs", ["to_number", "create_time"])
    op.create_index("fax_jobs_state", "fax_jobs", ["state"])


def _attempts(op: Operations) -> None:
    op.create_table(
        "fax_attempts",
        sa.Column("job_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fax_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("failure_class", sa.Text, nullable=False),
        sa.Column("page_count", sa.Integer),
        sa.Column("call_duration_ms", sa.BigInteger),
        sa.Column("quality", sa.Text, nullable=False),
        sa.Column("t38_enabled", sa.Boolean, nullable=False),
        sa.Column("lookups", sa.Integer, nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("fax_attempts_fax_id", "fax_attempts", ["fax_id"])
