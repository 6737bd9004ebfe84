"""Add schedules, templates, the pace of senders and the log of changes."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"

_TIME = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    """Create the tables, and the columns of a message's plan."""
    _add_plan(op)
    _create_changes(op)
    op.create_table(
        "message_templates",
        sa.Column("template_id", sa.Text, primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("variables", sa.JSON, nullable=False),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("default_locale", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("update_time", _TIME, nullable=False),
    )
    op.create_table(
        "sender_paces",
        sa.Column("sender", sa.Text, primary_key=True),
        sa.Column("next_time", _TIME, nullable=False),
        sa.Column("urgent_time", _TIME, nullable=False),
        sa.Column("paused_until", _TIME, nullable=False),
    )


def _add_plan(op: Operations) -> None:
    op.add_column("messages", sa.Column("schedule_time", _TIME))
    op.add_column("messages", sa.Column("release_time", _TIME))
    for name in ("deferral", "template_id", "template_locale", "program"):
        column = sa.Column(name, sa.Text, nullable=False, server_default="")
        op.add_column("messages", column)


def _create_changes(op: Operations) -> None:
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "message_changes",
        sa.Column("change_id", identity, primary_key=True, autoincrement=True),
        sa.Column("sequence", sa.BigInteger, unique=True),
        sa.Column("record_time", _TIME, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("raw_status", sa.Text, nullable=False),
    )
    op.create_index("message_changes_time", "message_changes", ["record_time"])
    op.create_index(
        "message_changes_unnumbered",
        "message_changes",
        ["change_id"],
        sqlite_where=sa.text("sequence IS NULL"),
        postgresql_where=sa.text("sequence IS NULL"),
    )
