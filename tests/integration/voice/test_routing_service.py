"""RoutingService from outside, over a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from switchhook.voice.v1 import decision_pb2
from switchhook.voice.v1 import routing_plan_pb2 as plan_pb
from switchhook.voice.v1 import routing_service_pb2 as pb
from switchhook.voice.v1 import routing_simulation_pb2 as simulation_pb

from chassis import pages, times
from chassis.errors import AlreadyDone, Invalid, NotFound, NotYet
from chassis.grpc_status import as_faults
from services.voice.routing.conditions import CallerIs, Trait
from services.voice.routing.decisions import Decision, DecisionKind, decision_id
from services.voice.routing.plan import Branch, Case
from services.voice.routing.translate_plan import plan_out
from tests.integration.voice.routing import ADA, MORNING, OURS, Served, serve, unique
from tests.support.routing_plans import bye, enqueue, known, plan, say

NIGHT = datetime(2026, 3, 6, 4, tzinfo=UTC)
VIPS_FIRST = replace(
    plan(
        Branch(
            step_id="who",
            cases=(Case("vip", CallerIs(Trait.VIP), "waiting"),),
            otherwise_step_id="hello",
        ),
        say("hello", "waiting"),
        enqueue(),
        bye(),
    ),
    plan_id="vips-first",
    numbers=(OURS,),
)


async def create(served: Served, wanted: pb.CreatePlanRequest | None = None) -> plan_pb.RoutingPlan:
    """Keep the plan of these tests, or another."""
    request = wanted or pb.CreatePlanRequest(request_id=unique(), plan=plan_out(VIPS_FIRST))
    return (await served.stub.CreatePlan(request)).plan


@pytest.fixture
async def served(sqlite_database_url: str) -> AsyncIterator[Served]:
    """Routing over SQLite; its stores are tested on both databases elsewhere."""
    async with serve(sqlite_database_url) as running:
        yield running


async def test_a_plan_is_kept_changed_and_taken_out_of_use(served: Served) -> None:
    """Every change is a revision that can still be had; the id is not found once deleted."""
    kept = await create(served)
    assert (kept.revision, kept.steps[2].enqueue.max_offers) == (1, 3)
    kept.display_name = "VIPs first"
    update = pb.UpdatePlanRequest(request_id=unique(), plan=kept)
    assert (await served.stub.UpdatePlan(update)).plan.revision == 2
    listed = await served.stub.ListPlanRevisions(pb.ListPlanRevisionsRequest(plan_id="vips-first"))
    assert [each.display_name for each in listed.plans] == ["VIPs first", ""]
    await served.stub.DeletePlan(pb.DeletePlanRequest(request_id=unique(), plan_id="vips-first"))
    old = await served.stub.GetPlan(pb.GetPlanRequest(plan_id="vips-first", revision=1))
    assert old.plan.revision == 1
    with pytest.raises(NotFound), as_faults():
        await served.stub.GetPlan(pb.GetPlanRequest(plan_id="vips-first"))


async def test_the_same_request_twice_is_carried_out_once(served: Served) -> None:
    """A repeated request gets the first answer; the id with another plan is refused."""
    request = pb.CreatePlanRequest(request_id=unique(), plan=plan_out(VIPS_FIRST))
    assert await create(served, request) == await create(served, request)
    request.plan.display_name = "another"
    with pytest.raises(AlreadyDone) as caught, as_faults():
        await create(served, request)
    assert caught.value.reason == "IDEMPOTENCY_MISMATCH"


async def test_a_stale_update_is_refused(served: Served) -> None:
    """Who has not seen the newest revision is told which it is."""
    kept = await create(served)
    await served.stub.UpdatePlan(pb.UpdatePlanRequest(request_id=unique(), plan=kept))
    with pytest.raises(NotYet) as caught, as_faults():
        await served.stub.UpdatePlan(pb.UpdatePlanRequest(request_id=unique(), plan=kept))
    assert (caught.value.reason, caught.value.metadata["revision"]) == ("PLAN_REVISION_STALE", "2")


async def test_a_bad_plan_is_refused_with_every_fault(served: Served) -> None:
    """Faults of reading and of the whole plan come together, when kept and when checked."""
    bad = plan_out(plan(say("a", "a"), enqueue(queue_id="lost")))
    hours = bad.steps.add(step_id="when").branch.cases.add().when.within_hours
    hours.time_zone = "Mars/Olympus"
    hours.holidays.add(start_date="2026-02-30", end_date="2026-03-01")
    with pytest.raises(Invalid) as caught, as_faults():
        await create(served, pb.CreatePlanRequest(request_id=unique(), plan=bad))
    when = "plan.steps[2].branch.cases[0].when.within_hours"
    fields = {each.field for each in caught.value.fields}
    assert fields == {
        "plan.steps[0]",
        "plan.steps[1]",
        "plan.steps[1].enqueue",
        "plan.steps[1].enqueue.queue_id",
        "plan.steps[2]",
        f"{when}.time_zone",
        f"{when}.holidays[0].start_date",
    }
    checked = await served.stub.CheckPlan(pb.CheckPlanRequest(plan=bad))
    assert {each.field for each in checked.faults} == fields


async def test_the_plan_of_the_settings_is_there_and_stays(served: Served) -> None:
    """Without any plan the default one is listed, and nobody can change or delete it."""
    plans = (await served.stub.ListPlans(pb.ListPlansRequest())).plans
    assert [each.plan_id for each in plans] == ["default"]
    with pytest.raises(NotYet, match="PLAN_BUILT_IN"), as_faults():
        await served.stub.UpdatePlan(pb.UpdatePlanRequest(request_id=unique(), plan=plans[0]))
    request = pb.DeletePlanRequest(request_id=unique(), plan_id="default")
    with pytest.raises(NotYet, match="PLAN_BUILT_IN"), as_faults():
        await served.stub.DeletePlan(request)


async def test_plans_come_in_pages(served: Served) -> None:
    """A token goes on where the page ended, and belongs to its filter."""
    await create(served)
    first = await served.stub.ListPlans(pb.ListPlansRequest(page_size=1))
    token = first.next_page_token
    second = await served.stub.ListPlans(pb.ListPlansRequest(page_size=1, page_token=token))
    assert [each.plan_id for each in (*first.plans, *second.plans)] == ["default", "vips-first"]
    assert second.next_page_token == ""
    with pytest.raises(Invalid), as_faults():
        await served.stub.ListPlans(pb.ListPlansRequest(page_token=token, called_number=OURS))


async def test_tokens_nobody_gave_are_refused(served: Served) -> None:
    """A position no list has, in a token of the right form, is the caller's fault, not ours."""
    revisions = pb.ListPlanRevisionsRequest(plan_id="default")
    decisions = pb.ListDecisionsRequest()
    calls: list[tuple[Any, Any, list[str | int]]] = [
        (served.stub.ListPlans, pb.ListPlansRequest(), ["a\x00"]),
        (served.stub.ListPlans, pb.ListPlansRequest(), [1]),
        (served.stub.ListPlanRevisions, revisions, [2**40]),
        (served.stub.ListPlanRevisions, revisions, ["1"]),
        (served.stub.ListDecisions, decisions, ["yesterday", 1, unique()]),
        (served.stub.ListDecisions, decisions, [MORNING.isoformat(), 2**40, unique()]),
        (served.stub.ListDecisions, decisions, [MORNING.isoformat(), 1, "x"]),
    ]
    for method, request, position in calls:
        request.page_token = pages.encode(position, pages.filters(request))
        with pytest.raises(Invalid), as_faults():
            await method(request)


