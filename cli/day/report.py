"""What a day came to: a table for people, the same as JSON for programs."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.day.account import Account, Row
from cli.day.checks import Check
from cli.day.script import Temper
from cli.story import percentile

_SHOWN = 8
"""Breaches of one check that are told one by one."""


@dataclass(frozen=True)
class Latency:
    """Seconds from the answer to a webhook to the first command, over so many calls."""

    calls: int
    p50: float
    p99: float


def latency(account: Account) -> Latency | None:
    """Return how long callers waited for the first command, calls during a restart left out."""
    first: dict[str, float] = {}
    for command in account.truth.commands:
        accepted = account.truth.accepted.get(command.control_id)
        restarting = accepted and any(down.covers(accepted) for down in account.downtimes)
        if command.control_id not in first and accepted and not restarting:
            first[command.control_id] = max((command.time - accepted).total_seconds(), 0.0)
    incoming = {leg.control_id for leg in account.truth.legs if leg.incoming and not leg.texml}
    taken = [seconds for control_id, seconds in first.items() if control_id in incoming]
    if not taken:
        return None
    return Latency(len(taken), statistics.median(taken), percentile(taken, 0.99))


def table(account: Account, checked: Sequence[Check], *, every_call: bool) -> str:
    """Return the whole report."""
    parts = [
        *([_calls(account.rows), ""] if every_call else []),
        _endings(account.rows),
        "",
        _figures(account),
        "",
        *(_check(each) for each in checked),
    ]
    return "\n".join(parts)


def _calls(rows: Sequence[Row]) -> str:
    head = f"{'at':>6}  {'caller':12} {'who':20} {'what the carrier saw':20} {'queue':8} "
    lines = [head + f"{'voice says':14} {'offers':>6} {'waited':>7} {'talked':>7}"]
    for row in rows:
        entry = row.entry
        queue, outcome = (entry.queue_id, entry.outcome) if entry else ("", "")
        lines.append(
            f"{_clock(row.caller.at):>6}  {row.caller.number:12} {row.caller.temper:20} "
            f"{row.ending:20} {queue:8} {outcome:14} {row.offers or '':>6} "
            f"{_seconds(row.waited):>7} {_seconds(row.talked):>7}"
            + (f"  WRONG: {row.fault}" if row.fault else "")
        )
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    """Return a time of the day; it begins at eight."""
    minutes = int(8 * 60 + seconds / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value else ""


def _endings(rows: Sequence[Row]) -> str:
    endings = sorted({row.ending for row in rows}, key=str)
    lines = [f"{'who':22}" + "".join(f"{ending:>20}" for ending in endings) + f"{'calls':>8}"]
    for temper in Temper:
        own = [row for row in rows if row.caller.temper is temper]
        counted = Counter(row.ending for row in own)
        if own:
            cells = "".join(f"{counted[ending] or '':>20}" for ending in endings)
            lines.append(f"{temper:22}{cells}{len(own):>8}")
    counted = Counter(row.ending for row in rows)
    cells = "".join(f"{counted[ending]:>20}" for ending in endings)
    return "\n".join([*lines, f"{'all':22}{cells}{len(rows):>8}"])


def _figures(account: Account) -> str:
    day, books = account.day, account.books
    lines = [
        f"{'queue':10}{'offered':>9}{'answered':>9}{'abandoned':>10}{'short':>7}{'callbacks':>11}"
        f"{'offers':>8}{'missed':>8}{'declined':>9}{'ASA':>8}{'in 20 s':>9}"
    ]
    for each in books.figures:
        back = f"{each.callbacks_completed}/{each.callbacks_asked}"
        level = "-" if each.service_level is None else f"{each.service_level:.0%}"
        lines.append(
            f"{each.queue_id:10}{each.offered:>9}{each.answered:>9}{each.abandoned:>10}"
            f"{each.short_abandons:>7}{back:>11}{each.offers:>8}{each.missed:>8}"
            f"{each.declined:>9}{each.average_wait * account.speed:>6.0f} s{level:>9}"
        )
    repeated = sum(command.repeated for command in account.truth.commands)
    down = ", ".join(f"{span.seconds(account.truth.until):.1f} s" for span in account.downtimes)
    lines += [
        "",
        f"{len(account.played)} calls and {len(day.workers)} agents in {day.length / 60:.0f} "
        f"minutes, {account.speed:g} times as fast; voice killed {len(account.downtimes)} times"
        + (f", away for {down}" if down else ""),
        f"{len(account.truth.commands)} commands reached the carrier, {repeated} of them again "
        "after a kill, without effect",
    ]
    taken = latency(account)
    if taken is not None:
        lines.append(
            f"call.initiated accepted to first command: p50 {taken.p50 * 1000:.0f} ms, "
            f"p99 {taken.p99 * 1000:.0f} ms ({taken.calls} calls)"
        )
    return "\n".join(lines)


def _check(check: Check) -> str:
    lines = [f"{'ok   ' if check.good else 'WRONG'}  {check.name} ({check.looked_at} looked at)"]
    lines += [f"         {breach}" for breach in check.breaches[:_SHOWN]]
    more = len(check.breaches) - _SHOWN
    return "\n".join(lines + ([f"         and {more} more"] if more > 0 else []))


def as_json(account: Account, checked: Sequence[Check]) -> dict[str, Any]:
    """Return the report as JSON."""
    taken = latency(account)
    return {
        "seed": account.day.seed,
        "calls": [_call_json(row) for row in account.rows],
        "queues": [vars(each) for each in account.books.figures],
        "decision_latency": vars(taken) if taken else None,
        "restarts": [span.seconds(account.truth.until) for span in account.downtimes],
        "commands": len(account.truth.commands),
        "commands_repeated": sum(each.repeated for each in account.truth.commands),
        "checks": [
            {"name": each.name, "looked_at": each.looked_at, "breaches": list(each.breaches)}
            for each in checked
        ],
        "good": all(each.good for each in checked),
    }


def _call_json(row: Row) -> dict[str, Any]:
    return {
        "at": round(row.caller.at, 1),
        "number": row.caller.number,
        "temper": row.caller.temper,
        "ending": row.ending,
        "queue": row.entry.queue_id if row.entry else "",
        "outcome": row.entry.outcome if row.entry else "",
        "offers": row.offers,
        "waited": round(row.waited, 1),
        "talked": round(row.talked, 1),
        "call_leg_id": row.leg.leg_id if row.leg else "",
        "fault": row.fault,
    }
