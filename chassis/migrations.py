"""Bringing a service's schema up to date, forward only, while others try the same.

A service carries a folder ``migrations/versions`` of files ``NNNN_what.py``, each with
``revision``, ``down_revision`` and ``upgrade(op)``. There is no ``env.py``: alembic's would put
its state into module globals, and several services migrate in one process during development.
"""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory


def versions_folder(migrations: str) -> Path:
    """Find the folder of version files from a package path or a folder path."""
    folder = Path(migrations)
    if not folder.is_dir():
        folder = Path(str(files(migrations)))
    versions = folder / "versions"
    return versions if versions.is_dir() else folder


def upgrade(connection: sa.Connection, *, schema: str, versions: Path) -> None:
    """Run every missing migration inside the caller's transaction.

    PostgreSQL: creates the schema and holds an advisory lock until the transaction ends, so that
    several instances may start at once. SQLite: the caller's BEGIN IMMEDIATE does the same.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_key(schema))))
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    script = ScriptDirectory(str(versions), version_locations=[str(versions)])

    def missing_steps(revision: Any, _context: MigrationContext) -> list[RevisionStep]:
        return list(script._upgrade_revs("head", revision))  # noqa: SLF001 - alembic's own recipe

    environment = EnvironmentContext(Config(), script, fn=missing_steps)
    environment.configure(connection=connection, transactional_ddl=True)
    environment.run_migrations(op=Operations(environment.get_context()))


def _lock_key(schema: str) -> int:
    digest = hashlib.sha256(f"switchhook migrations {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
