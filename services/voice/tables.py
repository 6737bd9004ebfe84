"""The service's tables, as they stand after the newest migration."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from chassis.inbox import Inbox
from chassis.outbox import Outbox
from chassis.requests import Requests
from chassis.timers import Timers

metadata = sa.MetaData()
inbox = Inbox(metadata)
outbox = Outbox(metadata)
timers = Timers(metadata)
requests = Requests(metadata)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


calls = sa.Table(
    "calls",
    metadata,
    sa.Column("leg_id", sa.Text, primary_key=True),
    _text("control_id"),
    _text("session_id"),
    _text("connection_id"),
    _text("direction"),
    _text("steering"),
    _text("state"),
    _text("texml_app"),
    _text("texml_queue"),
    _text("caller_kind"),
    _text("caller_number"),
    _text("caller_raw"),
    _text("called_number"),
    _text("raw_called"),
    _text("attestation"),
    sa.Column("attestation_validated", sa.Boolean, nullable=False),
    sa.Column("lookup_outcome", sa.Text),
    sa.Column("lookup_is_vip", sa.Boolean, nullable=False),
    sa.Column("lookup_contact_count", sa.Integer, nullable=False),
    _text("lookup_display_name"),
    _text("lookup_language"),
    sa.Column("initiate_time", UtcTime),
    sa.Column("answer_time", UtcTime),
    sa.Column("speech_start_time", UtcTime),
    sa.Column("speech_end_time", UtcTime),
    sa.Column("speech_cut_short", sa.Boolean, nullable=False),
    sa.Column("enqueue_time", UtcTime),
    _text("enqueue_name"),
    sa.Column("dequeue_time", UtcTime),
    _text("dequeue_reason"),
    _text("raw_dequeue_reason"),
    _text("dequeue_name"),
    sa.Column("queue_wait_seconds", sa.Integer),
    sa.Column("bridge_time", UtcTime),
    sa.Column("hangup_time", UtcTime),
    _text("hangup_cause"),
    _text("hangup_source"),
    _text("queue_name"),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    sa.Column("last_bridge_time", UtcTime),
    _text("caller_id_name"),
    _text("screening_result"),
    _text("diversion"),
    _text("role"),
    _text("subject"),
    _text("dial_id"),
    sa.Column("lost", sa.Boolean, nullable=False),
    _text("lookup_tier"),
    _text("lookup_owner_agent_id"),
    sa.Column("lookup_escalated", sa.Boolean, nullable=False),
    _text("results"),
    _text("refusals"),
    sa.Index("ix_calls_newest", "create_time", "leg_id"),
    sa.Index("ix_calls_control_id", "control_id"),
    sa.Index("ix_calls_session_id", "session_id"),
    sa.Index("ix_calls_caller_number", "caller_number", "create_time"),
    sa.Index("ix_calls_called_number", "called_number", "create_time"),
    sa.Index("ix_calls_dial_id", "dial_id"),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("command_id", sa.Text, primary_key=True),
    _text("leg_id"),
    _text("command_key"),
    _text("kind"),
    sa.Column("ordinal", sa.Integer, nullable=False),
    _text("state"),
    _text("reason"),
    sa.Column("request_time", UtcTime, nullable=False),
    sa.Column("settle_time", UtcTime),
    sa.Index("ix_commands_leg_id", "leg_id"),
)
