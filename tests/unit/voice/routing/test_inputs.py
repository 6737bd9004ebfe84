"""What is not known reads as its safe default, whatever came of asking."""

from datetime import timedelta

import pytest

from services.voice.routing.inputs import (
    CRM_NAMES,
    Inputs,
    InputState,
    Name,
    Source,
    Value,
    found,
    inputs,
    misfit,
    missing,
    override,
    queue_input,
)
from tests.support.routing_plans import known

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("state", [InputState.LATE, InputState.FAILED, InputState.ABSENT])
def test_nobody_is_a_vip_because_the_crm_is_slow(state: InputState) -> None:
    """Whatever went wrong, nobody is preferred, named or sent to an agent of their own."""
    nothing = inputs(missing(CRM_NAMES, Source.CRM, state))
    assert not nothing.flag(Name.VIP)
    assert (nothing.trusted_name, nothing.preferred_agent) == ("", "")
    assert {each.state for each in nothing} == {state}


def test_an_empty_answer_means_there_is_none() -> None:
    """No text and no time are no answer; no and zero are."""
    states = {value: found("x", value, Source.CRM).state for value in ("", None, False, 0)}
    assert states[""] is states[None] is InputState.ABSENT
    assert states[False] is InputState.FOUND
    assert found("x", 0, Source.CRM).state is InputState.FOUND


def test_a_value_of_the_wrong_sort_is_no_value() -> None:
    """A flag that is text, a count that is a flag: they read as not known."""
    odd = known(vip="yes", tier=True)
    assert not odd.flag(Name.VIP)
    assert odd.text(Name.TIER) == ""
    assert known(**{"queue.x.staffed": True}).count(queue_input("x", "staffed")) == 0


@pytest.mark.parametrize(("attestation", "name"), [("A", "Ada"), ("B", ""), ("", "")])
def test_only_the_proven_are_named(attestation: str, name: str) -> None:
    """A name is trusted with attestation A alone: any other number may be forged."""
    assert known(attestation=attestation, display_name="Ada").trusted_name == name


@pytest.mark.parametrize(
    ("values", "agent"),
    [
        ({"vip": True, "owner_agent": "own", "last_agent": "last"}, "own"),
        ({"vip": True, "last_agent": "last"}, "last"),
        ({"owner_agent": "own", "last_agent": "last"}, "last"),
        ({"owner_agent": "own"}, ""),
    ],
)
def test_a_vip_gets_the_owner_and_others_their_last_agent(
    values: dict[str, Value], agent: str
) -> None:
    """The CRM's owner is for VIPs; whoever spoke with a caller last is for everybody."""
    assert known(**values).preferred_agent == agent


@pytest.mark.parametrize(
    ("ago", "queue_id", "credit"),
    [(29, "support", 4), (30, "support", 4), (31, "support", 0), (29, "sales", 0)],
)
def test_a_wait_is_credited_in_its_queue_and_for_a_while(
    ago: int, queue_id: str, credit: int
) -> None:
    """The wait that was given up counts in the same queue and within its window only."""
    gave_up = known(abandoned=ago * MINUTE, credit=4 * MINUTE, abandoned_queue="support")
    assert gave_up.credit(queue_id, 30 * MINUTE) == credit * MINUTE


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("vip", True, ""),
        ("vip", None, ""),
        ("vip", "yes", "takes a flag"),
        ("tier", 3, "takes a text"),
        ("abandoned", 3, "takes a span"),
        ("queue.support.staffed", 3, ""),
        ("queue.a.b.staffed", True, "takes a count"),
        ("queue.support.status", "OPEN", ""),
        ("queue.support.mood", "good", "is the name of no input"),
        ("queue..staffed", 1, "is the name of no input"),
        ("mood", "good", "is the name of no input"),
    ],
)
def test_overrides_fit_their_input(name: str, value: Value, why: str) -> None:
    """An override is of an input there is, and of its sort."""
    assert misfit(name, value) == why


def test_an_override_may_say_that_nobody_answered() -> None:
    """A late override reads as the safe default, whatever its value."""
    late = inputs([override("vip", True, InputState.LATE), override("tier", None)])
    assert not late.flag(Name.VIP)
    assert late.by_name["tier"].state is InputState.ABSENT


def test_a_queue_nothing_is_known_of_counts_as_open() -> None:
    """The queue refuses callers itself, so not knowing errs on the side of trying."""
    assert Inputs().is_open("support")
    assert not known(**{"queue.support.status": "EMERGENCY"}).is_open("support")
