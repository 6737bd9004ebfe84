"""A stored decision in sentences, for whoever asks why a call went where it went. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from services.voice.routing.decision import Decision, DecisionKind
from services.voice.routing.inputs import Input, InputState

_ABOUT = {
    DecisionKind.PLAN: "Which plan takes the call",
    DecisionKind.BRANCH: "Which way to go",
    DecisionKind.ENQUEUE: "Where the caller waits, and how far forward",
    DecisionKind.MATCH: "Which agent is offered the caller",
    DecisionKind.TARGET: "Where to look for an agent after a while",
}
_STATES = {
    InputState.FOUND: "",
    InputState.ABSENT: "there is none",
    InputState.LATE: "did not come in time",
    InputState.FAILED: "could not be asked",
}


def sentences(decision: Decision) -> list[str]:
    """Return a decision as sentences: what it was, what was known, weighed and scored."""
    return [
        *_heading(decision),
        *(_known(each) for each in decision.inputs),
        *_scored(decision),
        *_weighed(decision),
    ]


def _heading(decision: Decision) -> Iterator[str]:
    outcome = decision.outcome or "nothing"
    yield f"{_ABOUT[decision.kind]}: {outcome}, decided {decision.time.isoformat()}."
    if decision.plan_id:
        at = f" at step {decision.step_id}" if decision.step_id else ""
        yield f"The call follows plan {decision.plan_id}, revision {decision.revision}{at}."


def _known(given: Input) -> str:
    took = "" if given.took is None else f" after {given.took / timedelta(milliseconds=1):.0f} ms"
    if given.state is InputState.FOUND:
        return f"{given.name} was {_value(given)} ({given.source}{took})."
    used = f", so {_value(given)} was used" if given.state is not InputState.ABSENT else ""
    return f"{given.name}: {_STATES[given.state]}{used} ({given.source}{took})."


def _scored(decision: Decision) -> Iterator[str]:
    if decision.scores:
        parts = " ".join(f"{seconds:+g} s {label}" for label, seconds in decision.scores)
        total = sum(seconds for _, seconds in decision.scores)
        yield f"The score was {total:g} s: {parts}."


def _weighed(decision: Decision) -> Iterator[str]:
    for each in decision.options:
        scored = "".join(f", {seconds:+g} s {label}" for label, seconds in each.scores)
        verb = "was taken" if each.accepted else "was rejected"
        yield f"{each.option} {verb}: {each.reason}{scored}."


def _value(given: Input) -> str:
    match given.value:
        case None | "":
            return "none"
        case bool():
            return "yes" if given.value else "no"
        case timedelta():
            return f"{given.value.total_seconds():g} s"
        case _:
            return f'"{given.value}"' if isinstance(given.value, str) else str(given.value)
