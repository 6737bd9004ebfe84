"""QueueService and AgentService from outside, over a real database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from switchhook.voice.v1 import (
    agent_pb2,
    agent_service_pb2,
    agent_view_pb2,
    offer_action_pb2,
    offer_pb2,
    queue_entry_pb2,
    queue_pb2,
    queue_place_pb2,
    queue_service_pb2,
)
from switchhook.voice.v1.opening_hours_pb2 import OpeningHours, WeeklySpan

from chassis.errors import AlreadyDone, Invalid, NotFound, NotYet
from chassis.grpc_status import as_faults
from tests.integration.voice.centre import Served, serve, unique
from tests.support.centre import at

HERE = "+12025550159"


@pytest.fixture
async def served(sqlite_database_url: str) -> AsyncIterator[Served]:
    """The services over SQLite; their stores are tested on both databases elsewhere."""
    async with serve(sqlite_database_url) as running:
        request = queue_service_pb2.CreateQueueRequest(request_id=unique(), queue_id="support")
        await running.queues.CreateQueue(request)
        yield running


async def agent(served: Served, name: str = "ada") -> agent_pb2.Agent:
    """Create an agent without an address and let them be available."""
    queues = agent_service_pb2.AgentQueues(queue_ids=["support"])
    create = agent_service_pb2.CreateAgentRequest(request_id=unique(), agent_id=name, queues=queues)
    await served.agents.CreateAgent(create)
    presence = agent_view_pb2.SetPresenceRequest(
        request_id=unique(), agent_id=name, presence=agent_pb2.AGENT_PRESENCE_AVAILABLE
    )
    return (await served.agents.SetPresence(presence)).agent


async def test_a_queue_says_how_it_works(served: Served) -> None:
    """Every default is filled in, and what was set comes back, to the millisecond."""
    asked = queue_pb2.QueueSettings(
        ring_time=Duration(nanos=50_900_000),
        max_size=7,
        required_skills={"german": 3},
        callbacks=queue_pb2.QueueCallbacks(attempts=2),
        scoring=queue_pb2.QueueScoring(vip=Duration()),
        hours=OpeningHours(
            time_zone="America/Chicago",
            weekly_spans=[WeeklySpan(weekday=1, open_minute=540, close_minute=1020)],
        ),
    )
    create = queue_service_pb2.CreateQueueRequest(
        request_id=unique(), queue_id="sales", display_name="Sales", settings=asked
    )
    made = (await served.queues.CreateQueue(create)).queue
    assert made.settings.ring_time == Duration(nanos=50_000_000)
    assert (made.settings.max_size, made.settings.required_skills["german"]) == (7, 3)
    assert made.settings.callbacks.wait == Duration(seconds=90)
    assert made.settings.callbacks.attempts == 2
    assert made.settings.scoring == queue_pb2.QueueScoring(
        vip=Duration(),
        escalated=Duration(seconds=180),
        credit_window=Duration(seconds=1800),
        credit_cap=Duration(seconds=600),
    )
    assert made.settings.hours == asked.hours
    get = queue_service_pb2.GetQueueRequest(queue_id="sales")
    assert (await served.queues.GetQueue(get)).queue == made
    assert (await served.queues.CreateQueue(create)).queue == made
    defaults = (
        await served.queues.GetQueue(queue_service_pb2.GetQueueRequest(queue_id="support"))
    ).queue
    assert defaults.display_name == "support"
    assert defaults.settings.wrap_up == Duration(seconds=30)
    assert not defaults.settings.HasField("callbacks")


async def test_keeping_queues(served: Served) -> None:
    """Changed in part, listed in pages, removed when empty; and what cannot be says why."""
    with pytest.raises(AlreadyDone, match="QUEUE_EXISTS"), as_faults():
        await served.queues.CreateQueue(
            queue_service_pb2.CreateQueueRequest(request_id=unique(), queue_id="support")
        )
    update = queue_service_pb2.UpdateQueueRequest(
        request_id=unique(), queue_id="support", display_name="Help"
    )
    changed = (await served.queues.UpdateQueue(update)).queue
    assert (changed.display_name, changed.settings.max_size) == ("Help", 50)
    await served.queues.CreateQueue(
        queue_service_pb2.CreateQueueRequest(request_id=unique(), queue_id="zone")
    )
    first = await served.queues.ListQueues(queue_service_pb2.ListQueuesRequest(page_size=1))
    second = await served.queues.ListQueues(
        queue_service_pb2.ListQueuesRequest(page_size=1, page_token=first.next_page_token)
    )
    assert [queue.queue_id for queue in (*first.queues, *second.queues)] == ["support", "zone"]
    assert second.next_page_token == ""
    entry = await served.floor.enter("caller")
    remove = queue_service_pb2.DeleteQueueRequest(request_id=unique(), queue_id="support")
    with pytest.raises(NotYet, match="QUEUE_NOT_EMPTY"), as_faults():
        await served.queues.DeleteQueue(remove)
    await served.floor.leave(entry)
    await served.queues.DeleteQueue(remove)
    with pytest.raises(NotFound, match="QUEUE_NOT_FOUND"), as_faults():
        await served.queues.GetQueue(queue_service_pb2.GetQueueRequest(queue_id="support"))


async def test_entries_in_order_in_pages(served: Served) -> None:
    """As they are served; a VIP before those who came as well, and the last one first who left."""
    for number in range(3):
        await served.floor.enter(f"caller-{number}", enqueue_time=at(number - 10))
    await served.floor.enter("vip", is_vip=True, caller_number="+12025550101")
    listed: list[str] = []
    token = ""
    while True:
        request = queue_service_pb2.ListEntriesRequest(
            queue_id="support", page_size=3, page_token=token
        )
        page = await served.queues.ListEntries(request)
        listed += [entry.call_leg_id for entry in page.entries]
        token = page.next_page_token
        if not token:
            break
    assert listed == ["vip", "caller-0", "caller-1", "caller-2"]
    assert page.entries[0].score == 8
    with pytest.raises(Invalid), as_faults():
        await served.queues.ListEntries(
            queue_service_pb2.ListEntriesRequest(page_token="bm90IG9uZSBvZiBvdXJz")
        )


async def test_a_place_is_shown_and_changed(served: Served) -> None:
    """Position, score and its parts; who is let ahead, and who is taken out."""
    await served.floor.enter("first", enqueue_time=at(-5))
    entry = await served.floor.enter("second")
    ask = queue_place_pb2.GetPositionRequest(entry_id=entry.entry_id)
    found = await served.queues.GetPosition(ask)
    assert (found.position, found.standing.waiting) == (2, 2)
    assert not found.HasField("expected_wait")
    ahead = queue_place_pb2.ReprioritizeRequest(
        request_id=unique(), entry_id=entry.entry_id, priority=Duration(seconds=30)
    )
    moved = (await served.queues.Reprioritize(ahead)).entry
    assert [(part.label, part.seconds) for part in moved.score_parts] == [
        ("wait", 0),
        ("priority", 30),
    ]
    assert (await served.queues.GetPosition(ask)).position == 1
    remove = queue_place_pb2.RemoveEntryRequest(request_id=unique(), entry_id=entry.entry_id)
    gone = (await served.queues.RemoveEntry(remove)).entry
    assert gone.outcome == queue_entry_pb2.QUEUE_OUTCOME_REMOVED
    assert (await served.queues.GetPosition(ask)).position == 0
    again = queue_place_pb2.ReprioritizeRequest(request_id=unique(), entry_id=entry.entry_id)
    with pytest.raises(NotYet, match="ENTRY_SERVED"), as_faults():
        await served.queues.Reprioritize(again)
    assert served.woken


async def test_a_queue_is_watched(served: Served) -> None:
    """First who is there, then every change; one that leaves comes a last time."""
    entry = await served.floor.enter("caller")
    watch: Any = served.queues.WatchQueue(queue_place_pb2.WatchQueueRequest(queue_id="support"))
    begun = await watch.read()
    assert [found.call_leg_id for found in begun.entries] == ["caller"]
    assert begun.standing.waiting == 1
    await served.floor.enter("other")
    assert [found.call_leg_id for found in (await watch.read()).entries] == ["other"]
    await served.floor.leave(entry)
    last = await watch.read()
    assert [(found.call_leg_id, found.state) for found in last.entries] == [
        ("caller", queue_entry_pb2.QUEUE_ENTRY_STATE_LEFT)
    ]
    assert last.standing.waiting == 1
    watch.cancel()


async def test_an_agent_takes_an_offer_from_a_watch(served: Served) -> None:
    """Told that there is none, then that there is one; taken, talked, wrapped up."""
    await agent(served)
    watch: Any = served.agents.WatchOffers(offer_action_pb2.WatchOffersRequest(agent_id="ada"))
    assert not (await watch.read()).HasField("offer")
    entry = await served.floor.enter("caller", caller_number="+12025550101", is_vip=True)
    await served.floor.look()
    told = (await watch.read()).offer
    assert (told.entry_id, told.caller_number, told.is_vip) == (
        entry.entry_id,
        "+12025550101",
        True,
    )
    assert told.state == offer_pb2.OFFER_STATE_PENDING
    accept = offer_action_pb2.AcceptOfferRequest(
        request_id=unique(), offer_id=told.offer_id, agent_id="ada", address=HERE
    )
    taken = await served.agents.AcceptOffer(accept)
    assert await served.agents.AcceptOffer(accept) == taken
    assert [dial.to for dial in served.floor.switch.dials] == [HERE]
    offer = await served.floor.offer(entry)
    assert offer is not None
    leg = await served.floor.answer(offer)
    await served.floor.bridge(offer)
    await served.floor.pass_by(60)
    await served.floor.hang_up(leg)
    states: list[int] = []
    while not states or states[-1] != offer_pb2.OFFER_STATE_WRAPPING:
        states.append((await watch.read()).offer.state)
    assert states == sorted(states)
    longer = offer_action_pb2.ExtendWrapUpRequest(request_id=unique(), agent_id="ada")
    assert (await served.agents.ExtendWrapUp(longer)).offer.wrap_up_extended
    done = offer_action_pb2.CompleteWrapUpRequest(request_id=unique(), agent_id="ada")
    assert (await served.agents.CompleteWrapUp(done)).offer.state == offer_pb2.OFFER_STATE_COMPLETED
    watch.cancel()


async def test_an_agent_declines(served: Served) -> None:
    """And what is over cannot be declined again under another request."""
    await agent(served)
    await served.floor.enter("caller")
    await served.floor.look()
    watch: Any = served.agents.WatchOffers(offer_action_pb2.WatchOffersRequest(agent_id="ada"))
    offer_id = (await watch.read()).offer.offer_id
    watch.cancel()

    def decline() -> offer_action_pb2.DeclineOfferRequest:
        return offer_action_pb2.DeclineOfferRequest(
            request_id=unique(), offer_id=offer_id, agent_id="ada"
        )

    answer = await served.agents.DeclineOffer(decline())
    assert answer.offer.state == offer_pb2.OFFER_STATE_DECLINED
    with pytest.raises(NotYet, match="OFFER_ENDED"), as_faults():
        await served.agents.DeclineOffer(decline())


async def test_agents_are_kept_listed_and_changed(served: Served) -> None:
    """By queue and presence, in pages; a request that repeats is answered as before."""
    ada = await agent(served)
    await agent(served, "bob")
    assert ada.presence == agent_pb2.AGENT_PRESENCE_AVAILABLE
    assert ada.activity == agent_pb2.AGENT_ACTIVITY_IDLE
    assert ada.HasField("idle_since")
    away = agent_view_pb2.SetPresenceRequest(
        request_id=unique(), agent_id="bob", presence=agent_pb2.AGENT_PRESENCE_AWAY
    )
    await served.agents.SetPresence(away)
    there = agent_view_pb2.ListAgentsRequest(
        queue_id="support", presence=agent_pb2.AGENT_PRESENCE_AVAILABLE
    )
    assert [each.agent_id for each in (await served.agents.ListAgents(there)).agents] == ["ada"]
    first = await served.agents.ListAgents(agent_view_pb2.ListAgentsRequest(page_size=1))
    rest = agent_view_pb2.ListAgentsRequest(page_size=1, page_token=first.next_page_token)
    assert [each.agent_id for each in (await served.agents.ListAgents(rest)).agents] == ["bob"]
    update = agent_service_pb2.UpdateAgentRequest(
        request_id=unique(),
        agent_id="ada",
        capacity=2,
        skills=agent_service_pb2.AgentSkills(levels={"german": 5}),
    )
    changed = (await served.agents.UpdateAgent(update)).agent
    assert (changed.capacity, dict(changed.skills)) == (2, {"german": 5})
    assert changed.queue_ids == ["support"]
    with pytest.raises(NotFound, match="AGENT_NOT_FOUND"), as_faults():
        await served.agents.GetAgent(agent_view_pb2.GetAgentRequest(agent_id="nobody"))
    watch: Any = served.agents.WatchOffers(offer_action_pb2.WatchOffersRequest(agent_id="nobody"))
    with pytest.raises(NotFound, match="AGENT_NOT_FOUND"), as_faults():
        await watch.read()
