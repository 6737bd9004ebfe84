"""Whatever happens, in whatever order: what must hold in a contact centre holds.

A machine makes up histories of callers, agents, phones and time, and looks after each step.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import database
from chassis.errors import NotYet
from services.voice.agents.model import Offer, OfferState, Presence
from services.voice.calls.facts import Hangup
from services.voice.queues.matching import unfit
from services.voice.queues.model import Entry, EntryState, Outcome
from tests.support.centre import SUPPORT, seconds
from tests.support.centre_rules import broken
from tests.support.floor import Floor, agent_leg

LONG = os.environ.get("SWITCHHOOK_FAULTS") == "long"
MIGRATIONS = "services.voice.migrations"
AGENTS = ["ada", "bob", "cyd"]
T = TypeVar("T")


class Watch:
    """Hears everything and objects to what must not be."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Nobody comes back who has left, and nobody's time changes."""
        if before is not None:
            assert before.is_alive
            assert after.enqueue_time == before.enqueue_time
            assert after.offers >= before.offers

    async def offer_changed(
        self, connection: AsyncConnection, before: Offer | None, after: Offer, now: datetime
    ) -> None:
        """Offers go forward only, and are made to agents who can take them."""
        if before is not None:
            assert after.state is before.state or before.can(after.state)
            return
        agent = await self.floor.books.agents.get(connection, after.agent_id)
        entry = await self.floor.books.entries.get(connection, after.entry_id)
        assert agent is not None
        assert entry is not None
        assert agent.is_staffed
        assert agent.wrap_up_until is None
        assert agent.load <= agent.capacity
        assert entry.state is EntryState.WAITING
        assert entry.not_before is None or entry.not_before <= now
        assert unfit(agent, entry, dict.fromkeys(entry.required_skills, 1)) is None


