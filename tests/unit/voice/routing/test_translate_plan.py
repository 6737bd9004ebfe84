"""Plans and decisions come through the contract unchanged."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from switchhook.voice.v1 import opening_hours_pb2, routing_plan_pb2, routing_step_pb2

from chassis.errors import Invalid
from chassis.validation import violations
from services.voice.routing.branching import Considered
from services.voice.routing.decisions import Decision, DecisionKind
from services.voice.routing.hours import Emergency, Holiday, Hours, Span, WeeklySpan
from services.voice.routing.inputs import Input, Inputs, InputState, Source, inputs
from services.voice.routing.plan import Branch, Case, Plan
from services.voice.routing.translate_decisions import pack as pack_decision
from services.voice.routing.translate_decisions import unpack as unpack_decision
from services.voice.routing.translate_hours import hours_in, hours_out
from services.voice.routing.translate_plan import pack, plan_out, read_plan, unpack
from tests.support.routing_plans import ANY_INPUTS, CONDITIONS, any_plan, plan

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)


@given(any_plan())
def test_a_plan_comes_back_as_it_was(made: Plan) -> None:
    """What is read from the contract is what was written to it, by the contract's own rules."""
    shown = plan_out(made)
    assert violations(shown) == []
    assert read_plan(shown) == (made, [])


@given(CONDITIONS)
def test_every_condition_comes_back_as_it_was(condition: object) -> None:
    """No test of a call is lost or changed on the way."""
    made = plan(Branch(step_id="which", cases=(Case("", condition, ""),)))  # type: ignore[arg-type]
    assert unpack(pack(made)) != made  # a plan that is kept has a time
    assert unpack(pack(made)).listed == made.listed


def test_defaults_are_filled_in() -> None:
    """What a request leaves out is shown as what will be done."""
    asked = routing_plan_pb2.RoutingPlan(plan_id="p", entry_step_id="m")
    menu = routing_step_pb2.RoutingStep(step_id="m")
    menu.menu.failure_step_id = "m"
    menu.menu.options.add(digits="1")
    box = routing_step_pb2.RoutingStep(step_id="v")
    box.voicemail.prompt.text = "x"
    wait = routing_step_pb2.RoutingStep(step_id="w")
    wait.enqueue.queue_id = "support"
    asked.steps.extend([menu, box, wait])
    shown = plan_out(read_plan(asked)[0]).steps
    assert shown[0].menu.max_tries == 3
    assert shown[0].menu.answer_timeout.seconds == 5
    assert (shown[1].voicemail.max_length.seconds, shown[1].voicemail.max_silence.seconds) == (
        120,
        5,
    )
    assert shown[2].enqueue.max_offers == 3
    assert not shown[2].enqueue.HasField("max_wait")


HOURS = Hours(
    "Europe/Berlin",
    (WeeklySpan(1, Span(540, 1020)), WeeklySpan(7, Span(0, 1440))),
    (Holiday(NOW.date(), NOW.date(), "Founders' day", (Span(600, 720),)),),
    Emergency("snow", NOW, NOW + timedelta(hours=1)),
)


@pytest.mark.parametrize("hours", [HOURS, Hours("UTC"), Hours("UTC", emergency=Emergency())])
def test_hours_come_back_as_they_were(hours: Hours) -> None:
    """Weeks, holidays and emergencies come through the contract unchanged."""
    assert violations(hours_out(hours)) == []
    assert hours_in(hours_out(hours), "hours") == hours


def test_hours_that_cannot_be_are_refused_with_every_fault() -> None:
    """A zone that is none and a day that does not exist are named together."""
    asked = opening_hours_pb2.OpeningHours(time_zone="Mars/Olympus")
    asked.holidays.add(start_date="2026-02-30", end_date="2026-02-31")
    with pytest.raises(Invalid) as caught:
        hours_in(asked, "queue.opening_hours")
    assert [each.field for each in caught.value.fields] == [
        "queue.opening_hours.holidays[0].start_date",
        "queue.opening_hours.holidays[0].end_date",
        "queue.opening_hours.time_zone",
    ]


VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 10),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.none(),
    st.integers(0, 100).map(lambda each: timedelta(milliseconds=each)),
)


@given(ANY_INPUTS, VALUES)
def test_a_decision_comes_back_as_it_was(any_inputs: Inputs, value: object) -> None:
    """Every input with its state, every score and every option is kept."""
    took = timedelta(milliseconds=7)
    more = Input("x", value, Source.CRM, InputState.FOUND, took)  # type: ignore[arg-type]
    made = Decision(
        decision_id="id",
        kind=DecisionKind.BRANCH,
        leg_id="leg",
        time=NOW,
        plan_id="p",
        revision=3,
        step_id="s",
        visit=2,
        entry_id="e",
        inputs=inputs([*any_inputs, more]),
        scores=(("wait", 1.5),),
        options=(Considered("a", False, "why", (("idle", 3.0),)), Considered("b", True, "")),
        outcome="b",
    )
    assert unpack_decision(pack_decision(made)) == made
