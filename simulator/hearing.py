"""What a person at a phone lives through: silence, and whom they talk to.

The carrier knows it best: the suite believes what it has commanded, but only here is it known what
was heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.machine import micros


@dataclass
class Span:
    """A time with somebody, or with nobody; open while `until` is None."""

    since: datetime
    until: datetime | None = None
    other: str = ""

    def resource(self) -> dict[str, Any]:
        """Return the span as the control API shows it."""
        shown = {"from": micros(self.since), "to": micros(self.until) if self.until else None}
        return shown | ({"with": self.other} if self.other else {})


@dataclass
class Hearing:
    """The silences and the talks of one leg, in order; neither kind overlaps itself."""

    silences: list[Span] = field(default_factory=list)
    talks: list[Span] = field(default_factory=list)

    def note(self, answered: bool, heard: bool, other: str, now: datetime) -> None:
        """Take down how things stand from now on; `other` is the leg talked to, if any."""
        _go_on(self.silences, answered and not heard, "", now)
        _go_on(self.talks, bool(other), other, now)

    def resource(self) -> dict[str, Any]:
        """Return both as the control API shows them."""
        return {
            "silences": [span.resource() for span in self.silences],
            "talks": [span.resource() for span in self.talks],
        }


def _go_on(spans: list[Span], lasting: bool, other: str, now: datetime) -> None:
    """Close the last span, unless it goes on, and open the next."""
    current = spans[-1] if spans and spans[-1].until is None else None
    if current is not None and lasting and current.other == other:
        return
    if current is not None:
        current.until = now
    if lasting:
        spans.append(Span(now, other=other))
