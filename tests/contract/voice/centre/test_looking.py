"""The matcher: whom it finds, over the rows of both databases."""

import pytest

from chassis.lifecycle import background
from services.voice.agents.model import Presence
from services.voice.queues import matcher
from services.voice.queues.model import EntryState, Queue
from tests.support.centre import at
from tests.support.eventually import eventually
from tests.support.floor import Floor

ADA, NUMBER = "+12025550151", "+12025550101"


async def test_an_agent_who_calls_us_is_not_rung(floor: Floor) -> None:
    """Their phone is busy with their own call; once it is over they are."""
    await floor.agent("ada", ADA)
    await floor.agent("bob", "+12025550152", queue_ids=frozenset())
    own = await floor.enter("agent", caller_number=ADA)
    other = await floor.enter("caller", caller_number=NUMBER)
    assert await floor.look() == 0
    await floor.leave(own)
    assert await floor.look() == 1
    assert (await floor.read(other)).agent_id == "ada"


async def test_a_caller_waits_for_the_agent_he_should_get(floor: Floor) -> None:
    """A quarter of a minute while that one is busy; then anybody will do."""
    await floor.agent("ada", ADA)
    await floor.talk(await floor.enter("first"), 5)
    await floor.agent("bob", "+12025550152")
    entry = await floor.enter("caller", preferred_agent_id="ada")
    assert await floor.look() == 0
    await floor.pass_by(14)
    assert await floor.look() == 0
    await floor.pass_by(1)
    assert (await floor.offered(entry)).agent_id == "bob"


async def test_a_preferred_agent_who_gets_free_in_time(floor: Floor) -> None:
    """The caller gets them, though another has been idle for longer."""
    await floor.agent("bob", "+12025550152")
    await floor.agent("ada", ADA)
    await floor.be("bob", Presence.AWAY)
    first = await floor.enter("first")
    _, leg = await floor.talk(first, 5)
    await floor.hang_up(leg)
    await floor.be("bob", Presence.AVAILABLE)
    entry = await floor.enter("caller", preferred_agent_id="ada")
    assert await floor.look() == 0
    async with floor.opened.transaction() as connection:
        await floor.roster.complete(connection, "ada", floor.now)
    assert (await floor.offered(entry)).agent_id == "ada"


async def test_many_who_cannot_be_served_hide_nobody(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait for a skill nobody has, the one behind them is found."""
    monkeypatch.setattr(matcher, "_FIRST_LOOK", 2)
    await floor.agent("ada")
    for number in range(4):
        await floor.enter(f"{number}", enqueue_time=at(-9), required_skills={"german": 1})
    entry = await floor.enter("last")
    assert await floor.look() == 1
    assert (await floor.read(entry)).state is EntryState.OFFERED


async def test_several_agents_are_matched_in_one_look(floor: Floor) -> None:
    """In the order of the queue, each with their own, over the queues they share."""
    await floor.queue(Queue(queue_id="sales"))
    both = frozenset({"support", "sales"})
    for name in ("ada", "bob", "cyd"):
        await floor.agent(name, queue_ids=both)
        await floor.pass_by(1)
    entries = [
        await floor.enter("late", enqueue_time=at(-1)),
        await floor.enter("vip", enqueue_time=at(-1), is_vip=True, queue_id="sales"),
        await floor.enter("early", enqueue_time=at(-2)),
        await floor.enter("last", enqueue_time=at(0)),
    ]
    assert await floor.look() == 3
    found = [(await floor.read(entry)).agent_id for entry in entries]
    assert found == ["cyd", "ada", "bob", ""]


async def test_one_match_that_fails_does_not_keep_the_others_from_it(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made together at first, and one by one when that fails."""
    for name in ("ada", "bob"):
        await floor.agent(name)
    bad, good = await floor.enter("bad", enqueue_time=at(-1)), await floor.enter("good")
    find = floor.switch.find

    async def trip(connection: object, sighting: object) -> object:
        found = await find(connection, sighting)  # type: ignore[arg-type]
        if found is not None and found.leg_id == "bad":
            raise ZeroDivisionError
        return found

    monkeypatch.setattr(floor.switch, "find", trip)
    assert await floor.look() == 1
    assert (await floor.read(bad)).state is EntryState.WAITING
    assert (await floor.read(good)).state is EntryState.OFFERED


async def test_a_running_matcher_is_woken_and_looks_by_itself(floor: Floor) -> None:
    """Woken it looks at once; what nobody woke it for it finds as well."""
    rung: list[None] = []
    floor.matcher.after_commit = lambda: rung.append(None)
    async with background(floor.matcher.run(), name="matcher", stop=floor.matcher.stop):
        await floor.agent("ada")
        entry = await floor.enter("caller")
        floor.matcher.wake()

        async def offered() -> bool:
            return (await floor.read(entry)).state is EntryState.OFFERED

        await eventually(offered)
        await floor.leave(entry)
        other = await floor.enter("other")

        async def found() -> bool:
            return (await floor.read(other)).state is EntryState.OFFERED

        await eventually(found)
        await eventually(lambda: len(rung) == 2)
