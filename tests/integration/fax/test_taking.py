"""What is taken to be sent, and what is refused, from outside."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from switchhook.fax.v1 import (
    cover_page_pb2,
    fax_job_pb2,
    fax_pb2,
    fax_service_pb2,
    sending_service_pb2,
)

from simulator import documents
from tests.integration.fax.suite import ADA, GRACE, LETTER, Suite, fax_suite, order, requests
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

Source = sending_service_pb2.DocumentSource
Request = sending_service_pb2.SendFaxRequest


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


async def refused(call: Awaitable[Any]) -> tuple[str, str, dict[str, str]]:
    """Return status, reason and metadata of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]
    assert status is not None, caught.value
    assert any(each.Unpack(info) for each in status.details), caught.value
    return caught.value.code().name, info.reason, dict(info.metadata)


async def sent(suite: Suite, messages: Iterable[Request]) -> fax_job_pb2.FaxJob:
    """Send these very messages."""
    return (await suite.sending.SendFax(iter(messages))).job


async def test_a_repeated_request_makes_one_fax(suite: Suite) -> None:
    """The same id and bytes get the first answer, even at the same time; others are refused."""
    request_id = str(uuid.uuid4())
    first, second = await asyncio.gather(*(suite.send(request_id=request_id) for _ in range(2)))
    assert first == second == await suite.send(request_id=request_id)
    await suite.reaches(first.job_id, "DELIVERED")
    assert len(await suite.seen()) == 1
    other = documents.pdf(1, "Another letter")
    assert (await refused(suite.send(other, request_id=request_id)))[:2] == (
        "ALREADY_EXISTS",
        "IDEMPOTENCY_MISMATCH",
    )


async def test_the_same_documents_go_to_the_same_number_once(suite: Suite) -> None:
    """Within ten minutes the caller has to say that it is meant; to others they go freely."""
    first = await suite.send()
    code, reason, said = await refused(suite.send())
    assert (code, reason) == ("FAILED_PRECONDITION", "DUPLICATE_DOCUMENT")
    assert said == {"job_id": first.job_id}
    await suite.send(to_number=GRACE)
    await suite.send(documents.pdf(1, "Another letter"))
    assert (await suite.send(allow_duplicate=True)).job_id != first.job_id


async def test_a_failed_fax_may_be_sent_again_at_once(light: Suite) -> None:
    """What did not arrive is no duplicate."""
    await light.teach("account_disabled")
    await light.reaches((await light.send()).job_id, "FAILED")
    await light.reaches((await light.send()).job_id, "DELIVERED")


async def test_a_marked_number_has_to_be_confirmed(light: Suite) -> None:
    """Until it is, nothing is sent there."""
    await light.teach("receiver_unallocated_number")
    await light.reaches((await light.send()).job_id, "FAILED")
    assert await refused(light.send()) == (
        "FAILED_PRECONDITION",
        "NUMBER_NOT_FAXABLE",
        {"mark": "BAD"},
    )
    job = await light.send(allow_marked_number=True)
    await light.reaches(job.job_id, "DELIVERED")
    await light.send(allow_duplicate=True)


async def test_text_pictures_and_cover_pages_become_one_document(light: Suite) -> None:
    """A received fax, an earlier job's document and a text, in this order, behind a cover."""
    received = await light.sim("fax", {"from": ADA, "pages": 2, "kind": "tiff"})

    async def stored() -> bool:
        asked = fax_service_pb2.GetFaxRequest(fax_id=received["fax_id"])
        fax = (await light.faxes.GetFax(asked)).fax
        return fax.document.state == fax_pb2.DOCUMENT_STATE_STORED

    await eventually(_patient(stored))
    picture = await light.send(documents.png(200, 100), to_number=GRACE)
    assert (picture.page_count, picture.has_cover_page) == (1, False)
    text = b"One line\nand another\n"
    upload = sending_service_pb2.UploadedDocument(size_bytes=len(text))
    job = await light.send(
        text,
        documents=[
            Source(fax_id=received["fax_id"]),
            Source(job_id=picture.job_id),
            Source(upload=upload),
        ],
        cover_page=cover_page_pb2.CoverPage(to_name="Ada", remarks="Four pages follow"),
    )
    assert job.page_count == 5
    await light.reaches(job.job_id, "DELIVERED")
    assert max(each["pages"] for each in await light.seen()) == 5


