"""A running simulator, and an application that receives its webhooks."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import ClientSession
from telnyx import AsyncTelnyx
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from simulator.app import Addresses, running
from simulator.settings import Settings
from tests.support.eventually import eventually

API_KEY = "KEY-of-a-test"


@dataclass
class Received:
    """A request that arrived at the application."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The event in it."""
        return dict(json.loads(self.body)["data"])

    @property
    def meta(self) -> dict[str, Any]:
        """What the carrier says about the attempt."""
        return dict(json.loads(self.body)["meta"])


@dataclass
class Sink:
    """The application: it keeps what it gets and answers as told.

    `answers` holds statuses to use up before 200; `replies` the bodies by path.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)

    def events(self, event_type: str) -> list[Received]:
        """Return what arrived of a type."""
        return [each for each in self.received if each.data["event_type"] == event_type]

    async def event(self, event_type: str) -> Received:
        """Wait for the first event of a type."""
        found = await eventually(lambda: self.events(event_type))
        return found[0]


class _Handler(RequestHandler):
    def initialize(self, sink: Sink) -> None:
        self._sink = sink

    def post(self) -> None:
        """Take anything."""
        request = self.request
        headers = {name.lower(): value for name, value in request.headers.get_all()}
        self._sink.received.append(Received(request.path, headers, request.body))
        self.set_status(self._sink.answers.pop(0) if self._sink.answers else 200)
        if self.get_status() == 302:
            self.set_header("Location", "/moved")
        self.finish(self._sink.replies.get(request.path) or None)


def _silent(handler: RequestHandler) -> None:
    """Keep no access log."""


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """An application on a free port."""
    sink = Sink()
    server = HTTPServer(Application([(r".*", _Handler, {"sink": sink})], log_function=_silent))
    sockets = bind_sockets(0, address="127.0.0.1")
    server.add_sockets(sockets)
    sink.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    yield sink
    server.stop()
    await server.close_all_connections()


@dataclass
class Carrier:
    """A running simulator and the ways to talk to it."""

    addresses: Addresses
    session: ClientSession
    sdk: Any  # an AsyncTelnyx; its fields are all optional, which tests need not care about

    async def sim(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """POST to the control API, or GET without a body."""
        method = "GET" if body is None else "POST"
        url = f"{self.addresses.http}/_sim/{path}"
        async with self.session.request(method, url, json=body) as reply:
            answer: dict[str, Any] = await reply.json()
            assert reply.status == 200, answer
            return answer

    async def effects(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of every effect of a kind."""
        effects = (await self.sim("effects"))["effects"]
        return [effect["facts"] for effect in effects if effect["kind"] == kind]


Start = Callable[..., Any]


@pytest.fixture
def start(sink: Sink) -> Start:
    """Start a simulator with settings of the test's own."""

    @asynccontextmanager
    async def _start(**settings: Any) -> AsyncIterator[Carrier]:
        usual = Settings(
            address="127.0.0.1:0",
            webhook_url=f"{sink.url}/webhooks",
            texml_url=f"{sink.url}/texml",
            api_key=API_KEY,
            time_scale=0.01,
        )
        async with running(replace(usual, **settings)) as addresses, ClientSession() as session:
            client = AsyncTelnyx(
                api_key=API_KEY,
                base_url=addresses.api,
                public_key=addresses.public_key,
                max_retries=0,
            )
            async with client as sdk:
                yield Carrier(addresses, session, sdk)

    return _start


@pytest.fixture
async def carrier(start: Start) -> AsyncIterator[Carrier]:
    """A simulator with the usual settings, a hundred times as fast as life."""
    async with start() as carrier:
        yield carrier
