"""The store of routing plans, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import AlreadyDone, Contended, Invalid, NotFound, NotYet
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.keeping import Keeping
from services.voice.queues.model import Queue
from services.voice.queues.store import SqlQueues
from services.voice.routing import translate_plan
from services.voice.routing.default_plan import default_plan
from services.voice.routing.plan import Plan
from services.voice.routing.plans import Plans
from services.voice.tables import metadata
from tests.support.drift import drift
from tests.support.routing_plans import QUEUES, bye, enqueue, plan, say

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
OURS, THEIRS = "+12025550110", "+12025550111"
QUEUE_STORE = SqlQueues()
BUILT_IN = default_plan(
    numbers=frozenset({OURS}), greeting="Hello.", named_greeting="", queue_id="support"
)
SIMPLE = replace(plan(say("hello", "waiting"), enqueue(), bye()), plan_id="simple", numbers=(OURS,))


def fresh_plans() -> Plans:
    """Return plans as another process sees them: with nothing in memory."""
    return Plans(
        translate_plan.pack, translate_plan.unpack, QUEUE_STORE, FixedClock(NOW), frozenset({OURS})
    )


@pytest.fixture
def plans() -> Plans:
    """Plans with nothing in memory."""
    return fresh_plans()


@pytest.fixture
async def queues(opened: Database) -> Database:
    """A database with two queues."""
    async with opened.transaction() as connection:
        for queue_id in QUEUES:
            await QUEUE_STORE.add(connection, Queue(queue_id=queue_id), NOW)
    return opened


@pytest.fixture
async def connection(queues: Database) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that is committed at the end."""
    async with queues.transaction() as begun:
        yield begun


async def taker(connection: AsyncConnection, plans: Plans, number: str, app: str = "") -> str:
    """Return which plan takes a call; empty for none."""
    found = await plans.for_call(connection, number, app)
    return found.plan_id if found else ""


async def test_the_migrations_make_the_declared_tables(opened: Database) -> None:
    """No difference between what the code declares and what the migrations make."""
    assert [each for each in await drift(opened, metadata) if "routing_" in str(each)] == []


async def test_a_plan_takes_its_numbers_from_the_default(
    connection: AsyncConnection, plans: Plans
) -> None:
    """A number goes to the plan that lists it, to the default plan without one, else to nobody."""
    await plans.seed(connection, BUILT_IN)
    assert await taker(connection, plans, OURS) == "default"
    await plans.create(connection, SIMPLE)
    assert await taker(connection, plans, OURS) == "simple"
    assert await plans.for_call(connection, THEIRS) is None
    await plans.delete(connection, "simple")
    assert await taker(connection, plans, OURS) == "default"


async def test_an_application_comes_before_a_number(
    connection: AsyncConnection, plans: Plans
) -> None:
    """A plan that lists the TeXML application takes its callers, whatever number they called."""
    await plans.create(connection, SIMPLE)
    by_app = replace(SIMPLE, plan_id="app", numbers=(), texml_apps=("main",))
    await plans.create(connection, by_app)
    assert await taker(connection, plans, OURS, "main") == "app"
    assert await taker(connection, plans, OURS, "other") == "simple"


async def test_a_call_under_way_keeps_its_revision(
    connection: AsyncConnection, plans: Plans
) -> None:
    """Changing a plan, and deleting it, leaves the revisions that calls are following."""
    first = await plans.create(connection, SIMPLE)
    changed = replace(first, listed=(say("hello"),), entry_step_id="hello")
    second = await plans.update(connection, changed)
    assert (first.revision, second.revision, second.create_time) == (1, 2, NOW)
    await plans.delete(connection, "simple")
    for known in (plans, fresh_plans()):
        assert await known.get(connection, "simple", 1) == first
        assert await known.get(connection, "simple", 2) == second
        with pytest.raises(NotFound):
            await known.get(connection, "simple")
    assert await plans.history(connection, "simple", 0, 10) == [second, first]
    assert await plans.history(connection, "simple", 2, 10) == [first]


async def test_nobody_overwrites_what_he_has_not_seen(
    connection: AsyncConnection, plans: Plans
) -> None:
    """An update must be made from the newest revision; the refusal names it."""
    first = await plans.create(connection, SIMPLE)
    await plans.update(connection, first)
    with pytest.raises(NotYet) as caught:
        await plans.update(connection, first)
    assert (caught.value.reason, caught.value.metadata) == (
        "PLAN_REVISION_STALE",
        {"revision": "2"},
    )


