"""The phones and fax machines out there: how each behaves, and what it has received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator import checks, scripts, world
from simulator.scripts import Script

CALL_HABITS = ("pick_up", "busy", "reject", "no_answer")
TEXT_HABITS = ("deliver", "undeliverable", "unconfirmed")

RING_SECONDS = 1.0
"""How long it rings before somebody picks up, unless their phone is told otherwise."""


@dataclass
class Phone:
    """One number out there.

    `calls` is what it does each time it rings, the last habit for ever after, `answer_after` the
    seconds until it does so, and `script` what its owner does once the call is up. `texts` is what
    becomes of a message to it; `faxes` is empty when its machine takes a fax, else the
    failure_reason Telnyx reports.
    """

    number: str
    calls: list[str] = field(default_factory=lambda: ["pick_up"])
    texts: str = "deliver"
    faxes: str = ""
    answer_after: float = RING_SECONDS
    script: Script = field(default_factory=Script)
    inbox: list[dict[str, Any]] = field(default_factory=list)

    def ring(self) -> str:
        """Return what the phone does this time."""
        return self.calls.pop(0) if len(self.calls) > 1 else self.calls[0]

    def change(self, body: Mapping[str, Any]) -> None:
        """Teach the phone other habits; what the body does not name stays. Raises ValueError."""
        calls = body.get("calls", self.calls)
        habits = calls if isinstance(calls, list) else [calls]
        if not habits or not all(habit in CALL_HABITS for habit in habits):
            raise ValueError(f"calls must be of {', '.join(CALL_HABITS)}")
        self.calls = list(habits)
        self.texts = checks.one_of(body, "texts", TEXT_HABITS) or self.texts
        self.faxes = checks.text(body, "faxes", default=self.faxes)
        self.answer_after = scripts.seconds(body, "answer_after", self.answer_after)
        if any(name in body for name in ("press", "say", "talk", "message", "stays")):
            self.script = scripts.parse(body)

    def resource(self) -> dict[str, Any]:
        """Return the habits as the control API shows them."""
        return {
            "calls": self.calls,
            "texts": self.texts,
            "faxes": self.faxes,
            "answer_after": self.answer_after,
        }


class Phones:
    """Every phone by its number; one nobody spoke of behaves well."""

    def __init__(self) -> None:
        self._phones = {person.number: Phone(person.number) for person in world.PEOPLE}

    def get(self, number: str) -> Phone:
        """Return the phone of a number or SIP address."""
        return self._phones.setdefault(number, Phone(number))

    def all(self) -> list[Phone]:
        """Return every phone spoken of so far."""
        return list(self._phones.values())
