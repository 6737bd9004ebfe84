"""One look at a journey: where it stands after it, what to do, and when to look again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.voice.calls.command import Command
from services.voice.calls.model import Result
from services.voice.journeys.actions import Action, Give
from services.voice.journeys.model import Journey, Phase, Situation
from services.voice.journeys.wording import command_of, is_silent, patience
from services.voice.routing.prompts import Spoken


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a look."""

    journey: Journey
    actions: Sequence[Action] = ()
    look: datetime | None = None
    """When to look again although nothing has happened; None is never."""
    moved: bool = False
    """Whether the journey has come to another place, which wants looking at as well."""


def go(journey: Journey, step_id: str, *actions: Action, farewell: str = "") -> Turn:
    """Go on to a step; where there is none the call ends there with a polite word."""
    if not step_id:
        return end(journey, "finished", farewell, *actions)
    return Turn(journey.at(step_id), actions, moved=True)


def end(journey: Journey, why: str, farewell: str, *actions: Action) -> Turn:
    """Say goodbye and hang up."""
    ending = replace(journey, phase=Phase.ENDING, end=why, farewell=farewell, awaited="", attempt=1)
    return Turn(ending, actions, moved=True)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command came to its end."""

    result: Result | None = None
    """What the carrier told of it; None when it was refused, or its end was never told."""
    refused: bool = False


def ended(journey: Journey, key: str, at: Situation, patience: timedelta) -> Ended | None:
    """Return how a command ended, or None while it has not.

    Events may be lost: what must be over by now counts as ended.
    """
    result = at.call.result(key)
    if result is not None:
        return Ended(result)
    if at.call.refusal(key) is not None:
        return Ended(refused=True)
    if key in journey.passed:
        return Ended()
    since = journey.awaited_since
    overdue = journey.awaited == key and since is not None and at.now >= since + patience
    return Ended() if overdue else None


def wait_for(
    journey: Journey, key: str, command: Command, at: Situation, patience: timedelta
) -> Turn:
    """Give a command and come back when it has ended, at the latest after `patience`."""
    if journey.awaited != key:
        passed = (*journey.passed, journey.awaited) if journey.awaited else journey.passed
        journey = replace(journey, awaited=key, awaited_since=at.now, passed=passed)
    since = journey.awaited_since or at.now
    return Turn(journey, (Give(key, command),), since + patience)


def said(journey: Journey, name: str, words: Spoken, at: Situation) -> Turn | None:
    """Let the caller hear something; None when it has been heard, cannot be, or says nothing."""
    key, longest = journey.key(name), patience(words)
    if is_silent(words) or ended(journey, key, at, longest):
        return None
    return wait_for(journey, key, command_of(words), at, longest)
