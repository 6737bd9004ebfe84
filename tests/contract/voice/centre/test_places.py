"""Places in queues: who gets in, where they stand, how they are moved and how they leave."""

from dataclasses import replace

import pytest

from chassis.errors import NotFound, NotYet
from services.voice.agents.model import OfferState
from services.voice.queues.forecast import HandleTime
from services.voice.queues.model import (
    Entrant,
    Entry,
    EntryState,
    NotEntered,
    Outcome,
    Queue,
    Scoring,
)
from services.voice.routing.hours import Hours
from tests.support.centre import SUPPORT, at, seconds
from tests.support.floor import Floor

NUMBER = "+12025550101"
NEVER = Hours("America/Chicago")


async def enter(floor: Floor, queue_id: str, leg_id: str = "leg") -> Entry | NotEntered:
    """Let somebody try to enter a queue."""
    entrant = Entrant(leg_id=leg_id, queue_id=queue_id, enqueue_time=floor.now)
    async with floor.opened.transaction() as connection:
        return await floor.centre.enter(connection, entrant, floor.now)


async def test_who_is_let_in(floor: Floor) -> None:
    """A queue that is full, closed or not there lets nobody in; a leg keeps the place it has."""
    await floor.queue(Queue(queue_id="small", max_size=1))
    await floor.queue(Queue(queue_id="closed", hours=NEVER))
    first = await enter(floor, "small", "1")
    assert isinstance(first, Entry)
    assert await enter(floor, "small", "2") is NotEntered.QUEUE_FULL
    assert await enter(floor, "closed") is NotEntered.QUEUE_CLOSED
    assert await enter(floor, "nowhere") is NotEntered.QUEUE_UNKNOWN
    assert await enter(floor, "small", "1") == first
    assert await enter(floor, "closed", "1") == first
    await floor.leave(first)
    assert isinstance(await enter(floor, "small", "2"), Entry)


async def test_a_callback_takes_no_place_on_the_line(floor: Floor) -> None:
    """The size of a queue is for callers on the line."""
    await floor.queue(Queue(queue_id="small", max_size=1))
    first = await enter(floor, "small", "1")
    assert isinstance(first, Entry)
    async with floor.opened.transaction() as connection:
        await floor.centre.to_callback(connection, first.entry_id, NUMBER, floor.now)
    assert isinstance(await enter(floor, "small", "2"), Entry)


async def test_a_leg_that_comes_again_gets_another_entry(floor: Floor) -> None:
    """The first one stays as it left."""
    first = await floor.leave(await floor.enter("caller"), Outcome.OVERFLOWED)
    second = await floor.enter("caller")
    assert second.entry_id != first.entry_id
    assert await floor.read(first) == first


async def test_positions_follow_the_scores(floor: Floor) -> None:
    """Position 1 is served next; who is served or has left has none."""
    normal = await floor.enter("normal", enqueue_time=at(-100))
    vip = await floor.enter("vip", is_vip=True)
    late = await floor.enter("late")
    entries = [normal, vip, late]
    assert await positions(floor, entries) == [2, 1, 3]
    async with floor.opened.transaction() as connection:
        await floor.centre.reprioritize(connection, late.entry_id, seconds(250), None, floor.now)
    assert await positions(floor, entries) == [3, 1, 2]
    async with floor.opened.transaction() as connection:
        await floor.centre.reprioritize(connection, normal.entry_id, seconds(0), True, floor.now)
    assert await positions(floor, entries) == [1, 2, 3]
    await floor.leave(normal)
    assert await positions(floor, entries) == [0, 1, 2]


async def positions(floor: Floor, entries: list[Entry]) -> list[int]:
    """Return where entries stand."""
    async with floor.opened.reading() as connection:
        standings = [
            await floor.centre.standing(connection, entry.entry_id, floor.now) for entry in entries
        ]
    return [standing.position for standing in standings]


async def test_new_scoring_puts_those_who_wait_in_order_anew(floor: Floor) -> None:
    """What a VIP is given counts for those who wait already."""
    normal = await floor.enter("normal", enqueue_time=at(-100))
    vip = await floor.enter("vip", is_vip=True)
    changed = replace(SUPPORT, scoring=Scoring(vip=seconds(0)))
    async with floor.opened.transaction() as connection:
        await floor.centre.reorder(connection, changed, floor.now)
    assert await positions(floor, [normal, vip]) == [1, 2]


async def test_how_a_queue_stands(floor: Floor) -> None:
    """Who waits, who is there, who is free, and how long calls take."""
    await floor.agent("ada", "+12025550151")
    await floor.agent("bob", "+12025550152")
    entry = await floor.enter("1")
    _, leg = await floor.talk(entry, 60)
    await floor.hang_up(leg)
    await floor.pass_by(30)
    waits = await floor.enter("2", enqueue_time=at(80))
    await floor.look()
    async with floor.opened.reading() as connection:
        standing = await floor.centre.standing(connection, waits.entry_id, floor.now)
    assert (standing.position, standing.waiting, standing.longest_wait) == (1, 1, seconds(10))
    assert (standing.agents_staffed, standing.agents_available) == (2, 1)
    assert standing.average_handle == HandleTime(seconds(90), 1)


