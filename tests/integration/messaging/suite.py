"""Messaging as a whole: bus, database, a carrier that keeps count, and gRPC from outside."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import orjson
from aiohttp import web
from switchhook.event.v1.event_pb2 import Event
from switchhook.messaging.v1 import consent_pb2, message_pb2, message_service_pb2
from switchhook.messaging.v1.consent_service_pb2 import GetConsentRequest
from switchhook.messaging.v1.consent_service_pb2_grpc import ConsentServiceStub
from switchhook.messaging.v1.media_service_pb2_grpc import MediaServiceStub
from switchhook.messaging.v1.message_service_pb2_grpc import MessageServiceStub

from carrier.normalize import normalize, subject
from chassis.jetstream import Bus, bus
from chassis.settings import load
from chassis.streams import EVENTS, ensure_streams
from services.messaging import app
from services.messaging.settings import Settings
from tests.support.eventually import eventually

OURS, SECOND = "+12025550101", "+12025550102"
PEER, OTHER = "+13125550103", "+13125550104"

Status = message_pb2.MessageStatus
State = consent_pb2.ConsentState


@dataclass
class Asked:
    """One request as the carrier saw it."""

    key: str
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded


File = bytes | web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]
"""A file the carrier keeps, or what its server does instead."""

Answer = Callable[[Asked], web.Response | None]
"""Says what is answered; None takes the message."""


@dataclass
class FakeTelnyx:
    """Takes messages once per idempotency key, and answers as told before that."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)
    """The carrier's message id by idempotency key: what would really have been sent."""
    bodies: dict[str, bytes] = field(default_factory=dict)
    answer: Answer = field(default=lambda _asked: None)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    files: dict[str, File] = field(default_factory=dict)
    """What lies behind /media/<name>; anything else is 404."""
    fetched: list[str] = field(default_factory=list)
    """The name of every file that was asked for, in order."""

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Answer GET /media/<name>; nobody may show a key to a link that is signed."""
        name = request.match_info["name"]
        self.fetched.append(name)
        assert "Authorization" not in request.headers
        found = self.files.get(name, web.Response(status=404))
        if isinstance(found, bytes):
            return web.Response(body=found)
        return found if isinstance(found, web.Response) else await found(request)

    def media_url(self, name: str) -> str:
        """Return the link of a file."""
        return f"{self.url.removesuffix('/v2')}/media/{name}"

    async def take(self, request: web.Request) -> web.Response:
        """Answer POST /v2/messages."""
        await self.open.wait()
        asked = Asked(request.headers["Idempotency-Key"], await request.read())
        assert request.headers["Authorization"] == "Bearer KEY-test"
        self.asked.append(asked)
        if self.bodies.setdefault(asked.key, asked.body) != asked.body:
            return error(422, "10027", "Idempotency key reused")
        return self.answer(asked) or self.accept(asked)

    def accept(self, asked: Asked) -> web.Response:
        """Take the message, or repeat the answer for a key that was used before."""
        carrier_id = self.taken.setdefault(asked.key, str(uuid.uuid4()))
        status = [{"phone_number": asked.content["to"], "status": "queued"}]
        return web.json_response({"data": {"id": carrier_id, "to": status}})

    def texts(self) -> list[str]:
        """Return what was really sent, in order."""
        return [orjson.loads(self.bodies[key])["text"] for key in self.taken]


def error(status: int, code: str, title: str) -> web.Response:
    """Return a refusal as Telnyx words it."""
    detail = f"{title} for {PEER}"
    body = {"errors": [{"code": code, "title": title, "detail": detail}]}
    return web.json_response(body, status=status)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def no_opt_outs(_request: web.Request) -> web.StreamResponse:
    """Answer GET /v2/messaging_optouts with an empty list."""
    return web.json_response({"data": []})


@asynccontextmanager
async def fake_telnyx(opt_outs: Handler | None = None) -> AsyncIterator[FakeTelnyx]:
    """Run the carrier for the block; nobody has opted out there unless told otherwise."""
    telnyx = FakeTelnyx()
    telnyx.open.set()
    served = web.Application()
    served.router.add_post("/v2/messages", telnyx.take)
    served.router.add_get("/media/{name}", telnyx.file)
    served.router.add_get("/v2/messaging_optouts", opt_outs or no_opt_outs)
    runner = web.AppRunner(served)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        telnyx.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
        yield telnyx
    finally:
        await runner.cleanup()


@dataclass
class Suite:
    """What a test talks to."""

    bus: Bus
    telnyx: FakeTelnyx
    messages: MessageServiceStub
    consents: ConsentServiceStub
    ports: app.Addresses
    media: MediaServiceStub

    async def deliver(self, *webhooks: bytes) -> None:
        """Publish webhooks as the gateway does, in this order."""
        for webhook in webhooks:
            event = normalize(webhook, receive_time=datetime.now(UTC))
            payload = event.SerializeToString()
            # A message id of its own, so that a repetition reaches the consumer as well.
            await self.bus.publish(subject(event), payload, message_id=str(uuid.uuid4()), timeout=5)

    async def message(self, **known: str) -> message_pb2.Message:
        """Return a message by one of its ids."""
        request = message_service_pb2.GetMessageRequest(**known)
        return (await self.messages.GetMessage(request)).message

    async def reaches(
        self, status: "message_pb2.MessageStatus.ValueType", **known: str
    ) -> message_pb2.Message:
        """Wait until a message is in a status, and return it."""

        async def check() -> message_pb2.Message | None:
            try:
                message = await self.message(**known)
            except grpc.aio.AioRpcError:
                return None
            return message if message.status == status else None

        found = await eventually(check)
        assert found is not None
        return found

    async def consent(self, our_number: str = OURS) -> consent_pb2.Consent:
        """Return what the ledger says about writing to PEER."""
        request = GetConsentRequest(peer_number=PEER, our_number=our_number)
        return (await self.consents.GetConsent(request)).consent

    async def stands(
        self, state: "consent_pb2.ConsentState.ValueType", our_number: str = OURS
    ) -> consent_pb2.Consent:
        """Wait until the ledger says this, and return it."""

        async def check() -> consent_pb2.Consent | None:
            consent = await self.consent(our_number)
            return consent if consent.state == state else None

        found = await eventually(check)
        assert found is not None
        return found

    async def send(self, **changes: Any) -> message_pb2.Message:
        """Ask for a message to PEER."""
        return (await self.messages.SendMessage(asking(**changes))).message

    async def all_messages(self) -> list[message_pb2.Message]:
        """Return every message, newest first."""
        response = await self.messages.ListMessages(message_service_pb2.ListMessagesRequest())
        return list(response.messages)

    async def told(self) -> list[Event]:
        """Return the events this service has published."""
        stored = await self.bus.read(EVENTS, 1, 1000, subject="events.v1.messaging.>")
        return [Event.FromString(message.payload) for message in stored]


@asynccontextmanager
async def messaging(
    nats_url: str, database_url: str, telnyx: FakeTelnyx, **more: str
) -> AsyncIterator[Suite]:
    """Run the service, with further settings by the rest of their variables' names."""
    environ = {
        "SWITCHHOOK_MESSAGING_BRAND": "Example",
        "SWITCHHOOK_MESSAGING_HELP_URL": "example.com/help",
        "SWITCHHOOK_MESSAGING_HELP_PHONE": "+12025550199",
        "SWITCHHOOK_MESSAGING_GRPC_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_MESSAGING_ADMIN_ADDRESS": "127.0.0.1:0",
        "SWITCHHOOK_MESSAGING_DATABASE_URL": database_url,
        "SWITCHHOOK_NATS_URL": nats_url,
        "SWITCHHOOK_TELNYX_URL": telnyx.url,
        "TELNYX_API_KEY": "KEY-test",
        **{f"SWITCHHOOK_{name}": value for name, value in more.items()},
    }
    with TemporaryDirectory(prefix="messaging-media-") as folder:
        environ.setdefault("SWITCHHOOK_MESSAGING_MEDIA_URL", folder)
        async with _running(nats_url, environ, telnyx) as suite:
            yield suite


