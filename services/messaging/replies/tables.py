"""The tables of automatic replies and of conversations."""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.messaging.tables import metadata

rules = sa.Table(
    "auto_reply_rules",
    metadata,
    sa.Column("rule_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("our_numbers", sa.JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("condition", sa.JSON, nullable=False),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
)

decisions = sa.Table(
    "auto_reply_decisions",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("our_number", sa.Text, nullable=False),
    sa.Column("peer_number", sa.Text, nullable=False),
    sa.Column("rule_id", sa.Text, nullable=False),
    sa.Column("guard", sa.String(24), nullable=False),
    sa.Column("reply_message_id", sa.Text, nullable=False),
    sa.Column("reply_text", sa.Text, nullable=False),
    sa.Column("decide_time", UtcTime, nullable=False),
    sa.Index("auto_reply_decisions_pair", "peer_number", "our_number", "decide_time"),
)
"""What was decided about each received message that a rule matched. `reply_message_id` is empty
when nothing was answered."""

mutes = sa.Table(
    "auto_reply_mutes",
    metadata,
    sa.Column("our_number", sa.Text, primary_key=True),
    sa.Column("peer_number", sa.Text, primary_key=True),
    sa.Column("reason", sa.String(16), primary_key=True),
    sa.Column("end_time", UtcTime, nullable=False),
    sa.Column("cause_message_id", sa.Text, nullable=False),
)

switch = sa.Table(
    "auto_reply_switch",
    metadata,
    sa.Column("switch_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("engaged", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("set_time", UtcTime, nullable=False),
)
"""At most one row, 1; none means that the switch was never set."""

budget = sa.Table(
    "auto_reply_budget",
    metadata,
    sa.Column("budget_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tokens", sa.Float, nullable=False),
    sa.Column("fill_time", UtcTime, nullable=False),
)
"""At most one row, 1: how many replies could be given at once at that time."""

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("our_number", sa.Text, nullable=False),
    sa.Column("peer_number", sa.Text, nullable=False),
    sa.Column("group_numbers", sa.JSON, nullable=False),
    sa.Column("members", sa.Text, nullable=False),
    sa.Column("last_message_id", sa.Text, nullable=False),
    sa.Column("last_time", UtcTime, nullable=False),
    sa.Column("inbound_count", sa.BigInteger, nullable=False),
    sa.Column("outbound_count", sa.BigInteger, nullable=False),
    sa.Column("unread_count", sa.BigInteger, nullable=False),
    sa.Column("last_inbound_time", UtcTime),
    sa.Column("last_outbound_time", UtcTime),
    sa.Column("bot_end_time", UtcTime),
    sa.Column("mute_end_time", UtcTime),
    sa.Index("conversations_newest", "last_time", "conversation_id"),
    sa.Index("conversations_ours", "our_number", "last_time"),
    sa.Index("conversations_peer", "peer_number", "last_time"),
)
"""A projection of the messages and the mutes. `members` has every number but ours between spaces,
so that one of a group can be looked for."""
