"""What the services hold after a scenario, asked over gRPC as any client would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio
from switchhook.fax.v1 import (
    fax_job_pb2,
    fax_pb2,
    fax_service_pb2,
    fax_service_pb2_grpc,
    sending_service_pb2,
    sending_service_pb2_grpc,
)
from switchhook.messaging.v1 import (
    consent_service_pb2_grpc,
    hold_pb2,
    media_pb2,
    media_service_pb2,
    media_service_pb2_grpc,
    message_service_pb2,
    message_service_pb2_grpc,
)

from cli.environment import Ports

_DEADLINE = 5.0  # seconds for one question


@dataclass(frozen=True)
class Finding:
    """One question and its answer; `good` says whether it is the one expected."""

    good: bool
    text: str


Question = Callable[[grpc.aio.Channel], Awaitable[Finding]]


async def findings(ports: Ports) -> Sequence[Finding]:
    """Ask messaging and fax what they kept of the welcome scenario."""
    asked = [
        (ports.messaging, _held),
        (ports.messaging, _pictures),
        (ports.fax, _faxes),
        (ports.fax, _sent),
    ]
    return [await ask(port, question) for port, question in asked]


async def ask(port: int, question: Question) -> Finding:
    """Put a question to a service; one that fails is answered wrong."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            return await question(channel)
        except grpc.aio.AioRpcError as error:
            return Finding(good=False, text=f"port {port} answered {error.code().name}")


async def _held(channel: grpc.aio.Channel) -> Finding:
    consent = consent_service_pb2_grpc.ConsentServiceStub(channel)
    reply = await consent.ListHolds(hold_pb2.ListHoldsRequest(), timeout=_DEADLINE)
    due = [hold.due_time.ToDatetime().strftime("%d %B") for hold in reply.holds]
    text = f"{len(due)} unclear text waits for a person, who has until {', '.join(due)}"
    return Finding(good=len(due) == 1, text=text)


async def _pictures(channel: grpc.aio.Channel) -> Finding:
    messages = message_service_pb2_grpc.MessageServiceStub(channel)
    listed = await messages.ListMessages(
        message_service_pb2.ListMessagesRequest(page_size=250), timeout=_DEADLINE
    )
    archive = media_service_pb2_grpc.MediaServiceStub(channel)
    parts = [
        part
        for message in listed.messages
        if message.media
        for part in (
            await archive.ListMedia(
                media_service_pb2.ListMediaRequest(message_id=message.message_id),
                timeout=_DEADLINE,
            )
        ).parts
    ]
    stored = [part for part in parts if part.state == media_pb2.MEDIA_STATE_STORED]
    kinds = ", ".join(sorted(part.content_type for part in stored))
    text = f"{len(stored)} of {len(parts)} parts archived under the hash of their content: {kinds}"
    return Finding(good=bool(parts) and len(stored) == len(parts), text=text)


async def _sent(channel: grpc.aio.Channel) -> Finding:
    sending = sending_service_pb2_grpc.FaxSendingServiceStub(channel)
    reply = await sending.ListFaxJobs(sending_service_pb2.ListFaxJobsRequest(), timeout=_DEADLINE)
    states = [fax_job_pb2.FaxJobState.Name(job.state) for job in reply.jobs]
    tries = [each.reason or "delivered" for job in reply.jobs for each in job.attempts]
    pages = sum(job.page_count for job in reply.jobs)
    text = f"{len(reply.jobs)} fax of {pages} pages sent, try by try: {', '.join(tries)}"
    good = states == ["FAX_JOB_STATE_DELIVERED"] and tries == ["user_busy", "delivered"]
    return Finding(good=good, text=text)


async def _faxes(channel: grpc.aio.Channel) -> Finding:
    faxes = fax_service_pb2_grpc.FaxServiceStub(channel)
    inbound = fax_service_pb2.ListFaxesRequest(direction=fax_pb2.FAX_DIRECTION_INBOUND)
    reply = await faxes.ListFaxes(inbound, timeout=_DEADLINE)
    stored = [fax for fax in reply.faxes if fax.document.state == fax_pb2.DOCUMENT_STATE_STORED]
    pages = sum(fax.page_count for fax in stored)
    text = f"{len(stored)} of {len(reply.faxes)} faxes stored, {pages} pages"
    return Finding(good=bool(reply.faxes) and len(stored) == len(reply.faxes), text=text)