def _patient(check: Any) -> Any:
    """Return a check that takes a fax nobody knows yet for one that is not ready."""

    async def patient() -> bool:
        try:
            return bool(await check())
        except grpc.aio.AioRpcError:
            return False

    return patient


async def test_a_cover_page_may_go_alone(light: Suite) -> None:
    """A note needs no document; the same note twice is a duplicate all the same."""
    note = cover_page_pb2.CoverPage(to_name="Ada", remarks="Please call back")
    job = await light.send(b"", documents=[], cover_page=note)
    assert (job.page_count, job.has_cover_page) == (1, True)
    await light.reaches(job.job_id, "DELIVERED")
    again = light.send(b"", documents=[], cover_page=note)
    assert (await refused(again))[1] == "DUPLICATE_DOCUMENT"
    nothing = light.send(b"", documents=[Source(job_id=job.job_id)])
    assert (await refused(nothing))[1] == "DOCUMENT_NOT_STORED"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"GIF89a, which no fax is", "NOT_A_DOCUMENT"),
        (LETTER[:200], "DAMAGED"),
    ],
)
async def test_what_is_no_document_is_refused(
    light: Suite, content: bytes, problem: str, tmp_path: Path
) -> None:
    """The caller learns why at once; no job is made and the bytes are let go."""
    code, reason, said = await refused(light.send(content))
    assert (code, reason, said["problem"]) == ("FAILED_PRECONDITION", "DOCUMENT_REJECTED", problem)
    jobs = await light.sending.ListFaxJobs(sending_service_pb2.ListFaxJobsRequest())
    assert not jobs.jobs
    kept = tmp_path / "documents" / "documents"
    await eventually(lambda: not [each for each in kept.rglob("*") if each.is_file()])


async def test_an_upload_must_be_what_its_order_says(light: Suite) -> None:
    """No order first, two orders, too few or too many bytes, and no id: each is named."""
    whole = list(requests(order()))
    broken: list[list[Request]] = [
        [],
        whole[1:],
        [whole[0], whole[0], *whole[1:]],
        whole[:-1],
        [*whole, Request(chunk=b"x")],
    ]
    for messages in broken:
        code, reason, _ = await refused(sent(light, messages))
        assert (code, reason) == ("INVALID_ARGUMENT", "UPLOAD_INCOMPLETE")
    nameless = [Request(order=order()), *whole[1:]]
    assert (await refused(sent(light, nameless)))[:2] == ("INVALID_ARGUMENT", "INVALID_ARGUMENT")
    empty = sending_service_pb2.FaxOrder(to_number="12", documents=[])
    code, _, _ = await refused(sent(light, [Request(request_id=str(uuid.uuid4()), order=empty)]))
    assert code == "INVALID_ARGUMENT"


async def test_documents_nobody_has_are_not_found(light: Suite) -> None:
    """A fax and a job that are not there, and a fax that has no document."""
    nobody = str(uuid.uuid4())
    for source, expected in (
        (Source(fax_id=nobody), ("NOT_FOUND", "FAX_NOT_FOUND")),
        (Source(job_id=nobody), ("NOT_FOUND", "JOB_NOT_FOUND")),
    ):
        assert (await refused(light.send(b"", documents=[source])))[:2] == expected
    job = await light.reaches((await light.send()).job_id, "DELIVERED")
    outbound = Source(fax_id=job.attempts[0].fax_id)
    assert (await refused(light.send(b"", documents=[outbound])))[:2] == (
        "FAILED_PRECONDITION",
        "DOCUMENT_NOT_STORED",
    )
    for call in (
        light.job(nobody),
        light.sending.CancelFax(sending_service_pb2.CancelFaxRequest(job_id=nobody)),
    ):
        assert (await refused(call))[:2] == ("NOT_FOUND", "JOB_NOT_FOUND")


async def test_a_service_that_is_not_set_up_says_so(
    nats_server: NatsServer, sqlite_database_url: str, tmp_path: Path
) -> None:
    """Without a fax application nothing can be sent; receiving works all the same."""
    async with fax_suite(nats_server, sqlite_database_url, tmp_path, connection_id="") as receiving:
        assert await refused(receiving.send()) == (
            "FAILED_PRECONDITION",
            "SENDING_NOT_CONFIGURED",
            {"setting": "SWITCHHOOK_FAX_CONNECTION_ID"},
        )
