"""The phones and fax machines out there: how each behaves, and what it has received."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator import world

CALL_HABITS = ("pick_up", "busy", "reject", "no_answer")
TEXT_HABITS = ("deliver", "undeliverable", "unconfirmed")


@dataclass
class Phone:
    """One number out there.

    `calls` is what it does when it rings and `texts` what becomes of a message to it; `faxes` is
    empty when its machine takes a fax, else the failure_reason Telnyx reports.
    """

    number: str
    calls: str = "pick_up"
    texts: str = "deliver"
    faxes: str = ""
    inbox: list[dict[str, Any]] = field(default_factory=list)


class Phones:
    """Every phone by its number; one nobody spoke of behaves well."""

    def __init__(self) -> None:
        self._phones = {person.number: Phone(person.number) for person in world.PEOPLE}

    def get(self, number: str) -> Phone:
        """Return the phone of a number."""
        return self._phones.setdefault(number, Phone(number))

    def all(self) -> list[Phone]:
        """Return every phone spoken of so far."""
        return list(self._phones.values())
