"""A contact centre's floor for tests: real stores and timers, a carrier that only writes down."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock, FixedClock
from chassis.database import Database
from chassis.timers import Ticker
from services.voice.agents.claiming import LEASE, Claiming
from services.voice.agents.following import Following
from services.voice.agents.model import Agent, Offer, Presence
from services.voice.agents.offering import CHECK, Offering
from services.voice.agents.ringing import Lines, Ringing, bridge_key
from services.voice.agents.roster import Roster
from services.voice.agents.wrapping import WRAP_UP, Wrapping
from services.voice.calls.command import Bridge, Command, Dial
from services.voice.calls.facts import Hangup, Refusal, Role, Steering
from services.voice.calls.model import Call
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.making import Making
from services.voice.queues.matcher import Matcher
from services.voice.queues.model import Entrant, Entry, Outcome, Queue
from services.voice.tables import timers
from tests.support.centre import NOON, SUPPORT


@dataclass
class Switch:
    """What the carrier was told, and the legs there are; all in memory."""

    legs: dict[str, Call] = field(default_factory=dict)
    dials: list[Dial] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    given: dict[tuple[str, str], Command] = field(default_factory=dict)

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return a leg."""
        return self.legs.get(sighting.leg_id)

    async def give(
        self, connection: AsyncConnection, call: Call, key: str, command: Command
    ) -> bool:
        """Write a command down, once for each key."""
        if call.hung_up or (call.leg_id, key) in self.given:
            return False
        self.given[call.leg_id, key] = command
        return True

    async def dial(self, connection: AsyncConnection, dial: Dial) -> str:
        """Write a dial down."""
        self.dials.append(dial)
        return dial.subject

    async def withdraw(self, connection: AsyncConnection, role: Role, subject: str) -> bool:
        """Write down that a dial was taken back."""
        self.withdrawn.append(subject)
        return True

    def bridged(self, offer_id: str) -> Bridge | None:
        """Return the command that connects caller and agent, if it was given."""
        found = [each for (_, key), each in self.given.items() if key == bridge_key(offer_id)]
        assert len(found) <= 1
        return found[0] if found and isinstance(found[0], Bridge) else None


