"""The tables of consent: the ledger, its chain, what it amounts to, and what waits for an answer.

The ledger and its chain are the truth. The others are computed from it or hold what is open.
"""

import sqlalchemy as sa

from chassis.columns import UtcTime
from services.messaging.tables import metadata

ledger = sa.Table(
    "consent_ledger",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("entry_id", sa.Text, nullable=False, unique=True),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("effective_time", UtcTime, nullable=False),
    sa.Column("record_time", UtcTime, nullable=False),
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
    sa.Column("prompt_time", UtcTime),
    sa.Column("request_deadline", UtcTime),
    sa.Column("confirmation", sa.String(12), nullable=False),
    sa.Column("confirmation_message_id", sa.Text, nullable=False),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("consent_ledger_peer", "peer_number", "effective_time", "sequence"),
)
"""Append-only: rows are inserted, never changed or deleted. `sequence` counts up without gaps."""

chain = sa.Table(
    "consent_chain",
    metadata,
    sa.Column("chain_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""The one row is the end of the chain: the next entry hangs on it, and a cut end is seen."""

standings = sa.Table(
    "consent_standings",
    metadata,
    sa.Column("peer_number", sa.Text, primary_key=True),
    sa.Column("scope_key", sa.Text, primary_key=True),
    sa.Column("action", sa.String(12), nullable=False),
    sa.Column("effective_time", UtcTime, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
)
"""A projection of the ledger: per person and scope the weightiest entry."""

holds = sa.Table(
    "consent_holds",
    metadata,
    sa.Column("hold_id", sa.Text, primary_key=True),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("peer_number", sa.Text, nullable=False),
    sa.Column("our_number", sa.Text, nullable=False),
    sa.Column("program_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("effective_time", UtcTime, nullable=False),
    sa.Column("due_time", UtcTime, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reviewer", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("resolve_time", UtcTime),
    sa.Column("resolve_entry_id", sa.Text, nullable=False),
    sa.Index("consent_holds_due", "state", "due_time", "hold_id"),
    sa.Index("consent_holds_peer", "peer_number", "state"),
)
"""Texts that may have been a STOP, and what a person decided about them."""

opt_ins = sa.Table(
    "consent_opt_ins",
    metadata,
    sa.Column("peer_number", sa.Text, primary_key=True),
    sa.Column("scope_key", sa.Text, primary_key=True),
    sa.Column("our_number", sa.Text, nullable=False),
    sa.Column("program_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("prompt_time", UtcTime, nullable=False),
    sa.Column("expire_time", UtcTime, nullable=False),
)
"""The newest question for consent put to a person, per program."""

reconciliation = sa.Table(
    "consent_reconciliation",
    metadata,
    sa.Column("list_name", sa.Text, primary_key=True),
    sa.Column("cursor_time", UtcTime),
    sa.Column("finish_time", UtcTime, nullable=False),
)
"""How far the carrier's lists of opt-outs have been read."""
