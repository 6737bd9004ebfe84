"""What becomes of jobs, on both databases: attempts, timers, effects and announcements."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from chassis.effects import State
from chassis.errors import NotFound, NotYet
from services.fax import tables
from services.fax.sending.ids import AttemptKey, handover_id
from services.fax.sending.model import AttemptState, InDoubt, Quality, Sighting
from services.fax.sending.numbers import Mark
from services.fax.sending.plan import JobState
from tests.support.fax_jobs import (
    ADA,
    FIRST,
    GRACE,
    JOB_ID,
    MINUTE,
    NOW,
    Desk,
    fax_job,
    seen,
)

SECOND = AttemptKey(JOB_ID, 2)
DELIVERED = seen(AttemptState.DELIVERED, fax_id="fax-1", page_count=2, call_duration=MINUTE)


async def test_a_new_job_is_handed_over_at_once(desk: Desk) -> None:
    """The first attempt and the duty to make it are there when the job is."""
    job = await desk.take()
    assert await desk.job() == job
    assert [each.state for each in job.attempts] == [AttemptState.HANDING_OVER]
    (row,) = await desk.effects("fax.send")
    assert (row.effect_id, row.in_doubt) == (f"fax-attempt-{JOB_ID}/1", "hold")
    assert desk.tokens.write(FIRST) in bytes(row.body)


async def test_a_busy_line_is_tried_again_when_it_is_due(desk: Desk) -> None:
    """Not a moment sooner; then there is a second attempt with an effect of its own."""
    await desk.take()
    await desk.fail("user_busy")
    assert (await desk.timers())["fax.attempt"] == 3 * MINUTE
    assert await desk.ring(3 * MINUTE - timedelta(seconds=1)) == []
    assert await desk.ring(timedelta(seconds=1)) == ["fax.attempt"]
    job = await desk.job()
    assert [each.number for each in job.attempts] == [1, 2]
    assert [row.effect_id for row in await desk.effects("fax.send")] == [
        handover_id(FIRST),
        handover_id(SECOND),
    ]
    assert (await desk.outlook()).state is JobState.SENDING


async def test_a_timer_that_rings_twice_makes_one_attempt(desk: Desk) -> None:
    """Whoever is woken decides from what it finds."""
    await desk.take()
    await desk.fail("user_busy")
    await desk.ring(3 * MINUTE)
    async with desk.opened.transaction() as connection:
        await desk.following.due(connection, JOB_ID, desk.clock.now())
    assert len((await desk.job()).attempts) == 2


async def test_the_third_try_of_a_broken_transmission_goes_out_plain(desk: Desk) -> None:
    """What the plan says is what the carrier is asked for."""
    await desk.take()
    for number in (1, 2):
        await desk.fail("fax_signaling_error", AttemptKey(JOB_ID, number))
        await desk.ring(2 * MINUTE)
    last = (await desk.job()).attempts[-1]
    assert (last.number, last.t38_enabled, last.quality) == (3, False, Quality.NORMAL)
    assert b'"t38":false' in bytes((await desk.effects("fax.send"))[-1].body)


async def test_an_attempt_in_doubt_is_looked_for_and_then_held(desk: Desk) -> None:
    """Three looks with growing pauses; then a person has to say, and nothing is sent again."""
    await desk.take()
    await desk.see(seen(AttemptState.IN_DOUBT, reason="NO_ANSWER"))
    for pause in (2, 4, 8):
        assert (await desk.timers())["fax.lookup"] == pause * MINUTE
        assert await desk.ring(pause * MINUTE) == ["fax.lookup"]
        await desk.miss()
    assert len(await desk.effects("fax.look")) == 3
    assert (await desk.outlook()).state is JobState.HELD
    assert await desk.announced() == ["events.v1.fax.job.held"]
    assert await desk.ring(timedelta(days=1)) == ["fax.resolve"]
    assert len(await desk.effects("fax.send")) == 1


async def test_who_allowed_it_gets_another_attempt_after_the_looks(desk: Desk) -> None:
    """At least once is a choice of the caller."""
    await desk.take(fax_job(in_doubt=InDoubt.RESEND))
    await desk.see(seen(AttemptState.IN_DOUBT, reason="NO_ANSWER"))
    for pause in (2, 4, 8):
        await desk.ring(pause * MINUTE)
        await desk.miss()
    assert "fax.attempt" in await desk.ring()
    assert len(await desk.effects("fax.send")) == 2


async def test_a_webhook_ends_a_doubt(desk: Desk) -> None:
    """The job goes on by what the carrier says, and the outbox learns that it was sent."""
    await desk.take()
    effect_id = handover_id(FIRST)
    await _leave_in_doubt(desk, effect_id)
    await desk.see(seen(AttemptState.IN_DOUBT, reason="NO_ANSWER"))
    await desk.see(seen(AttemptState.FAILED, fax_id="fax-1", reason="user_busy"))
    assert (await desk.outlook()).state is JobState.WAITING
    assert "fax.resolve" in await desk.ring()
    async with desk.opened.reading() as connection:
        record = await tables.outbox.get(connection, effect_id)
    assert record is not None
    assert (record.state, record.reference) == (State.SENT, "fax-1")
    assert set(await desk.timers()) == {"fax.attempt"}


async def _leave_in_doubt(desk: Desk, effect_id: str) -> None:
    """Leave the effect as a dispatcher does that got no answer."""
    table = tables.outbox.table
    async with desk.opened.transaction() as connection:
        await connection.execute(
            table.update().where(table.c.effect_id == effect_id).values(state=State.UNKNOWN.value)
        )


async def test_a_silent_carrier_is_asked(desk: Desk) -> None:
    """An attempt the carrier has and says nothing more about is read there, again and again."""
    await desk.take()
    await desk.see(seen(AttemptState.ACCEPTED, fax_id="fax-1"))
    assert await desk.ring(15 * MINUTE) == ["fax.lookup"]
    async with desk.opened.transaction() as connection:
        await desk.following.look_again(connection, FIRST)
    assert await desk.ring(15 * MINUTE) == ["fax.lookup"]
    assert len(await desk.effects("fax.look")) == 2
    await desk.see(DELIVERED)
    assert await desk.timers() == {}


async def test_a_cancelled_job_is_not_tried_again(desk: Desk) -> None:
    """Its timer is gone, and cancelling again changes nothing."""
    await desk.take()
    await desk.fail("user_busy")
    cancelled = await desk.cancel()
    assert (await desk.outlook()).state is JobState.CANCELLED
    assert await desk.timers() == {}
    desk.clock.advance(MINUTE)
    assert await desk.cancel() == cancelled
    assert await desk.announced() == ["events.v1.fax.job.cancelled"]


async def test_an_attempt_at_the_carrier_is_stopped_there(desk: Desk) -> None:
    """The carrier is asked once; the job is over when it says so."""
    await desk.take()
    await desk.see(seen(AttemptState.TRANSMITTING, fax_id="fax-1"))
    await desk.cancel()
    (row,) = await desk.effects("fax.cancel")
    assert bytes(row.body) == b"fax-1"
    assert (await desk.outlook()).state is JobState.SENDING
    await desk.fail("a_word_for_cancelled")
    assert (await desk.outlook()).state is JobState.CANCELLED


async def test_a_job_cancelled_before_it_left_does_not_leave(desk: Desk) -> None:
    """The transaction that claims the effect sees it; one the carrier has is not sent twice."""
    await desk.take()
    async with desk.opened.transaction() as connection:
        assert await desk.following.may_hand_over(connection, FIRST) is None
    await desk.cancel()
    async with desk.opened.transaction() as connection:
        assert await desk.following.may_hand_over(connection, FIRST) == "CANCELLED"
    await desk.see(seen(AttemptState.ACCEPTED, fax_id="fax-1"))
    assert len(await desk.effects("fax.cancel")) == 1
    async with desk.opened.transaction() as connection:
        assert await desk.following.may_hand_over(connection, FIRST) == "ALREADY_MADE"


@pytest.mark.parametrize("state", [AttemptState.DELIVERED, AttemptState.FAILED])
async def test_what_is_over_cannot_be_cancelled(desk: Desk, state: AttemptState) -> None:
    """The caller learns how it ended."""
    await desk.take()
    await desk.see(seen(state, reason="account_disabled"))
    with pytest.raises(NotYet) as refused:
        await desk.cancel()
    assert (refused.value.reason, refused.value.metadata) == ("JOB_FINISHED", {"state": state.name})
    with pytest.raises(NotFound):
        await desk.cancel("00000000-0000-0000-0000-000000000000")


async def test_an_alert_is_raised_once_for_a_reason_and_day(desk: Desk) -> None:
    """Many jobs may meet the same closed account; an operator hears of it once a day."""
    others = [f"6f1ff0a6-2f0c-5a0e-9b5e-0d7c4f1c2a{number}" for number in (12, 13, 14)]
    for job_id, reason in zip(
        others, ("account_disabled", "account_disabled", "no_outbound_profile"), strict=True
    ):
        await desk.take(fax_job(job_id=job_id))
        await desk.fail(reason, AttemptKey(job_id, 1))
    desk.clock.advance(timedelta(days=1))
    await desk.take()
    await desk.fail("account_disabled")
    alerts = [row for row in await desk.effects("event") if row.path.endswith(".alerted")]
    assert [row.effect_id for row in alerts] == [
        "fax-alert-2026-11-21-account_disabled",
        "fax-alert-2026-11-21-no_outbound_profile",
        "fax-alert-2026-11-22-account_disabled",
    ]
    assert (await desk.outlook()).state is JobState.FAILED


async def test_a_reason_told_late_is_acted_on(desk: Desk) -> None:
    """A look at the carrier told of the failure first; the webhook with the reason comes after."""
    await desk.take()
    await desk.see(seen(AttemptState.FAILED, fax_id="fax-1"))
    assert (await desk.outlook()).state is JobState.WAITING
    for _ in range(2):
        await desk.see(seen(AttemptState.FAILED, fax_id="fax-1", reason="account_disabled"))
    assert (await desk.outlook()).state is JobState.FAILED
    assert await desk.timers() == {}
    assert await desk.announced() == ["events.v1.fax.fax.alerted", "events.v1.fax.job.failed"]


async def test_numbers_are_marked_by_what_is_learned(desk: Desk) -> None:
    """Unreachable at once, not a fax the second time; a delivery forgets both."""

    async def mark(number: str) -> Mark:
        async with desk.opened.reading() as connection:
            return (await desk.following.numbers.get(connection, number)).mark

    jobs = itertools.count(10)

    async def tried(number: str, sighting: Sighting) -> None:
        job_id = f"6f1ff0a6-2f0c-5a0e-9b5e-0d7c4f1c2a{next(jobs)}"
        await desk.take(fax_job(job_id=job_id, to_number=number))
        for _ in range(2):
            await desk.see(sighting, AttemptKey(job_id, 1))

    declined = seen(AttemptState.FAILED, reason="receiver_decline")
    await tried(ADA, seen(AttemptState.FAILED, reason="receiver_unallocated_number"))
    await tried(GRACE, declined)
    assert (await mark(ADA), await mark(GRACE)) == (Mark.BAD, Mark.NONE)
    await tried(GRACE, declined)
    assert await mark(GRACE) is Mark.NOT_FAX
    await tried(ADA, DELIVERED)
    await tried(GRACE, DELIVERED)
    assert (await mark(ADA), await mark(GRACE)) == (Mark.NONE, Mark.NONE)


async def test_a_late_delivery_counts_and_stops_what_came_after(desk: Desk) -> None:
    """The carrier took back a failure: the job has arrived, and its second attempt is stopped."""
    await desk.take()
    await desk.fail("user_busy")
    await desk.ring(3 * MINUTE)
    await desk.see(seen(AttemptState.ACCEPTED, fax_id="fax-2"), SECOND)
    await desk.see(DELIVERED)
    assert (await desk.outlook()).state is JobState.DELIVERED
    assert [bytes(row.body) for row in await desk.effects("fax.cancel")] == [b"fax-2"]
    assert await desk.announced() == ["events.v1.fax.job.delivered"]


REPORTS: Sequence[Sighting] = (
    seen(AttemptState.ACCEPTED, fax_id="fax-1"),
    seen(AttemptState.TRANSMITTING, NOW + timedelta(seconds=1), fax_id="fax-1"),
    seen(AttemptState.FAILED, NOW + timedelta(seconds=2), fax_id="fax-1", reason="user_busy"),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_every_order_of_reports_ends_the_same(desk: Desk, order: tuple[int, ...]) -> None:
    """Rows and timers are those of the order in which it happened."""
    await desk.take()
    for index in (*order, *order):
        await desk.see(REPORTS[index])
    (attempt,) = (await desk.job()).attempts
    assert (attempt.state, attempt.fax_id, attempt.reason) == (
        AttemptState.FAILED,
        "fax-1",
        "user_busy",
    )
    assert attempt.state_time == NOW + timedelta(seconds=2)
    assert await desk.timers() == {"fax.attempt": 3 * MINUTE + timedelta(seconds=2)}


async def test_two_who_report_at_once_are_both_heard(desk: Desk) -> None:
    """Neither overwrites what the other has written."""
    await desk.take()
    await asyncio.gather(
        desk.see(seen(AttemptState.ACCEPTED, fax_id="fax-1")),
        desk.see(seen(AttemptState.FAILED, reason="user_busy", page_count=1)),
    )
    (attempt,) = (await desk.job()).attempts
    assert (attempt.fax_id, attempt.reason, attempt.page_count) == ("fax-1", "user_busy", 1)
