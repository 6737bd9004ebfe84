"""Create the rules of automatic replies, what was decided by them, and the conversations."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

from services.messaging.replies.threads import others, thread_id

revision = "0005"
down_revision = "0004"

_TIME = sa.DateTime(timezone=True)


def upgrade(op: Operations) -> None:
    """Create the tables, and thread the messages that are there."""
    _widen_messages(op)
    _create_rules(op)
    _create_counters(op)
    _create_conversations(op)
    _thread_messages(op)


def _widen_messages(op: Operations) -> None:
    op.add_column(
        "messages", sa.Column("auto", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column(
        "messages", sa.Column("conversation_id", sa.Text, nullable=False, server_default="")
    )
    op.add_column(
        "messages", sa.Column("unread", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_index("messages_thread", "messages", ["conversation_id", "create_time", "message_id"])


def _create_rules(op: Operations) -> None:
    op.create_table(
        "auto_reply_rules",
        sa.Column("rule_id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("our_numbers", sa.JSON, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("condition", sa.JSON, nullable=False),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("update_time", _TIME, nullable=False),
    )
    op.create_table(
        "auto_reply_decisions",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("rule_id", sa.Text, nullable=False),
        sa.Column("guard", sa.String(24), nullable=False),
        sa.Column("reply_message_id", sa.Text, nullable=False),
        sa.Column("reply_text", sa.Text, nullable=False),
        sa.Column("decide_time", _TIME, nullable=False),
    )
    op.create_index(
        "auto_reply_decisions_pair",
        "auto_reply_decisions",
        ["peer_number", "our_number", "decide_time"],
    )


def _create_counters(op: Operations) -> None:
    op.create_table(
        "auto_reply_mutes",
        sa.Column("our_number", sa.Text, primary_key=True),
        sa.Column("peer_number", sa.Text, primary_key=True),
        sa.Column("reason", sa.String(16), primary_key=True),
        sa.Column("end_time", _TIME, nullable=False),
        sa.Column("cause_message_id", sa.Text, nullable=False),
    )
    op.create_table(
        "auto_reply_switch",
        sa.Column("switch_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("engaged", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("set_time", _TIME, nullable=False),
    )
    op.create_table(
        "auto_reply_budget",
        sa.Column("budget_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("fill_time", _TIME, nullable=False),
    )


def _create_conversations(op: Operations) -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Text, primary_key=True),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("group_numbers", sa.JSON, nullable=False),
        sa.Column("members", sa.Text, nullable=False),
        sa.Column("last_message_id", sa.Text, nullable=False),
        sa.Column("last_time", _TIME, nullable=False),
        sa.Column("inbound_count", sa.BigInteger, nullable=False),
        sa.Column("outbound_count", sa.BigInteger, nullable=False),
        sa.Column("unread_count", sa.BigInteger, nullable=False),
        sa.Column("last_inbound_time", _TIME),
        sa.Column("last_outbound_time", _TIME),
        sa.Column("bot_end_time", _TIME),
        sa.Column("mute_end_time", _TIME),
    )
    op.create_index("conversations_newest", "conversations", ["last_time", "conversation_id"])
    op.create_index("conversations_ours", "conversations", ["our_number", "last_time"])
    op.create_index("conversations_peer", "conversations", ["peer_number", "last_time"])


def _thread_messages(op: Operations) -> None:
    """Put every message into its conversation; what came before this version counts as read."""
    connection = op.get_bind()
    messages = sa.table(
        "messages",
        sa.column("message_id", sa.Text),
        sa.column("direction", sa.Text),
        sa.column("create_time", _TIME),
        sa.column("our_number", sa.Text),
        sa.column("peer_number", sa.Text),
        sa.column("recipients", sa.JSON),
        sa.column("is_group", sa.Boolean),
        sa.column("conversation_id", sa.Text),
    )
    found: dict[str, dict[str, Any]] = {}
    oldest_first = sa.select(messages).order_by("create_time", "message_id")
    for row in connection.execute(oldest_first).all():
        people: tuple[str, ...] = (row.peer_number,)
        if row.is_group:
            numbers = [each["phone_number"] for each in row.recipients]
            people = others(row.our_number, row.peer_number, numbers)
        conversation_id = thread_id(row.our_number, people)
        if not conversation_id:
            continue
        where = messages.c.message_id == row.message_id
        connection.execute(sa.update(messages).where(where).values(conversation_id=conversation_id))
        _count(found, conversation_id, people, row)
    if found:
        op.bulk_insert(_conversations(), list(found.values()))


def _count(
    found: dict[str, dict[str, Any]], conversation_id: str, people: Sequence[str], row: Any
) -> None:
    direction = str(row.direction)
    known = found.setdefault(
        conversation_id,
        {
            "conversation_id": conversation_id,
            "our_number": row.our_number,
            "peer_number": people[0],
            "group_numbers": list(people) if len(people) > 1 else [],
            "members": f" {' '.join(people)} ",
            "inbound_count": 0,
            "outbound_count": 0,
            "unread_count": 0,
            "last_inbound_time": None,
            "last_outbound_time": None,
        },
    )
    known["last_message_id"], known["last_time"] = row.message_id, row.create_time
    known[f"{direction}_count"] += 1
    known[f"last_{direction}_time"] = row.create_time


def _conversations() -> Any:
    texts = ("conversation_id", "our_number", "peer_number", "members", "last_message_id")
    counts = ("inbound_count", "outbound_count", "unread_count")
    times = ("last_time", "last_inbound_time", "last_outbound_time")
    return sa.table(
        "conversations",
        *(sa.column(name, sa.Text) for name in texts),
        *(sa.column(name, sa.BigInteger) for name in counts),
        *(sa.column(name, _TIME) for name in times),
        sa.column("group_numbers", sa.JSON),
    )
