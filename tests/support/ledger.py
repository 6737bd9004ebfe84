"""A small service of the tests' own: every table of the chassis, and entries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from chassis.archive import Contents
from chassis.change_log import ChangeLog
from chassis.clock import Clock
from chassis.database import Database, database
from chassis.inbox import Inbox
from chassis.outbox import Outbox
from chassis.requests import Requests
from chassis.timers import Timers

MIGRATIONS = "tests.support.ledger_migrations"


class Ledger:
    """The tables, bound to a clock."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Declare the tables."""
        self.metadata = sa.MetaData()
        self.inbox = Inbox(self.metadata, clock=clock)
        self.outbox = Outbox(self.metadata, clock=clock)
        self.requests = Requests(self.metadata, clock=clock)
        self.timers = Timers(self.metadata)
        self.changes = ChangeLog(self.metadata, "changes", clock=clock)
        self.contents = Contents(self.metadata, self.outbox, clock=clock)
        self.entries = sa.Table(
            "entry",
            self.metadata,
            sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("event_id", sa.Text, nullable=False),
        )


@asynccontextmanager
async def ledger_database(url: str) -> AsyncIterator[Database]:
    """Open a database with the ledger's tables."""
    async with database(url, schema="ledger", migrations=MIGRATIONS) as opened:
        yield opened
