"""The reconciliation of a day: a good one passes, and each thing that may be wrong is found."""

from dataclasses import replace
from typing import Any

import pytest

from cli.day.account import Account, Ending
from cli.day.books import Fact, Match
from cli.day.checks import checks
from cli.day.report import as_json, latency, table
from cli.day.truth import Command, Refusal
from tests.unit.cli.days import (
    AGENT,
    CALL,
    CALLER,
    ENTRY,
    FACTS,
    FIGURES,
    OTHER,
    RUNG,
    agent_leg,
    at,
    leg,
    span,
    told,
)


def _broken(account: Account) -> list[str]:
    return [check.name for check in checks(account) if not check.good]


def _command(action: str, control_id: str, command_id: str, **more: Any) -> Command:
    return Command(at(15), action, control_id, command_id, **({"repeated": False} | more))


def test_a_good_day_passes() -> None:
    """Nothing is found where both sides agree."""
    account = told()
    assert _broken(account) == []
    assert [row.ending for row in account.rows] == [Ending.TALKED]
    assert (account.rows[0].talked, account.rows[0].waited) == (80.0, 15.0)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"calls": {}}, "every call is accounted for, once"),
        ({"calls": {"leg-v3:call": 2}}, "every call is accounted for, once"),
        ({"living": frozenset({"leg-v3:call"})}, "every call is accounted for, once"),
        (
            {"entries": (replace(ENTRY, outcome="ABANDONED"),)},
            "every call is accounted for, once",
        ),
        (
            {"entries": (replace(ENTRY, state="WAITING", outcome="", left=None),)},
            "nobody is left on a line or in a queue",
        ),
        ({"matches": ()}, "every offer is explained"),
        ({"matches": (Match("entry-1", ("agent-02",), 1),)}, "every offer is explained"),
        ({"figures": (replace(FIGURES, answered=0),)}, "the metrics are what the carrier saw"),
        ({"facts": (*FACTS[:3], FACTS[4])}, "the metrics are what the carrier saw"),
    ],
)
def test_what_voice_gets_wrong_is_found(changes: dict[str, Any], broken: str) -> None:
    """Each thing voice may say wrongly breaks the check that is there for it."""
    assert broken in _broken(told(**changes))


def test_a_leg_that_goes_on_is_found() -> None:
    """A caller who is still on the line at the end is lost."""
    account = told(legs=(replace(CALL, span=span(0, None)), RUNG))
    assert account.rows[0].ending is Ending.LOST
    assert "nobody is left on a line or in a queue" in _broken(account)


def test_two_agents_at_once_are_found() -> None:
    """Two agents rung for the same caller at the same time break a rule; in turn they do not."""
    first = agent_leg("v3:first", span(5, 12), OTHER)
    dials = tuple(
        _command("dial", each.control_id, each.control_id, link_to="v3:call")
        for each in (first, RUNG)
    )
    assert _broken(told(legs=(CALL, first, RUNG), commands=dials)) == []
    late = replace(first, span=span(5, 18))
    broken = _broken(told(legs=(CALL, late, RUNG), commands=dials))
    assert broken == ["never two agents for one caller"]


def test_an_agent_in_two_calls_is_found() -> None:
    """A second leg to a phone that is on the line breaks a rule."""
    second = agent_leg("v3:second", span(90, 95))
    assert "never an agent in two calls" in _broken(told(legs=(CALL, RUNG, second)))


def test_a_call_in_the_wrap_up_is_found() -> None:
    """An agent has half a minute after a conversation."""
    early, late = (agent_leg(f"v3:{s}", span(s, s + 5)) for s in (125, 131))
    assert "never a call to an agent who wraps up" in _broken(told(legs=(CALL, RUNG, early)))
    assert _broken(told(legs=(CALL, RUNG, late))) == []


def test_a_call_to_an_agent_who_is_away_is_found() -> None:
    """Between AWAY and AVAILABLE no phone rings."""
    presence = ((at(10), at(10), "agent-01", "AWAY"), (at(60), at(60), "agent-01", "AVAILABLE"))
    assert _broken(told(presence=presence)) == ["never a call to an agent who is away"]


def test_who_overtakes_is_found() -> None:
    """A caller who was there before, and could have been taken, must not be overtaken."""
    waiting = replace(ENTRY, entry_id="entry-2", leg_id="leg-v3:two", enqueued=at(1), entered=at(1))
    facts = (
        *FACTS,
        Fact("ENTERED", at(1), at(1), "support", "entry-2"),
        Fact("LEFT", at(150), at(150), "support", "entry-2", outcome="ABANDONED"),
    )
    name = "who was offered had the highest score"
    assert name in _broken(told(entries=(ENTRY, waiting), facts=facts))
    vip = (replace(ENTRY, is_vip=True), waiting)
    assert name not in _broken(told(entries=vip, facts=facts))
    late = (*facts[:5], Fact("ENTERED", at(14.9), at(14.9), "support", "entry-2"), facts[6])
    assert name not in _broken(told(entries=(ENTRY, waiting), facts=late))


