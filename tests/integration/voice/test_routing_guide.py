"""The guide to routing is true: its plan is kept and walked as it says."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from google.protobuf import json_format
from switchhook.voice.v1 import routing_plan_pb2 as plan_pb
from switchhook.voice.v1 import routing_service_pb2 as pb
from switchhook.voice.v1 import routing_simulation_pb2 as simulation_pb

from chassis import times
from services.voice.queues.model import Queue
from tests.integration.voice.routing import Served, serve, unique

GUIDE = Path(__file__).parents[3] / "docs" / "routing.md"
CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 3, 4, 12, tzinfo=CHICAGO)
NIGHT = datetime(2026, 3, 4, 22, tzinfo=CHICAGO)
CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=CHICAGO)


def block(language: str) -> str:
    """Return the first block of the guide in a language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


def guided() -> plan_pb.RoutingPlan:
    """Return the plan of the guide."""
    return json_format.Parse(block("json"), plan_pb.RoutingPlan())


async def walked(
    served: Served, now: datetime, **more: object
) -> simulation_pb.SimulateRouteResponse:
    """Walk the plan of the guide as it is tried there."""
    request = simulation_pb.SimulateRouteRequest(
        plan=guided(),
        time=times.timestamp(now),
        **more,  # type: ignore[arg-type]
    )
    request.caller.raw = "+13125550101"
    return await served.stub.SimulateRoute(request)


def steps(answer: simulation_pb.SimulateRouteResponse) -> list[str]:
    """Return the steps of a walk, with their exits."""
    return [f"{each.step_id} {each.exit}".strip() for each in answer.path]


VIP = simulation_pb.InputOverride(name="vip", flag=True)
STRANGER = simulation_pb.InputOverride(name="vip", flag=False)


@pytest.fixture
async def served(sqlite_database_url: str) -> AsyncIterator[Served]:
    """Routing over queues that are always open."""
    queues = (Queue(queue_id="support"), Queue(queue_id="sales"))
    async with serve(sqlite_database_url, *queues) as running:
        yield running


async def test_the_plan_of_the_guide_is_kept(served: Served) -> None:
    """The plan has no fault and takes its number."""
    assert not (await served.stub.CheckPlan(pb.CheckPlanRequest(plan=guided()))).faults
    await served.stub.CreatePlan(pb.CreatePlanRequest(request_id=unique(), plan=guided()))
    request = pb.ListPlansRequest(called_number=guided().numbers[0])
    assert [each.plan_id for each in (await served.stub.ListPlans(request)).plans] == ["main-line"]


async def test_the_walk_of_the_guide_is_the_walk(served: Served) -> None:
    """The guide prints what its example prints, on the day it says."""
    answer = await walked(served, NOON, answers=["2"], overrides=[STRANGER])
    printed = [f"{each.step_id} {each.exit} {each.reason}" for each in answer.path]
    assert block("text").splitlines() == printed


async def test_a_proven_vip_is_greeted_and_goes_first(served: Served) -> None:
    """No menu, a name, and the score of a VIP who gave up before."""
    overrides = [
        VIP,
        simulation_pb.InputOverride(name="attestation", text="A"),
        simulation_pb.InputOverride(name="display_name", text="Ada"),
        simulation_pb.InputOverride(name="abandoned", span=times.duration(timedelta(minutes=4))),
    ]
    answer = await walked(served, NOON, overrides=overrides)
    assert steps(answer) == [
        "open proven VIP",
        "welcome next",
        "support after_conversation",
        "goodbye",
    ]
    assert list(answer.path[1].prompts) == ["Welcome back, Ada. We are with you in a moment."]
    scores = {each.label: each.seconds for each in answer.path[2].scores}
    assert scores == {"wait": 0, "vip": 300, "gave up before": 60}


@pytest.mark.parametrize("now", [NIGHT, CHRISTMAS], ids=["at night", "on Christmas"])
async def test_when_nobody_is_there(served: Served, now: datetime) -> None:
    """VIPs may ask to be called back, everybody else leaves a message."""
    vip = await walked(served, now, overrides=[VIP], answers=["1"])
    assert steps(vip) == ["open at night", "night VIP", "offer accepted", "goodbye"]
    other = await walked(served, now, overrides=[STRANGER])
    assert steps(other) == ["open at night", "night otherwise", "message next", "goodbye"]


async def test_whoever_waits_is_offered_to_others(served: Served) -> None:
    """After a minute the sales team is asked too, after two no skill is asked for."""
    waits = simulation_pb.SimulatedHappening(step_id="support", exit="max_wait")
    spanish = simulation_pb.InputOverride(name="language", text="es-MX")
    answer = await walked(
        served, NOON, answers=["0"], happenings=[waits], overrides=[STRANGER, spanish]
    )
    menu, queue = answer.path[1:3]
    assert menu.prompts[0].startswith("Para ventas")
    assert (queue.exit, queue.queue_id, list(queue.skills)) == ("max_wait", "sales", [])
    assert "skill spanish:3" in {each.option for each in queue.options if each.accepted}
    assert steps(answer)[-2:] == ["message next", "goodbye"]
