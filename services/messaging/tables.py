"""The service's tables, as they stand after the newest migration.

What the carrier words itself is Text without a limit: a longer word than expected must not stop an
event from being stored.
"""

import sqlalchemy as sa

from chassis.columns import UtcTime
from chassis.inbox import Inbox
from chassis.outbox import Outbox
from chassis.requests import Requests

metadata = sa.MetaData()
inbox = Inbox(metadata)
outbox = Outbox(metadata)
requests = Requests(metadata)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("carrier_message_id", sa.Text),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("our_number", sa.Text, nullable=False),
    sa.Column("peer_number", sa.Text, nullable=False),
    sa.Column("recipients", sa.JSON, nullable=False),
    sa.Column("is_group", sa.Boolean, nullable=False),
    sa.Column("type", sa.String(12), nullable=False),
    sa.Column("raw_type", sa.Text, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("media", sa.JSON, nullable=False),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("raw_status", sa.Text, nullable=False),
    sa.Column("failure_reason", sa.String(20), nullable=False),
    sa.Column("carrier_code", sa.Text, nullable=False),
    sa.Column("carrier_title", sa.Text, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("cost_amount", sa.Text, nullable=False),
    sa.Column("cost_currency", sa.Text, nullable=False),
    sa.Column("messaging_profile_id", sa.Text, nullable=False),
    sa.Column("keyword_class", sa.String(12), nullable=False),
    sa.Column("rule_id", sa.String(64), nullable=False),
    sa.Column("list_version", sa.String(16), nullable=False),
    sa.Column("answered_by_carrier", sa.Boolean, nullable=False),
    sa.Column("accept_time", UtcTime),
    sa.Column("send_time", UtcTime),
    sa.Column("complete_time", UtcTime),
    sa.Column("read_time", UtcTime),
    sa.Column("expire_time", UtcTime),
    sa.Column("auto", sa.Boolean, nullable=False),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("unread", sa.Boolean, nullable=False),
    # NULL until the carrier has an id for it; NULLs never collide on either database.
    sa.UniqueConstraint("direction", "carrier_message_id", name="messages_carrier_id"),
    sa.Index("messages_newest", "create_time", "message_id"),
    sa.Index("messages_ours", "our_number", "create_time"),
    sa.Index("messages_peer", "peer_number", "create_time"),
    sa.Index("messages_thread", "conversation_id", "create_time", "message_id"),
)