class CentreMachine(RuleBasedStateMachine):
    """Makes up what happens."""

    template: Path
    callers = Bundle("callers")
    offered = Bundle("offered")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.template.parent))
        copy = shutil.copy(self.template, self.folder)
        self.runner = asyncio.Runner()
        self.context = database(f"sqlite+aiosqlite:///{copy}", schema="", migrations=MIGRATIONS)
        self.floor = Floor(self.run(self.context.__aenter__()))
        watch = Watch(self.floor)
        self.floor.books.entry_listeners.append(watch)
        self.floor.books.offer_listeners.append(watch)
        self.names = 0
        self.run(self._open())

    def run(self, work: Awaitable[T]) -> T:
        """Do something asynchronous."""

        async def done() -> T:
            return await work

        return self.runner.run(done())

    async def _open(self) -> None:
        await self.floor.queue(replace(SUPPORT, max_size=1000))
        await self.floor.agent("ada", "+12025550151", skills={"german": 2})
        await self.floor.agent("bob", capacity=2)
        await self.floor.agent("cyd", "+12025550153", skills={"german": 5})

    @rule(
        target=callers,
        vip=st.booleans(),
        skills=st.sampled_from([{}, {}, {"german": 4}]),
        preferred=st.sampled_from(["", "", *AGENTS]),
    )
    def enter(self, vip: bool, skills: dict[str, int], preferred: str) -> Entry:
        """A caller comes."""
        self.names += 1
        facts: dict[str, Any] = {"required_skills": skills, "preferred_agent_id": preferred}
        return self.run(self.floor.enter(f"caller-{self.names}", is_vip=vip, **facts))

    @rule(target=offered)
    def look(self) -> Any:
        """The matcher looks."""
        self.run(self.floor.look())
        return multiple(*self.run(self._offers()))

    async def _offers(self) -> list[Offer]:
        async with self.floor.opened.reading() as connection:
            return [
                offer
                for name in AGENTS
                for offer in await self.floor.books.offers.of_agent(connection, name)
            ]

    @rule(
        offer=offered,
        happens=st.lists(st.sampled_from(["rings", "answers", "bridges", "ends"]), min_size=1),
        cause=st.sampled_from(["normal_clearing", "user_busy", "not_found"]),
    )
    def phone(self, offer: Offer, happens: list[str], cause: str) -> None:
        """Something is told of an agent's phone, in any order, perhaps long after it was so."""
        now = self.floor.now
        for what in happens:
            leg = agent_leg(offer)
            if what == "rings":
                leg = replace(leg, initiated=now)
            elif what == "answers":
                leg = replace(leg, answered=now)
            elif what == "bridges":
                leg = replace(leg, bridged=now, last_bridged=now)
            else:
                leg = replace(leg, hung_up=Hangup(now, cause))
            self.run(self.floor.leg(leg))

    @rule(offer=offered, accepts=st.booleans())
    def client(self, offer: Offer, accepts: bool) -> None:
        """A client says yes or no to an offer, also to one that is long over."""
        self.run(self._client(offer, accepts))

    async def _client(self, offer: Offer, accepts: bool) -> None:
        roster, whose = self.floor.roster, (offer.agent_id, offer.offer_id)
        try:
            async with self.floor.opened.transaction() as connection:
                if accepts:
                    address = "+12025550159"
                    await roster.accept_at(connection, *whose, address, self.floor.now)
                else:
                    await roster.decline(connection, *whose, self.floor.now)
        except NotYet:
            pass

    @rule(entry=callers, outcome=st.sampled_from([Outcome.ABANDONED, Outcome.OVERFLOWED]))
    def leave(self, entry: Entry, outcome: Outcome) -> None:
        """An entry leaves, perhaps again."""
        self.run(self.floor.leave(entry, outcome))

    @rule(entry=callers)
    def call_back(self, entry: Entry) -> None:
        """A caller wants to be called back and hangs up."""
        self.run(self._call_back(entry))

    async def _call_back(self, entry: Entry) -> None:
        number = "+12025550101"
        async with self.floor.opened.transaction() as connection:
            await self.floor.centre.to_callback(connection, entry.entry_id, number, self.floor.now)
        await self.floor.hang_up(self.floor.switch.legs[entry.leg_id])

    @rule(entry=callers)
    def customer_missed(self, entry: Entry) -> None:
        """The customer of a callback is not reached."""
        self.run(self._customer_missed(entry))

    async def _customer_missed(self, entry: Entry) -> None:
        async with self.floor.opened.transaction() as connection:
            await self.floor.centre.callback_failed(connection, entry.entry_id, self.floor.now)

    @rule(name=st.sampled_from(AGENTS), presence=st.sampled_from(list(Presence)[:3]))
    def presence(self, name: str, presence: Presence) -> None:
        """An agent comes or goes."""
        self.run(self.floor.be(name, presence))

    @rule(name=st.sampled_from(AGENTS), extends=st.booleans())
    def wrap_up(self, name: str, extends: bool) -> None:
        """An agent is done, or needs longer."""
        self.run(self._wrap_up(name, extends))

    async def _wrap_up(self, name: str, extends: bool) -> None:
        try:
            async with self.floor.opened.transaction() as connection:
                if extends:
                    await self.floor.roster.extend(connection, name, seconds(5), self.floor.now)
                else:
                    await self.floor.roster.complete(connection, name, self.floor.now)
        except NotYet:
            pass

    @rule(length=st.sampled_from([0.5, 2, 10, 25, 60, 1000]))
    def time(self, length: float) -> None:
        """Time passes."""
        self.run(self.floor.pass_by(length))

    @invariant()
    def the_rules_hold(self) -> None:
        """What must hold holds."""
        self.run(self._check())

    async def _check(self) -> None:
        async with self.floor.opened.reading() as connection:
            assert await broken(connection) == {}

    def teardown(self) -> None:
        """Everybody can still be served: nobody is stuck, and no agent is lost."""
        try:
            self.run(self._serve_everybody())
            self.run(self.context.__aexit__(None, None, None))
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _serve_everybody(self) -> None:
        floor = self.floor
        for _ in range(200):
            for name in AGENTS:
                await floor.be(name, Presence.AVAILABLE)
            await floor.pass_by(31)
            await floor.look()
            for offer in await self._offers():
                if offer.state is not OfferState.WRAPPING:
                    await self._serve(offer)
            async with floor.opened.reading() as connection:
                if await floor.books.entries.is_empty(connection, "support"):
                    break
        else:
            raise AssertionError("somebody is never served")
        await floor.pass_by(3600)
        assert [(await floor.read_agent(name)).load for name in AGENTS] == [0, 0, 0]

    async def _serve(self, offer: Offer) -> None:
        """Let an agent answer, talk and hang up."""
        floor = self.floor
        if floor.switch.legs.get(agent_leg(offer).leg_id) is None and not offer.address:
            async with floor.opened.transaction() as connection:
                whose = offer.agent_id, offer.offer_id
                await floor.roster.accept_at(connection, *whose, "+12025550159", floor.now)
        leg = await floor.answer(offer)
        await floor.bridge(offer)
        await floor.pass_by(6)
        await floor.hang_up(leg)


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("rules") / "voice.db"
    async with database(f"sqlite+aiosqlite:///{path}", schema="", migrations=MIGRATIONS):
        pass
    return path


def _try(template: Path, histories: int, steps: int) -> None:
    CentreMachine.template = template
    run_state_machine_as_test(
        CentreMachine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(1800 if LONG else 120)
def test_the_rules_hold_whatever_happens(template: Path) -> None:
    """A few histories of many steps, or with SWITCHHOOK_FAULTS=long many of them.

    Hypothesis shortens one that breaks a rule.
    """
    _try(template, histories=150 if LONG else 3, steps=50 if LONG else 25)