async def test_an_empty_queue_has_no_average(floor: Floor) -> None:
    """No calls is no handle time, and nobody has waited longest."""
    async with floor.opened.reading() as connection:
        standing = await floor.centre.queue_standing(connection, "support", floor.now)
    assert (standing.average_handle, standing.longest_wait, standing.waiting) == (None, None, 0)


@pytest.mark.parametrize(
    ("waited", "outcome"), [(4.9, Outcome.SHORT_ABANDONED), (5, Outcome.ABANDONED)]
)
async def test_giving_up_at_once_is_no_abandon(
    floor: Floor, waited: float, outcome: Outcome
) -> None:
    """The queue says within which time."""
    entry = await floor.enter("caller")
    await floor.pass_by(waited)
    assert (await floor.leave(entry)).outcome is outcome


async def test_leaving_twice_counts_once(floor: Floor) -> None:
    """The first word stands, and an entry that never was is not found."""
    entry = await floor.leave(await floor.enter("caller"), Outcome.VOICEMAIL)
    assert entry.outcome is Outcome.VOICEMAIL
    await floor.pass_by(5)
    assert await floor.leave(entry, Outcome.ABANDONED) == entry
    with pytest.raises(NotFound):
        await floor.leave(replace(entry, entry_id="other"))


async def test_a_caller_is_gone_when_he_hung_up_and_not_when_we_hear_of_it(floor: Floor) -> None:
    """Word of it may come late: the service was down, or events were held up."""
    entry = await floor.enter("caller")
    leg = floor.switch.legs["caller"]
    await floor.pass_by(3)
    ended = await floor.hang_up(leg)
    assert (await floor.read(entry)).outcome is Outcome.SHORT_ABANDONED
    other = await floor.enter("other", enqueue_time=at(0))
    floor.switch.legs["other"] = replace(ended, leg_id="other")
    await floor.pass_by(60)
    left = await floor.leave(other)
    assert (left.left_time, left.outcome) == (at(3), Outcome.SHORT_ABANDONED)


async def test_moving_on_keeps_the_time(floor: Floor) -> None:
    """Overflow to another queue, with its own skills; the offers begin anew."""
    await floor.queue(Queue(queue_id="all"))
    await floor.queue(Queue(queue_id="full", max_size=0))
    await floor.agent("ada", queue_ids=frozenset({"all"}))
    entry = await floor.enter("caller", required_skills={"german": 3})
    await floor.pass_by(120)
    assert await floor.look() == 0
    async with floor.opened.transaction() as connection:
        refused = await floor.centre.move(connection, entry.entry_id, "full", {}, floor.now)
        moved = await floor.centre.move(connection, entry.entry_id, "all", {}, floor.now)
    assert refused is NotEntered.QUEUE_FULL
    assert isinstance(moved, Entry)
    assert (moved.queue_id, moved.enqueue_time, moved.enter_time) == ("all", at(0), at(120))
    assert await floor.look() == 1


async def test_an_entry_that_is_being_offered_is_not_moved(floor: Floor) -> None:
    """A phone rings for it; whoever moves it sees that it does not wait."""
    await floor.queue(Queue(queue_id="all"))
    await floor.agent("ada")
    entry = await floor.enter("caller")
    await floor.look()
    async with floor.opened.transaction() as connection:
        same = await floor.centre.move(connection, entry.entry_id, "all", None, floor.now)
        kept = await floor.centre.to_callback(connection, entry.entry_id, NUMBER, floor.now)
    assert isinstance(same, Entry)
    assert (same.queue_id, same.state) == ("support", EntryState.OFFERED)
    assert kept == same


async def test_what_is_served_cannot_be_put_in_order(floor: Floor) -> None:
    """Nor removed; what waits or is offered can be, and its agent is let go."""
    await floor.agent("ada", "+12025550151")
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    async with floor.opened.transaction() as connection:
        removed = await floor.centre.remove(connection, entry.entry_id, floor.now)
        assert await floor.centre.remove(connection, entry.entry_id, floor.now) == removed
    assert removed.outcome is Outcome.REMOVED
    assert (await floor.read_offer(offer)).state is OfferState.RESCINDED
    entry = await floor.enter("other")
    await floor.answer(await floor.offered(entry))
    async with floor.opened.transaction() as connection:
        with pytest.raises(NotYet, match="ENTRY_SERVED"):
            await floor.centre.remove(connection, entry.entry_id, floor.now)
        with pytest.raises(NotYet, match="ENTRY_SERVED"):
            await floor.centre.reprioritize(connection, entry.entry_id, seconds(1), None, floor.now)


async def test_a_caller_who_is_gone_is_not_offered(floor: Floor) -> None:
    """Even if nobody said that they left: the matcher sees it, and they have abandoned."""
    await floor.agent("ada", "+12025550151")
    entry = await floor.enter("caller")
    leg = floor.switch.legs["caller"]
    await floor.pass_by(10)
    await floor.hang_up(replace(leg, leg_id="gone"))
    floor.switch.legs["caller"] = replace(floor.switch.legs["gone"], leg_id="caller")
    assert await floor.look() == 0
    assert floor.switch.dials == []
    assert (await floor.read(entry)).outcome is Outcome.ABANDONED
