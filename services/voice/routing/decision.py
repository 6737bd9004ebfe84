"""A decision about a call, with everything it was made from. Pure."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.voice.routing.branching import Considered
from services.voice.routing.inputs import Inputs

_IDS = uuid.UUID("5f0c2b1e-4a0c-5b0e-9a51-8f3f7c6f2d10")
"""Never change it: a decision that is made again would be kept twice."""


class DecisionKind(StrEnum):
    """What was decided."""

    PLAN = "PLAN"
    BRANCH = "BRANCH"
    ENQUEUE = "ENQUEUE"
    MATCH = "MATCH"
    TARGET = "TARGET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision with everything it was made from; see `decision_id` for its name."""

    decision_id: str
    kind: DecisionKind
    leg_id: str
    time: datetime
    plan_id: str = ""
    revision: int = 0
    step_id: str = ""
    visit: int = 0
    entry_id: str = ""
    inputs: Inputs = field(default_factory=Inputs)
    scores: tuple[tuple[str, float], ...] = ()
    options: tuple[Considered, ...] = ()
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decisions are wanted; what is empty does not matter."""

    leg_id: str = ""
    plan_id: str = ""
    kind: DecisionKind | None = None
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of decisions ends."""

    time: datetime
    visit: int
    decision_id: str


def decision_id(leg_id: str, kind: DecisionKind, *what: str | int) -> str:
    """Name a decision by what it is about: the visit of a step, an offer, a target of an entry."""
    return str(uuid.uuid5(_IDS, "/".join([leg_id, kind, *map(str, what)])))
