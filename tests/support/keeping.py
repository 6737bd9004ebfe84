"""The cupboard of a fax service: faxes, policies and holds, on a clock that a test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from chassis.archive import ERASE, Archive, Eraser
from chassis.caller import Caller
from chassis.clock import FixedClock, SystemClock
from chassis.database import Database, database
from chassis.dispatcher import dispatching
from chassis.metrics import Metrics
from chassis.objects import open_objects
from services.fax import tables
from services.fax.keeping.audit import Audit
from services.fax.keeping.audit_store import AuditFilters, AuditStore
from services.fax.keeping.entries import AuditEntry
from services.fax.keeping.erasing import Erasing
from services.fax.keeping.hold_store import HoldStore
from services.fax.keeping.holds import Hold, Scope
from services.fax.keeping.policies import Policy
from services.fax.keeping.policy_store import PolicyStore
from services.fax.keeping.retention import Explanation, Retention
from services.fax.keeping.sweep import SWEEP, SWEEP_KEY, Sweep
from services.fax.keeping.tables import contents
from services.fax.model import Direction, Document, DocumentState, Fax, State
from services.fax.sending.tables import jobs
from services.fax.store import FaxStore
from tests.support.eventually import eventually

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADA, GRACE = "+13125550101", "+13125550102"
OURS, OTHER = "+12025550130", "+12025550131"
CLERK = Caller("clerk", "ipv4:127.0.0.1")


def received(fax_id: str, **facts: Any) -> Fax:
    """Return a fax that came in now."""
    plain = Fax(
        fax_id=fax_id,
        create_time=NOW,
        update_time=NOW,
        state=State.RECEIVED,
        direction=Direction.INBOUND,
        from_number=ADA,
        to_number=OURS,
        page_count=2,
        announce_time=NOW,
    )
    return replace(plain, **facts)


def policy(policy_id: str, **facts: Any) -> Policy:
    """Return a policy that lets documents grow a month old and keeps records for ever."""
    plain = Policy(
        policy_id=policy_id,
        document_age=30 * DAY,
        record_age=None,
        reason="the rules of the house",
        create_time=NOW,
        update_time=NOW,
    )
    return replace(plain, **facts)


class Cupboard:
    """What keeps faxes, each call in a transaction of its own."""

    def __init__(self, opened: Database, archive: Archive) -> None:
        """Keep in this database and this archive, at NOW."""
        self.opened = opened
        self.archive = archive
        self.clock = FixedClock(NOW)
        self.store = FaxStore()
        self.log = AuditStore()
        self.audit = Audit(opened, self.log, self.clock)
        self.erasing = Erasing()
        self.policies = PolicyStore()
        self.retention = Retention(
            self.policies,
            HoldStore(),
            self.erasing,
            contents,
            tables.timers,
            self.audit,
            self.clock,
        )
        self.sweeper = Sweep(
            self.policies, self.erasing, tables.timers, self.audit, Metrics(), timedelta(hours=1)
        )

    async def add(self, fax: Fax) -> None:
        """Keep a fax without a document."""
        async with self.opened.transaction() as connection:
            await self.store.hold(connection, fax)

    async def keep(self, fax: Fax, content: bytes = b"%PDF-1.7") -> str:
        """Keep a fax with its document and return the document's hash."""
        sha256 = await self.put(content, f"fax:{fax.fax_id}")
        document = Document(
            state=DocumentState.STORED, sha256=sha256, size=len(content), store_time=NOW
        )
        await self.add(replace(fax, document=document))
        return sha256

    async def put(self, content: bytes, owner: str) -> str:
        """Keep bytes for an owner."""
        async with self.archive.draft() as draft:
            await draft.write(content)
            return (await self.archive.keep(draft, owner)).sha256

    async def send(self, job_id: str, sha256: str, state: str = "delivered") -> None:
        """Keep a job that sent a document."""
        values = {
            "job_id": job_id,
            "state": state,
            "to_number": ADA,
            "from_number": OURS,
            "sha256": sha256,
            "size": 8,
            "page_count": 2,
            "has_cover_page": False,
            "page_size": "letter",
            "sources": [],
            "content_key": "",
            "quality": "high",
            "monochrome": False,
            "in_doubt": "hold",
            "create_time": NOW,
            "update_time": NOW,
        }
        async with self.opened.transaction() as connection:
            await connection.execute(sa.insert(jobs).values(values))

    async def rule(self, *policies: Policy) -> None:
        """Put policies."""
        for each in policies:
            async with self.opened.transaction() as connection:
                await self.retention.put_policy(connection, CLERK, each)

    async def hold(self, scope: Scope) -> Hold:
        """Place a hold."""
        async with self.opened.transaction() as connection:
            return await self.retention.place_hold(
                connection, CLERK, scope, reason="a claim", matter="2026-17"
            )

    async def release(self, hold_id: str) -> Hold:
        """End a hold."""
        async with self.opened.transaction() as connection:
            return await self.retention.release_hold(connection, CLERK, hold_id, "settled")

    async def sweep(self, after: timedelta = timedelta()) -> None:
        """Let time pass, then erase all that is due."""
        self.clock.advance(after)
        while True:
            async with self.opened.transaction() as connection:
                await self.sweeper.ring(connection, SWEEP_KEY, self.clock.now())
                due = await tables.timers.due(connection, SWEEP, SWEEP_KEY)
            if due is None or due > self.clock.now():
                return

    async def fax(self, fax_id: str) -> Fax:
        """Return a fax."""
        async with self.opened.reading() as connection:
            found = await self.store.get(connection, fax_id)
        assert found is not None
        return found

    async def explain(self, fax_id: str) -> Explanation:
        """Say why a fax is kept."""
        fax = await self.fax(fax_id)
        async with self.opened.reading() as connection:
            return await self.retention.explain(connection, fax)

    async def erased(self, *fax_ids: str) -> set[str]:
        """Return which of the faxes have lost their documents."""
        states = {fax_id: (await self.fax(fax_id)).document.state for fax_id in fax_ids}
        return {fax_id for fax_id, state in states.items() if state is DocumentState.DELETED}

    async def entries(self, **filters: Any) -> list[AuditEntry]:
        """Return entries of the audit log, oldest first."""
        async with self.opened.reading() as connection:
            found = await self.log.newest(connection, AuditFilters(**filters), limit=1000)
        return found[::-1]

    async def there(self, sha256: str) -> bool:
        """Say whether bytes are in the store."""
        try:
            return b"".join([chunk async for chunk in self.archive.read(sha256)]) != b""
        except FileNotFoundError:
            return False

    async def settle(self) -> None:
        """Have every erasure that waits carried out."""
        performers = {ERASE: Eraser(self.archive)}
        async with dispatching(
            self.opened, tables.outbox, performers, instance="test", clock=SystemClock()
        ):
            await eventually(self._idle)

    async def _idle(self) -> bool:
        async with self.opened.reading() as connection:
            return sum((await tables.outbox.backlog(connection)).values()) == 0


@asynccontextmanager
async def cupboard(database_url: str, objects_url: str) -> AsyncIterator[Cupboard]:
    """Open an empty cupboard."""
    async with database(database_url, schema="fax", migrations="services.fax.migrations") as opened:
        yield Cupboard(opened, Archive(opened, open_objects(objects_url, "documents"), contents))
