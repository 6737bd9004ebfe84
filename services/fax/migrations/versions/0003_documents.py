"""Count the pages of documents, and keep what their inspections found."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    """Create the table of inspections; documents stored earlier have none until they are asked."""
    op.add_column("faxes", sa.Column("document_pages", sa.Integer))
    op.create_table(
        "fax_inspections",
        sa.Column("fax_id", sa.String(128), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content_type", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("inspect_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pages", sa.JSON, nullable=False),
        sa.Column("problem", sa.String(24), nullable=False),
        sa.Column("problem_detail", sa.Text, nullable=False),
        sa.Column("repaired", sa.Boolean, nullable=False),
        sa.Column("active", sa.JSON, nullable=False),
        sa.Column("text_source", sa.String(16), nullable=False),
    )
