"""Faults on demand: what goes wrong, for whom, how often; the dice are seeded."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

BEFORE = ("slow", "error", "rate_limit", "blocked")
"""Of a REST request, before it has any effect."""

AFTER = ("drop_reply", "error_after_accept")
"""Of a REST request, after it was carried out: the caller does not learn that it worked."""

WEBHOOK = ("webhook_delay", "webhook_duplicate", "webhook_reorder", "webhook_drop")

KINDS = BEFORE + AFTER + WEBHOOK


@dataclass
class Fault:
    """One kind of trouble.

    `match` is a pattern with * over "POST /v2/messages" or over an event type. It strikes `count`
    times (0 = for ever), each time with `probability`. `seconds` is how long slow and webhook_delay
    take, how long webhook_reorder waits for another event to pass, and what rate_limit tells to
    wait; `status` is for the errors, `copies` for webhook_duplicate.
    """

    kind: str
    match: str = "*"
    count: int = 1
    probability: float = 1.0
    seconds: float = 1.0
    status: int = 500
    copies: int = 1


def parse(body: Mapping[str, Any]) -> Fault:
    """Read a fault from the control API; ValueError says what is wrong with it."""
    unknown = set(body) - {field.name for field in fields(Fault)}
    if unknown:
        raise ValueError(f"unknown field {min(unknown)}")
    if body.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    for name, value in body.items():
        numeric = name not in ("kind", "match")
        if isinstance(value, bool) or not isinstance(value, (int, float) if numeric else str):
            raise ValueError(f"{name} has the wrong type")
    return Fault(**body)


class Faults:
    """The faults that are waiting to strike."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Forget every fault and begin the dice anew."""
        self._dice = random.Random(self._seed)  # noqa: S311 (repeatable on purpose)
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its victims."""
        self._waiting.append(fault)

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults still waiting; `count` is how often they will yet strike."""
        return [asdict(fault) for fault in self._waiting]

    def take(self, kinds: Collection[str], target: str) -> list[Fault]:
        """Return the faults that strike this target now."""
        struck = [fault for fault in self._waiting if self._strikes(fault, kinds, target)]
        for fault in struck:
            if fault.count == 1:
                self._waiting.remove(fault)
            elif fault.count:
                fault.count -= 1
        return struck

    def _strikes(self, fault: Fault, kinds: Collection[str], target: str) -> bool:
        if fault.kind not in kinds or not fnmatchcase(target, fault.match):
            return False
        return fault.probability >= 1 or self._dice.random() < fault.probability
