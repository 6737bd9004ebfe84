"""A whole gateway on free ports, and a carrier's pen to sign for it."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import orjson
from nacl.signing import SigningKey
from switchhook.event.v1.event_pb2 import Event
from switchhook.gateway.v1.dead_letter_service_pb2_grpc import DeadLetterServiceStub
from switchhook.gateway.v1.event_service_pb2_grpc import EventServiceStub

from carrier.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, public_key_text, sign
from chassis.errors import Fault
from chassis.grpc_client import channel
from chassis.jetstream import Bus, bus
from chassis.messages import StoredMessage
from chassis.settings import load
from chassis.streams import EVENT_SUBJECTS, EVENTS
from services.gateway.app import Addresses, running
from services.gateway.settings import Settings
from tests.integration.gateway.http import Answer, post
from tests.support.nats import NatsServer

KEY = SigningKey(b"the carrier of all these tests !")
WEBHOOKS = "/webhooks/telnyx"
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")

_numbers = itertools.count(1)


def webhook(event_type: str = "call.initiated", **payload: Any) -> dict[str, Any]:
    """Return a webhook with an id of its own."""
    number = next(_numbers)
    session = f"session-{number}"
    return {
        "data": {
            "record_type": "event",
            "event_type": event_type,
            "id": f"0d5e7a10-0000-4000-8000-{number:012d}",
            "occurred_at": "2026-03-02T10:00:00.000000Z",
            "payload": {"call_session_id": session, "call_control_id": f"v3:{number}", **payload},
        },
        "meta": {"attempt": 1, "delivered_to": "https://hooks.example.com/webhooks/telnyx"},
    }


def identity(body: Mapping[str, Any]) -> str:
    """Return the event id of a webhook."""
    return str(body["data"]["id"])


def signed(body: bytes, *, key: SigningKey = KEY, at: float | None = None) -> list[tuple[str, str]]:
    """Return the signature headers for a body, signed now unless said otherwise."""
    timestamp = int(time.time() if at is None else at)
    return [(SIGNATURE_HEADER, sign(key, timestamp, body)), (TIMESTAMP_HEADER, str(timestamp))]


class Door:
    """A running gateway, seen from all its sides."""

    def __init__(self, addresses: Addresses, opened: grpc.aio.Channel | None = None) -> None:
        """Wrap what `gateway` has started; without a channel only its HTTP side."""
        self.addresses = addresses
        if opened is not None:
            self.events = EventServiceStub(opened)
            self.letters = DeadLetterServiceStub(opened)

    async def deliver(self, body: Mapping[str, Any] | bytes, path: str = WEBHOOKS) -> Answer:
        """Deliver a webhook as the carrier does."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return await post(self.addresses.http, path, raw, [JSON, *signed(raw)])

    async def deliver_all(self, *bodies: Mapping[str, Any]) -> set[int]:
        """Deliver many webhooks at once and return the different statuses."""
        return {answer.status for answer in await all_of(*map(self.deliver, bodies))}

    async def deliver_form(self, form: bytes, path: str = "/texml/main") -> Answer:
        """Deliver a TeXML request as the carrier does."""
        return await post(self.addresses.http, path, form, [FORM, *signed(form)])


def environment(server: NatsServer, folder: Path) -> dict[str, str]:
    """Return the settings of a gateway on free ports, its data in `folder`."""
    return {
        "TELNYX_PUBLIC_KEY": public_key_text(KEY),
        "SWITCHHOOK_GATEWAY_HTTP_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_GATEWAY_GRPC_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_GATEWAY_ADMIN_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_GATEWAY_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'gateway.db'}",
        "SWITCHHOOK_VOICE_ADDRESS": "127.0.0.1:1",
        "SWITCHHOOK_NATS_URL": server.url,
        "SWITCHHOOK_NATS_MONITOR_URL": server.monitor_url,
        "SWITCHHOOK_DATA": str(folder),
    }


@asynccontextmanager
async def gateway(server: NatsServer, folder: Path, **environ: str) -> AsyncIterator[Door]:
    """Run a gateway against `server` for the block."""
    async with (
        running(load(Settings, {**environment(server, folder), **environ})) as addresses,
        channel(f"127.0.0.1:{addresses.grpc}", default_deadline=10) as opened,
    ):
        yield Door(addresses, opened)


@asynccontextmanager
async def stream(server: NatsServer) -> AsyncIterator["Stream"]:
    """Look at the stream directly, past the gateway."""
    async with bus(server.url, name="test") as opened:
        yield Stream(opened)


class Stream:
    """What the stream EVENTS holds."""

    def __init__(self, opened: Bus) -> None:
        """Read over `opened`."""
        self.bus = opened

    async def messages(self) -> list[StoredMessage]:
        """Return every stored event message, in order; nothing while there is no stream."""
        found: list[StoredMessage] = []
        try:
            while page := await self._page(found[-1].sequence + 1 if found else 1):
                found += page
        except Fault:
            return found
        return found

    async def _page(self, first: int) -> list[StoredMessage]:
        return await self.bus.read(EVENTS, first, 500, subject=EVENT_SUBJECTS)

    async def events(self) -> list[Event]:
        """Return every stored event, in order."""
        return [Event.FromString(each.payload) for each in await self.messages()]

    async def ids(self) -> list[str]:
        """Return the ids of every stored event, in order."""
        return [event.event_id for event in await self.events()]


async def all_of(*work: Any) -> list[Any]:
    """Do several things at once."""
    return list(await asyncio.gather(*work))
