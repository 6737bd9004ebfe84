"""What a simulation says is what happens, and what has happened can be explained."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.database import Database
from services.voice.calls.facts import Lookup, LookupOutcome
from services.voice.queues.model import Queue
from services.voice.queues.store import SqlQueues
from services.voice.routing.conditions import CallerIs, LanguageIs, Trait
from services.voice.routing.decisions import Decision, DecisionFilter, DecisionKind
from services.voice.routing.explanation import sentences
from services.voice.routing.inputs import InputState, Name
from services.voice.routing.plan import Boost, Branch, Case, SkillNeed
from services.voice.routing.simulation import Visit
from services.voice.routing.use_cases import Simulator, Trial
from tests.support import sightings as seen
from tests.support.routing_plans import bye, enqueue, plan, say
from tests.support.travellers import World
from tests.support.travellers import world as open_world

SECOND = timedelta(seconds=1)
LINE = replace(
    plan(
        say("hello", "who"),
        Branch(
            step_id="who",
            cases=(
                Case("spanish", LanguageIs("es"), "spanish"),
                Case("vip", CallerIs(Trait.VIP), "waiting"),
            ),
            otherwise_step_id="later",
        ),
        enqueue(
            boosts=(
                Boost("campaign", 60 * SECOND),
                Boost("again", SECOND, CallerIs(Trait.RETURNING)),
            ),
            skills=(SkillNeed("tax", 2, CallerIs(Trait.HAS_OWNER)),),
        ),
        enqueue("spanish", skills=(SkillNeed("spanish", 3),)),
        enqueue("later", queue_id="sales"),
        bye(),
    ),
    plan_id="line",
    numbers=(seen.OURS,),
)
VIP = Lookup(
    LookupOutcome.FOUND, True, 1, "Ada", "en-US", owner_agent_id="own", has_escalated_case=True
)
CALLERS = [
    VIP,
    Lookup(LookupOutcome.FOUND, True, 1, "Ada", "es-MX"),
    Lookup(LookupOutcome.FOUND, False, 2),
    Lookup(LookupOutcome.NOT_FOUND),
    Lookup(LookupOutcome.UNAVAILABLE),
]


@pytest.fixture
async def world(opened: Database) -> AsyncIterator[World]:
    """Voice without the bus, with a plan on its number."""
    async with open_world(opened) as begun:
        await begun.queue(Queue(queue_id="sales"))
        await begun.plan(LINE)
        yield begun


async def decided(world: World) -> Sequence[Decision]:
    """Return the decisions about the caller, oldest first."""
    async with world.database.reading() as connection:
        found = await world.routes.decisions.page(connection, DecisionFilter("leg-1"), None, 50)
    return found[::-1]


async def simulated(world: World) -> Sequence[Visit]:
    """Simulate the same call at the same moment."""
    routes = world.routes
    simulator = Simulator(world.database, routes.plans, SqlQueues(), routes.inquiry)
    trial = Trial(
        plan=None,
        plan_id="",
        revision=0,
        called_number=seen.OURS,
        raw_caller=seen.ADA,
        attestation="",
        caller_id_name="",
        screening_result="",
        now=world.clock.now(),
        overrides=(),
        offline=False,
        answers=(),
        happenings=(),
    )
    return (await simulator.attempt(trial)).walk.path


@pytest.mark.parametrize("lookup", CALLERS, ids=["vip", "spanish", "shared", "unknown", "away"])
async def test_a_simulation_says_what_happens(world: World, lookup: Lookup) -> None:
    """A real caller goes the simulated way, for the same reasons and with the same score."""
    world.directory.answers = [lookup]
    said = await simulated(world)
    await world.arrive()
    branch, queue = (each for each in await decided(world) if each.kind is not DecisionKind.PLAN)
    assert (branch.step_id, branch.outcome, branch.options) == (
        "who",
        said[1].exit,
        said[1].options,
    )
    assert (queue.step_id, queue.outcome, queue.options, queue.scores) == (
        said[2].step_id,
        said[2].queue_id,
        said[2].options,
        said[2].scores,
    )
    entry = await world.entry()
    assert (entry.queue_id, dict(entry.required_skills)) == (said[2].queue_id, dict(said[2].skills))


async def test_a_simulation_changes_nothing(world: World) -> None:
    """After it there is no entry, no decision, no command and no journey."""
    await simulated(world)
    assert await decided(world) == []
    assert await world.journey() is None
    assert list(await world.commands()) == []


async def test_every_decision_about_a_call_explains_itself(world: World) -> None:
    """Which way, where and how far forward, which agent: inputs, scores and rejected options."""
    world.directory.answers = [VIP]
    await world.agent(skills={"tax": 3})
    await world.arrive()
    made = {each.kind: each for each in await decided(world)}
    assert set(made) == {
        DecisionKind.PLAN,
        DecisionKind.BRANCH,
        DecisionKind.ENQUEUE,
        DecisionKind.MATCH,
    }
    assert {each.value for each in Name} <= set(made[DecisionKind.BRANCH].inputs.by_name)
    told = sentences(made[DecisionKind.ENQUEUE])
    assert "The score was 540 s: +0 s wait +300 s vip +180 s escalated +60 s campaign." in told
    assert "boost again was rejected: last_agent is no." in told
    assert any(each.startswith("grace was taken") for each in sentences(made[DecisionKind.MATCH]))


async def test_who_was_late_is_told(world: World) -> None:
    """A decision made without the CRM says so, and what was assumed instead."""
    world.directory.answers = [Lookup(LookupOutcome.UNAVAILABLE)]
    await world.arrive()
    branch = next(each for each in await decided(world) if each.kind is DecisionKind.BRANCH)
    assert branch.inputs.by_name[Name.VIP].state is InputState.FAILED
    assert branch.options[1].reason == "vip (failed) is no"
