"""Suites that answer one another: whatever they are wired to, they fall silent."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from switchhook.messaging.v1 import message_pb2

from tests.integration.messaging.suite import (
    OURS,
    PEER,
    SECOND,
    Answer,
    Asked,
    FakeTelnyx,
    Suite,
    fake_telnyx,
    inbound,
    messaging,
)
from tests.support.eventually import eventually
from tests.support.nats import nats_server

GREETING = "hello"
CHATTER = {
    "rule_id": "chatter",
    "enabled": True,
    "text": "Oh hello, hello! We are a machine that answers whatever you say.",
    "contains": {"phrases": [GREETING]},
}
ALWAYS_CLOSED = {
    "rule_id": "closed",
    "enabled": True,
    "priority": 1,
    "text": "We are closed.",
    "out_of_hours": {"time_zone": "UTC"},
}
WELCOME = {
    "rule_id": "welcome",
    "enabled": True,
    "priority": 2,
    "text": "Welcome!",
    "first_contact": {},
}
RULE_SETS = [[CHATTER], [ALWAYS_CLOSED], [WELCOME, CHATTER, ALWAYS_CLOSED]]
_ON_THE_WAY = (
    message_pb2.MessageStatus.MESSAGE_STATUS_QUEUED,
    message_pb2.MessageStatus.MESSAGE_STATUS_IN_DOUBT,
)


@dataclass(frozen=True)
class Line:
    """Where the carrier brings what one suite sends to a number, and as whose message."""

    to_suite: int
    sender: str
    receiver: str


@dataclass
class Network:
    """Suites whose carriers hand each one's messages to another as received ones."""

    suites: Sequence[Suite]
    lines: Mapping[tuple[int, str], Line]
    delivered: list[Line] = field(default_factory=list)

    async def carry(self, from_suite: int, asked: Asked) -> None:
        """Deliver one message."""
        line = self.lines[from_suite, asked.content["to"]]
        self.delivered.append(line)
        webhook = inbound(
            asked.content["text"],
            sender={"phone_number": line.sender},
            to=[{"phone_number": line.receiver}],
        )
        await self.suites[line.to_suite].deliver(webhook)

    async def falls_silent(self) -> None:
        """Wait until all that was sent was received and nothing is on its way.

        A reply is stored with the message it answers, so nothing can follow after this.
        """

        async def check() -> bool:
            received = 0
            for suite in self.suites:
                for message in await suite.all_messages():
                    assert message.status not in _ON_THE_WAY
                    received += message.direction == 1
            sent = sum(len(suite.telnyx.taken) for suite in self.suites)
            return sent == len(self.delivered) == received

        await eventually(check, timeout=30)

    async def automatic(self) -> list[int]:
        """Return how many automatic messages each suite has sent."""
        return [
            sum(message.thread.auto for message in await suite.all_messages())
            for suite in self.suites
        ]


@asynccontextmanager
async def network(
    folder: Path,
    numbers: Sequence[str],
    lines: Mapping[tuple[int, str], Line],
    rules: Sequence[Mapping[str, object]],
) -> AsyncIterator[Network]:
    """Run one suite for each number, each with a bus, a database and a carrier of its own."""
    async with AsyncExitStack() as stack:
        suites: list[Suite] = []
        made = Network(suites, lines)
        carrying = await stack.enter_async_context(asyncio.TaskGroup())
        for index, number in enumerate(numbers):
            telnyx = await stack.enter_async_context(fake_telnyx())
            server = stack.enter_context(nats_server())
            more = {
                "MESSAGING_NUMBERS": number,
                "MESSAGING_RULES": orjson.dumps({"rules": rules}).decode(),
            }
            url = f"sqlite+aiosqlite:///{folder / f'{index}.db'}"
            running = messaging(server.url, url, telnyx, **more)
            suites.append(await stack.enter_async_context(running))
            telnyx.answer = _carrying(carrying, made, index, telnyx)
        yield made


def _carrying(group: asyncio.TaskGroup, made: Network, index: int, telnyx: FakeTelnyx) -> Answer:
    def answer(asked: Asked) -> web.Response | None:
        if asked.key not in telnyx.taken:
            group.create_task(made.carry(index, asked))
        return None

    return answer


@pytest.mark.parametrize("rules", RULE_SETS, ids=["contains", "closed", "all"])
async def test_two_suites_stop_within_three_messages(
    tmp_path: Path, rules: list[dict[str, object]]
) -> None:
    """What a person wrote, its answer, the answer to that, and then silence on both sides."""
    first, second = OURS, PEER
    lines = {(0, second): Line(1, first, second), (1, first): Line(0, second, first)}
    async with network(tmp_path, [first, second], lines, rules) as wired:
        await wired.suites[0].send(from_number=first, to_number=second, text=GREETING)
        await wired.falls_silent()
        assert len(wired.delivered) <= 3
        assert max(await wired.automatic()) == 1


async def test_two_suites_stay_silent_when_a_person_writes_again(tmp_path: Path) -> None:
    """Each further message of a person gets no round of its own."""
    first, second = OURS, PEER
    lines = {(0, second): Line(1, first, second), (1, first): Line(0, second, first)}
    async with network(tmp_path, [first, second], lines, [CHATTER]) as wired:
        for number in range(4):
            text = f"{GREETING} {number}"
            await wired.suites[0].send(from_number=first, to_number=second, text=text)
            await wired.falls_silent()
        assert len(wired.delivered) <= 4 + 2


async def test_three_suites_in_a_ring_answer_once_each(tmp_path: Path) -> None:
    """Behind relay numbers each one takes its neighbour for a person."""
    relays = ["+13125550141", "+13125550142", "+13125550143"]
    lines = {
        (index, relays[index]): Line((index + 1) % 3, relays[(index + 1) % 3], number)
        for index, number in ((0, SECOND), (1, PEER), (2, OURS))
    }
    numbers = [OURS, SECOND, PEER]
    async with network(tmp_path, numbers, lines, [CHATTER, ALWAYS_CLOSED]) as wired:
        await wired.suites[0].send(from_number=OURS, to_number=relays[0], text=GREETING)
        await wired.falls_silent()
        assert len(wired.delivered) <= 4
        assert max(await wired.automatic()) == 1


async def test_a_suite_that_texts_itself_does_not_answer(tmp_path: Path) -> None:
    """Not even when nobody told it that the other number is its own too."""
    lines = {(0, SECOND): Line(0, OURS, SECOND)}
    async with network(tmp_path, [PEER], lines, [CHATTER, ALWAYS_CLOSED]) as wired:
        (suite,) = wired.suites
        await suite.send(from_number=OURS, to_number=SECOND, text=GREETING)
        await wired.falls_silent()
        assert len(wired.delivered) == 1
        number = str(uuid.uuid4())
        same = {"phone_number": SECOND}
        await suite.deliver(inbound(GREETING, message_id=number, sender=same, to=[same]))
        await suite.reaches(message_pb2.MessageStatus.MESSAGE_STATUS_RECEIVED, message_id=number)
        assert await wired.automatic() == [0]
