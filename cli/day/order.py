"""Whether callers were offered in the order of their scores, worked out anew; pure.

The order is worked out from when callers came and what they were given ahead, not from what voice
wrote down about its decisions. Whoever might have been passed over for a good reason (an agent of
their own they wait for, an offer just before, a callback not yet due) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.day.account import Account
from cli.day.books import Entry, Fact
from cli.day.script import Worker
from cli.day.setup import SALES_NEED, VIP_AHEAD

_SETTLED = timedelta(milliseconds=500)
"""From an entry's time until everybody is sure to see it."""
_EQUAL = timedelta(milliseconds=5)


@dataclass(frozen=True)
class _Stay:
    """One stay in one queue: from when to when, and when it was offered there."""

    entry: Entry
    queue_id: str
    start: datetime
    end: datetime | None
    offered: Sequence[datetime]

    def surely_waits(self, at: datetime) -> bool:
        """Tell whether it was there to be offered at a moment, and had never been before."""
        there = self.start + _SETTLED < at and (self.end is None or at + _SETTLED < self.end)
        return there and not any(each < at + _SETTLED for each in self.offered)


def order_breaches(account: Account) -> tuple[int, list[str]]:
    """Return how many offers were looked at, and those that overtook somebody."""
    stays = _stays(account)
    workers = {worker.agent_id: worker for worker in account.day.workers}
    offers = [fact for fact in account.books.facts if fact.kind == "OFFERED"]
    breaches: list[str] = []
    for offer in sorted(offers, key=lambda fact: fact.start):
        own = [stay for stay in stays if stay.entry.entry_id == offer.entry_id]
        worker = workers.get(offer.agent_id)
        if not own or worker is None or any(t < offer.start for s in own for t in s.offered):
            continue  # Asked before: at the head of the queue.
        breaches += _overtaken(account, offer, own[0].entry, worker, stays)
    return len(offers), breaches


def _overtaken(
    account: Account, offer: Fact, entry: Entry, worker: Worker, stays: Sequence[_Stay]
) -> Iterator[str]:
    rank = _rank(entry, account.speed)
    for stay in stays:
        other = stay.entry
        if other.entry_id == entry.entry_id or other.preferred or other.kind == "CALLBACK":
            continue
        if not (stay.surely_waits(offer.start) and _can(worker, stay.queue_id)):
            continue
        ahead = (rank - _rank(other, account.speed)) / timedelta(seconds=1)
        if ahead > _EQUAL / timedelta(seconds=1):
            yield (
                f"{entry.caller_number} was offered to {worker.agent_id} before "
                f"{other.caller_number}, who was {ahead * account.speed:.0f} s ahead"
            )


def _rank(entry: Entry, speed: float) -> datetime:
    """Return when somebody would have had to come to be where they are without a boost."""
    vip = VIP_AHEAD / speed if entry.is_vip else 0.0
    return entry.enqueued - timedelta(seconds=vip + entry.ahead)


def _can(worker: Worker, queue_id: str) -> bool:
    """Tell whether an agent can take a caller of a queue before anything is asked of them less."""
    if queue_id == "sales" and worker.skills.get("sales", 0) < SALES_NEED:
        return False
    return queue_id in worker.queues


def _stays(account: Account) -> list[_Stay]:
    entries = {entry.entry_id: entry for entry in account.books.entries}
    facts: dict[str, list[Fact]] = {}
    for fact in sorted(account.books.facts, key=lambda fact: fact.start):
        facts.setdefault(fact.entry_id, []).append(fact)
    return [
        stay
        for entry_id, own in facts.items()
        if entry_id in entries
        for stay in _stays_of(entries[entry_id], own)
    ]


def _stays_of(entry: Entry, facts: Sequence[Fact]) -> Iterator[_Stay]:
    offered = [fact.start for fact in facts if fact.kind == "OFFERED"]
    left: Mapping[str, datetime] = {f.queue_id: f.start for f in facts if f.kind == "LEFT"}
    for fact in facts:
        if fact.kind == "ENTERED":
            yield _Stay(entry, fact.queue_id, fact.start, left.get(fact.queue_id), offered)
