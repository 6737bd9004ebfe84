"""The tables and columns of what is sent: plans, changes, templates and paces."""

import sqlalchemy as sa

from chassis.columns import UtcTime, big_identity
from services.messaging.tables import messages, metadata

for _name in ("schedule_time", "release_time"):
    messages.append_column(sa.Column(_name, UtcTime))
for _name in ("deferral", "template_id", "template_locale", "program"):
    messages.append_column(sa.Column(_name, sa.Text, nullable=False, server_default=""))

changes = sa.Table(
    "message_changes",
    metadata,
    sa.Column("change_id", big_identity(), primary_key=True, autoincrement=True),
    sa.Column("sequence", sa.BigInteger, unique=True),
    sa.Column("record_time", UtcTime, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("raw_status", sa.Text, nullable=False),
    sa.Index("message_changes_time", "record_time"),
    sa.Index(
        "message_changes_unnumbered",
        "change_id",
        sqlite_where=sa.text("sequence IS NULL"),
        postgresql_where=sa.text("sequence IS NULL"),
    ),
)
"""Append-only. `sequence` is given after the commit, by whoever watches, so that the numbers come
to light in their order; `change_id` may not, where two transactions write at a time."""

templates = sa.Table(
    "message_templates",
    metadata,
    sa.Column("template_id", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("variables", sa.JSON, nullable=False),
    sa.Column("texts", sa.JSON, nullable=False),
    sa.Column("default_locale", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
)

paces = sa.Table(
    "sender_paces",
    metadata,
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("next_time", UtcTime, nullable=False),
    sa.Column("urgent_time", UtcTime, nullable=False),
    sa.Column("paused_until", UtcTime, nullable=False),
)
"""How far each sender has used up its pace; shared by all replicas."""