def test_a_command_with_two_effects_is_found() -> None:
    """The same command_id may come again, but have an effect only once."""
    once = _command("answer", "v3:call", "c-1")
    again = replace(once, repeated=True)
    assert _broken(told(commands=(once, again))) == []
    assert _broken(told(commands=(once, once))) == ["no command had its effect twice"]


def test_refusals_are_found_unless_they_are_races() -> None:
    """A command for a call that has ended is normal, any other refusal is not."""
    late, wrong = (Refusal(at(9), "/v2/calls/x/actions/speak", c) for c in ("90018", "90034"))
    assert _broken(told(truth={"refusals": (late,)})) == []
    broken = ["the carrier refused nothing but what came too late"]
    assert _broken(told(truth={"refusals": (late, wrong)})) == broken


def test_silence_is_found_unless_voice_was_down() -> None:
    """More than five seconds of silence are too long, those of a restart left out."""
    quiet = replace(CALL, silences=(span(5, 12),))
    assert _broken(told(legs=(quiet, RUNG))) == ["no caller was left in silence"]
    assert _broken(told(legs=(quiet, RUNG), downtimes=(span(6, 11),))) == []
    agent = replace(RUNG, silences=(span(5, 50),))
    assert _broken(told(legs=(CALL, agent))) == []


@pytest.mark.parametrize(
    ("more", "outcome", "ending"),
    [
        ({}, "ABANDONED", Ending.GAVE_UP),
        ({"source": "callee", "recordings": 1}, "VOICEMAIL", Ending.MESSAGE),
        ({"source": "callee"}, "", Ending.SENT_AWAY),
    ],
)
def test_endings(more: dict[str, Any], outcome: str, ending: Ending) -> None:
    """Who has talked to nobody gave up, left a message, or was sent away, which is wrong."""
    account = told(
        legs=(leg("v3:call", span(0, 100), **more),),
        entries=(replace(ENTRY, outcome=outcome),),
        voicemails={"leg-v3:call": 1},
    )
    assert account.rows[0].ending is ending
    assert bool(account.rows[0].fault) is (ending is Ending.SENT_AWAY)


def test_a_callback_is_the_callers() -> None:
    """Talking with an agent in a call back counts as called back; without one it was in vain."""
    asked = replace(ENTRY, kind="CALLBACK", outcome="HANDLED")
    first = leg("v3:call", span(0, 30), source="callee")
    back = agent_leg("v3:back", span(50, 90), CALLER, talks=(span(55, 90, "v3:agent"),))
    account = told(legs=(first, back, RUNG), entries=(asked,))
    assert (account.rows[0].ending, account.rows[0].fault) == (Ending.CALLED_BACK, "")
    alone = replace(back, talks=())
    in_vain = told(legs=(first, alone, RUNG), entries=(replace(asked, outcome="UNREACHED"),))
    assert (in_vain.rows[0].ending, in_vain.rows[0].fault) == (Ending.NOT_REACHED, "")


def test_a_talk_that_broke_off_may_end_otherwise() -> None:
    """A caller whose agent fell off the line at once may give up in the queue."""
    short = replace(CALL, talks=(span(20, 22, "v3:agent"),))
    fell = replace(RUNG, span=span(15, 22), source="callee")
    entries = (replace(ENTRY, outcome="ABANDONED"),)
    assert told(legs=(short, fell), entries=entries).rows[0].fault == ""
    assert told(legs=(short, RUNG), entries=entries).rows[0].fault != ""


def test_the_latency_is_from_acceptance_to_the_first_command() -> None:
    """Only the first command of a call counts, and no call that came during a restart."""
    commands = (_command("answer", "v3:call", "c-1"), _command("speak", "v3:call", "c-2"))
    account = told(commands=commands, truth={"accepted": {"v3:call": at(14.5)}})
    found = latency(account)
    assert found is not None
    assert (found.calls, found.p50, found.p99) == (1, 0.5, 0.5)
    down = told(
        commands=commands,
        truth={"accepted": {"v3:call": at(14.5)}},
        downtimes=(span(14, 15),),
    )
    assert latency(down) is None


def test_the_report_tells_everything() -> None:
    """The table has the call, the figures and every check; JSON has the same."""
    account = told(matches=())
    checked = checks(account)
    text = table(account, checked, every_call=True)
    assert CALLER in text
    assert "ok     never an agent in two calls" in text
    assert "WRONG  every offer is explained" in text
    shown = as_json(account, checked)
    assert (shown["good"], shown["calls"][0]["ending"]) == (False, "talked")
    assert AGENT not in text


def test_an_apology_for_being_late_is_no_loss() -> None:
    """A TeXML caller may be asked to call later when voice was late or away, and only then."""
    caller = leg("v3:call", span(0, 30), source="callee", texml=True)
    assert told(legs=(caller,), entries=()).rows[0].fault != ""
    late = told(legs=(caller,), entries=(), truth={"slowest": {"v3:call": 1.0}})
    away = told(legs=(caller,), entries=(), downtimes=(span(29, 31),))
    assert [each.rows[0].fault for each in (late, away)] == ["", ""]
