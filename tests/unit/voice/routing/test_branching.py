"""Conditions are tested for whatever is known, with a reason, and always with the same result."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice.routing.branching import applies, choose, judge, required, standing
from services.voice.routing.conditions import (
    AbandonedWithin,
    AllOf,
    AnyOf,
    Attestation,
    AttestedAtLeast,
    CallerIdNameContains,
    CallerIs,
    CallerKindIs,
    Condition,
    LanguageIs,
    NoneOf,
    NumberBegins,
    PreviousOutcome,
    PreviousOutcomeIs,
    QueueOpen,
    QueueStaffed,
    QueueWaiting,
    ScreeningIs,
    TierIs,
    Trait,
    WithinHours,
)
from services.voice.routing.hours import Hours
from services.voice.routing.inputs import (
    Inputs,
    InputState,
    Name,
    Source,
    Value,
    inputs,
    missing,
    override,
)
from services.voice.routing.plan import Boost, Branch, Case, SkillNeed, Target
from tests.support.routing_plans import ANY_INPUTS, CONDITIONS, enqueue, known

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOTHING = Inputs()
YES, NO = CallerIs(Trait.VIP), CallerIs(Trait.KNOWN)
A_VIP = known(vip=True)
MOMENTS = st.integers(-(10**9), 10**9).map(lambda each: NOW + each * SECOND)


def holds(condition: Condition, known_inputs: Inputs) -> bool:
    """Say whether a condition holds."""
    return judge(condition, known_inputs, NOW).holds


@pytest.mark.parametrize(
    ("condition", "name", "yes", "no"),
    [
        (CallerIs(Trait.VIP), "vip", True, False),
        (CallerIs(Trait.KNOWN), "known", True, False),
        (CallerIs(Trait.ESCALATED_CASE), "escalated_case", True, False),
        (CallerIs(Trait.HAS_OWNER), "owner_agent", "agent-1", ""),
        (CallerIs(Trait.RETURNING), "last_agent", "agent-1", ""),
        (CallerIs(Trait.PROVEN), "attestation", "A", "B"),
        (CallerKindIs("WITHHELD"), "caller_kind", "WITHHELD", "NUMBER"),
        (LanguageIs("es"), "language", "es-MX", "est"),
        (TierIs("Gold"), "tier", "gold", "silver"),
        (AbandonedWithin(60 * SECOND), "abandoned", 60 * SECOND, 61 * SECOND),
        (PreviousOutcomeIs(PreviousOutcome.ABANDONED), "previous_outcome", "ABANDONED", "HANDLED"),
        (AttestedAtLeast(Attestation.B), "attestation", "A", "C"),
        (ScreeningIs("Spam"), "screening_result", "spam", "ham"),
        (CallerIdNameContains("ada"), "caller_id_name", "ADA L", "GRACE"),
        (NumberBegins("+1312"), "caller_number", "+13125550101", "+12025550101"),
        (QueueOpen("support"), "queue.support.status", "OPEN", "HOLIDAY"),
        (QueueStaffed("support", 2), "queue.support.staffed", 2, 1),
        (QueueWaiting("support", 2), "queue.support.waiting", 2, 1),
    ],
)
def test_each_condition_reads_its_input(
    condition: Condition, name: str, yes: Value, no: Value
) -> None:
    """Each condition holds for what it asks for, and neither for the next best nor for nothing."""
    assert holds(condition, known(**{name: yes}))
    assert not holds(condition, known(**{name: no}))
    # A queue nothing is known of counts as open: it refuses callers itself.
    assert holds(condition, NOTHING) is isinstance(condition, QueueOpen)


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        (AllOf((YES, YES)), True),
        (AllOf((YES, NO)), False),
        (AnyOf((NO, YES)), True),
        (AnyOf((NO, NO)), False),
        (NoneOf((NO, NO)), True),
        (NoneOf((NO, YES)), False),
    ],
)
def test_groups_join_conditions(condition: Condition, result: bool) -> None:
    """All, any and none mean what they say."""
    assert holds(condition, A_VIP) is result


def test_a_reason_repeats_what_was_looked_at() -> None:
    """The reason of a verdict names the input and its value."""
    assert judge(TierIs("gold"), known(tier="silver"), NOW).why == 'tier is "silver"'


def test_a_reason_says_that_an_input_was_late() -> None:
    """A safe default is not mistaken for an answer."""
    late = inputs(missing([Name.VIP], Source.CRM, InputState.LATE))
    assert judge(YES, late, NOW).why == "vip (late) is no"


def test_a_closed_time_says_why() -> None:
    """Hours that are closed say what closes them."""
    verdict = judge(WithinHours(Hours("UTC")), NOTHING, NOW)
    assert (verdict.holds, verdict.why) == (False, "the hours say outside hours")


def test_the_first_case_that_holds_is_taken() -> None:
    """Cases are asked in order; those before are rejected with reasons, those after not asked."""
    cases = (Case("known", NO, "a"), Case("vip", YES, "b"), Case("again", YES, "c"))
    choice = choose(Branch(step_id="which", cases=cases), A_VIP, NOW)
    assert (choice.next_step_id, choice.exit) == ("b", "vip")
    assert [(each.option, each.accepted) for each in choice.considered] == [
        ("known", False),
        ("vip", True),
    ]


def test_without_a_case_the_rest_is_taken() -> None:
    """Where nothing holds the last way is taken, and every case is told."""
    branch = Branch(step_id="which", cases=(Case("", NO, "a"),), otherwise_step_id="b")
    choice = choose(branch, A_VIP, NOW)
    assert (choice.next_step_id, choice.exit) == ("b", "otherwise")
    assert [each.accepted for each in choice.considered] == [False, True]


def test_boosts_and_skills_that_hold_are_given() -> None:
    """All boosts that hold are given, and of two levels of a skill the higher is needed."""
    step = enqueue(
        boosts=(Boost("vip", 60 * SECOND, YES), Boost("known", 5 * SECOND, NO)),
        skills=(SkillNeed("spanish", 2), SkillNeed("spanish", 4, YES), SkillNeed("tax", 5, NO)),
    )
    place = standing(step, A_VIP, NOW)
    assert place.boosts == (("vip", 60 * SECOND),)
    assert place.skills == (("spanish", 4),)
    assert [each.accepted for each in place.considered] == [True, False, True, True, False]


def test_a_target_without_a_condition_applies() -> None:
    """A target that asks for nothing is taken when its time has come."""
    assert applies(Target(SECOND, "sales"), NOTHING, NOW).holds
    assert not applies(Target(SECOND, "sales", when=NO), NOTHING, NOW).holds


@given(CONDITIONS, ANY_INPUTS, MOMENTS)
def test_every_condition_is_decided_for_any_inputs(
    condition: Condition, any_inputs: Inputs, now: datetime
) -> None:
    """Whatever is known, or is of the wrong sort, there is one verdict, with a reason."""
    verdict = judge(condition, any_inputs, now)
    assert verdict == judge(condition, any_inputs, now)
    assert verdict.why


@given(st.lists(st.tuples(CONDITIONS, st.sampled_from(["a", "b", ""])), max_size=4), ANY_INPUTS)
def test_a_branch_always_goes_somewhere(
    ways: list[tuple[Condition, str]], any_inputs: Inputs
) -> None:
    """A branch takes exactly one of its ways, the last one it has weighed."""
    cases = tuple(Case(f"way {index}", *way) for index, way in enumerate(ways))
    choice = choose(Branch(step_id="which", cases=cases, otherwise_step_id="z"), any_inputs, NOW)
    assert [each.accepted for each in choice.considered].count(True) == 1
    assert choice.considered[-1].accepted
    ends = {case.label: case.next_step_id for case in cases} | {"otherwise": "z"}
    assert choice.next_step_id == ends[choice.exit]


@given(CONDITIONS, ANY_INPUTS)
def test_needs_are_decided_for_any_inputs(condition: Condition, any_inputs: Inputs) -> None:
    """A skill is needed exactly when its condition holds."""
    skills, _ = required((SkillNeed("tax", 3, condition),), any_inputs, NOW)
    assert skills == ((("tax", 3),) if holds(condition, any_inputs) else ())


def test_an_override_counts_as_found() -> None:
    """What somebody wants to be assumed is tested like what was found."""
    assert holds(YES, inputs([override("vip", True)]))
