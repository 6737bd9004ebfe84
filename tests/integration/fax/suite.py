"""The fax service with everything around it: gateway, bus and a simulated carrier."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
from switchhook.event.v1.event_pb2 import Event
from switchhook.fax.v1 import (
    fax_job_pb2,
    fax_service_pb2_grpc,
    fax_watch_pb2,
    sending_service_pb2,
    sending_service_pb2_grpc,
)

from chassis.errors import NotFound
from chassis.grpc_client import channel
from chassis.jetstream import Bus, bus
from chassis.streams import EVENTS
from services.fax.app import running
from services.fax.sending.retry_settings import retry_table
from services.fax.settings import Settings
from simulator import app as simulator
from simulator import documents, world
from simulator.client import Control
from simulator.settings import Settings as SimulatorSettings
from tests.integration.gateway.door import gateway
from tests.support.eventually import eventually
from tests.support.nats import NatsServer

API_KEY = "KEY-test"
ADA, GRACE = world.ADA.number, world.GRACE.number
QUICK = (
    "busy=50ms 50ms; no_answer=50ms; transmission=20ms 20ms; capacity=20ms 20ms; unknown=50ms; "
    "lookup=300ms 300ms; quiet=1s"
)
"""The pauses of a plan, far shorter than in life."""
LETTER = documents.pdf(2, "A letter")

JobState = fax_job_pb2.FaxJobState
Requests = Iterator[sending_service_pb2.SendFaxRequest]
Response = fax_watch_pb2.WatchFaxesResponse


def order(content: bytes = LETTER, **facts: Any) -> sending_service_pb2.FaxOrder:
    """Return an order for one uploaded document, or for others if the facts say so."""
    upload = sending_service_pb2.UploadedDocument(size_bytes=len(content))
    source = sending_service_pb2.DocumentSource(upload=upload)
    usual: dict[str, Any] = {"to_number": ADA, "documents": [source]}
    return sending_service_pb2.FaxOrder(**(usual | facts))


def requests(
    asked: sending_service_pb2.FaxOrder, content: bytes = LETTER, request_id: str = ""
) -> Requests:
    """Yield the messages of an upload: the order, and the document in two pieces."""
    first = sending_service_pb2.SendFaxRequest(
        request_id=request_id or str(uuid.uuid4()), order=asked
    )
    yield first
    middle = len(content) // 2
    for chunk in (content[:middle], content[middle:]):
        if chunk and any(each.HasField("upload") for each in asked.documents):
            yield sending_service_pb2.SendFaxRequest(chunk=chunk)


@dataclass
class Suite:
    """Every way to talk to it."""

    faxes: fax_service_pb2_grpc.FaxServiceStub
    sending: sending_service_pb2_grpc.FaxSendingServiceStub
    stream: Bus
    control: Control

    async def send(
        self, content: bytes = LETTER, *, request_id: str = "", **facts: Any
    ) -> fax_job_pb2.FaxJob:
        """Send a fax and return its job as taken."""
        asked = requests(order(content, **facts), content, request_id)
        return (await self.sending.SendFax(asked)).job

    async def job(self, job_id: str) -> fax_job_pb2.FaxJob:
        """Return the job as it stands."""
        asked = sending_service_pb2.GetFaxJobRequest(job_id=job_id)
        return (await self.sending.GetFaxJob(asked)).job

    async def reaches(self, job_id: str, state: str) -> fax_job_pb2.FaxJob:
        """Wait until the job is in the state, and return it."""

        async def check() -> fax_job_pb2.FaxJob | None:
            job = await self.job(job_id)
            assert job.state == JobState.Value(f"FAX_JOB_STATE_{state}"), job
            return job

        found = await eventually(check, timeout=20)
        assert found is not None
        return found

    async def sim(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the simulator for something."""
        return await asyncio.to_thread(self.control.post, f"/_sim/{path}", body)

    async def teach(self, *outcomes: object, number: str = ADA) -> None:
        """Tell the machine of a number what to do with the next faxes."""
        await self.sim(f"fax_machines/{number}", {"outcomes": list(outcomes)})

    async def seen(self, kind: str = "fax.accepted") -> list[dict[str, Any]]:
        """Return what the carrier has seen of a kind, oldest first."""
        effects, _ = await asyncio.to_thread(self.control.effects, 0)
        return [each["facts"] for each in effects if each["kind"] == kind]

    async def announced(self, subject: str) -> list[Event]:
        """Return the events on a subject, oldest first."""
        events: list[Event] = []
        sequence = 1
        with suppress(NotFound):
            while True:
                found = await self.stream.next(EVENTS, sequence, subject)
                events.append(Event.FromString(found.payload))
                sequence = found.sequence + 1
        return events

    async def watched(
        self, enough: Callable[[Sequence[Response]], bool], **facts: Any
    ) -> Sequence[Response]:
        """Watch from the beginning until enough has been seen."""
        steps: list[Response] = []
        asked = fax_watch_pb2.WatchFaxesRequest(after_sequence=0, **facts)
        async with asyncio.timeout(20):
            async for step in self.faxes.WatchFaxes(asked):
                steps.append(step)
                if enough(steps):
                    break
        return steps


