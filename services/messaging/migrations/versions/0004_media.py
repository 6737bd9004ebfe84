"""Create the archive of media."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Create the table of parts; parts of earlier messages are not in it."""
    time = sa.DateTime(timezone=True)
    op.create_table(
        "media_parts",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("part_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("declared_type", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("content_type", sa.String(40), nullable=False),
        sa.Column("hash_verified", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("reason_detail", sa.Text, nullable=False),
        sa.Column("thumbnail_state", sa.String(12), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(64), nullable=False),
        sa.Column("thumbnail_type", sa.String(40), nullable=False),
        sa.Column("thumbnail_size_bytes", sa.BigInteger, nullable=False),
        sa.Column("thumbnail_reason", sa.String(24), nullable=False),
        sa.Column("create_time", time, nullable=False),
        sa.Column("store_time", time),
        sa.Column("expire_time", time, nullable=False),
    )
    op.create_index("ix_media_parts_sha256", "media_parts", ["sha256"])
