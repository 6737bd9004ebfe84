"""Killing a service with -9 in the middle of its work."""

import asyncio
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import sqlalchemy as sa

from chassis.database import Database
from chassis.jetstream import Bus, BusError, Outgoing, bus
from chassis.streams import DEAD_LETTERS, EVENTS, ensure_streams
from cli.children import die_with_parent
from cli.nats_server import NatsServer
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database

MESSAGES = 300
KILLS = 10
NAMES = [f"e{number:03}" for number in range(MESSAGES)]


class Receiver:
    """Honours the key of a note, as carriers do, and counts what it was sent."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)
        self._random = random.Random(7)

    def has(self, count: int) -> bool:
        """Say whether so many notes were sent."""
        return len(self.sent) >= count

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accept first and answer a little later, so that a kill in between leaves a doubt."""
        key, _, body = (await reader.readline()).strip().partition(b" ")
        if key:
            self.sent[key.decode()] += 1
            self.bodies[key.decode()].add(body)
            await asyncio.sleep(self._random.uniform(0, 0.02))
            writer.write(b"ref-" + key + b"\n")
        writer.close()


@asynccontextmanager
async def _receiving(receiver: Receiver) -> AsyncIterator[int]:
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Zygote:
    """The process that forks the service under test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, command: str) -> None:
        """Give a command and wait until it is carried out."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command.encode() + b"\n")
        assert await self._process.stdout.readline() == b"done\n"


@asynccontextmanager
async def _zygote(*arguments: str) -> AsyncIterator[Zygote]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.integration.chassis.zygote", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=die_with_parent(),
    )
    try:
        yield Zygote(process)
    finally:
        process.kill()
        await process.wait()


async def test_every_effect_happens_once_across_kills(
    nats_server: NatsServer, database_url: str
) -> None:
    """Through kills of the service and of the bus, every event has each effect exactly once."""
    receiver, dice = Receiver(), random.Random(11)
    async with (
        _receiving(receiver) as port,
        _zygote(nats_server.url, database_url, str(port)) as zygote,
        bus(nats_server.url, name="test") as opened,
    ):
        await ensure_streams(opened)
        await zygote.tell("start")
        publishing = asyncio.create_task(_publish_all(opened))
        for kill in range(1, KILLS + 1):
            goal = kill * MESSAGES // (KILLS + 1)
            await eventually(partial(receiver.has, goal), timeout=60)
            await asyncio.sleep(dice.uniform(0, 0.05))
            await zygote.tell("kill")
            if kill % 4 == 0:
                nats_server.kill()
                nats_server.start()
            await zygote.tell("start")
        await publishing
        async with ledger_database(database_url) as database:
            await eventually(partial(_all_sent, database), timeout=60)
            await zygote.tell("kill")
            await _check_effects(opened, database, receiver)


async def _publish_all(opened: Bus) -> None:
    for name in NAMES:
        await eventually(partial(_publish, opened, name), timeout=60)


async def _publish(opened: Bus, name: str) -> bool:
    note = Outgoing("events.v1.test.note", name.encode(), name)
    verdicts = await opened.publish_batch([note])
    return not isinstance(verdicts[0], BusError)


async def _all_sent(database: Database) -> bool:
    async with database.reading() as connection:
        backlog = await Ledger().outbox.backlog(connection)
        query = sa.select(sa.func.count()).select_from(Ledger().outbox.table)
        queued = (await connection.execute(query)).scalar_one()
    return queued == 2 * MESSAGES and not any(backlog.values())


async def _check_effects(opened: Bus, database: Database, receiver: Receiver) -> None:
    assert set(receiver.sent) == {f"note-{name}" for name in NAMES}
    assert all(len(bodies) == 1 for bodies in receiver.bodies.values())
    async with database.reading() as connection:
        query = sa.select(Ledger().entries.c.event_id)
        assert sorted((await connection.execute(query)).scalars()) == NAMES
    made = await opened.read(EVENTS, 1, 1000, subject="events.v1.clerk.>")
    ids = sorted(message.headers["Nats-Msg-Id"] for message in made)
    assert ids == [f"made-{name}" for name in NAMES]
    assert (await opened.state(DEAD_LETTERS)).messages == 0
