"""The account of every call: what the simulator saw of it beside what voice says of it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cli.day.books import Books, Entry
from cli.day.script import Caller, Day
from cli.day.truth import Leg, Span, Truth

QUIET_LIMIT = 5.0


_LATE = 0.9
"""Seconds of a TeXML request after which the gateway may have answered by itself (it waits 1 s)."""


class Ending(StrEnum):
    """How a call ended, as the carrier saw it."""

    TALKED = "talked"
    CALLED_BACK = "was called back"
    NOT_REACHED = "called back in vain"
    MESSAGE = "left a message"
    GAVE_UP = "gave up"
    SENT_AWAY = "was sent away"
    LOST = "is still there"


_AGREEING: Mapping[Ending, frozenset[str]] = {
    Ending.TALKED: frozenset({"HANDLED"}),
    Ending.CALLED_BACK: frozenset({"HANDLED"}),
    Ending.NOT_REACHED: frozenset({"UNREACHED"}),
    Ending.MESSAGE: frozenset({"", "VOICEMAIL"}),
    Ending.GAVE_UP: frozenset({"", "ABANDONED", "SHORT_ABANDONED", "VOICEMAIL"}),
    Ending.SENT_AWAY: frozenset(),
    Ending.LOST: frozenset(),
}
"""What voice may say of an ending; empty for a caller who was in no queue."""

CUT_OFF = frozenset({"ABANDONED", "SHORT_ABANDONED", "VOICEMAIL"})
"""What may become of a caller whose conversation broke off."""


@dataclass(frozen=True)
class Played:
    """A call of the script as it was made: its leg, empty when the simulator refused it."""

    caller: Caller
    control_id: str


@dataclass(frozen=True)
class Row:
    """One line of the account."""

    caller: Caller
    leg: Leg | None
    ending: Ending
    entry: Entry | None
    offers: int
    waited: float
    talked: float
    """Seconds of the day."""
    fault: str = ""


@dataclass(frozen=True)
class Account:
    """Everything there is to check: the day, both sides, and when voice was down."""

    day: Day
    speed: float
    played: Sequence[Played]
    truth: Truth
    books: Books
    downtimes: Sequence[Span]
    quiet_limit: float = QUIET_LIMIT
    """Seconds for which a caller may hear nothing while voice is up."""
    rows: Sequence[Row] = field(default=())

    @property
    def agent_numbers(self) -> frozenset[str]:
        """Return the numbers agents are rung at."""
        return frozenset(worker.number for worker in self.day.workers)

    def agent_legs(self) -> Mapping[str, Sequence[Leg]]:
        """Return the legs to each agent's phone, in order."""
        found: dict[str, list[Leg]] = {number: [] for number in sorted(self.agent_numbers)}
        for leg in sorted(self.truth.legs, key=lambda leg: leg.span.start):
            if not leg.incoming and leg.to_number in found:
                found[leg.to_number].append(leg)
        return found

    def up(self, span: Span) -> float:
        """Return the seconds of a span during which voice was up."""
        whole = span.seconds(self.truth.until)
        return whole - sum(_shared(span, down, self.truth.until) for down in self.downtimes)


def _shared(one: Span, other: Span, until: datetime) -> float:
    start, end = max(one.start, other.start), min(one.end or until, other.end or until)
    return max((end - start).total_seconds(), 0.0)


def rows(account: Account) -> list[Row]:
    """Return a line for every call of the script, in the order they came."""
    legs = account.truth.by_control_id
    entries: dict[str, list[Entry]] = {}
    for entry in sorted(account.books.entries, key=lambda each: each.entered):
        entries.setdefault(entry.leg_id, []).append(entry)
    return [_row(account, each, legs.get(each.control_id), entries) for each in account.played]


