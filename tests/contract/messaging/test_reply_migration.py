"""Messages of the first version are put into conversations."""

from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import sqlalchemy as sa

from chassis.database import database
from services.messaging.message_store import MessageStore
from services.messaging.ports import Filters
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.conversations import ConversationFilters
from tests.contract.messaging.conftest import NOON, OTHER, OURS, PEER

FIRST = "0001_messages_and_consent.py"
MIGRATIONS = Path("services/messaging/migrations")
EMPTY = (
    "raw_type", "text", "subject", "raw_status", "failure_reason", "carrier_code", "carrier_title",
    "cost_amount", "cost_currency", "messaging_profile_id", "keyword_class", "rule_id",
    "list_version",
)  # fmt: skip
COLUMNS: dict[str, Any] = {
    "recipients": sa.JSON,
    "media": sa.JSON,
    "is_group": sa.Boolean,
    "answered_by_carrier": sa.Boolean,
    "parts": sa.Integer,
    "create_time": sa.DateTime(timezone=True),
}


def row(message_id: str, minute: int, direction: str, *to: str, peer: str = PEER) -> dict[str, Any]:
    """Return a message as the first version stored it."""
    people = [{"phone_number": each, "status": "received", "raw_status": ""} for each in to]
    return {
        "message_id": message_id,
        "direction": direction,
        "status": "received" if direction == "inbound" else "delivered",
        "create_time": NOON + timedelta(minutes=minute),
        "our_number": OURS,
        "peer_number": peer,
        "recipients": people,
        "is_group": len(to) > 1,
        "type": "sms",
        "media": [],
        "purpose": "unspecified",
        "parts": 1,
        "answered_by_carrier": False,
        **dict.fromkeys(EMPTY, ""),
    }


ROWS = [
    row("m-3", 3, "inbound", OURS),
    row("m-1", 1, "inbound", OURS),
    row("m-2", 2, "outbound", PEER),
    row("m-4", 4, "inbound", OURS, OTHER),
    row("m-5", 5, "inbound", PEER, OURS, peer=OTHER),
    row("m-6", 6, "inbound", OURS, peer=""),
]


async def test_old_messages_are_in_conversations_and_read(
    database_url: str, tmp_path: Path
) -> None:
    """Pairs and groups are found, and computing them anew changes nothing."""
    first = tmp_path / "migrations" / "versions"
    copytree(MIGRATIONS / "versions", first, ignore=lambda _, names: set(names) - {FIRST})
    table = sa.table("messages", *(sa.column(n, COLUMNS.get(n, sa.Text)) for n in ROWS[0]))
    async with (
        database(database_url, schema="messaging", migrations=str(first.parent)) as opened,
        opened.transaction() as connection,
    ):
        await connection.execute(sa.insert(table), ROWS)
    store = ConversationStore()
    async with (
        database(database_url, schema="messaging", migrations="services.messaging.migrations") as o,
        o.transaction() as connection,
    ):
        migrated = await store.page(connection, ConversationFilters(), NOON, limit=9)
        assert await store.rebuild_all(connection) == 2
        assert await store.page(connection, ConversationFilters(), NOON, limit=9) == migrated
        group, pair = migrated
        thread = Filters(conversation_id=pair.conversation_id)
        found = await MessageStore().list(connection, thread, limit=9)
    assert [each.message_id for each in found] == ["m-3", "m-2", "m-1"]
    assert (pair.inbound_count, pair.outbound_count, pair.unread_count) == (2, 1, 0)
    assert (group.others, group.inbound_count) == ((PEER, OTHER), 2)
