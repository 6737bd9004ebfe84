"""The table of inspections, as it stands after the newest migration."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.fax.tables import metadata

inspections = sa.Table(
    "fax_inspections",
    metadata,
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("content_type", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("inspect_time", UtcTime, nullable=False),
    sa.Column("pages", sa.JSON, nullable=False),
    sa.Column("problem", sa.String(24), nullable=False),
    sa.Column("problem_detail", sa.Text, nullable=False),
    sa.Column("repaired", sa.Boolean, nullable=False),
    sa.Column("active", sa.JSON, nullable=False),
    sa.Column("text_source", sa.String(16), nullable=False),
)
"""The newest inspection of each fax's document: sizes and verdicts, nothing of its content."""