async def simulated(
    served: Served, caller: str, now: datetime = MORNING, **more: object
) -> simulation_pb.SimulateRouteResponse:
    """Simulate a call to our number."""
    request = simulation_pb.SimulateRouteRequest(
        called_number=OURS,
        caller=simulation_pb.SimulatedCaller(raw=caller),
        time=times.timestamp(now),
        **more,  # type: ignore[arg-type]
    )
    return await served.stub.SimulateRoute(request)


def steps(answer: simulation_pb.SimulateRouteResponse) -> list[tuple[str, str]]:
    """Return the steps of a simulation and the exits taken."""
    return [(each.step_id, each.exit) for each in answer.path]


async def test_a_route_is_simulated_with_what_is_known(served: Served) -> None:
    """The CRM is asked: a VIP goes another way and is given time, a stranger is not."""
    await create(served)
    vip, stranger = await simulated(served, ADA), await simulated(served, "+13125550199")
    assert steps(vip) == [("who", "vip"), ("waiting", "after_conversation")]
    assert {each.label: each.seconds for each in vip.path[1].scores} == {"wait": 0, "vip": 300}
    assert steps(stranger)[0] == ("who", "otherwise")
    assert [each.accepted for each in stranger.path[0].options] == [False, True]
    assert (vip.plan_id, vip.revision, vip.end) == (
        "vips-first",
        1,
        simulation_pb.SIMULATION_END_HUNG_UP,
    )