class Floor:
    """Queues, agents and callers over one database, on a clock that stands still."""

    def __init__(
        self, opened: Database, switch: Switch | None = None, clock: Clock | None = None
    ) -> None:
        self.opened = opened
        self.clock = clock or FixedClock(NOON)
        self.switch = switch or Switch()
        self.books = Books()
        rings = Ringing(self.switch, self.switch, Lines("connection", "+12025550100"))
        self.wrapping = Wrapping(self.books, timers)
        self.offering = Offering(self.books, rings, self.wrapping, timers)
        self.centre = Centre(self.books, self.offering, self.switch)
        self.following = Following(self.books, self.centre, self.offering, rings)
        self.roster = Roster(self.books, self.offering, self.wrapping, rings, self.switch, timers)
        claiming = Claiming(self.books, rings, timers)
        making = Making(self.books, claiming, self.centre, self.switch, self.clock)
        self.matcher = Matcher(opened, self.books, making, self.clock)
        handlers = {
            LEASE: self.offering.lease_rang,
            CHECK: self.offering.check_rang,
            WRAP_UP: self.wrapping.rang,
        }
        self.ticker = Ticker(opened, timers, handlers, self.clock, lambda: None)

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.clock.now()

    async def queue(self, queue: Queue = SUPPORT) -> Queue:
        """Create a queue."""
        async with self.opened.transaction() as connection:
            assert await self.books.queues.add(connection, queue, self.now)
        return queue

    async def agent(self, name: str, address: str = "", **facts: Any) -> Agent:
        """Create an agent of the support queue and let them be available."""
        facts = {"queue_ids": frozenset({"support"}), **facts}
        agent = Agent(agent_id=name, address=address, **facts)
        async with self.opened.transaction() as connection:
            await self.roster.create(connection, agent, self.now)
        return await self.be(name, Presence.AVAILABLE)

    async def be(self, name: str, presence: Presence) -> Agent:
        """Let an agent say whether they are there, as its servicer does."""
        async with self.opened.transaction() as connection:
            agent = await self.roster.be(connection, name, presence, self.now)
        async with self.opened.transaction() as connection:
            await self.roster.excuse(connection, name, self.now)
        return agent

    async def enter(self, name: str, **facts: Any) -> Entry:
        """Let a caller in; their leg is called after them."""
        self.switch.legs.setdefault(name, caller(name))
        facts = {"queue_id": "support", "enqueue_time": self.now, **facts}
        async with self.opened.transaction() as connection:
            entry = await self.centre.enter(connection, Entrant(leg_id=name, **facts), self.now)
        assert isinstance(entry, Entry)
        return entry

    async def leave(self, entry: Entry, outcome: Outcome = Outcome.ABANDONED) -> Entry:
        """Let an entry leave."""
        async with self.opened.transaction() as connection:
            return await self.centre.leave(connection, entry.entry_id, outcome, self.now)

    async def look(self) -> int:
        """Let the matcher look once."""
        return await self.matcher.look()

    async def offered(self, entry: Entry) -> Offer:
        """Let the matcher look, and return the offer of an entry."""
        await self.look()
        offer = await self.offer(entry)
        assert offer is not None
        return offer

    async def offer(self, entry: Entry) -> Offer | None:
        """Return the offer of an entry as it is now."""
        current = await self.read(entry)
        async with self.opened.reading() as connection:
            return await self.books.offers.get(connection, current.offer_id)

    async def read(self, entry: Entry) -> Entry:
        """Return an entry as it is now."""
        async with self.opened.reading() as connection:
            return await self.centre.entry(connection, entry.entry_id)

    async def read_offer(self, offer: Offer) -> Offer:
        """Return an offer as it is now."""
        async with self.opened.reading() as connection:
            found = await self.books.offers.get(connection, offer.offer_id)
        assert found is not None
        return found

    async def read_agent(self, name: str) -> Agent:
        """Return an agent as they are now."""
        async with self.opened.reading() as connection:
            return await self.roster.get(connection, name)

    async def leg(self, leg: Call) -> Call:
        """Let the switchboard hear of a leg; what was known of it before stays known."""
        before = self.switch.legs.get(leg.leg_id, Call(leg_id=leg.leg_id))
        after = self.switch.legs[leg.leg_id] = before.join(leg)
        async with self.opened.transaction() as connection:
            await self.following.changed(connection, before, after, self.now)
        return after

    async def ring(self, offer: Offer) -> Call:
        """Let the agent's phone ring."""
        return await self.leg(replace(agent_leg(offer), initiated=self.now))

    async def answer(self, offer: Offer) -> Call:
        """Let the agent answer."""
        return await self.leg(replace(agent_leg(offer), answered=self.now))

    async def bridge(self, offer: Offer) -> None:
        """Let the carrier connect agent and caller; the agent's leg tells."""
        await self.leg(replace(agent_leg(offer), bridged=self.now, last_bridged=self.now))

    async def hang_up(self, leg: Call, cause: str = "normal_clearing") -> Call:
        """Let a leg end."""
        return await self.leg(replace(leg, hung_up=Hangup(self.now, cause)))

    async def refuse(self, leg: Call, key: str, code: str = "90018") -> Call:
        """Let the carrier refuse a command."""
        return await self.leg(replace(leg, refused=frozenset({Refusal(key, code)})))

    async def pass_by(self, seconds: float) -> None:
        """Let time pass and everything ring that is due then."""
        assert isinstance(self.clock, FixedClock)
        self.clock.advance(timedelta(seconds=seconds))
        while await self.ticker.tick():
            pass

    async def talk(self, entry: Entry, seconds: float = 60) -> tuple[Offer, Call]:
        """Let an entry be offered, answered and talked with for a while."""
        offer = await self.offered(entry)
        leg = await self.answer(offer)
        await self.bridge(offer)
        await self.pass_by(seconds)
        return offer, leg


def caller(name: str, **facts: Any) -> Call:
    """Return the leg of somebody who calls one of our numbers."""
    facts = {"steering": Steering.COMMANDS, "connection_id": "inbound", **facts}
    return Call(
        leg_id=name,
        control_id=f"control-{name}",
        role=Role.CALLER,
        called_number="+12025550100",
        answered=NOON,
        **facts,
    )


def agent_leg(offer: Offer) -> Call:
    """Return the leg of the agent who was dialled for an offer."""
    name = f"agent-leg-{offer.offer_id}"
    return Call(leg_id=name, control_id=f"control-{name}", role=Role.AGENT, subject=offer.offer_id)
