"""Create a table and fail."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    """Fail after the first table."""
    op.create_table("entry", sa.Column("entry_id", sa.Integer, primary_key=True))
    raise ZeroDivisionError
