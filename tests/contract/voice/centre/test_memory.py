"""What queues remember of callers, and what they leave on record."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Offer, Presence
from services.voice.calls.tables import moments
from services.voice.calls.timeline import Timeline
from services.voice.queues.facts import SqlQueueFacts
from services.voice.queues.history import SqlHistory
from services.voice.queues.matching import Match, Option, Why
from services.voice.queues.model import Queue
from services.voice.queues.records import LegMoments, MatchRecords
from services.voice.queues.score import Score
from services.voice.routing import translate_decisions
from services.voice.routing.answers import Past
from services.voice.routing.decisions import DecisionFilter, Decisions
from services.voice.routing.hours import ALWAYS_OPEN, Hours, Status
from services.voice.routing.inputs import QueueState
from tests.support.centre import at, seconds
from tests.support.floor import Floor

NUMBER = "+12025550101"
DAY = 24 * 3600


async def past(floor: Floor, number: str = NUMBER) -> Past:
    """Return what is remembered of a number now."""
    async with floor.opened.reading() as connection:
        return await SqlHistory().of(connection, number, floor.now)


async def test_the_last_agent_is_remembered_for_30_days(floor: Floor) -> None:
    """The one who talked with them last, whatever came of it."""
    await floor.agent("ada", "+12025550151")
    _, leg = await floor.talk(await floor.enter("caller", caller_number=NUMBER), 60)
    await floor.hang_up(leg)
    expected = Past(last_agent_id="ada", handled_time=at(60), previous_outcome="HANDLED")
    assert await past(floor) == expected
    await floor.pass_by(30 * DAY)
    assert (await past(floor)).last_agent_id == "ada"
    await floor.pass_by(1)
    assert await past(floor) == Past()


async def test_a_wait_that_was_given_up_is_remembered_for_30_minutes(floor: Floor) -> None:
    """When, for how long and in which queue; the last one counts."""
    entry = await floor.enter("caller", caller_number=NUMBER)
    await floor.pass_by(90)
    await floor.leave(entry)
    expected = Past(
        abandoned_time=at(90),
        abandoned_wait=seconds(90),
        abandoned_queue_id="support",
        previous_outcome="ABANDONED",
    )
    assert await past(floor) == expected
    await floor.pass_by(30 * 60)
    assert await past(floor) == expected
    await floor.pass_by(1)
    assert await past(floor) == Past(previous_outcome="ABANDONED")


async def test_strangers_have_no_past(floor: Floor) -> None:
    """Callers without a number are not one another."""
    await floor.leave(await floor.enter("caller"))
    assert await past(floor, "") == Past()


async def test_who_gave_up_here_gets_his_wait_back(floor: Floor) -> None:
    """In the same queue only, up to the cap, within the window, and not on top of a credit."""
    await floor.queue(Queue(queue_id="sales"))
    entry = await floor.enter("1", caller_number=NUMBER)
    await floor.pass_by(700)
    await floor.leave(entry)
    assert (await floor.enter("2", caller_number=NUMBER)).credit == seconds(600)
    assert (await floor.enter("3", caller_number=NUMBER, queue_id="sales")).credit == seconds(0)
    told = await floor.enter("4", caller_number=NUMBER, credit=seconds(5))
    assert told.credit == seconds(5)
    assert (await floor.enter("5")).credit == seconds(0)
    await floor.pass_by(1801)
    assert (await floor.enter("6", caller_number=NUMBER)).credit == seconds(0)


async def test_how_queues_stand_for_a_plan(floor: Floor) -> None:
    """Open or why not, who is there, how many wait; no word of queues that are not there."""
    await floor.queue(Queue(queue_id="closed", hours=Hours("America/Chicago")))
    await floor.agent("ada")
    await floor.enter("caller", required_skills={"german": 1})
    async with floor.opened.reading() as connection:
        asked = ["support", "closed", "nowhere"]
        found = await SqlQueueFacts(floor.books).of(connection, asked, floor.now)
    assert found.keys() == {"support", "closed"}
    assert found["support"] == QueueState(ALWAYS_OPEN, agents_staffed=1, waiting=1)
    assert found["closed"].openness.status is Status.OUTSIDE_HOURS


async def test_a_match_is_kept_with_its_reasons(floor: Floor) -> None:
    """Who was chosen, who was not and why, and what the caller's score was made of."""
    decisions = Decisions(translate_decisions.pack, translate_decisions.unpack)
    floor.matcher.listeners.append(MatchRecords(decisions))
    await floor.agent("ada")
    await floor.agent("bob")
    await floor.agent("cyd")
    await floor.be("cyd", Presence.AWAY)
    entry = await floor.enter("caller", is_vip=True)
    await floor.pass_by(3)
    await floor.look()
    async with floor.opened.reading() as connection:
        wanted = DecisionFilter(leg_id="caller")
        (kept,) = await decisions.page(connection, wanted, None, 10)
    assert (kept.outcome, kept.entry_id) == ("ada", entry.entry_id)
    assert kept.scores == (("wait", 3.0), ("vip", 300.0))
    reasons = {each.option: (each.accepted, each.reason.partition(":")[0]) for each in kept.options}
    assert reasons == {
        "ada": (True, "CHOSEN_IDLE"),
        "bob": (False, "LESS_IDLE"),
        "cyd": (False, "AWAY"),
    }


async def test_agents_who_could_not_be_asked_are_told_of(floor: Floor) -> None:
    """A listener hears of some of them, each once."""
    heard: list[list[Option]] = []

    class Ear:
        async def matched(
            self,
            connection: AsyncConnection,
            match: Match,
            offer: Offer,
            score: Score,
            unavailable: Any,
            now: datetime,
        ) -> None:
            """Listen."""
            heard.append(list(unavailable))

    await floor.agent("ada")
    await floor.agent("bob")
    await floor.enter("1", enqueue_time=at(-1))
    await floor.look()
    floor.matcher.listeners.append(Ear())
    await floor.enter("2")
    await floor.look()
    assert heard == [[Option("ada", False, Why.BUSY)]]


async def test_a_callers_timeline_tells_of_queues_and_offers(floor: Floor) -> None:
    """Entering, each step of an offer, and how it ended."""
    notes = LegMoments(floor.books, Timeline())
    floor.books.entry_listeners.append(notes)
    floor.books.offer_listeners.append(notes)
    await floor.agent("ada", "+12025550151")
    _, leg = await floor.talk(await floor.enter("caller"))
    await floor.hang_up(leg)
    async with floor.opened.reading() as connection:
        titles = await _titles(connection)
    assert titles == [
        *("ENTERED", "PENDING", "ACCEPTED", "CONNECTED", "WRAPPING", "HANDLED"),
    ]


async def _titles(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(moments.select().order_by(moments.c.moment_id))
    return [row.title for row in rows]
