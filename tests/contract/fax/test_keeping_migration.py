"""Documents of earlier versions have owners, so that they can be erased like any other."""

from pathlib import Path
from shutil import copytree
from typing import Any

import sqlalchemy as sa

from chassis.database import database
from services.fax.keeping.tables import contents
from tests.support.keeping import DAY, NOW, cupboard, policy

MIGRATIONS = Path("services/fax/migrations")
FIRST = "0001_create_faxes.py"
COLUMNS: dict[str, Any] = {
    "create_time": sa.DateTime(timezone=True),
    "update_time": sa.DateTime(timezone=True),
    "document_store_time": sa.DateTime(timezone=True),
    "partial_content": sa.Boolean,
    "document_size": sa.BigInteger,
}
TEXTS = (
    "fax_id", "state", "raw_status", "direction", "from_number", "to_number", "failure_reason",
    "connection_id", "document_state", "document_sha256", "document_content_type",
    "document_reason",
)  # fmt: skip


def row(fax_id: str, state: str, sha256: str) -> dict[str, object]:
    """Return a fax as the first version stored it."""
    return {
        **dict.fromkeys(TEXTS, ""),
        "fax_id": fax_id,
        "state": "received",
        "direction": "inbound",
        "document_state": state,
        "document_sha256": sha256,
        "create_time": NOW,
        "update_time": NOW,
        "document_store_time": NOW if sha256 else None,
        "partial_content": False,
        "document_size": len(sha256),
    }


async def test_stored_documents_get_their_faxes_as_owners(
    database_url: str, tmp_path: Path
) -> None:
    """Two faxes with the same document own it together; policies work on all of them."""
    first = tmp_path / "migrations" / "versions"
    copytree(MIGRATIONS / "versions", first, ignore=lambda _, names: set(names) - {FIRST})
    table = sa.table(
        "faxes",
        *[sa.column(n) for n in TEXTS],
        *[sa.column(name, type_) for name, type_ in COLUMNS.items()],
    )
    rows = [
        row("1", "stored", "ab" * 32),
        row("2", "stored", "ab" * 32),
        row("3", "stored", "cd" * 32),
        row("4", "lost", ""),
    ]
    async with (
        database(database_url, schema="fax", migrations=str(first.parent)) as old,
        old.transaction() as connection,
    ):
        await connection.execute(sa.insert(table), rows)
    async with cupboard(database_url, str(tmp_path / "objects")) as kept:
        async with kept.opened.reading() as connection:
            assert await contents.other_owners(connection, "ab" * 32, "fax:1") == 1
            assert await contents.other_owners(connection, "cd" * 32, "fax:3") == 0
            assert await contents.other_owners(connection, "", "nobody") == 0
        await kept.rule(policy("month"))
        await kept.sweep(30 * DAY)
        assert await kept.erased("1", "2", "3", "4") == {"1", "2", "3"}
        await kept.settle()
