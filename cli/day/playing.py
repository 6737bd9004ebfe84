"""Playing a day: people call, agents come and go, voice is killed, until nothing goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
from switchhook.voice.v1 import agent_pb2

from cli.day.account import Account, Played, rows
from cli.day.reading import Voice
from cli.day.script import Caller, Day, Temper, Wish, Worker
from cli.day.setup import CALLED_BACK, OFFERED_CALLBACK, Setup
from cli.day.truth import Span, Witness
from simulator.client import Control

Kill = Callable[[], Awaitable[None]]
"""Kills voice, starts it again and comes back when it can be given work."""

_PRESENT = agent_pb2.AGENT_PRESENCE_AVAILABLE
_AWAY = agent_pb2.AGENT_PRESENCE_AWAY
_BACK_AFTER = 60.0
"""Seconds of the day until an agent who missed a call is back."""
_CATCHING_UP = timedelta(seconds=2)
"""What has piled up while voice was away is done first."""
_LOOK = 0.3
_QUIET = 1.0
"""Seconds for which nothing may go on until the day is over."""
_PATIENCE = 60.0
"""Seconds after the last call until whoever is still there is given up."""


@dataclass
class Player:
    """Plays one day against a simulator and voice."""

    day: Day
    speed: float
    control: Control
    channel: grpc.aio.Channel
    kill: Kill
    played: list[Played] = field(default_factory=list)
    downtimes: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to take down what happens."""
        self._voice = Voice(self.channel)
        self._setup = Setup(self.day, self.speed)
        self._witness = Witness(self.control)
        self._began = 0.0

    async def play(self) -> Account:
        """Play the day from the first queue to the last call, and return the account of it."""
        since = datetime.now(UTC)
        await self._prepare()
        self._began = time.monotonic()
        tasks = [asyncio.create_task(each) for each in (self._watch(), self._bring_back())]
        try:
            async with asyncio.TaskGroup() as group:
                for caller in self.day.callers:
                    group.create_task(self._call(caller))
                for worker in self.day.workers:
                    group.create_task(self._breaks(worker))
                for at in self.day.kills:
                    group.create_task(self._restart(at))
            await self._until_quiet()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        truth = await asyncio.to_thread(self._witness.truth)
        books = await self._voice.read(self._setup, since)
        played = sorted(self.played, key=lambda each: each.caller.at)
        account = Account(self.day, self.speed, played, truth, books, self.downtimes)
        return replace(account, rows=rows(account))

    async def _prepare(self) -> None:
        await self._setup.queues(self._voice.queues)
        await self._setup.plan(self._voice.routing)
        await self._setup.agents(self._voice.agents)
        for worker in self.day.workers:
            await self._post(f"/_sim/phones/{worker.number}", _phone(worker))
            await self._voice.present(worker.agent_id, _PRESENT)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.control.post, path, body)

    async def _at(self, seconds: float) -> None:
        """Wait until a time of the day."""
        await asyncio.sleep(max(self._began + seconds / self.speed - time.monotonic(), 0.0))

    async def _call(self, caller: Caller) -> None:
        await self._at(caller.at)
        if caller.temper is Temper.CALLBACK:
            await self._post(f"/_sim/phones/{caller.number}", _home(caller))
        texml = caller.temper is Temper.TEXML
        path = "/_sim/texml_call" if texml else "/_sim/call"
        reply = await self._post(path, _calling(caller))
        self.played.append(Played(caller, reply["call_control_id"]))

    async def _breaks(self, worker: Worker) -> None:
        for begin, end in worker.breaks:
            await self._at(begin)
            await self._voice.present(worker.agent_id, _AWAY)
            await self._at(end)
            await self._voice.present(worker.agent_id, _PRESENT)

    async def _restart(self, at: float) -> None:
        await self._at(at)
        began = datetime.now(UTC)
        await self.kill()
        self.downtimes.append(Span(began, datetime.now(UTC) + _CATCHING_UP))

    async def _watch(self) -> None:
        """Take down what happens before the simulator forgets it."""
        while True:
            await asyncio.to_thread(self._witness.look)
            await asyncio.sleep(_QUIET)

    async def _bring_back(self) -> None:
        """Let agents who missed a call come back by themselves after a while."""
        missed: dict[str, float] = {}
        while True:
            away = await self._voice.not_answering()
            missed = {agent: missed.get(agent, time.monotonic()) for agent in away}
            for agent, since in missed.items():
                if time.monotonic() > since + _BACK_AFTER / self.speed:
                    await self._voice.present(agent, _PRESENT)
            await asyncio.sleep(_LOOK)

    async def _until_quiet(self) -> None:
        """Wait until no leg goes on and nobody is in a queue, for a while."""
        deadline = time.monotonic() + _PATIENCE
        quiet_since = time.monotonic()
        while time.monotonic() < deadline:
            alive = await asyncio.to_thread(self._witness.alive)
            waiting = await self._voice.waiting()
            pending = await asyncio.to_thread(self._witness.look)
            if alive or waiting or pending:
                quiet_since = time.monotonic()
            elif time.monotonic() > quiet_since + _QUIET:
                return
            await asyncio.sleep(_LOOK)


def _phone(worker: Worker) -> dict[str, Any]:
    return {
        "calls": list(worker.rings),
        "answer_after": worker.answer_after,
        "talk": worker.hangs_up,
    }


def _home(caller: Caller) -> dict[str, Any]:
    """Return what somebody's own phone does when they are called back."""
    press = {CALLED_BACK: "1"} if caller.confirms else {}
    return {"calls": list(caller.rings), "press": press, "talk": caller.talk, "answer_after": 2}


def _calling(caller: Caller) -> dict[str, Any]:
    anonymous = caller.temper is Temper.ANONYMOUS
    press = {"Welcome to Example": caller.wish.value} if caller.wish is not Wish.NOTHING else {}
    if caller.temper is Temper.CALLBACK:
        press[OFFERED_CALLBACK] = "1"
    return {
        "from": "anonymous" if anonymous else caller.number,
        "patience": caller.patience,
        "talk": caller.talk,
        "message": 20,
        "press": press,
    }
