"""What becomes of a received document when it has been looked into, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from chassis.database import Database, database
from chassis.errors import NotYet
from services.fax import translate
from services.fax.documents.model import Inspection, Problem, Rejected, TextSource
from services.fax.documents.receiving import Received
from services.fax.documents.store import InspectionStore
from services.fax.keeping.resends import Resends
from services.fax.keeping.texts import FaxTexts
from services.fax.model import Direction, Document, DocumentState, Fax, State
from services.fax.store import FaxStore
from services.fax.tables import outbox

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHA = "ab" * 32
FOUND = Inspection("application/pdf", 900, ((612.0, 792.0),) * 3, page_hashes=(1, 2, 3))
BROKEN = Rejected(Problem.DAMAGED, "its format is broken")


class Bench:
    """One fax whose document is here, and what is done with it."""

    def __init__(self, opened: Database, *, engine: bool = False) -> None:
        self.opened = opened
        self.store = FaxStore()
        self.texts = FaxTexts()
        self.alarms: list[str] = []
        self.received = Received(
            self.store,
            outbox,
            translate.announcement,
            InspectionStore(),
            self.texts,
            Resends(),
            engine,
            lambda _fax_id, reason: self.alarms.append(reason),
        )

    async def arrive(self, state: DocumentState = DocumentState.PENDING) -> None:
        """Let a fax be there whose document has been fetched."""
        fax = Fax(
            fax_id="fax-1",
            create_time=NOW,
            update_time=NOW,
            state=State.RECEIVED,
            direction=Direction.INBOUND,
            from_number="+13125550101",
            page_count=3,
            document=Document(state=state, sha256=SHA, size=900, store_time=NOW),
        )
        async with self.opened.transaction() as connection:
            await self.store.save(connection, await self.store.hold(connection, fax))

    async def put(self, state: DocumentState) -> None:
        """Let the document be in another state, whoever brought it there."""
        async with self.opened.transaction() as connection:
            fax = await self.store.hold(connection, await self.received.fax(connection, "fax-1"))
            await self.store.save(
                connection, replace(fax, document=replace(fax.document, state=state))
            )

    async def passed(self, found: Inspection = FOUND, sha256: str = SHA, later: int = 0) -> Fax:
        """Let an inspection find it readable."""
        async with self.opened.transaction() as connection:
            moment = NOW + timedelta(seconds=later)
            await self.received.passed(connection, "fax-1", sha256, found, moment)
        return await self.fax()

    async def refused(self) -> Fax:
        """Let an inspection find it broken."""
        async with self.opened.transaction() as connection:
            await self.received.refused(connection, "fax-1", SHA, BROKEN, NOW)
        return await self.fax()

    async def fax(self) -> Fax:
        """Return the fax."""
        async with self.opened.reading() as connection:
            return await self.received.fax(connection, "fax-1")

    async def queued(self) -> list[str]:
        """Return what is queued, by its id."""
        query = sa.select(outbox.table.c.effect_id).order_by(outbox.table.c.position)
        async with self.opened.reading() as connection:
            return list((await connection.execute(query)).scalars())


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """The service's database, migrated."""
    async with database(database_url, schema="fax", migrations="services.fax.migrations") as each:
        yield each


async def test_what_can_be_read_is_stored_and_announced_once(opened: Database) -> None:
    """However often it is inspected, the fax is stored with its pages and told of once."""
    bench = Bench(opened)
    await bench.arrive()
    for _ in range(2):
        fax = await bench.passed()
    assert (fax.document.state, fax.document.pages) == (DocumentState.STORED, 3)
    assert not fax.partial
    assert await bench.queued() == ["fax-stored-fax-1"]
    assert bench.alarms == []


async def test_pages_that_do_not_add_up_are_flagged(opened: Database) -> None:
    """The carrier counted three, we count two: stored and partial."""
    bench = Bench(opened)
    await bench.arrive()
    fax = await bench.passed(replace(FOUND, pages=FOUND.pages[:2]))
    assert (fax.document.state, fax.partial) == (DocumentState.STORED, True)


async def test_what_cannot_be_read_raises_one_alarm_and_keeps_its_bytes(opened: Database) -> None:
    """A quarantined document keeps its hash; the same verdict again alarms nobody."""
    bench = Bench(opened)
    await bench.arrive()
    for _ in range(2):
        fax = await bench.refused()
    document = fax.document
    assert (document.state, document.reason) == (DocumentState.QUARANTINED, "DAMAGED")
    assert document.sha256 == SHA
    assert bench.alarms == ["DAMAGED"]
    assert await bench.queued() == ["fax-quarantined-fax-1-DAMAGED"]


async def test_another_look_may_lift_a_quarantine(opened: Database) -> None:
    """Once a better reader finds the pages the fax is stored, announced, and has no reason left."""
    bench = Bench(opened)
    await bench.arrive()
    await bench.refused()
    fax = await bench.passed(later=1)
    assert (fax.document.state, fax.document.reason) == (DocumentState.STORED, "")
    assert (await bench.queued())[-1] == "fax-stored-fax-1"
    async with opened.reading() as connection:
        assert (await bench.received.found(connection, "fax-1")).problem is None


@pytest.mark.parametrize("sha256", [SHA, "cd" * 32])
async def test_a_verdict_that_comes_too_late_is_dropped(opened: Database, sha256: str) -> None:
    """What was erased stays erased, and a verdict on other bytes says nothing of these."""
    bench = Bench(opened)
    await bench.arrive(DocumentState.DELETED if sha256 == SHA else DocumentState.PENDING)
    before = await bench.fax()
    assert await bench.passed(sha256=sha256) == before
    assert await bench.queued() == []


async def test_bytes_of_an_erased_document_are_not_handed_out(opened: Database) -> None:
    """That another fax has the same bytes opens no way to them through this one."""
    bench = Bench(opened)
    await bench.arrive()
    await bench.passed()
    async with opened.reading() as connection:
        assert (await bench.received.arrived(connection, "fax-1")).sha256 == SHA
    await bench.put(DocumentState.DELETED)
    async with opened.reading() as connection:
        for ask in (bench.received.arrived, bench.received.readable):
            with pytest.raises(NotYet):
                await ask(connection, "fax-1")
    async with opened.transaction() as connection:
        with pytest.raises(NotYet):
            await bench.received.ask(connection, "fax-1", "5e1e5a6c-4d5c-4c52-9f0a-5f7cf1f0a001")


async def test_pages_are_recognized_one_after_the_other(opened: Database) -> None:
    """Each page that is read has the next one read, until the text is whole."""
    bench = Bench(opened, engine=True)
    await bench.arrive()
    await bench.passed()
    for page in (1, 2, 3):
        async with opened.transaction() as connection:
            await bench.received.recognized(connection, "fax-1", SHA, page, f"page {page}")
    assert len([each for each in await bench.queued() if "recognition" in each]) == 3
    async with opened.reading() as connection:
        assert await bench.texts.get(connection, "fax-1") == ["page 1", "page 2", "page 3"]
        found = await bench.received.found(connection, "fax-1")
    assert found.text_source is TextSource.RECOGNITION


async def test_nothing_is_recognized_of_an_erased_document(opened: Database) -> None:
    """A page that was being read while its document was erased leaves no text behind."""
    bench = Bench(opened, engine=True)
    await bench.arrive()
    await bench.passed()
    await bench.put(DocumentState.DELETED)
    async with opened.transaction() as connection:
        await bench.received.recognized(connection, "fax-1", SHA, 1, "page 1")
    async with opened.reading() as connection:
        assert await bench.texts.get(connection, "fax-1") is None
