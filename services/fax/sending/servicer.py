"""switchhook.fax.v1.FaxSendingService: translate in, call, translate out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import grpc.aio
from switchhook.fax.v1 import fax_number_pb2, sending_service_pb2_grpc
from switchhook.fax.v1 import sending_service_pb2 as pb

from chassis import pages
from chassis.database import Database
from chassis.errors import FieldViolation, Invalid
from chassis.objects import Draft
from services.fax.keeping.audit import Act, Reading
from services.fax.sending import numbers, translate
from services.fax.sending.following import Following
from services.fax.sending.taking import Taking

Context = grpc.aio.ServicerContext[Any, Any]


class Drafts(Protocol):
    """Where uploads lie while they come."""

    def draft(self) -> AbstractAsyncContextManager[Draft]:
        """Give an empty draft, whose file is gone at the end of the block."""
        ...


class FaxSendingServicer(sending_service_pb2_grpc.FaxSendingServiceServicer):
    """Takes, shows and stops what is sent."""

    def __init__(
        self,
        database: Database,
        following: Following,
        taking: Taking,
        drafts: Drafts,
        audit: Reading,
        wake: Callable[[], None],
    ) -> None:
        """Answer from the database; `wake` tells the dispatcher that there is work."""
        self._database = database
        self._following = following
        self._taking = taking
        self._drafts = drafts
        self._audit = audit
        self._wake = wake

    async def SendFax(
        self, requests: AsyncIterator[pb.SendFaxRequest], context: Context
    ) -> pb.SendFaxResponse:
        """Take an order and the bytes that follow it."""
        first = await _order(requests)
        async with self._drafts.draft() as draft:
            await _receive(requests, draft, _announced(first.order))
            uploaded = draft.finished()[1].sha256 if _announced(first.order) else ""
            asked = translate.asked(first, uploaded)

            async def record(fax_id: str, sha256: str) -> None:
                # Sending a received document on is reading it.
                said = f"sent on by job {asked.job_id}"
                await self._audit.read(
                    context, Act.DOCUMENT_READ, fax_id, sha256=sha256, detail=said
                )

            outlook = self._following.planner.outlook
            taken = await self._taking.take(
                asked, draft, lambda job: translate.answer(job, outlook), record
            )
        self._wake()
        return pb.SendFaxResponse.FromString(taken)

    async def GetFaxJob(
        self, request: pb.GetFaxJobRequest, context: Context
    ) -> pb.GetFaxJobResponse:
        """Return one job."""
        async with self._database.reading() as connection:
            job = await self._following.get(connection, request.job_id)
        outlook = self._following.planner.outlook(job)
        return pb.GetFaxJobResponse(job=translate.job(job, outlook))

    async def ListFaxJobs(
        self, request: pb.ListFaxJobsRequest, context: Context
    ) -> pb.ListFaxJobsResponse:
        """Return one page of jobs, newest first."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = translate.position(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._following.jobs.list(
                connection, translate.filters(request), limit=size + 1, after=after
            )
        page, outlook = found[:size], self._following.planner.outlook
        token = pages.encode(translate.key(page[-1]), bound) if len(found) > size else ""
        return pb.ListFaxJobsResponse(
            jobs=[translate.job(job, outlook(job)) for job in page], next_page_token=token
        )

    async def CancelFax(
        self, request: pb.CancelFaxRequest, context: Context
    ) -> pb.CancelFaxResponse:
        """Stop one job."""
        async with self._database.transaction() as connection:
            job = await self._following.cancel(connection, request.job_id)
        self._wake()
        outlook = self._following.planner.outlook(job)
        return pb.CancelFaxResponse(job=translate.job(job, outlook))

    async def GetFaxNumber(
        self, request: fax_number_pb2.GetFaxNumberRequest, context: Context
    ) -> fax_number_pb2.GetFaxNumberResponse:
        """Return what is remembered of one number."""
        async with self._database.reading() as connection:
            known = await self._following.numbers.get(connection, request.number)
        return fax_number_pb2.GetFaxNumberResponse(number=translate.number(known))

    async def ClearFaxNumber(
        self, request: fax_number_pb2.ClearFaxNumberRequest, context: Context
    ) -> fax_number_pb2.ClearFaxNumberResponse:
        """Forget the mark of one number."""
        async with self._database.transaction() as connection:
            known = await self._following.numbers.hold(connection, request.number)
            clear = numbers.cleared(known)
            await self._following.numbers.save(connection, clear)
        return fax_number_pb2.ClearFaxNumberResponse(number=translate.number(clear))


async def _order(requests: AsyncIterator[pb.SendFaxRequest]) -> pb.SendFaxRequest:
    """Return the first message, which must be the order."""
    async for first in requests:
        if first.WhichOneof("part") != "order":
            break
        if not first.request_id:
            raise Invalid([FieldViolation("request_id", "is required with the order")])
        return first
    raise _incomplete("part", "must begin with the order")


def _announced(order: pb.FaxOrder) -> int:
    """Return how many bytes are to follow the order."""
    return sum(each.upload.size_bytes for each in order.documents)


async def _receive(
    requests: AsyncIterator[pb.SendFaxRequest], draft: Draft, announced: int
) -> None:
    """Write what follows the order into the draft; it must be as long as announced."""
    taken = 0
    async for each in requests:
        if each.WhichOneof("part") != "chunk":
            raise _incomplete("part", "must be a chunk after the order")
        taken += len(each.chunk)
        if taken > announced:
            break
        await draft.write(each.chunk)
    if taken != announced:
        raise _incomplete("chunk", f"must be {announced} bytes in all, as announced")


def _incomplete(field: str, description: str) -> Invalid:
    return Invalid(
        [FieldViolation(field, description)],
        reason="UPLOAD_INCOMPLETE",
        message="the upload is not what its order announced",
    )
