"""What the stores of jobs and numbers promise, on both databases; what a cut-off call leaves."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from chassis.archive import Archive
from chassis.errors import Contended
from chassis.objects import open_objects
from services.fax import tables
from services.fax.documents.model import PaperSize
from services.fax.keeping.tables import contents
from services.fax.sending.failures import FailureClass
from services.fax.sending.model import Attempt, AttemptState, Document, InDoubt, Quality
from services.fax.sending.numbers import Mark, Number
from services.fax.sending.orders import Sender
from services.fax.sending.plan import JobState
from services.fax.sending.store import JobFilters, JobPosition, JobStore, NumberStore
from services.fax.sending.taking import Taking
from tests.support.fax_jobs import ADA, GRACE, JOB_ID, MINUTE, NOW, Desk, fax_job

WHOLE = fax_job(
    document=Document(
        sha256="ab" * 32, size=50_000_000_000, page_count=350, has_cover_page=True, page_size="a4"
    ),
    quality=Quality.ULTRA_DARK,
    monochrome=True,
    in_doubt=InDoubt.RESEND,
    cancel_time=NOW + MINUTE,
    sources=("cd" * 32, "ef" * 32),
    attempts=(
        Attempt(
            number=1,
            start_time=NOW,
            state_time=NOW + timedelta(microseconds=1),
            state=AttemptState.FAILED,
            fax_id="fax-1",
            reason="receiver_call_dropped",
            failure_class=FailureClass.TRANSMISSION,
            page_count=0,
            call_duration=timedelta(seconds=41),
            lookups=2,
        ),
        Attempt(
            number=2,
            start_time=NOW,
            state_time=NOW,
            quality=Quality.NORMAL,
            t38_enabled=False,
        ),
    ),
)


async def test_a_job_comes_back_as_it_was_saved(desk: Desk) -> None:
    """Every field of it and of its attempts, and who stands behind a transmission."""
    store = JobStore()
    async with desk.opened.transaction() as connection:
        await store.add(connection, fax_job(), JobState.SENDING)
        await store.save(connection, WHOLE, JobState.CANCELLED)
    async with desk.opened.reading() as connection:
        assert await store.get(connection, JOB_ID) == WHOLE
        assert await store.of_faxes(connection, ["fax-1", "fax-9", ""]) == {"fax-1": (JOB_ID, 1)}
        assert await store.of_ids(connection, ["none"]) == {}


async def test_a_job_is_made_once(desk: Desk) -> None:
    """Whoever comes second learns that another is at it."""
    await desk.take()
    with pytest.raises(Contended):
        await desk.take()


async def test_pages_cover_every_job_once_newest_first(desk: Desk) -> None:
    """Also those of the same instant; filters narrow by state, number and time."""
    store = JobStore()
    jobs = [
        fax_job(job_id=f"job-{number}", create_time=NOW + (number // 2) * MINUTE)
        for number in range(4)
    ]
    async with desk.opened.transaction() as connection:
        for job in jobs[:3]:
            await store.add(connection, job, JobState.WAITING)
        await store.add(connection, fax_job(job_id="job-3", to_number=GRACE), JobState.FAILED)
    seen: list[str] = []
    after: JobPosition | None = None
    async with desk.opened.reading() as connection:
        while page := await store.list(connection, JobFilters(), limit=2, after=after):
            seen += [each.job_id for each in page]
            after = JobPosition(page[-1].create_time, page[-1].job_id)
        assert seen == ["job-2", "job-3", "job-1", "job-0"]
        for filters, expected in (
            (JobFilters(states=[JobState.FAILED]), ["job-3"]),
            (JobFilters(to_number=GRACE), ["job-3"]),
            (JobFilters(to_number=ADA, end=NOW + MINUTE), ["job-1", "job-0"]),
            (JobFilters(start=NOW + MINUTE), ["job-2"]),
        ):
            found = await store.list(connection, filters, limit=9)
            assert [each.job_id for each in found] == expected


@pytest.mark.parametrize(
    ("state", "minutes", "found"),
    [
        (JobState.DELIVERED, 5, True),
        (JobState.SENDING, 5, True),
        (JobState.HELD, 5, True),
        (JobState.FAILED, 5, False),
        (JobState.CANCELLED, 5, False),
        (JobState.DELIVERED, 0, False),
    ],
)
async def test_the_same_documents_are_found(
    desk: Desk, state: JobState, minutes: int, found: bool
) -> None:
    """By number and content, for a while, unless they did not arrive."""
    store = JobStore()
    async with desk.opened.transaction() as connection:
        await store.add(connection, fax_job(), state)
        since = NOW - minutes * MINUTE
        same = await store.same_content(connection, ADA, "ef" * 32, since)
        assert same == (JOB_ID if found else None)
        assert await store.same_content(connection, GRACE, "ef" * 32, since) is None
        assert await store.same_content(connection, ADA, "00" * 32, since) is None


async def test_a_number_comes_back_as_it_was_saved(desk: Desk) -> None:
    """One nobody spoke of has no mark."""
    store, marked = (
        NumberStore(),
        Number(
            number=ADA,
            mark=Mark.BAD,
            reason="destination_invalid",
            mark_time=NOW,
            not_a_fax_count=1,
        ),
    )
    async with desk.opened.transaction() as connection:
        assert await store.hold(connection, ADA) == Number(number=ADA)
        await store.save(connection, marked)
    async with desk.opened.reading() as connection:
        assert await store.get(connection, ADA) == marked
        assert await store.get(connection, GRACE) == Number(number=GRACE)


async def test_a_call_that_was_cut_off_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    """What it kept for the time of the call is let go by a timer when nobody else does."""
    objects = open_objects(str(tmp_path / "objects"), "documents")
    archive = Archive(desk.opened, objects, contents)
    nobody: Any = None
    taking = Taking(
        desk.opened,
        desk.following,
        tables.requests,
        tables.timers,
        cast("Any", nobody),
        archive,
        cast("Any", nobody),
        Sender(connection_id="1", from_number="", page_size=PaperSize.LETTER, links=False),
        desk.clock,
    )
    async with objects.draft() as draft:
        await draft.write(b"a page")
        stored = await archive.keep(draft, "upload:1")
    async with desk.opened.transaction() as connection:
        await taking.let_go(connection, "upload:1", NOW)
    (row,) = await desk.effects("archive.erase")
    assert row.entity_key == stored.sha256
    async with desk.opened.reading() as connection:
        needs = (await connection.execute(sa.select(contents.needs))).all()
    assert needs == []
