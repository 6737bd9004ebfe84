"""The migration from steps to keys keeps what was there, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

import services.voice.migrations
from chassis.database import database
from services.voice.calls.model import CommandKind, Refusal, Role
from services.voice.calls.records import CommandState
from services.voice.calls.store import SqlCalls

TIME = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FIRST = "0001_calls.py"


async def test_calls_and_commands_of_the_first_version_are_kept(
    database_url: str, tmp_path: Path
) -> None:
    """Refused steps become refusals by key, and commands get their keys, kinds and order."""
    versions = Path(services.voice.migrations.__file__).parent / "versions"
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / FIRST).write_text((versions / FIRST).read_text("utf-8"))
    async with (
        database(database_url, schema="voice", migrations=str(tmp_path)) as old,
        old.transaction() as connection,
    ):
        await connection.run_sync(_fill)
    async with (
        database(database_url, schema="voice", migrations="services.voice.migrations") as new,
        new.reading() as connection,
    ):
        found = await SqlCalls().get(connection, "leg-1")
    assert found is not None
    assert found.call.refused == {Refusal("GREET"), Refusal("ENQUEUE")}
    assert (found.call.role, found.call.results) == (Role.UNKNOWN, frozenset())
    assert found.call.last_bridged == found.call.bridged == TIME
    given = [(each.key, each.kind, each.state) for each in found.commands]
    assert given == [
        ("ANSWER", CommandKind.ANSWER, CommandState.ACCEPTED),
        ("GREET", CommandKind.SPEAK, CommandState.REFUSED),
    ]


def _fill(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    calls, commands = metadata.tables["calls"], metadata.tables["commands"]
    texts = {column.name: "" for column in calls.c if isinstance(column.type, sa.Text)}
    times = {"create_time": TIME, "update_time": TIME, "bridge_time": TIME}
    flags = {"attestation_validated": False, "lookup_is_vip": False, "speech_cut_short": False}
    names = {
        "leg_id": "leg-1",
        "direction": "INBOUND",
        "steering": "COMMANDS",
        "state": "BRIDGED",
        "caller_kind": "UNKNOWN",
        "refused_steps": "ENQUEUE GREET",
        "lookup_outcome": None,
    }
    row = {**texts, **times, **flags, **names, "lookup_contact_count": 0}
    connection.execute(sa.insert(calls).values(**row))
    for step, state in (("GREET", "REFUSED"), ("ANSWER", "ACCEPTED")):
        facts = {"leg_id": "leg-1", "step": step, "state": state, "reason": ""}
        values = {"command_id": f"c-{step}", **facts, "request_time": TIME}
        connection.execute(sa.insert(commands).values(**values))
