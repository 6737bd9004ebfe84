"""Create what keeping needs: owners of bytes, policies, holds, erasures, texts, resends, the audit.

Bytes that were stored before have the fax they came with as their owner.
"""

import sqlalchemy as sa
from alembic.operations import Operations

from chassis import archive

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)
# Words are looked up by ranges of bytes, which a language's own order would not keep together.
_WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
_GENESIS = "0" * 64


def upgrade(op: Operations) -> None:
    """Create everything."""
    op.add_column("faxes", sa.Column("announce_time", _TIME))
    op.add_column("faxes", sa.Column("redact_time", _TIME))
    # What is awaited and what has grown old are looked for again and again.
    op.create_index("faxes_document", "faxes", ["document_state", "create_time"])
    op.create_index("faxes_redact", "faxes", ["redact_time", "create_time"])
    archive.create_v1(op)
    _own_stored_documents(op)
    _retention(op)
    _holds(op)
    _texts(op)
    _resends(op)
    _audit(op)


def _own_stored_documents(op: Operations) -> None:
    op.execute(
        "INSERT INTO content (sha256, state, claim_time)"
        " SELECT document_sha256, 'kept', MIN(document_store_time) FROM faxes"
        " WHERE document_state = 'stored' GROUP BY document_sha256"
    )
    op.execute(
        "INSERT INTO content_need (sha256, owner)"
        " SELECT document_sha256, 'fax:' || fax_id FROM faxes WHERE document_state = 'stored'"
    )


def _retention(op: Operations) -> None:
    op.create_table(
        "retention_policies",
        sa.Column("policy_id", sa.String(100), primary_key=True),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("document_age_seconds", sa.BigInteger),
        sa.Column("record_age_seconds", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("create_time", _TIME, nullable=False),
        sa.Column("update_time", _TIME, nullable=False),
    )
    scope = ["direction", "number"]
    op.create_index("retention_policies_scope", "retention_policies", scope, unique=True)
    op.create_table(
        "retention",
        sa.Column("retention_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sweep_time", _TIME),
    )
    op.execute("INSERT INTO retention (retention_id) VALUES (1)")
    op.create_table(
        "erasures",
        sa.Column("subject", sa.String(8), primary_key=True),
        sa.Column("subject_id", sa.String(128), primary_key=True),
        sa.Column("part", sa.String(8), primary_key=True),
        sa.Column("erase_time", _TIME, nullable=False),
        sa.Column("policy_id", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("age_seconds", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )


def _holds(op: Operations) -> None:
    op.create_table(
        "legal_holds",
        sa.Column("hold_id", sa.String(64), primary_key=True),
        sa.Column("fax_id", sa.String(128), nullable=False),
        sa.Column("job_id", sa.String(128), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("start_time", _TIME),
        sa.Column("end_time", _TIME),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("matter", sa.Text, nullable=False),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("place_time", _TIME, nullable=False),
        sa.Column("released_by", sa.Text, nullable=False),
        sa.Column("release_time", _TIME),
        sa.Column("release_reason", sa.Text, nullable=False),
    )
    op.create_index("legal_holds_newest", "legal_holds", ["place_time", "hold_id"])
    op.create_index("legal_holds_fax", "legal_holds", ["fax_id"])
    op.create_index("legal_holds_job", "legal_holds", ["job_id"])
    op.create_index("legal_holds_number", "legal_holds", ["number"])


def _texts(op: Operations) -> None:
    op.create_table(
        "fax_texts",
        sa.Column("fax_id", sa.String(128), primary_key=True),
        sa.Column("page", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "fax_words",
        sa.Column("word", _WORD, primary_key=True),
        sa.Column("fax_id", sa.String(128), primary_key=True),
    )
    op.create_index("fax_words_fax", "fax_words", ["fax_id"])


def _resends(op: Operations) -> None:
    op.create_table(
        "fax_prints",
        sa.Column("fax_id", sa.String(128), primary_key=True),
        sa.Column("page_hashes", sa.Text, nullable=False),
    )
    op.create_table(
        "fax_resends",
        sa.Column("fax_id", sa.String(128), primary_key=True),
        sa.Column("of_fax_id", sa.String(128), nullable=False),
        sa.Column("match", sa.String(12), nullable=False),
    )
    op.create_index("fax_resends_of", "fax_resends", ["of_fax_id"])


def _audit(op: Operations) -> None:
    op.create_table(
        "fax_audit",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("occur_time", _TIME, nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("fax_id", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("fax_audit_fax", "fax_audit", ["fax_id", "sequence"])
    op.create_index("fax_audit_actor", "fax_audit", ["actor", "sequence"])
    op.create_table(
        "fax_audit_chain",
        sa.Column("chain_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    chain = sa.table(
        "fax_audit_chain", sa.column("chain_id"), sa.column("sequence"), sa.column("hash")
    )
    op.execute(sa.insert(chain).values(chain_id=1, sequence=0, hash=_GENESIS))
