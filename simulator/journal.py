"""The journal of effects: everything the suite made happen out here, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.machine import micros

KEPT = 20_000


@dataclass(frozen=True)
class Effect:
    """One effect; `number` rises by one and is never used twice."""

    number: int
    time: datetime
    kind: str
    facts: dict[str, Any]

    def resource(self) -> dict[str, Any]:
        """Return the effect as the control API shows it."""
        shown = {"number": self.number, "time": micros(self.time), "kind": self.kind}
        return shown | {"facts": self.facts}


class Journal:
    """The latest effects, and a way to wait for the next."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._effects: deque[Effect] = deque(maxlen=KEPT)
        self._news = asyncio.Event()
        self.last = 0

    def write(self, kind: str, facts: dict[str, Any]) -> None:
        """Add an effect and wake who waits for one."""
        self.last += 1
        self._effects.append(Effect(self.last, self._now(), kind, facts))
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._news.set()
        self._news = asyncio.Event()

    def after(self, number: int) -> list[Effect]:
        """Return the effects with a higher number, in order."""
        return [effect for effect in self._effects if effect.number > number]

    async def wait_after(self, number: int, seconds: float) -> list[Effect]:
        """Return the effects after a number; wait so long for one when there is none."""
        if self.last <= number:
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return []
        return self.after(number)
