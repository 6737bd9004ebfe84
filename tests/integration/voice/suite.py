"""Voice as a whole: bus, database, CRM, a carrier that counts, and gRPC from outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

import grpc
from switchhook.voice.v1 import call_pb2, call_service_pb2
from switchhook.voice.v1.call_service_pb2_grpc import CallServiceStub
from switchhook.voice.v1.texml_service_pb2_grpc import TexmlServiceStub

from carrier.normalize import normalize, normalize_texml, subject
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.jetstream import Bus, bus
from chassis.settings import load
from chassis.streams import ensure_streams
from services.crm import app as crm_app
from services.crm.settings import Settings as CrmSettings
from services.voice import app as voice_app
from services.voice.settings import Settings
from tests.support.eventually import eventually
from tests.support.telnyx_calls import CALLED, FakeTelnyx, Leg, fake_telnyx

LOCAL = "127.0.0.1:0"
MUSIC = "https://media.example.com/hold.mp3"
NOBODY = "127.0.0.1:1"
"""An address where nothing listens."""


@dataclass
class Suite:
    """What a test talks to."""

    bus: Bus
    telnyx: FakeTelnyx
    calls: CallServiceStub
    texml: TexmlServiceStub
    ports: voice_app.Addresses
    channel: grpc.aio.Channel

    async def deliver(self, *webhooks: bytes) -> None:
        """Publish webhooks as the gateway does, in this order."""
        for webhook in webhooks:
            event = normalize(webhook, receive_time=datetime.now(UTC))
            payload = event.SerializeToString()
            await self.bus.publish(subject(event), payload, message_id=event.event_id, timeout=5)

    async def deliver_texml(self, form: bytes) -> None:
        """Publish a TeXML request as the gateway does."""
        event = normalize_texml(form, app="main", receive_time=datetime.now(UTC))
        payload = event.SerializeToString()
        await self.bus.publish(subject(event), payload, message_id=event.event_id, timeout=5)

    async def call(self, leg_id: str) -> call_pb2.Call:
        """Return a call over gRPC."""
        request = call_service_pb2.GetCallRequest(call_leg_id=leg_id)
        return (await self.calls.GetCall(request)).call

    async def reaches(self, leg_id: str, state: call_pb2.CallState.ValueType) -> call_pb2.Call:
        """Wait until a call is in a state, and return it."""

        async def check() -> call_pb2.Call | None:
            try:
                call = await self.call(leg_id)
            except grpc.aio.AioRpcError:
                return None
            return call if call.state == state else None

        found = await eventually(check)
        assert found is not None
        return found

    async def commanded(self, leg: Leg, *actions: str) -> None:
        """Wait until a leg has been sent exactly these commands."""
        await eventually(lambda: self.telnyx.actions(leg.control_id) == list(actions))


@asynccontextmanager
async def crm_running() -> AsyncIterator[str]:
    """Run the CRM service with its development directory and give its address."""
    settings = CrmSettings(grpc_address=LOCAL, admin_address=LOCAL)
    async with crm_app.running(settings) as addresses:
        yield f"127.0.0.1:{addresses.grpc}"


@asynccontextmanager
async def crm_answering(service: Service) -> AsyncIterator[str]:
    """Run another CRM service and give its address."""
    async with serving(LOCAL, [service], domain="crm.switchhook", health=Health()) as port:
        yield f"127.0.0.1:{port}"


@asynccontextmanager
async def voice(
    nats_url: str, database_url: str, telnyx: FakeTelnyx, crm: str, **more: str
) -> AsyncIterator[Suite]:
    """Run voice, with further settings by the rest of their variables' names."""
    environ = {
        "SWITCHHOOK_VOICE_NUMBERS": CALLED,
        "SWITCHHOOK_VOICE_GRPC_ADDRESS": LOCAL,
        "SWITCHHOOK_VOICE_ADMIN_ADDRESS": LOCAL,
        "SWITCHHOOK_VOICE_DATABASE_URL": database_url,
        "SWITCHHOOK_NATS_URL": nats_url,
        "SWITCHHOOK_TELNYX_URL": telnyx.url,
        "SWITCHHOOK_CRM_ADDRESS": crm,
        "SWITCHHOOK_VOICE_HOLD_MUSIC_URL": MUSIC,
        "TELNYX_API_KEY": "KEY-test",
        **{f"SWITCHHOOK_{name}": value for name, value in more.items()},
    }
    async with bus(nats_url, name="test") as stream:
        await ensure_streams(stream, max_bytes=2**28)
        with TemporaryDirectory(prefix="voice-recordings-") as folder:
            environ.setdefault("SWITCHHOOK_VOICE_RECORDINGS_URL", folder)
            async with _running(stream, environ, telnyx) as suite:
                yield suite


@asynccontextmanager
async def _running(
    stream: Bus, environ: dict[str, str], telnyx: FakeTelnyx
) -> AsyncIterator[Suite]:
    async with (
        voice_app.running(load(Settings, environ)) as ports,
        grpc.aio.insecure_channel(f"127.0.0.1:{ports.grpc}") as channel,
    ):
        calls, texml = CallServiceStub(channel), TexmlServiceStub(channel)
        yield Suite(stream, telnyx, calls, texml, ports, channel)


@asynccontextmanager
async def whole_suite(nats_url: str, database_url: str, **more: str) -> AsyncIterator[Suite]:
    """Run voice with the CRM service and a carrier."""
    async with (
        fake_telnyx() as telnyx,
        crm_running() as crm,
        voice(nats_url, database_url, telnyx, crm, **more) as suite,
    ):
        yield suite
