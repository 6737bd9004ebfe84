"""TeXML requests in over HTTP, documents from voice over gRPC, and what happens without voice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from switchhook.event.v1.event_pb2 import EventSource
from switchhook.voice.v1 import texml_service_pb2
from switchhook.voice.v1.texml_service_pb2 import AnswerTexmlRequest, AnswerTexmlResponse
from switchhook.voice.v1.texml_service_pb2_grpc import (
    TexmlServiceServicer,
    add_TexmlServiceServicer_to_server,
)

from chassis.errors import Unavailable
from chassis.grpc_server import Service, serving
from chassis.health import Health
from tests.integration.gateway.door import FORM, gateway, signed, stream
from tests.integration.gateway.http import Answer, post
from tests.support.nats import NatsServer

Answering = Callable[[AnswerTexmlRequest], Awaitable[str]]
DOCUMENT = "<?xml version='1.0' encoding='UTF-8'?><Response><Say>Hello é</Say></Response>"


class Voice(TexmlServiceServicer):
    """Answers as a test wants it and remembers what it was asked."""

    def __init__(self, answering: Answering) -> None:
        """Answer with `answering`."""
        self._answering = answering
        self.asked: list[AnswerTexmlRequest] = []

    async def AnswerTexml(  # noqa: N802 - the contract's name
        self, request: AnswerTexmlRequest, context: object
    ) -> AnswerTexmlResponse:
        """Answer one request."""
        self.asked.append(request)
        return AnswerTexmlResponse(document=await self._answering(request))


@asynccontextmanager
async def voice(answering: Answering) -> AsyncIterator[tuple[Voice, str]]:
    """Run a voice service for the block and give its address."""
    servicer = Voice(answering)
    descriptor = texml_service_pb2.DESCRIPTOR.services_by_name["TexmlService"]
    service = Service(add_TexmlServiceServicer_to_server, servicer, descriptor)
    async with serving(
        "127.0.0.1:0", [service], domain="voice.switchhook", health=Health()
    ) as port:
        yield servicer, f"127.0.0.1:{port}"


def form(**fields: str) -> bytes:
    """Return the form of an inbound call, changed or extended by `fields`."""
    usual = {
        "AccountSid": "0a1b2c3d-0000-4000-8000-000000000001",
        "CallSid": "v3:texml-1",
        "CallStatus": "ringing",
        "ConnectionId": "1234567890123456789",
        "From": "+13125550100",
        "To": "+12025550101",
    }
    return urlencode({**usual, **fields}).encode()


async def answers(_request: AnswerTexmlRequest) -> str:
    """Write the usual document."""
    return DOCUMENT


async def fails(_request: AnswerTexmlRequest) -> str:
    """Be unavailable."""
    raise Unavailable("DATABASE_UNAVAILABLE", "the database does not answer")


async def breaks(_request: AnswerTexmlRequest) -> str:
    """Have a bug."""
    raise RuntimeError("a bug")


async def hangs(_request: AnswerTexmlRequest) -> str:
    """Never answer."""
    await asyncio.Event().wait()
    return DOCUMENT


async def says_nothing(_request: AnswerTexmlRequest) -> str:
    """Answer without a document."""
    return ""


def verbs(answer: Answer) -> list[str]:
    """Return the verbs of an answered document."""
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own document
    assert root.tag == "Response"
    return [child.tag for child in root]


async def test_a_call_is_answered_with_voices_document(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Voice is asked with the decoded form, and the request is an event on the stream."""
    async with (
        voice(answers) as (servicer, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        answer = await door.deliver_form(form(CallerId="Ada & Søn"), "/texml/front-desk")
        assert answer.body.decode() == DOCUMENT
        assert verbs(answer) == ["Say"]
        (asked,) = servicer.asked
        (event,) = await stored.events()
        assert (asked.app, asked.event_id) == ("front-desk", event.event_id)
        assert asked.parameters["From"] == "+13125550100"
        assert asked.parameters["CallerId"] == "Ada & Søn"
        assert event.source == EventSource.EVENT_SOURCE_TEXML
        assert event.texml.app == "front-desk"
        assert event.texml.call_sid == "v3:texml-1"


async def test_voice_is_told_which_of_its_questions_is_answered(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """What voice put behind the application's name comes back to it, and the event keeps none."""
    async with (
        voice(answers) as (servicer, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        await door.deliver_form(form(Digits="1"), "/texml/main/2.menu.1")
        (asked,) = servicer.asked
        (event,) = await stored.events()
    assert (asked.app, asked.step) == ("main", "2.menu.1")
    assert event.texml.app == "main"


@pytest.mark.parametrize("answering", [fails, breaks, hangs, says_nothing])
async def test_a_caller_hears_something_whatever_voice_does(
    answering: Answering, nats_server: NatsServer, tmp_path: Path
) -> None:
    """When voice fails or is late the call ends with an apology; the event is kept all the same."""
    async with (
        voice(answering) as (_, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        assert verbs(await door.deliver_form(form())) == ["Say", "Hangup"]
        assert len(await stored.ids()) == 1


async def test_a_caller_hears_something_without_voice(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Nobody at voice's address: an apology for a call, an empty document for a report.

    Who waits in a queue keeps waiting: the leg asks again after a moment of silence.
    """
    waiting = form(QueueSid="queue-1", QueuePosition="1", QueueTime="7")
    left = form(QueueSid="queue-1", QueuePosition="1", QueueResult="leave")
    async with gateway(nats_server, tmp_path) as door, stream(nats_server) as stored:
        assert verbs(await door.deliver_form(form())) == ["Say", "Hangup"]
        assert verbs(await door.deliver_form(waiting, "/texml/main/2.wait")) == ["Pause"]
        assert verbs(await door.deliver_form(left, "/texml/main/2.queue.0")) == ["Say", "Hangup"]
        report = form(CallbackSource="call-progress-events", CallStatus="completed")
        assert verbs(await door.deliver_form(report)) == []
        assert len(await stored.ids()) == 4


async def test_the_same_request_twice_is_one_event(nats_server: NatsServer, tmp_path: Path) -> None:
    """A repeated request is answered again and stored once."""
    async with (
        voice(answers) as (_, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        first, second = await door.deliver_form(form()), await door.deliver_form(form())
        assert first.body == second.body
        assert len(await stored.ids()) == 1


async def test_calls_are_answered_while_the_bus_is_away(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """With the bus down the event goes to the spool and the caller hears voice's document."""
    async with (
        voice(answers) as (_, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
    ):
        nats_server.stop()
        assert verbs(await door.deliver_form(form())) == ["Say"]
        nats_server.start()


@pytest.mark.parametrize(
    "path", ["/texml/", "/texml/a/b/c", "/texml/a/", "/texml/a%20b", "/texml/" + "x" * 65]
)
async def test_only_names_are_applications(
    path: str, nats_server: NatsServer, tmp_path: Path
) -> None:
    """What is no application's name is not found."""
    async with gateway(nats_server, tmp_path) as door:
        assert (await door.deliver_form(form(), path)).status == 404


async def test_what_does_not_verify_reaches_neither_voice_nor_stream(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """An unsigned form is 401; a JSON body has no place here."""
    async with (
        voice(answers) as (servicer, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        port = door.addresses.http
        raw = form()
        assert (await post(port, "/texml/main", raw, [FORM])).status == 401
        assert (await post(port, "/texml/main", raw + b"&x=1", [FORM, *signed(raw)])).status == 401
        json = [("Content-Type", "application/json"), *signed(raw)]
        assert (await post(port, "/texml/main", raw, json)).status == 415
        assert servicer.asked == []
        assert await stored.ids() == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"&&&===",
        b"\xff\xfe\x00",
        b"CallSid=%ff%fe&From=%00",
        b"&".join(b"k%d=v" % n for n in range(5000)),
        b"CallSid=" + b"x" * 200_000,
        b"CallSid=a&CallSid=b&CallSid=c",
    ],
)
async def test_every_verified_form_is_kept_and_answered(
    raw: bytes, nats_server: NatsServer, tmp_path: Path
) -> None:
    """However odd, a signed form is an event and gets a document."""
    async with (
        voice(answers) as (_, address),
        gateway(nats_server, tmp_path, SWITCHHOOK_VOICE_ADDRESS=address) as door,
        stream(nats_server) as stored,
    ):
        assert verbs(await door.deliver_form(raw))
        (event,) = await stored.events()
        assert event.raw == raw
