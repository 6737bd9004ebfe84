"""Chain the consent ledger, and add scopes, holds, double opt-in and reconciliation."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)
_GENESIS = "0" * 64
_CARRIED = (
    "entry_id",
    "action",
    "method",
    "peer_number",
    "our_number",
    "source_message_id",
    "source_event_id",
    "text",
    "keyword_class",
    "rule_id",
    "list_version",
    "messaging_profile_id",
    "confirmation",
    "confirmation_message_id",
)
_NEW_AND_EMPTY = ("basis", "brand", "program_id", "language", "reviewer", "note", "hold_id")


def upgrade(op: Operations) -> None:
    """Carry the old entries over into the chain; they keep what they said."""
    connection = op.get_bind()
    old = [row._asdict() for row in connection.execute(_old_entries())]
    op.drop_table("consent_ledger")
    op.drop_table("consent_standings")
    _create_ledger(op)
    _create_projections(op)
    _create_reconciliation(op)
    end = _chain_up(connection, old)
    connection.execute(
        sa.text(
            "insert into consent_chain (chain_id, sequence, hash) values (1, :sequence, :hash)"
        ),
        {"sequence": len(old), "hash": end},
    )


def _create_ledger(op: Operations) -> None:
    op.create_table(
        "consent_ledger",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry_id", sa.Text, nullable=False, unique=True),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("effective_time", _TIME, nullable=False),
        sa.Column("record_time", _TIME, nullable=False),
        sa.Column("action", sa.String(12), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("basis", sa.String(20), nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("program_id", sa.Text, nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("source_message_id", sa.Text, nullable=False),
        sa.Column("source_event_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("keyword_class", sa.String(12), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("list_version", sa.String(16), nullable=False),
        sa.Column("messaging_profile_id", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("hold_id", sa.Text, nullable=False),
        sa.Column("prompt_time", _TIME),
        sa.Column("request_deadline", _TIME),
        sa.Column("confirmation", sa.String(12), nullable=False),
        sa.Column("confirmation_message_id", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index(
        "consent_ledger_peer", "consent_ledger", ["peer_number", "effective_time", "sequence"]
    )
    op.create_table(
        "consent_chain",
        sa.Column("chain_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )


def _create_projections(op: Operations) -> None:
    op.create_table(
        "consent_standings",
        sa.Column("peer_number", sa.Text, primary_key=True),
        sa.Column("scope_key", sa.Text, primary_key=True),
        sa.Column("action", sa.String(12), nullable=False),
        sa.Column("effective_time", _TIME, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
    )
    op.create_table(
        "consent_holds",
        sa.Column("hold_id", sa.Text, primary_key=True),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("peer_number", sa.Text, nullable=False),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("program_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("effective_time", _TIME, nullable=False),
        sa.Column("due_time", _TIME, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("resolve_time", _TIME),
        sa.Column("resolve_entry_id", sa.Text, nullable=False),
    )
    op.create_index("consent_holds_due", "consent_holds", ["state", "due_time", "hold_id"])
    op.create_index("consent_holds_peer", "consent_holds", ["peer_number", "state"])


def _create_reconciliation(op: Operations) -> None:
    op.create_table(
        "consent_opt_ins",
        sa.Column("peer_number", sa.Text, primary_key=True),
        sa.Column("scope_key", sa.Text, primary_key=True),
        sa.Column("our_number", sa.Text, nullable=False),
        sa.Column("program_id", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("prompt_time", _TIME, nullable=False),
        sa.Column("expire_time", _TIME, nullable=False),
    )
    op.create_table(
        "consent_reconciliation",
        sa.Column("list_name", sa.Text, primary_key=True),
        sa.Column("cursor_time", _TIME),
        sa.Column("finish_time", _TIME, nullable=False),
    )


def _old_entries() -> sa.TextualSelect:
    names = ", ".join((*_CARRIED, "scope", "effective_time", "record_time"))
    query = sa.text(f"select {names} from consent_ledger order by sequence")  # noqa: S608 - no input
    return query.columns(
        *(sa.column(name) for name in (*_CARRIED, "scope")),
        sa.column("effective_time", _TIME),
        sa.column("record_time", _TIME),
    )


def _chain_up(connection: sa.Connection, old: list[dict[str, Any]]) -> str:
    """Insert the old entries as links and what they stand for; return the last hash."""
    ledger, end = _ledger_table(), _GENESIS
    standings: dict[tuple[str, str], tuple[tuple[datetime, bool], dict[str, Any]]] = {}
    for sequence, row in enumerate(old, start=1):
        values = _link(row, sequence, end)
        end = values["hash"] = _digest(values)
        connection.execute(ledger.insert().values(**values))
        _weigh(standings, values)
    for _, standing in standings.values():
        connection.execute(_standings_table().insert().values(**standing))
    return end


def _link(row: Mapping[str, Any], sequence: int, prev_hash: str) -> dict[str, Any]:
    # Until here a revocation of the brand stopped every message whatever its purpose.
    return {
        **{name: row[name] for name in _CARRIED},
        **dict.fromkeys(_NEW_AND_EMPTY, ""),
        "format": 1,
        "sequence": sequence,
        "effective_time": _utc(row["effective_time"]),
        "record_time": _utc(row["record_time"]),
        "scope": "all" if row["scope"] == "brand" else row["scope"],
        "channel": "sms",
        "evidence": {},
        "prompt_time": None,
        "request_deadline": None,
        "prev_hash": prev_hash,
    }


def _digest(values: Mapping[str, Any]) -> str:
    plain = {name: _plain(value) for name, value in values.items()}
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return "" if value is None else value


def _weigh(
    standings: dict[tuple[str, str], tuple[tuple[datetime, bool], dict[str, Any]]],
    values: Mapping[str, Any],
) -> None:
    scope_key = "all" if values["scope"] == "all" else f"number:{values['our_number']}"
    weight = (values["effective_time"], values["action"] == "revoked")
    key = (values["peer_number"], scope_key)
    if key in standings and standings[key][0] >= weight:
        return
    shown = {name: values[name] for name in ("peer_number", "action", "effective_time", "entry_id")}
    standings[key] = (weight, {**shown, "scope_key": scope_key})


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _ledger_table() -> sa.TableClause:
    times = ("effective_time", "record_time", "prompt_time", "request_deadline")
    others = (*_CARRIED, *_NEW_AND_EMPTY, "format", "sequence", "scope", "channel")
    return sa.table(
        "consent_ledger",
        *(sa.column(name, _TIME) for name in times),
        *(sa.column(name) for name in (*others, "prev_hash", "hash")),
        sa.column("evidence", sa.JSON),
    )


def _standings_table() -> sa.TableClause:
    return sa.table(
        "consent_standings",
        *(sa.column(name) for name in ("peer_number", "scope_key", "action", "entry_id")),
        sa.column("effective_time", _TIME),
    )
