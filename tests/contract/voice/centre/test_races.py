"""Two replicas over one PostgreSQL, at the same callers and agents at the same time."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import Database, database
from services.voice.agents.model import Presence
from services.voice.agents.tables import offers
from services.voice.queues.tables import entries
from tests.contract.voice.centre.conftest import emptied
from tests.support.centre_rules import broken
from tests.support.floor import Floor
from tests.support.replica import AGENTS, HURRIED, Replica

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def ready(centre_postgresql: Database) -> Database:
    """A database with agents who take calls."""
    await emptied(centre_postgresql)
    floor = Floor(centre_postgresql)
    await floor.queue(HURRIED)
    for name in AGENTS:
        await floor.agent(name, "+12025550151")
    return centre_postgresql


async def wrong(opened: Database) -> dict[str, list[str]]:
    """Return what does not hold."""
    async with opened.reading() as connection:
        return await broken(connection)


async def handled(opened: Database) -> bool:
    """Say whether anybody was served to the end."""
    async with opened.reading() as connection:
        served = entries.select().where(entries.c.outcome == "HANDLED")
        return (await connection.execute(served)).first() is not None


async def settle(replica: Replica) -> None:
    """Let everybody in the queue be served, or give up: nothing stays behind."""
    floor = replica.floor
    for name in AGENTS:
        await floor.be(name, Presence.OFFLINE)
    async with floor.opened.reading() as connection:
        left = [row.thing for row in await floor.books.entries.watched(connection, "support", [])]
    for entry in left:
        await floor.leave(entry)
    async with asyncio.timeout(10):
        while await _busy(floor):
            await floor.ticker.tick()


async def _busy(floor: Floor) -> bool:
    async with floor.opened.reading() as connection:
        loads = [(await floor.roster.get(connection, name)).load for name in AGENTS]
    return any(loads)


async def overlapping(opened: Database) -> list[tuple[str, str]]:
    """Return offers that an agent had at the same time."""
    async with opened.reading() as connection:
        rows = (await connection.execute(offers.select().order_by(offers.c.create_time))).all()
    last: dict[str, tuple[str, object]] = {}
    found = []
    for row in rows:
        before = last.get(row.agent_id)
        if before is not None and before[1] > row.create_time:
            found.append((before[0], row.offer_id))
        last[row.agent_id] = (row.offer_id, row.wrap_up_end_time or row.end_time)
    return found


async def test_two_replicas_never_give_one_call_to_two(
    ready: Database, centre_postgresql_url: str
) -> None:
    """Matching, phones, callers and timers at once: the rules hold at every moment.

    And nobody waits for each other in a ring: locks are taken in one order.
    """
    migrations = "services.voice.migrations"
    async with database(centre_postgresql_url, schema="voice", migrations=migrations) as second:
        replicas = [Replica(ready, "one", 1), Replica(second, "two", 2)]
        async with asyncio.TaskGroup() as group:
            working = [group.create_task(replica.work(30)) for replica in replicas]
            while not all(task.done() for task in working):
                assert await wrong(ready) == {}
                await asyncio.sleep(0.02)
        async with asyncio.timeout(20):
            while not await handled(ready):
                await replicas[0].work(5)
        assert [replica.contended for replica in replicas] == [0, 0]
        await settle(replicas[0])
    assert await wrong(ready) == {}
    assert await overlapping(ready) == []
    async with ready.reading() as connection:
        everybody = (await connection.execute(entries.select())).all()
    assert len(everybody) == sum(replica.callers for replica in replicas)
    assert {row.state for row in everybody} == {"LEFT"}


async def test_a_replica_that_is_killed_leaves_nothing_behind(
    ready: Database, centre_postgresql_url: str
) -> None:
    """Killed in the middle of whatever it does; the other one goes on where it ended."""
    survivor = Replica(ready, "survivor", 3)
    arguments = ["-m", "tests.support.replica", centre_postgresql_url, "victim", "4"]
    victim = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert victim.stdout is not None
        assert await victim.stdout.readline() == b"working\n"
        await survivor.work(15)
    finally:
        victim.kill()
        await victim.wait()
    assert await wrong(ready) == {}
    await settle(survivor)
    assert await wrong(ready) == {}
    assert await overlapping(ready) == []
    async with ready.reading() as connection:
        everybody = (await connection.execute(entries.select())).all()
    assert {row.state for row in everybody} == {"LEFT"}
    assert {row.leg_id.rpartition("-")[0] for row in everybody} == {"survivor", "victim"}


@pytest.mark.parametrize(
    "copy",
    [
        {"offer_id": "twin", "agent_id": "somebody"},
        {"offer_id": "other", "entry_id": "somewhere"},
    ],
    ids=["entry", "agent"],
)
async def test_the_database_itself_refuses_a_second_offer(
    ready: Database, copy: dict[str, str]
) -> None:
    """Even a claim without locks could not give one entry to two, or two entries to one."""
    floor = Floor(ready)
    offer = await floor.offered(await floor.enter("caller"))
    twin = replace(offer, **copy)  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match="uq_offers"):
        async with ready.transaction() as connection:
            await floor.books.offers.add(connection, twin, floor.now)