@asynccontextmanager
async def _running(
    nats_url: str, environ: dict[str, str], telnyx: FakeTelnyx
) -> AsyncIterator[Suite]:
    async with bus(nats_url, name="test") as stream:
        await ensure_streams(stream, max_bytes=2**28)
        async with (
            app.running(load(Settings, environ)) as ports,
            grpc.aio.insecure_channel(f"127.0.0.1:{ports.grpc}") as channel,
        ):
            yield Suite(
                stream,
                telnyx,
                MessageServiceStub(channel),
                ConsentServiceStub(channel),
                ports,
                MediaServiceStub(channel),
            )


@asynccontextmanager
async def whole_suite(nats_url: str, database_url: str, **more: str) -> AsyncIterator[Suite]:
    """Run the service with a carrier."""
    async with (
        fake_telnyx() as telnyx,
        messaging(nats_url, database_url, telnyx, **more) as suite,
    ):
        yield suite


def asking(**changes: Any) -> message_service_pb2.SendMessageRequest:
    """Return a request for a message to PEER."""
    values: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "from_number": OURS,
        "to_number": PEER,
        "text": "hello",
        "purpose": message_pb2.MessagePurpose.MESSAGE_PURPOSE_CONVERSATION,
    }
    return message_service_pb2.SendMessageRequest(**{**values, **changes})


def webhook(event_type: str, payload: dict[str, Any], *, event_id: str = "") -> bytes:
    """Return the body of a webhook as Telnyx shapes it."""
    return orjson.dumps(
        {
            "data": {
                "event_type": event_type,
                "id": event_id or str(uuid.uuid4()),
                "occurred_at": datetime.now(UTC).isoformat(),
                "payload": {"record_type": "message", **payload},
                "record_type": "event",
            },
            "meta": {"attempt": 1, "delivered_to": "https://example.com/hooks"},
        }
    )


def inbound(
    text: str | None,
    *,
    message_id: str = "",
    age: timedelta = timedelta(),
    event_id: str = "",
    sender: object = None,
    **more: Any,
) -> bytes:
    """Return the webhook of a message to OURS, from PEER unless another sender is given."""
    payload = {
        "id": message_id or str(uuid.uuid4()),
        "direction": "inbound",
        "type": "SMS",
        "from": sender or {"phone_number": PEER, "line_type": "Wireless"},
        "to": [{"phone_number": OURS, "status": "webhook_delivered"}],
        "text": text,
        "media": [],
        "parts": 1,
        "received_at": (datetime.now(UTC) - age).isoformat(),
        **more,
    }
    return webhook("message.received", payload, event_id=event_id)


def report(event_type: str, carrier_message_id: str, status: str, **more: Any) -> bytes:
    """Return the webhook of a report on a message from OURS to PEER."""
    payload = {
        "id": carrier_message_id,
        "direction": "outbound",
        "type": "SMS",
        "from": {"phone_number": OURS},
        "to": [{"phone_number": PEER, "status": status}],
        "text": "hello",
        **more,
    }
    return webhook(event_type, payload)