async def test_ids_are_not_used_again(connection: AsyncConnection, plans: Plans) -> None:
    """The id of a plan that is there, or was, is taken."""
    await plans.create(connection, SIMPLE)
    with pytest.raises(AlreadyDone):
        await plans.create(connection, SIMPLE)
    await plans.delete(connection, "simple")
    with pytest.raises(AlreadyDone):
        await plans.create(connection, SIMPLE)
    with pytest.raises(NotFound):
        await plans.update(connection, replace(SIMPLE, revision=1))


async def test_every_fault_is_named_at_once(connection: AsyncConnection, plans: Plans) -> None:
    """Missing queues, taken numbers and lost steps are refused together, and nothing is kept."""
    await plans.create(connection, SIMPLE)
    other = enqueue(queue_id="lost", otherwise="nowhere")
    with pytest.raises(Invalid) as caught:
        await plans.create(connection, replace(plan(other), plan_id="bad", numbers=(THEIRS, OURS)))
    fields = {each.field for each in caught.value.fields}
    assert fields == {
        "plan.steps[0].enqueue",
        "plan.steps[0].enqueue.queue_id",
        "plan.numbers[1]",
    }
    assert await plans.for_call(connection, THEIRS) is None


async def test_the_plan_of_the_settings_changes_with_them_only(
    connection: AsyncConnection, plans: Plans
) -> None:
    """A restart with the same settings keeps the revision, other settings make another."""
    assert (await plans.seed(connection, BUILT_IN)).revision == 1
    assert (await fresh_plans().seed(connection, BUILT_IN)).revision == 1
    assert (await plans.seed(connection, replace(BUILT_IN, numbers=(THEIRS,)))).revision == 2
    assert await plans.for_call(connection, OURS) is None
    for act in (plans.update(connection, BUILT_IN), plans.delete(connection, "default")):
        with pytest.raises(NotYet):
            await act
    with pytest.raises(Invalid):
        await plans.create(connection, BUILT_IN)


async def test_plans_are_listed_by_id(connection: AsyncConnection, plans: Plans) -> None:
    """Pages go on after an id, deleted plans are left out, and a number asks for its plan."""
    for plan_id, numbers in (("b", (OURS,)), ("a", (THEIRS,)), ("c", ())):
        await plans.create(connection, replace(SIMPLE, plan_id=plan_id, numbers=numbers))
    await plans.delete(connection, "c")
    assert [each.plan_id for each in await plans.page(connection, "", 10)] == ["a", "b"]
    assert [each.plan_id for each in await plans.page(connection, "a", 10)] == ["b"]
    assert [each.plan_id for each in await plans.page(connection, "", 10, OURS)] == ["b"]


async def test_a_queue_in_use_is_known(connection: AsyncConnection, plans: Plans) -> None:
    """Whoever wants to delete a queue can see which plans name it."""
    await plans.create(connection, SIMPLE)
    assert await plans.using(connection, "support") == ["simple"]
    assert await plans.using(connection, "sales") == []
    await plans.delete(connection, "simple")
    assert await plans.using(connection, "support") == []


async def test_a_queue_in_use_is_not_removed(connection: AsyncConnection, plans: Plans) -> None:
    """A plan would lead its callers nowhere; the refusal names it."""
    books = Books(queue_users=[plans])
    keeping = Keeping(books, cast("Centre", None))
    await plans.create(connection, SIMPLE)
    with pytest.raises(NotYet) as caught:
        await keeping.delete(connection, "support")
    assert (caught.value.reason, caught.value.metadata) == ("QUEUE_IN_USE", {"plan_id": "simple"})
    await keeping.delete(connection, "sales")
    await plans.delete(connection, "simple")
    await keeping.delete(connection, "support")
    assert await QUEUE_STORE.ids(connection) == []


async def _keep(opened: Database, wanted: Plan) -> bool:
    try:
        async with opened.transaction() as connection:
            await fresh_plans().create(connection, wanted)
    except (Invalid, Contended):
        return False
    return True


async def test_two_plans_at_once_never_share_a_number(queues: Database) -> None:
    """Of plans that are kept at the same moment one gets the number, the others are refused."""
    wanted = [replace(SIMPLE, plan_id=f"p{index}") for index in range(4)]
    kept = await asyncio.gather(*(_keep(queues, each) for each in wanted))
    assert kept.count(True) == 1
