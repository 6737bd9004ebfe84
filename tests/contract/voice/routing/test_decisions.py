"""The store of decisions, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.errors import NotFound
from services.voice.routing.branching import Considered
from services.voice.routing.decisions import (
    Decision,
    DecisionFilter,
    DecisionKind,
    Decisions,
    Place,
    decision_id,
)
from services.voice.routing.inputs import Inputs
from services.voice.routing.retention import PRUNE, Retention
from services.voice.routing.translate_decisions import pack, unpack
from services.voice.tables import timers
from tests.support.routing_plans import known

NOW = datetime(2026, 3, 6, 15, 0, 0, 123456, tzinfo=UTC)
DECISIONS = Decisions(pack, unpack)
EVERYTHING = DecisionFilter()


def decision(leg_id: str, visit: int, *, later: int = 0, inputs: Inputs | None = None) -> Decision:
    """Return a decision about a visit of a leg, made so many seconds later."""
    return Decision(
        decision_id=decision_id(leg_id, DecisionKind.BRANCH, visit),
        kind=DecisionKind.BRANCH,
        leg_id=leg_id,
        time=NOW + timedelta(seconds=later),
        plan_id="simple",
        revision=1,
        step_id="which",
        visit=visit,
        inputs=inputs or known(vip=True),
        scores=(("wait", 0.0), ("vip", 300.0)),
        options=(Considered("vip", True, "vip is yes"),),
        outcome="waiting",
    )


@pytest.fixture
async def connection(opened: Database) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that is committed at the end."""
    async with opened.transaction() as begun:
        yield begun


async def test_a_decision_is_kept_as_it_was_first_made(connection: AsyncConnection) -> None:
    """Deciding again, after a restart say, does not rewrite what is explained."""
    first = decision("leg", 0)
    await DECISIONS.record(connection, first)
    await DECISIONS.record(connection, replace(first, outcome="elsewhere"))
    assert await DECISIONS.get(connection, first.decision_id) == first


async def test_an_unknown_decision_is_not_found(connection: AsyncConnection) -> None:
    """Asking for what was never decided says so."""
    with pytest.raises(NotFound, match="DECISION_NOT_FOUND"):
        await DECISIONS.get(connection, "nobody")


async def test_what_was_known_last_is_found_again(connection: AsyncConnection) -> None:
    """The inputs of a leg are those of its last decision that had any."""
    await DECISIONS.record(connection, decision("leg", 0))
    late = known(vip=False, tier="gold")
    await DECISIONS.record(connection, decision("leg", 1, later=5, inputs=late))
    match = decision("leg", 2, later=9)
    await DECISIONS.record(connection, replace(match, inputs=Inputs()))
    assert await DECISIONS.inputs(connection, "leg") == late
    assert await DECISIONS.inputs(connection, "other") is None


async def test_pages_go_on_where_they_ended(connection: AsyncConnection) -> None:
    """Newest first, those of one moment by visit, none twice and none left out."""
    made = [decision(f"leg-{index}", 9 - index // 2, later=index // 4) for index in range(9)]
    for each in made:
        await DECISIONS.record(connection, each)
    expected = sorted(
        made, key=lambda each: (each.time, each.visit, each.decision_id), reverse=True
    )
    seen: list[Decision] = []
    place = None
    while page := await DECISIONS.page(connection, EVERYTHING, place, 2):
        seen += page
        place = Place(page[-1].time, page[-1].visit, page[-1].decision_id)
    assert seen == expected


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (DecisionFilter(leg_id="a"), 2),
        (DecisionFilter(plan_id="simple"), 3),
        (DecisionFilter(plan_id="other"), 0),
        (DecisionFilter(kind=DecisionKind.BRANCH), 3),
        (DecisionFilter(kind=DecisionKind.MATCH), 0),
        (DecisionFilter(after=NOW + timedelta(seconds=5)), 1),
        (DecisionFilter(before=NOW + timedelta(seconds=5)), 2),
        (DecisionFilter(leg_id="a", before=NOW + timedelta(seconds=5)), 1),
    ],
)
async def test_every_condition_must_hold(
    connection: AsyncConnection, wanted: DecisionFilter, count: int
) -> None:
    """A list is narrowed by leg, plan, kind and time."""
    for each in (decision("a", 0), decision("a", 1, later=5), decision("b", 0)):
        await DECISIONS.record(connection, each)
    assert len(await DECISIONS.page(connection, wanted, None, 10)) == count


async def test_old_decisions_go(connection: AsyncConnection) -> None:
    """What was decided before a time is deleted, and nothing else."""
    for each in (decision("a", 0), decision("b", 0, later=5)):
        await DECISIONS.record(connection, each)
    assert await DECISIONS.prune(connection, NOW + timedelta(seconds=5)) == 1
    assert [each.leg_id for each in await DECISIONS.page(connection, EVERYTHING, None, 9)] == ["b"]


async def test_decisions_are_forgotten_in_time(opened: Database) -> None:
    """Old decisions go a few at a time and the timer goes on for ever; fresh ones stay."""
    retention = Retention(opened, DECISIONS, timers, timedelta(days=90))
    await retention.begin(NOW)
    async with opened.transaction() as connection:
        for each in (decision("a", 0), decision("b", 0, later=86400)):
            await DECISIONS.record(connection, each)
    later, rings = NOW + timedelta(days=90, seconds=1), []
    for _ in range(2):
        async with opened.transaction() as connection:
            await retention.rang(connection, "decisions", later)
            rings.append(await timers.due(connection, PRUNE, "decisions"))
            left = await DECISIONS.page(connection, EVERYTHING, None, 9)
    assert [each.leg_id for each in left] == ["b"]
    assert rings == [later, later + timedelta(hours=1)]


def test_decisions_have_names_of_their_own() -> None:
    """A leg, a kind and what it is about make one name, and others make others."""
    names = {
        decision_id("leg", DecisionKind.BRANCH, 1),
        decision_id("leg", DecisionKind.ENQUEUE, 1),
        decision_id("leg", DecisionKind.BRANCH, 11),
        decision_id("other", DecisionKind.BRANCH, 1),
    }
    assert len(names) == 4
    assert decision_id("leg", DecisionKind.BRANCH, 1) in names