@dataclass
class Surroundings:
    """What a fax service needs around it: the bus, and a carrier whose webhooks come through."""

    server: NatsServer
    stream: Bus
    carrier: simulator.Addresses


@asynccontextmanager
async def surroundings(
    server: NatsServer, folder: Path, pace: float = 0.05
) -> AsyncIterator[Surroundings]:
    """Run a gateway and a simulated carrier for the block; `pace` is how slow faxes travel."""
    key = SimulatorSettings().public_key()
    async with (
        bus(server.url, name="test") as stream,
        gateway(server, folder, TELNYX_PUBLIC_KEY=key) as door,
    ):
        webhooks = f"http://127.0.0.1:{door.addresses.http}/webhooks/telnyx"
        quick = SimulatorSettings(address="127.0.0.1:0", webhook_url=webhooks, time_scale=pace)
        async with simulator.running(quick) as carrier:
            yield Surroundings(server, stream, carrier)


@asynccontextmanager
async def fax_service(
    around: Surroundings, database_url: str, folder: Path, **facts: Any
) -> AsyncIterator[Suite]:
    """Run the fax service for the block; the facts are settings of it."""
    usual: dict[str, Any] = {
        "grpc_address": "127.0.0.1:0",
        "admin_address": "127.0.0.1:0",
        "database_url": database_url,
        "documents_url": str(folder / "documents"),
        "nats_url": around.server.url,
        "telnyx_url": around.carrier.api,
        "api_key": API_KEY,
        "connection_id": world.FAX_CONNECTION_ID,
        "from_number": world.FAX_NUMBER,
        "retries": retry_table(QUICK),
    }
    async with (
        running(Settings(**(usual | facts))) as addresses,
        channel(f"127.0.0.1:{addresses.grpc}", default_deadline=30) as target,
    ):
        yield suite_at(around, target)


def suite_at(around: Surroundings, target: grpc.aio.Channel) -> Suite:
    """Return the suite whose fax service is at the other end of a channel."""
    return Suite(
        fax_service_pb2_grpc.FaxServiceStub(target),
        sending_service_pb2_grpc.FaxSendingServiceStub(target),
        around.stream,
        Control(around.carrier.http),
    )


@asynccontextmanager
async def fax_suite(
    server: NatsServer, database_url: str, folder: Path, *, pace: float = 0.05, **facts: Any
) -> AsyncIterator[Suite]:
    """Run everything for the block; the facts are settings of the fax service."""
    async with (
        surroundings(server, folder, pace) as around,
        fax_service(around, database_url, folder, **facts) as suite,
    ):
        yield suite