def _row(
    account: Account, played: Played, leg: Leg | None, entries: Mapping[str, Sequence[Entry]]
) -> Row:
    if leg is None:
        return Row(played.caller, None, Ending.LOST, None, 0, 0.0, 0.0, "the call was never made")
    # A document's request names no leg, so voice knows a TeXML call by the call's own id.
    own = [*entries.get(leg.leg_id, []), *entries.get(leg.control_id, [])]
    talks = _talks(account, leg)
    ending = _ending(account, leg, talks)
    entry = own[-1] if own else None
    offers = sum(
        fact.kind == "OFFERED" and fact.entry_id == entry.entry_id
        for fact in account.books.facts
        if entry is not None
    )
    until = account.truth.until
    began = entry.enqueued if entry else leg.span.start
    stopped = talks[0].start if talks else (entry.left if entry else leg.span.end) or until
    return Row(
        caller=played.caller,
        leg=leg,
        ending=ending,
        entry=entry,
        offers=offers,
        waited=max((stopped - began).total_seconds(), 0.0) * account.speed,
        talked=sum(talk.seconds(until) for talk in talks) * account.speed,
        fault=_fault(account, leg, ending, own, talks),
    )


def _talks(account: Account, leg: Leg) -> list[Span]:
    """Return the caller's talks with agents, those of a callback included, in order."""
    legs = account.truth.by_control_id
    spans = [talk for each in (leg, *callbacks(account, leg)) for talk in each.talks]
    with_agents = [
        span
        for span in spans
        if span.other in legs and legs[span.other].to_number in account.agent_numbers
    ]
    return sorted(with_agents, key=lambda span: span.start)


def callbacks(account: Account, leg: Leg) -> list[Leg]:
    """Return the legs by which this caller was called back."""
    return [
        each
        for each in account.truth.legs
        if not each.incoming
        and each.to_number == leg.from_number
        and each.to_number not in account.agent_numbers
        and each.span.start > leg.span.start
    ]


def _ending(account: Account, leg: Leg, talks: Sequence[Span]) -> Ending:
    called = callbacks(account, leg)
    if leg.alive:
        return Ending.LOST
    if called:
        return Ending.CALLED_BACK if talks else Ending.NOT_REACHED
    if talks:
        return Ending.TALKED
    if leg.recordings:
        return Ending.MESSAGE
    return Ending.GAVE_UP if leg.source == "caller" else Ending.SENT_AWAY


def _fault(
    account: Account, leg: Leg, ending: Ending, own: Sequence[Entry], talks: Sequence[Span]
) -> str:
    """Return what is wrong with a call, empty when both sides agree on it."""
    ids = {leg.leg_id, leg.control_id}
    known = sum(account.books.calls.get(each, 0) for each in ids)
    if ids & account.books.living:
        return "voice believes the call to go on"
    if known != 1:
        return f"voice knows {known} calls of this leg"
    still = [entry.state for entry in own if entry.state != "LEFT"]
    if still:
        return f"its place in the queue is {still[0]}"
    messages = sum(account.books.voicemails.get(each, 0) for each in ids)
    if ending is Ending.MESSAGE and messages != 1:
        return f"{messages} voicemails of it are kept"
    if ending is Ending.SENT_AWAY and _apologized(account, leg):
        return ""
    outcome = own[-1].outcome if own else ""
    allowed = _AGREEING[ending]
    if ending is Ending.TALKED and _broke_off(account, talks[-1]):
        allowed |= CUT_OFF
    if outcome not in allowed:
        return f"the carrier saw that the caller {ending}, voice says {outcome or 'nothing'}"
    return ""


def _apologized(account: Account, leg: Leg) -> bool:
    """Tell whether the gateway ended a TeXML call politely because voice was away or late."""
    end = leg.span.end or account.truth.until
    late = account.truth.slowest.get(leg.control_id, 0.0) >= _LATE
    return leg.texml and (late or any(down.covers(end) for down in account.downtimes))


def _broke_off(account: Account, talk: Span) -> bool:
    """Tell whether a talk was so short that the caller may have been put back into the queue."""
    agent = account.truth.by_control_id[talk.other]
    return agent.source == "callee" and talk.seconds(account.truth.until) * account.speed < 6.0
