"""Faxes sent until they arrive, through the real door: simulator, gateway, bus, both databases."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from switchhook.fax.v1 import (
    cover_page_pb2,
    fax_job_event_pb2,
    fax_job_pb2,
    fax_number_pb2,
    fax_pb2,
    fax_service_pb2,
    sending_service_pb2,
)

from services.fax.sending.plan import RetryTable
from tests.integration.fax.suite import ADA, GRACE, Response, Suite, fax_suite
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

AttemptState = fax_job_pb2.FaxAttemptState
FailureClass = fax_job_pb2.FaxFailureClass


@pytest.fixture
async def suite(nats_server: NatsServer, database_url: str, tmp_path: Path) -> AsyncIterator[Suite]:
    """Everything, on one of the databases."""
    async with fax_suite(nats_server, database_url, tmp_path) as each:
        yield each


@pytest.fixture
async def light(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> AsyncIterator[Suite]:
    """Everything on SQLite, for what has nothing to do with the database."""
    async with fax_suite(nats_server, sqlite_database_url, tmp_path) as each:
        yield each


async def test_a_busy_fax_is_delivered_at_the_second_try(suite: Suite) -> None:
    """Each try is a transmission of the same document; job, faxes, watch and stream agree."""
    await suite.teach("user_busy")
    taken = await suite.send(cover_page=cover_page_pb2.CoverPage(to_name="Ada", subject="Hi"))
    assert (taken.page_count, taken.has_cover_page, taken.to_number) == (3, True, ADA)
    job = await suite.reaches(taken.job_id, "DELIVERED")
    assert [(each.state, each.reason, each.failure_class) for each in job.attempts] == [
        (AttemptState.FAX_ATTEMPT_STATE_FAILED, "user_busy", FailureClass.FAX_FAILURE_CLASS_BUSY),
        (AttemptState.FAX_ATTEMPT_STATE_DELIVERED, "", 0),
    ]
    assert job.attempts[1].page_count == 3
    accepted = await suite.seen()
    assert [each["sha256"] for each in accepted] == [job.sha256] * 2
    assert [each["fax_id"] for each in accepted] == [each.fax_id for each in job.attempts]
    states = []
    for each in job.attempts:
        asked = fax_service_pb2.GetFaxRequest(fax_id=each.fax_id)
        states.append((await suite.faxes.GetFax(asked)).fax.state)
    assert states == [fax_pb2.FAX_STATE_FAILED, fax_pb2.FAX_STATE_DELIVERED]
    (event,) = await eventually(lambda: suite.announced("events.v1.fax.job.delivered"))
    settled = fax_job_event_pb2.FaxJobSettled()
    assert event.service.Unpack(settled)
    assert (settled.attempt_count, settled.fax_id) == (2, job.attempts[1].fax_id)


async def test_a_watcher_sees_jobs_and_transmissions(suite: Suite) -> None:
    """Both tries as transmissions with their pages, and the job at its end; of no other job."""
    await suite.teach("user_busy")
    taken = await suite.send()
    await suite.send(to_number=GRACE)

    def enough(steps: Sequence[Response]) -> bool:
        faxes = {step.fax.fax_id: step.fax for step in steps if step.HasField("fax")}
        states = sorted(each.state for each in faxes.values())
        return states == [fax_pb2.FAX_STATE_DELIVERED, fax_pb2.FAX_STATE_FAILED]

    steps = await suite.watched(enough, job_id=taken.job_id)
    assert [step.sequence for step in steps] == sorted(step.sequence for step in steps)
    jobs = [step.job for step in steps if step.HasField("job")]
    assert {job.job_id for job in jobs} == {taken.job_id}
    done = await suite.reaches(taken.job_id, "DELIVERED")
    seen = {step.fax.fax_id: step.fax.page_count for step in steps if step.HasField("fax")}
    assert [seen[each.fax_id] for each in done.attempts] == [2, 2]


async def test_a_watcher_sees_what_comes_in(light: Suite) -> None:
    """A received fax: its states, and its document once it is stored."""
    received = await light.sim("fax", {"from": ADA, "pages": 2})

    def enough(steps: Sequence[Response]) -> bool:
        return steps[-1].fax.document.state == fax_pb2.DOCUMENT_STATE_STORED

    inbound = fax_pb2.FAX_DIRECTION_INBOUND
    steps = await light.watched(enough, number=ADA, direction=inbound)
    assert {step.fax.fax_id for step in steps if step.HasField("fax")} == {received["fax_id"]}


async def test_a_plan_says_when_the_next_try_is_due(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """With the usual table a busy line is tried again three minutes later; cancelling ends that."""
    async with fax_suite(
        nats_server, sqlite_database_url, tmp_path, retries=RetryTable()
    ) as patient:
        await patient.teach("user_busy")
        job = await patient.reaches((await patient.send()).job_id, "WAITING")
        pause = job.plan.next_attempt_time.ToDatetime() - job.attempts[0].finish_time.ToDatetime()
        assert pause.total_seconds() == 180
        assert (job.plan.next_attempt_number, job.plan.tries_left) == (2, 9)
        assert job.failure_reason == "user_busy"
        cancelled = await patient.sending.CancelFax(
            sending_service_pb2.CancelFaxRequest(job_id=job.job_id)
        )
        assert cancelled.job.state == fax_job_pb2.FaxJobState.FAX_JOB_STATE_CANCELLED
        assert not cancelled.job.plan.HasField("next_attempt_time")
        assert len(await patient.seen()) == 1


async def test_a_lost_answer_is_resolved_by_the_webhook(suite: Suite) -> None:
    """The carrier took the fax and nobody heard: its own words name our attempt."""
    await suite.sim("faults", {"kind": "drop_reply", "match": "POST /v2/faxes"})
    job = await suite.reaches((await suite.send()).job_id, "DELIVERED")
    assert len(job.attempts) == len(await suite.seen()) == 1
    assert job.attempts[0].fax_id == (await suite.seen())[0]["fax_id"]


async def test_a_lost_answer_without_webhooks_is_resolved_by_the_list(light: Suite) -> None:
    """Nothing is heard at all: the attempt is found in the list by its client_state."""
    await light.sim("faults", {"kind": "drop_reply", "match": "POST /v2/faxes"})
    await light.sim("faults", {"kind": "webhook_drop", "match": "fax.*", "count": 0})
    job = await light.reaches((await light.send()).job_id, "DELIVERED")
    assert len(job.attempts) == len(await light.seen()) == 1


async def test_what_may_have_left_is_not_sent_again(light: Suite) -> None:
    """Not found at the carrier: the job is held, told about, and a person ends it."""
    await light.sim("faults", {"kind": "error", "match": "POST /v2/faxes", "status": 500})
    job = await light.reaches((await light.send()).job_id, "HELD")
    assert [each.state for each in job.attempts] == [AttemptState.FAX_ATTEMPT_STATE_NOT_FOUND]
    assert await light.seen() == []
    await eventually(lambda: light.announced("events.v1.fax.job.held"))
    asked = sending_service_pb2.CancelFaxRequest(job_id=job.job_id)
    ended = (await light.sending.CancelFax(asked)).job
    assert ended.state == fax_job_pb2.FaxJobState.FAX_JOB_STATE_CANCELLED


async def test_who_allows_it_has_it_sent_again_in_doubt(light: Suite) -> None:
    """At least once, by the caller's own word."""
    await light.sim("faults", {"kind": "error", "match": "POST /v2/faxes", "status": 500})
    taken = await light.send(in_doubt=fax_job_pb2.FaxInDoubt.FAX_IN_DOUBT_RESEND)
    job = await light.reaches(taken.job_id, "DELIVERED")
    assert len(job.attempts) == 2
    assert len(await light.seen()) == 1


