"""Comparing the tables a service declares with the tables its migrations make."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from chassis.database import Database


async def drift(database: Database, metadata: sa.MetaData) -> list[object]:
    """Return every difference; an empty list when the migrated schema is the declared one."""

    def compare(connection: sa.Connection) -> list[object]:
        options = {"compare_type": True, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        return await connection.run_sync(compare)


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name == "alembic_version")
