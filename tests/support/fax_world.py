"""The fax service from outside: a running one, its carrier, which is the simulator, and the bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import grpc
from switchhook.event.v1 import event_pb2, fax_event_pb2, party_pb2
from switchhook.fax.v1 import fax_pb2, fax_service_pb2, fax_service_pb2_grpc

from carrier.api import TelnyxApi, telnyx_api
from carrier.commands import get_fax
from carrier.outcomes import Accepted
from chassis.grpc_client import channel
from chassis.jetstream import Bus, bus
from chassis.objects import Objects, open_objects
from chassis.streams import ensure_streams
from services.fax.app import running
from services.fax.settings import Settings
from simulator import app as simulator
from simulator.client import Control
from simulator.settings import Settings as SimulatorSettings
from tests.support.eventually import eventually

YESTERDAY = datetime(2026, 11, 21, tzinfo=UTC)


class World:
    """A running service, its carrier and the bus between."""

    def __init__(
        self,
        stream: Bus,
        target: grpc.aio.Channel,
        control: Control,
        api: TelnyxApi,
        documents: Objects,
        carrier: str,
    ) -> None:
        self.stream = stream
        self.target = target
        self.faxes = fax_service_pb2_grpc.FaxServiceStub(target)
        self.control = control
        self.api = api
        self.documents = documents
        self.carrier = carrier

    async def tell(
        self, event_id: str, fax: fax_event_pb2.FaxEvent, occurred: datetime = YESTERDAY
    ) -> None:
        """Put an event about a fax on the stream."""
        event = event_pb2.Event(event_id=event_id, type="fax", fax=fax)
        event.occur_time.FromDatetime(occurred)
        event.receive_time.CopyFrom(event.occur_time)
        subject = f"events.v1.telnyx.fax.{event.fax.WhichOneof('detail')}"
        await self.stream.publish(subject, event.SerializeToString(), message_id=event_id)

    async def link(self, fax_id: str) -> str:
        """Return the carrier's link to a received document, empty while there is none."""
        outcome = await self.api.perform(get_fax(fax_id))
        return str(outcome.data.get("media_url") or "") if isinstance(outcome, Accepted) else ""

    async def receive(self, pages: int = 2) -> str:
        """Have the carrier receive a fax, and return its id."""
        asked = {"from": "+13125550101", "pages": pages}
        sent = await asyncio.to_thread(self.control.post, "/_sim/fax", asked)
        fax_id = str(sent["fax_id"])
        await eventually(lambda: self.link(fax_id))
        return fax_id

    async def send_in(self, occurred: datetime = YESTERDAY, pages: int = 2) -> fax_pb2.Fax:
        """Have the carrier receive a fax, and return it once it is stored."""
        fax_id = await self.receive(pages)
        url = await self.link(fax_id)
        await self.tell(f"event-{fax_id}", received(fax_id, url), occurred)
        return await self.in_state(fax_id, fax_pb2.DOCUMENT_STATE_STORED)

    async def read(self, fax_id: str) -> fax_pb2.Fax | None:
        """Return the fax, or None while the service does not know it."""
        reply = await self.faxes.ListFaxes(fax_service_pb2.ListFaxesRequest())
        return next((fax for fax in reply.faxes if fax.fax_id == fax_id), None)

    async def in_state(self, fax_id: str, state: fax_pb2.DocumentState.ValueType) -> fax_pb2.Fax:
        """Wait until the fax's document is in the state."""

        async def check() -> fax_pb2.Fax | None:
            fax = await self.read(fax_id)
            return fax if fax is not None and fax.document.state == state else None

        found = await eventually(check)
        assert found is not None
        return found


@asynccontextmanager
async def fax_world(nats_url: str, database_url: str, documents_url: str) -> AsyncIterator[World]:
    """Run a service for the block, with a simulator whose webhooks go nowhere."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        webhooks = SimulatorSettings(
            address="127.0.0.1:0", webhook_url="http://127.0.0.1:9/", time_scale=0.05
        )
        carrier = await enter(simulator.running(webhooks))
        stream = await enter(bus(nats_url, name="test"))
        await ensure_streams(stream)
        settings = Settings(
            grpc_address="127.0.0.1:0",
            admin_address="127.0.0.1:0",
            database_url=database_url,
            documents_url=documents_url,
            nats_url=nats_url,
            telnyx_url=carrier.api,
            api_key="KEY-test",
        )
        addresses = await enter(running(settings))
        target = await enter(channel(f"127.0.0.1:{addresses.grpc}"))
        api = await enter(telnyx_api(carrier.api, "KEY-test"))
        documents = open_objects(documents_url, "documents")
        yield World(stream, target, Control(carrier.http), api, documents, carrier.http)


def received(fax_id: str, url: str) -> fax_event_pb2.FaxEvent:
    """Return what the carrier says of a received fax."""
    return fax_event_pb2.FaxEvent(
        fax_id=fax_id,
        direction=party_pb2.DIRECTION_INBOUND,
        raw_status="received",
        from_party=party_pb2.Party(raw="+13125550101", phone_number="+13125550101"),
        to_party=party_pb2.Party(raw="+12025550130", phone_number="+12025550130"),
        page_count=2,
        media_url=url,
        received=fax_event_pb2.FaxReceived(),
    )
