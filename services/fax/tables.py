"""The service's tables, as they stand after the newest migration."""

import sqlalchemy as sa

from chassis.change_log import ChangeLog
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
changes = ChangeLog(metadata, "fax_changes")

faxes = sa.Table(
    "faxes",
    metadata,
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("raw_status", sa.String(64), nullable=False),
    sa.Column("direction", sa.String(10), nullable=False),
    sa.Column("from_number", sa.String(16), nullable=False),
    sa.Column("to_number", sa.String(16), nullable=False),
    sa.Column("page_count", sa.Integer),
    sa.Column("call_duration_ms", sa.BigInteger),
    sa.Column("partial_content", sa.Boolean, nullable=False),
    sa.Column("failure_reason", sa.String(128), nullable=False),
    sa.Column("connection_id", sa.String(64), nullable=False),
    sa.Column("document_state", sa.String(12), nullable=False),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.Column("document_size", sa.BigInteger, nullable=False),
    sa.Column("document_content_type", sa.String(64), nullable=False),
    sa.Column("document_store_time", UtcTime),
    sa.Column("document_reason", sa.String(64), nullable=False),
    sa.Column("document_pages", sa.Integer),
    sa.Column("announce_time", UtcTime),
    sa.Column("redact_time", UtcTime),
    sa.Index("faxes_newest", "create_time", "fax_id"),
    sa.Index("faxes_from", "from_number", "create_time"),
    sa.Index("faxes_to", "to_number", "create_time"),
    sa.Index("faxes_document", "document_state", "create_time"),
    sa.Index("faxes_redact", "redact_time", "create_time"),
)