async def test_a_route_is_simulated_at_any_time(served: Served) -> None:
    """At night the queue is closed, by its own hours and zone."""
    await create(served)
    assert steps(await simulated(served, ADA, NIGHT))[1] == ("waiting", "closed")


async def test_what_is_assumed_counts_for_what_is_found(served: Served) -> None:
    """Overrides take the place of inputs; a late one reads as its safe default."""
    await create(served)
    stranger = simulation_pb.InputOverride(name="vip", flag=True)
    assert steps(await simulated(served, "anonymous", overrides=[stranger]))[0][1] == "vip"
    late = simulation_pb.InputOverride(name="vip", state=decision_pb2.INPUT_STATE_LATE)
    answer = await simulated(served, ADA, overrides=[late])
    assert steps(answer)[0][1] == "otherwise"
    assert answer.path[0].options[0].reason == "vip (late) is no"


async def test_offline_nobody_is_asked(served: Served) -> None:
    """Only what the call itself tells, and what is assumed, is known."""
    await create(served)
    answer = await simulated(served, ADA, NIGHT, offline=True)
    assert steps(answer)[:2] == [("who", "otherwise"), ("hello", "next")]
    assert {each.source for each in answer.inputs if each.name == "caller_number"} == {"call"}


async def test_a_plan_can_be_tried_before_it_is_kept(served: Served) -> None:
    """A plan in the request is walked, and afterwards nothing is there that was not before."""
    answer = await simulated(served, ADA, plan=plan_out(VIPS_FIRST))
    assert (answer.revision, steps(answer)[0]) == (0, ("who", "vip"))
    listed = await served.stub.ListPlans(pb.ListPlansRequest())
    assert [each.plan_id for each in listed.plans] == ["default"]
    assert list((await served.stub.ListDecisions(pb.ListDecisionsRequest())).decisions) == []


async def test_impossible_assumptions_are_named_together(served: Served) -> None:
    """Inputs that are none, values of another sort, and happenings that cannot be."""
    await create(served)
    overrides = [
        simulation_pb.InputOverride(name="mood", text="good"),
        simulation_pb.InputOverride(name="vip", text="yes"),
    ]
    happenings = [simulation_pb.SimulatedHappening(step_id="hello", exit="full")]
    with pytest.raises(Invalid) as caught, as_faults():
        await simulated(served, ADA, overrides=overrides, happenings=happenings)
    assert [each.field for each in caught.value.fields] == [
        "overrides[0]",
        "overrides[1]",
        "happenings[0]",
    ]


async def test_a_number_nobody_takes_has_no_plan(served: Served) -> None:
    """Simulating a call to somebody else's number says so."""
    request = simulation_pb.SimulateRouteRequest(called_number="+12025550199")
    with pytest.raises(NotFound, match="PLAN_NOT_FOUND"), as_faults():
        await served.stub.SimulateRoute(request)


async def test_a_stored_decision_explains_itself(served: Served) -> None:
    """Inputs, scores and rejected options come back as they were, and in sentences."""
    made = Decision(
        decision_id=decision_id("leg", DecisionKind.ENQUEUE, 1),
        kind=DecisionKind.ENQUEUE,
        leg_id="leg",
        time=MORNING,
        plan_id="vips-first",
        revision=1,
        step_id="waiting",
        visit=1,
        inputs=known(vip=True, abandoned=timedelta(minutes=5)),
        scores=(("wait", 0.0), ("vip", 300.0)),
        outcome="support",
    )
    async with served.opened.transaction() as connection:
        await served.parts.decisions.record(connection, made)
    request = pb.ExplainDecisionRequest(decision_id=made.decision_id)
    explained = await served.stub.ExplainDecision(request)
    assert {each.name for each in explained.decision.inputs} == {"vip", "abandoned"}
    assert "The score was 300 s: +0 s wait +300 s vip." in explained.sentences
    assert "vip was yes (override)." in explained.sentences
    listed = await served.stub.ListDecisions(pb.ListDecisionsRequest(call_leg_id="leg"))
    assert list(listed.decisions) == [explained.decision]
    with pytest.raises(NotFound, match="DECISION_NOT_FOUND"), as_faults():
        await served.stub.ExplainDecision(pb.ExplainDecisionRequest(decision_id=unique()))
