"""Tables of what belongs to calls: dials, moments, changes and recordings."""

import sqlalchemy as sa

from chassis.change_log import ChangeLog
from chassis.columns import UtcTime, big_identity
from services.voice.tables import metadata


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


dials = sa.Table(
    "dials",
    metadata,
    sa.Column("dial_id", sa.Text, primary_key=True),
    _text("role"),
    _text("subject"),
    _text("to_address"),
    _text("from_number"),
    _text("state"),
    _text("reason"),
    _text("leg_id"),
    sa.Column("request_time", UtcTime, nullable=False),
    sa.Column("settle_time", UtcTime),
)

moments = sa.Table(
    "call_moments",
    metadata,
    sa.Column("moment_id", big_identity(), primary_key=True, autoincrement=True),
    _text("leg_id"),
    _text("kind"),
    _text("title"),
    _text("reference"),
    _text("detail"),
    sa.Column("time", UtcTime, nullable=False),
    sa.UniqueConstraint("leg_id", "kind", "title", "reference", "detail", name="uq_call_moments"),
)

changes = ChangeLog(metadata, "call_changes")

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("recording_id", sa.Text, primary_key=True),
    _text("leg_id"),
    _text("session_id"),
    _text("command_key"),
    _text("state"),
    _text("reason"),
    _text("channels"),
    _text("content_type"),
    _text("sha256"),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("start_time", UtcTime),
    sa.Column("end_time", UtcTime),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("store_time", UtcTime),
    sa.Index("ix_recordings_newest", "create_time", "recording_id"),
    sa.Index("ix_recordings_leg_id", "leg_id"),
    sa.Index("ix_recordings_session_id", "session_id"),
)
