"""Tables of journeys, of the documents TeXML callers were given, and of voicemails."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.voice.tables import metadata


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


journeys = sa.Table(
    "journeys",
    metadata,
    sa.Column("leg_id", sa.Text, primary_key=True),
    _text("plan_id"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("phase"),
    _text("step_id"),
    sa.Column("visit", sa.Integer, nullable=False),
    _text("queue_id"),
    _text("entry_id"),
    _text("end"),
    _text("memory"),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    sa.Index("ix_journeys_entry_id", "entry_id"),
)

documents = sa.Table(
    "texml_documents",
    metadata,
    sa.Column("leg_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    _text("document"),
    sa.Column("create_time", UtcTime, nullable=False),
)

voicemails = sa.Table(
    "voicemails",
    metadata,
    sa.Column("voicemail_id", sa.Text, primary_key=True),
    _text("leg_id"),
    _text("step_id"),
    _text("state"),
    _text("queue_id"),
    _text("agent_id"),
    _text("caller_number"),
    _text("called_number"),
    _text("recording_id"),
    sa.Column("length_ms", sa.BigInteger),
    _text("handled_by"),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("handle_time", UtcTime),
    sa.Index("ix_voicemails_newest", "create_time", "voicemail_id"),
    sa.Index("ix_voicemails_leg_id", "leg_id"),
    sa.Index("ix_voicemails_queue_id", "queue_id", "create_time"),
)
