"""A carrier for calls: takes commands over HTTP and counts what they did, and writes webhooks."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

CALLED = "+12025550110"
ADA = "+13125550101"
_START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class FakeTelnyx:
    """The REST side: a repeated command id has no second effect, as at the carrier."""

    def __init__(self) -> None:
        """Accept everything until told otherwise."""
        self.url = ""
        self.posts: list[tuple[str, str, dict[str, Any]]] = []
        self.effects: Counter[str] = Counter()
        self.script: dict[str, deque[str]] = {}
        self.alive: dict[str, bool] = {}
        """What GET /calls/{id} says of a leg; a leg that is not here is unknown to it."""
        self.files: dict[str, bytes] = {}
        """What can be downloaded, by name; anything else is gone."""
        self.fresh: dict[str, str] = {}
        """The file a fresh link of a recording leads to, by the recording's id."""
        self._known: set[str] = set()

    def answer(self, action: str, *behaviours: str) -> None:
        """Let the next commands of a kind meet `accept`, `lose`, `fail`, `busy` or an error code.

        `lose` acts and then answers 500, `fail` answers 503 without acting, `busy` answers 429.
        """
        self.script[action] = deque(behaviours)

    def actions(self, control_id: str) -> list[str]:
        """Return the kinds of commands a leg was sent, in order, repetitions included."""
        return [action for leg, action, _ in self.posts if leg == control_id]

    def body(self, control_id: str, action: str) -> dict[str, Any]:
        """Return the last command of a kind a leg was sent."""
        return next(b for leg, a, b in reversed(self.posts) if (leg, a) == (control_id, action))

    async def _command(self, request: web.Request) -> web.Response:
        leg, action = request.match_info["leg"], request.match_info["action"]
        body = await request.json()
        self.posts.append((leg, action, body))
        waiting = self.script.get(action)
        behaviour = waiting.popleft() if waiting else "accept"
        if behaviour in ("accept", "lose"):
            self._act(leg, action, body["command_id"])
        return _ANSWERS.get(behaviour, _refusal)(behaviour)

    async def _dial(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posts.append(("", "dial", body))
        waiting = self.script.get("dial")
        behaviour = waiting.popleft() if waiting else "accept"
        if behaviour in ("accept", "lose"):
            self._act("", "dial", body["command_id"])
        if behaviour != "accept":
            return _ANSWERS.get(behaviour, _refusal)(behaviour)
        name = body["command_id"]
        leg = {"call_leg_id": f"leg-{name}", "call_control_id": f"v3:control-{name}"}
        return web.json_response({"data": {**leg, "call_session_id": f"session of {name}"}})

    async def _state(self, request: web.Request) -> web.Response:
        alive = self.alive.get(request.match_info["leg"])
        if alive is None:
            return web.json_response({"errors": [{"code": "10005"}]}, status=404)
        return web.json_response({"data": {"is_alive": alive, "end_time": None}})

    async def _recording(self, request: web.Request) -> web.Response:
        name = self.fresh.get(request.match_info["recording"])
        if name is None:
            return web.json_response({"errors": [{"code": "10005"}]}, status=404)
        links = {"mp3": self.link(name)}
        return web.json_response({"data": {"download_urls": links}})

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(body=content) if content is not None else web.Response(status=403)

    def link(self, name: str) -> str:
        """Return where a file can be downloaded."""
        return f"{self.url.removesuffix('/v2')}/files/{name}"

    def _act(self, leg: str, action: str, command_id: str) -> None:
        if command_id not in self._known:
            self._known.add(command_id)
            self.effects[f"{leg} {action}"] += 1


def _accepted(_behaviour: str) -> web.Response:
    return web.json_response({"data": {"result": "ok"}})


def _lost(_behaviour: str) -> web.Response:
    return web.json_response({"errors": [{"code": "10007", "title": "Unexpected"}]}, status=500)


def _failed(_behaviour: str) -> web.Response:
    return web.json_response({"errors": []}, status=503)


def _busy(_behaviour: str) -> web.Response:
    error = {"code": "10011", "title": "Too many requests"}
    return web.json_response({"errors": [error]}, status=429, headers={"Retry-After": "0"})


def _refusal(code: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "title": "Refused"}]}, status=422)


_ANSWERS = {"accept": _accepted, "lose": _lost, "fail": _failed, "busy": _busy}


@asynccontextmanager
async def fake_telnyx() -> AsyncIterator[FakeTelnyx]:
    """Run the carrier on a free port for the block."""
    fake = FakeTelnyx()
    app = web.Application()
    app.router.add_post("/v2/calls/{leg}/actions/{action}", fake._command)
    app.router.add_post("/v2/calls", fake._dial)
    app.router.add_get("/v2/calls/{leg}", fake._state)
    app.router.add_get("/v2/recordings/{recording}", fake._recording)
    app.router.add_get("/files/{name}", fake._file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        fake.url = f"http://127.0.0.1:{port}/v2"
        yield fake
    finally:
        await runner.cleanup()


class Leg:
    """Writes the webhooks of one leg, each with an id and a second of its own."""

    def __init__(
        self, name: str = "1", *, caller: str = ADA, called: str = CALLED, direction: str = ""
    ) -> None:
        """Name the leg and its parties; `direction` is the carrier's word, incoming if empty."""
        self.leg_id = f"leg-{name}"
        self.control_id = f"v3:control-{name}"
        self._direction = direction or "incoming"
        self._parties = {"from": caller, "to": called}
        self._seconds = 0

    def initiated(self, **more: Any) -> bytes:
        """Begin."""
        own = {"direction": self._direction, "state": "parked"}
        return self._webhook("call.initiated", {**self._parties, **own, **more})

    def answered(self) -> bytes:
        """Be answered."""
        return self._webhook("call.answered", self._parties)

    def speak_started(self) -> bytes:
        """Begin to hear something."""
        return self._webhook("call.speak.started", {})

    def speak_ended(self, status: str = "completed") -> bytes:
        """Have heard it."""
        return self._webhook("call.speak.ended", {"status": status})

    def enqueued(self, queue: str) -> bytes:
        """Enter a queue."""
        own = {"queue": queue, "current_position": 1, "queue_avg_wait_time_secs": 0}
        return self._webhook("call.enqueued", own)

    def dequeued(self, queue: str, reason: str) -> bytes:
        """Leave a queue."""
        own = {"queue": queue, "queue_position": 1, "wait_time_secs": 12, "reason": reason}
        return self._webhook("call.dequeued", own)

    def hung_up(self) -> bytes:
        """End."""
        own = {"hangup_cause": "normal_clearing", "hangup_source": "caller"}
        return self._webhook("call.hangup", {**self._parties, **own})

    def event(self, kind: str, **payload: Any) -> bytes:
        """Have anything happen, with these fields in the payload."""
        return self._webhook(kind, payload)

    def _webhook(self, kind: str, payload: dict[str, Any]) -> bytes:
        self._seconds += 1
        ids = {
            "call_control_id": self.control_id,
            "call_leg_id": self.leg_id,
            "call_session_id": f"session of {self.leg_id}",
            "connection_id": "1234567890123456789",
            "client_state": None,
        }
        data = {
            "record_type": "event",
            "event_type": kind,
            "id": str(uuid4()),
            "occurred_at": (_START + timedelta(seconds=self._seconds)).isoformat(),
            "payload": {**ids, **payload},
        }
        meta = {"attempt": 1, "delivered_to": "https://hooks.example.com/webhooks/telnyx"}
        return json.dumps({"data": data, "meta": meta}).encode()
