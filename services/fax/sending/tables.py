"""The tables of what is sent: jobs, their attempts, and numbers that were tried."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.fax.tables import metadata

jobs = sa.Table(
    "fax_jobs",
    metadata,
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
    sa.Column("cancel_time", UtcTime),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    sa.Index("fax_jobs_newest", "create_time", "job_id"),
    sa.Index("fax_jobs_to", "to_number", "create_time"),
    sa.Index("fax_jobs_state", "state"),
)
"""`state` is what the plan made of the attempts when they last changed, for lists."""

attempts = sa.Table(
    "fax_attempts",
    metadata,
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("state_time", UtcTime, nullable=False),
    sa.Column("fax_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("failure_class", sa.Text, nullable=False),
    sa.Column("page_count", sa.Integer),
    sa.Column("call_duration_ms", sa.BigInteger),
    sa.Column("quality", sa.Text, nullable=False),
    sa.Column("t38_enabled", sa.Boolean, nullable=False),
    sa.Column("lookups", sa.Integer, nullable=False),
    sa.Column("start_time", UtcTime, nullable=False),
    sa.Index("fax_attempts_fax_id", "fax_id"),
)

numbers = sa.Table(
    "fax_numbers",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("mark_time", UtcTime),
    sa.Column("not_a_fax_count", sa.Integer, nullable=False),
)
