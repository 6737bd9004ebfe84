"""A steady flow of texts, calls and faxes, and the account of what each must lead to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from simulator.client import Control

# 555-0100 to 555-0199 is kept for fiction in every area code; our own numbers are in 202.
_AREAS = range(203, 290)
_KINDS = ("sms", "sms", "call", "sms", "sms", "fax", "sms", "sms")
_PATIENCE = 90
"""Seconds; longer than any restart takes."""


def _numbers() -> Iterator[str]:
    return (f"+1{area}55501{line:02d}" for area, line in product(_AREAS, range(100)))


@dataclass
class Flow:
    """Sends one thing after the other until stopped, and remembers what it has sent."""

    control: Control
    per_second: float
    texts: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    faxes: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def sent(self) -> int:
        """How many things have been sent."""
        return len(self.texts) + len(self.calls) + len(self.faxes)

    async def run(self) -> None:
        """Send until stopped, at most as many as there are numbers."""
        for number, kind in zip(_numbers(), _endless(_KINDS), strict=False):
            if self.stopped:
                return
            await asyncio.gather(self._send(kind, number), asyncio.sleep(1 / self.per_second))

    async def _send(self, kind: str, number: str) -> None:
        facts: dict[str, Any] = {"from": number}
        if kind == "sms":
            facts |= {"text": "HELP"}
        elif kind == "call":
            facts |= {"patience": _PATIENCE}
        reply = await asyncio.to_thread(self.control.post, f"/_sim/{kind}", facts)
        match kind:
            case "sms":
                self.texts.append(number)
            case "call":
                self.calls.append(reply["call_control_id"])
            case _:
                self.faxes.append(reply["fax_id"])

    def account(self) -> dict[str, int]:
        """Return what is still missing and what has happened too often, by kind of effect."""
        effects, _ = self.control.effects(0)
        seen = Counter((each["kind"], _subject(each)) for each in effects)
        wrong = Counter(self._wrong_calls(effects, seen))
        for number in self.texts:
            count = seen["message.accepted", number]
            if count != 1:
                wrong[f"message.accepted {'missing' if count == 0 else 'repeated'}"] += 1
        return dict(wrong)

    def _wrong_calls(
        self, effects: list[dict[str, Any]], seen: Mapping[tuple[str, str], int]
    ) -> Iterator[str]:
        """Yield what calls lack, and the commands that had their effect twice.

        Who waits is told so now and then, so only the commands' ids tell a repetition.
        """
        for call in self.calls:
            for kind in ("call.answer", "call.speak", "call.playback_start"):
                if not seen[kind, call]:
                    yield f"{kind} missing"
        given = Counter(
            each["facts"]["command_id"]
            for each in effects
            if each["kind"] != "call.repeated" and "command_id" in each["facts"]
        )
        yield from ("command repeated" for times in given.values() if times > 1)


def _endless(kinds: tuple[str, ...]) -> Iterator[str]:
    while True:
        yield from kinds


def _subject(effect: dict[str, Any]) -> str:
    facts = effect["facts"]
    return str(
        facts["to"] if effect["kind"] == "message.accepted" else facts.get("call_control_id")
    )
