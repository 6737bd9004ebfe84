"""The ledger of the first version is carried over into the chain."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import sqlalchemy as sa

from chassis.database import database
from services.messaging.consent.decision import ConsentState, Target, decide
from services.messaging.consent.store import ConsentStore
from services.messaging.use_cases.proving import Proving
from tests.contract.messaging.conftest import OTHER, OURS, PEER, SECOND

FIRST = "0001_messages_and_consent.py"
MIGRATIONS = Path("services/messaging/migrations")
INSERT = sa.text(
    "insert into consent_ledger (entry_id, effective_time, record_time, action, scope, method,"
    " peer_number, our_number, source_message_id, source_event_id, text, keyword_class, rule_id,"
    " list_version, messaging_profile_id, confirmation, confirmation_message_id)"
    " values (:id, :time, :time, :action, :scope, 'keyword', :peer, :ours, 'c', 'e', 'word',"
    " 'stop', 'r', '1', '', 'none', '')"
).bindparams(sa.bindparam("time", type_=sa.DateTime(timezone=True)))


async def test_old_entries_are_chained_and_mean_what_they_meant(
    database_url: str, tmp_path: Path
) -> None:
    """Revocations still stop everything, grants still stand, and the chain is intact."""
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    first = tmp_path / "migrations" / "versions"
    copytree(MIGRATIONS / "versions", first, ignore=lambda _, names: set(names) - {FIRST})
    rows = [
        ("l-1", 0, "revoked", "brand", PEER, OURS),
        ("l-2", 1, "granted", "number", PEER, SECOND),
        ("l-3", 2, "granted", "number", OTHER, OURS),
        ("l-4", 1, "revoked", "brand", OTHER, OURS),
    ]
    async with (
        database(database_url, schema="messaging", migrations=str(first.parent)) as opened,
        opened.transaction() as connection,
    ):
        for entry_id, minute, action, scope, peer, ours in rows:
            values = {"id": entry_id, "time": noon + timedelta(minutes=minute), "action": action}
            await connection.execute(INSERT, {**values, "scope": scope, "peer": peer, "ours": ours})
    async with database(
        database_url, schema="messaging", migrations="services.messaging.migrations"
    ) as opened:
        head = await Proving(opened, ConsentStore()).verify()
        async with opened.reading() as connection:
            one = await ConsentStore().standings(connection, PEER)
            other = await ConsentStore().standings(connection, OTHER)
    assert head.sequence == 4
    assert decide(one, Target(OURS)).is_revoked
    assert decide(one, Target(SECOND)).state is ConsentState.GRANTED
    assert decide(other, Target(OURS)).state is ConsentState.GRANTED
    assert decide(other, Target(SECOND)).is_revoked
