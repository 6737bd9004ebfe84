"""One replica of a contact centre, working as fast as it can on a database it shares.

    python -m tests.support.replica URL NAME SEED

Callers come and give up, phones ring, are answered and not, are told of twice and late; it goes on
until it is killed. Every step is a transaction of its own, as an event's, a timer's or a call's is.
"""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import SystemClock
from chassis.database import Database, database
from chassis.errors import Contended, NotYet
from services.voice.agents.model import TAKEN, Offer, Presence
from services.voice.calls.facts import Hangup
from services.voice.calls.model import Call
from services.voice.queues.model import Entrant, Entry, Queue
from tests.support.floor import Floor, Switch, agent_leg, caller

HURRIED = Queue(
    queue_id="support",
    ring_time=timedelta(milliseconds=20),
    wrap_up=timedelta(milliseconds=5),
    short_talk=timedelta(0),
    max_size=1000,
)
AGENTS = [f"agent-{number}" for number in range(6)]


class Endless(Switch):
    """A carrier on which every caller is there."""

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return a leg of any name; an agent's is known by what it is told of."""
        return None if sighting.leg_id.startswith("agent-leg") else caller(sighting.leg_id)


class Replica:
    """Does whatever chance says."""

    def __init__(self, opened: Database, name: str, seed: int) -> None:
        self.floor = Floor(opened, Endless(), SystemClock())
        self.name = name
        self.chance = random.Random(seed)
        self.callers = 0
        self.contended = 0

    async def work(self, steps: int | None = None, hands: int = 4) -> None:
        """Work with several hands at once; for ever without a number of steps for each."""
        await asyncio.gather(*(self._work(steps) for _ in range(hands)))

    async def _work(self, steps: int | None) -> None:
        done = 0
        while steps is None or done < steps:
            done += 1
            step = self.chance.choices(*zip(*self._steps(), strict=True))[0]
            try:
                await step()
            except Contended:
                self.contended += 1
            except NotYet:
                pass  # It is served already, or over.

    def _steps(self) -> Sequence[tuple[Callable[[], Awaitable[object]], int]]:
        return [
            (self.enter, 4),
            (self.floor.look, 8),
            (self.floor.ticker.tick, 4),
            (self.phone, 16),
            (self.give_up, 1),
            (self.presence, 3),
        ]

    async def enter(self) -> None:
        """Let a caller in."""
        self.callers += 1
        leg_id = f"{self.name}-{self.callers}"
        floor = self.floor
        entrant = Entrant(leg_id=leg_id, queue_id="support", enqueue_time=floor.now, max_offers=0)
        async with floor.opened.transaction() as connection:
            await floor.centre.enter(connection, entrant, floor.now)

    async def give_up(self) -> None:
        """Let somebody in the queue hang up."""
        async with self.floor.opened.reading() as connection:
            found = await self.floor.books.entries.watched(connection, "support", [])
        if found:
            entry: Entry = self.chance.choice(found).thing
            await self.floor.leave(entry)

    async def phone(self) -> None:
        """Let something be told of an agent's phone: the next thing, an old one, or all at once."""
        offer = await self._some_offer()
        if offer is None:
            return
        now = self.floor.now
        leg = replace(agent_leg(offer), initiated=now)
        # Whoever has answered has been connected sooner or later; facts of a leg add up.
        taken = offer.state in TAKEN
        if taken or self.chance.random() < 0.8:
            leg = replace(leg, answered=now)
        if taken or (leg.answered and self.chance.random() < 0.8):
            leg = replace(leg, bridged=now, last_bridged=now)
        if self.chance.random() < 0.5:
            cause = self.chance.choice(["normal_clearing", "normal_clearing", "user_busy"])
            leg = replace(leg, hung_up=Hangup(now, cause))
        async with self.floor.opened.transaction() as connection:
            await self.floor.following.changed(connection, leg, leg, now)

    async def presence(self) -> None:
        """Let an agent come or go; mostly they come."""
        presence = self.chance.choice([Presence.AVAILABLE] * 5 + [Presence.AWAY])
        await self.floor.be(self.chance.choice(AGENTS), presence)

    async def _some_offer(self) -> Offer | None:
        async with self.floor.opened.reading() as connection:
            agent_id = self.chance.choice(AGENTS)
            found = await self.floor.books.offers.watched(connection, agent_id, [])
        return self.chance.choice(found).thing if found else None


async def main(url: str, name: str, seed: int) -> None:
    """Work until killed."""
    async with database(url, schema="voice", migrations="services.voice.migrations") as opened:
        sys.stdout.write("working\n")
        sys.stdout.flush()
        await Replica(opened, name, seed).work()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