async def test_a_fax_on_its_way_is_stopped_at_the_carrier(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """The carrier is asked to stop a fax that takes long, and its word ends the job."""
    async with fax_suite(nats_server, sqlite_database_url, tmp_path, pace=1000) as slow:
        job = await slow.send()

        async def has_it() -> bool:
            return bool((await slow.job(job.job_id)).attempts[0].fax_id)

        await eventually(has_it)
        await slow.sending.CancelFax(sending_service_pb2.CancelFaxRequest(job_id=job.job_id))
        ended = await slow.reaches(job.job_id, "CANCELLED")
        assert len(await slow.seen("fax.canceled")) == 1
        assert ended.attempts[0].reason == "canceled"


async def test_money_raises_an_alert_and_bad_numbers_are_marked(light: Suite) -> None:
    """Neither is tried again; the operator hears once, and the number has to be confirmed."""
    await light.teach("account_disabled", "account_disabled")
    await light.teach("receiver_unallocated_number", number=GRACE)
    for number in (ADA, ADA, GRACE):
        job = await light.send(to_number=number, allow_duplicate=True)
        ended = await light.reaches(job.job_id, "FAILED")
        assert len(ended.attempts) == 1
    (alert,) = await eventually(lambda: light.announced("events.v1.fax.fax.alerted"))
    told = fax_job_event_pb2.FaxAlert()
    assert alert.service.Unpack(told)
    assert told.reason == "account_disabled"
    asked = fax_number_pb2.GetFaxNumberRequest(number=GRACE)
    known = (await light.sending.GetFaxNumber(asked)).number
    assert known.mark == fax_number_pb2.FaxNumberMark.FAX_NUMBER_MARK_BAD
    clear = fax_number_pb2.ClearFaxNumberRequest(number=GRACE)
    cleared = (await light.sending.ClearFaxNumber(clear)).number
    assert cleared == fax_number_pb2.FaxNumber(number=GRACE)


async def test_jobs_are_listed_newest_first(light: Suite) -> None:
    """Page by page, and by state and number."""
    ids = [(await light.send(to_number=each)).job_id for each in (ADA, GRACE)]
    for job_id in ids:
        await light.reaches(job_id, "DELIVERED")
    found, token = [], ""
    for _ in range(2):
        asked = sending_service_pb2.ListFaxJobsRequest(page_size=1, page_token=token)
        page = await light.sending.ListFaxJobs(asked)
        found += [job.job_id for job in page.jobs]
        token = page.next_page_token
    assert (found, token) == (ids[::-1], "")
    asked = sending_service_pb2.ListFaxJobsRequest(
        to_number=GRACE, states=[fax_job_pb2.FaxJobState.FAX_JOB_STATE_DELIVERED]
    )
    assert [job.job_id for job in (await light.sending.ListFaxJobs(asked)).jobs] == [ids[1]]
