"""The tables of keeping: policies, holds, what was erased, texts, resends, and who read what."""

import sqlalchemy as sa

from chassis.archive import Contents
from chassis.columns import UtcTime
from services.fax.tables import metadata, outbox

contents = Contents(metadata, outbox)

audit = sa.Table(
    "fax_audit",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("occur_time", UtcTime, nullable=False),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("peer", sa.Text, nullable=False),
    sa.Column("fax_id", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("fax_audit_fax", "fax_id", "sequence"),
    sa.Index("fax_audit_actor", "actor", "sequence"),
)
"""Append-only: rows are inserted, never changed or deleted. `sequence` counts up without gaps."""

audit_chain = sa.Table(
    "fax_audit_chain",
    metadata,
    sa.Column("chain_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
"""The one row is the end of the chain: the next entry hangs on it, and a cut end is seen."""

policies = sa.Table(
    "retention_policies",
    metadata,
    sa.Column("policy_id", sa.String(100), primary_key=True),
    sa.Column("direction", sa.String(10), nullable=False),
    sa.Column("number", sa.String(16), nullable=False),
    sa.Column("document_age_seconds", sa.BigInteger),
    sa.Column("record_age_seconds", sa.BigInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("create_time", UtcTime, nullable=False),
    sa.Column("update_time", UtcTime, nullable=False),
    sa.Index("retention_policies_scope", "direction", "number", unique=True),
)

retention = sa.Table(
    "retention",
    metadata,
    sa.Column("retention_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sweep_time", UtcTime),
)
"""The one row is locked by whoever decides about erasing, so that holds and sweeps take turns."""

holds = sa.Table(
    "legal_holds",
    metadata,
    sa.Column("hold_id", sa.String(64), primary_key=True),
    sa.Column("fax_id", sa.String(128), nullable=False),
    sa.Column("job_id", sa.String(128), nullable=False),
    sa.Column("number", sa.String(16), nullable=False),
    sa.Column("start_time", UtcTime),
    sa.Column("end_time", UtcTime),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("matter", sa.Text, nullable=False),
    sa.Column("placed_by", sa.Text, nullable=False),
    sa.Column("place_time", UtcTime, nullable=False),
    sa.Column("released_by", sa.Text, nullable=False),
    sa.Column("release_time", UtcTime),
    sa.Column("release_reason", sa.Text, nullable=False),
    sa.Index("legal_holds_newest", "place_time", "hold_id"),
    sa.Index("legal_holds_fax", "fax_id"),
    sa.Index("legal_holds_job", "job_id"),
    sa.Index("legal_holds_number", "number"),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("subject", sa.String(8), primary_key=True),
    sa.Column("subject_id", sa.String(128), primary_key=True),
    sa.Column("part", sa.String(8), primary_key=True),
    sa.Column("erase_time", UtcTime, nullable=False),
    sa.Column("policy_id", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("age_seconds", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
"""The record that something was erased, and why; kept for ever."""

texts = sa.Table(
    "fax_texts",
    metadata,
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)

words = sa.Table(
    "fax_words",
    metadata,
    # Words are looked up by ranges of bytes, which a language's own order would not keep together.
    sa.Column(
        "word",
        sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql"),
        primary_key=True,
    ),
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Index("fax_words_fax", "fax_id"),
)
"""Which word stands in the text of which fax; the key is how words are looked up by beginning."""

prints = sa.Table(
    "fax_prints",
    metadata,
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Column("page_hashes", sa.Text, nullable=False),
)
"""How the pages of a fax look, sixteen hex digits a page: enough to know them again."""

resends = sa.Table(
    "fax_resends",
    metadata,
    sa.Column("fax_id", sa.String(128), primary_key=True),
    sa.Column("of_fax_id", sa.String(128), nullable=False),
    sa.Column("match", sa.String(12), nullable=False),
    sa.Index("fax_resends_of", "of_fax_id"),
)
"""Probable repetitions, each beside the earliest fax it repeats."""
