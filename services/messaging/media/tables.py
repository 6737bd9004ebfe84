"""The tables of the archive of media, as they stand after the newest migration."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.messaging.tables import metadata

media_parts = sa.Table(
    "media_parts",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("part_index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("declared_type", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
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
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("store_time", UtcTime),
    sa.Column("expire_time", UtcTime, nullable=False),
)
"""By hash, because the same bytes are kept once for all messages that hold them."""
