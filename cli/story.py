"""Tell a scenario as it is played: a line for every event and every effect, with its time."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator import world
from simulator.playing import Happening, Result, Step

if TYPE_CHECKING:
    from cli.findings import Finding

_DIM, _BOLD, _GREEN, _RED, _OFF = "\033[2m", "\033[1m", "\033[32m", "\033[31m", "\033[0m"


class Story:
    """Prints results; with colours on a terminal."""

    def __init__(self, *, colour: bool | None = None) -> None:
        self._colour = sys.stdout.isatty() if colour is None else colour

    def begin(self, step: Step) -> None:
        """Print what is about to happen."""
        print(self._paint(_BOLD, step.title), flush=True)

    def tell(self, result: Result) -> None:
        """Print what came of the step: what came in, what went out, and what did not."""
        for happening in result.timeline:
            print(f"  {self._line(happening)}")
        for expected in result.unmet:
            print(f"  {self._paint(_RED, f'missing: {expected}')}")
        sys.stdout.flush()

    def found(self, findings: Sequence[Finding]) -> None:
        """Print what the services hold in the end."""
        print(self._paint(_BOLD, "And the services hold"))
        for finding in findings:
            text = finding.text if finding.good else self._paint(_RED, f"wrong: {finding.text}")
            print(f"  {text}")

    def _line(self, happening: Happening) -> str:
        event = happening.what == "event"
        arrow = self._paint(_DIM, "event  ->") if event else self._paint(_GREEN, "effect <-")
        facts = ", ".join(f"{name} {_short(value)}" for name, value in _telling(happening))
        moment = self._paint(_DIM, f"{happening.seconds * 1000:7.0f} ms")
        return f"{moment}  {arrow} {happening.name:<24} {self._paint(_DIM, facts)}".rstrip()

    def _paint(self, code: str, text: str) -> str:
        return f"{code}{text}{_OFF}" if self._colour else text


def summary(results: Sequence[Result]) -> str:
    """Return the verdict, and how long effects took from the webhook before them."""
    unmet = sum(len(result.unmet) for result in results)
    expected = sum(len(result.step.expect) for result in results)
    lines = [f"{expected - unmet} of {expected} expectations met in {len(results)} steps"]
    if taken := latencies(results):
        p50, p99 = statistics.median(taken), percentile(taken, 0.99)
        lines.append(
            f"webhook to effect: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms "
            f"({len(taken)} effects)"
        )
    return "\n".join(lines)


def latencies(results: Sequence[Result]) -> list[float]:
    """Return, for each effect of ours, the seconds since the webhook that came before it."""
    taken = []
    for result in results:
        last: float | None = None
        for happening in result.timeline:
            if happening.what == "event":
                last = happening.seconds
            elif last is not None and happening.name in _OURS:
                taken.append(happening.seconds - last)
    return taken


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


_OURS = {
    *("message.accepted", "media.downloaded"),
    *("call.answer", "call.speak", "call.playback_start", "call.bridge", "call.dial"),
}
_PARTIES = ("from", "with", "to")
_TELLING = (
    *("status", "forged", "attempt", *_PARTIES, "text", "queue_name", "queue", "payload"),
    *("name", "bytes", "pages"),
)


def _telling(happening: Happening) -> list[tuple[str, object]]:
    return [
        (name, _who(str(happening.facts[name])) if name in _PARTIES else happening.facts[name])
        for name in _TELLING
        if happening.facts.get(name)
    ]


def _who(number: str) -> str:
    return world.person(number).name or number


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
