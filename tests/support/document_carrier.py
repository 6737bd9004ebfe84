"""A carrier that serves the documents it is given, and a fax service that fetches from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

import aiohttp
import grpc
from aiohttp import web
from google.protobuf.message import Message
from switchhook.event.v1 import event_pb2, fax_event_pb2, party_pb2
from switchhook.fax.v1 import (
    document_service_pb2_grpc,
    fax_pb2,
    fax_service_pb2,
    fax_service_pb2_grpc,
)

from chassis.errors import NotFound
from chassis.grpc_client import channel
from chassis.jetstream import Bus, bus
from chassis.streams import EVENTS, ensure_streams
from services.fax.app import running
from services.fax.settings import Settings
from tests.support.eventually import eventually

FINAL = {
    fax_pb2.DOCUMENT_STATE_STORED,
    fax_pb2.DOCUMENT_STATE_LOST,
    fax_pb2.DOCUMENT_STATE_QUARANTINED,
}


class Carrier:
    """Serves documents by name, one without end, and one that leads inside."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self.documents = dict(documents)
        self.origin = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with a document."""
        name = request.match_info["name"]
        if name == "endless":
            return await self._endless(request)
        if name == "inside":
            raise web.HTTPFound("http://169.254.169.254/latest/meta-data")
        return web.Response(body=self.documents[name])

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer what the service asks about a fax: nobody knows it."""
        fault = {"errors": [{"code": "10005", "title": "Resource not found"}]}
        return web.json_response(fault, status=404)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            await response.write(b"%PDF-1.7\n")
            while True:
                await response.write(bytes(1 << 20))
        return response


class DocumentWorld:
    """A running service, what it serves, and the bus between it and its carrier."""

    def __init__(self, stream: Bus, address: str, admin: int, carrier: Carrier) -> None:
        self.stream = stream
        self.carrier = carrier
        self._admin = admin
        self.address = address
        self._channel = channel(address)

    async def __aenter__(self) -> DocumentWorld:
        """Connect."""
        self.target = target = await self._channel.__aenter__()
        self.faxes = fax_service_pb2_grpc.FaxServiceStub(target)
        self.documents = document_service_pb2_grpc.DocumentServiceStub(target)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        await self._channel.__aexit__(None, None, None)

    async def send_in(self, name: str, pages: int = 1) -> None:
        """Announce that a document of this name has come in, as a fax of the same id."""
        fax = fax_event_pb2.FaxEvent(
            fax_id=name,
            direction=party_pb2.DIRECTION_INBOUND,
            from_party=party_pb2.Party(raw="+13125550101", phone_number="+13125550101"),
            to_party=party_pb2.Party(raw="+12025550130", phone_number="+12025550130"),
            page_count=pages,
            media_url=f"{self.carrier.origin}/documents/{name}",
            received=fax_event_pb2.FaxReceived(),
        )
        event = event_pb2.Event(event_id=f"event-{name}", type="fax", fax=fax)
        event.occur_time.FromDatetime(datetime.now(UTC))
        event.receive_time.CopyFrom(event.occur_time)
        subject = "events.v1.telnyx.fax.received"
        await self.stream.publish(subject, event.SerializeToString(), message_id=event.event_id)

    async def fax(self, fax_id: str) -> fax_pb2.Fax:
        """Return a fax that is known."""
        return (await self.faxes.GetFax(fax_service_pb2.GetFaxRequest(fax_id=fax_id))).fax

    async def decided(self, fax_id: str) -> fax_pb2.Fax:
        """Wait until a document's fate is known."""

        async def check() -> fax_pb2.Fax | None:
            try:
                fax = await self.fax(fax_id)
            except grpc.aio.AioRpcError:
                return None
            return fax if fax.document.state in FINAL else None

        found = await eventually(check, timeout=60.0)
        assert found is not None
        return found

    async def announced(self, verb: str, kind: type[Message]) -> list[Message]:
        """Return what the service has announced with this verb so far."""
        found, sequence = [], 1
        with suppress(NotFound):
            while True:
                stored = await self.stream.next(EVENTS, sequence, f"events.v1.fax.fax.{verb}")
                message = kind()
                assert event_pb2.Event.FromString(stored.payload).service.Unpack(message)
                found.append(message)
                sequence = stored.sequence + 1
        return found

    async def metrics(self) -> str:
        """Return the metrics of the service."""
        url = f"http://127.0.0.1:{self._admin}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return await response.text()


@asynccontextmanager
async def document_world(
    nats_url: str,
    database_url: str,
    documents_url: str,
    documents: Mapping[str, bytes],
    *,
    text_engine: str = "off",
) -> AsyncIterator[DocumentWorld]:
    """Run a fax service for the block whose carrier has these documents."""
    carrier = Carrier(documents)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        carrier.origin = await enter(_serving(carrier))
        stream = await enter(bus(nats_url, name="test"))
        await ensure_streams(stream)
        settings = Settings(
            grpc_address="127.0.0.1:0",
            admin_address="127.0.0.1:0",
            database_url=database_url,
            documents_url=documents_url,
            nats_url=nats_url,
            telnyx_url=f"{carrier.origin}/v2",
            api_key="KEY-test",
            text_engine=text_engine,
        )
        addresses = await enter(running(settings))
        address = f"127.0.0.1:{addresses.grpc}"
        yield await enter(DocumentWorld(stream, address, addresses.admin, carrier))


@asynccontextmanager
async def _serving(carrier: Carrier) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/documents/{name}", carrier.serve)
    app.router.add_route("*", "/v2/{rest:.*}", carrier.unknown)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await asyncio.shield(runner.cleanup())
