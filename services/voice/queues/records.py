"""What the contact centre leaves on record: why an agent was chosen, and what befell a caller."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.agents.model import Offer
from services.voice.calls.timeline import Moment, MomentKind, Timeline
from services.voice.queues.books import Books
from services.voice.queues.matching import Match, Option
from services.voice.queues.model import Entry
from services.voice.queues.score import Score
from services.voice.routing.branching import Considered
from services.voice.routing.decisions import Decision, DecisionKind, Decisions, decision_id


class MatchRecords:
    """Keeps each match as a decision that can be explained."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def matched(
        self,
        connection: AsyncConnection,
        match: Match,
        offer: Offer,
        score: Score,
        unavailable: Sequence[Option],
        now: datetime,
    ) -> None:
        """Keep a match, with everybody who was considered and why not."""
        entry = match.entry
        decision = Decision(
            decision_id=decision_id(entry.leg_id, DecisionKind.MATCH, offer.offer_id),
            kind=DecisionKind.MATCH,
            leg_id=entry.leg_id,
            time=now,
            entry_id=entry.entry_id,
            scores=tuple((part.label, part.seconds) for part in score.parts),
            options=_considered(match, unavailable),
            outcome=offer.agent_id,
        )
        await self._decisions.record(connection, decision)


class LegMoments:
    """Notes on a caller's timeline what befalls them in a queue."""

    def __init__(self, books: Books, timeline: Timeline) -> None:
        self._books = books
        self._timeline = timeline

    async def entry_changed(
        self, connection: AsyncConnection, before: Entry | None, after: Entry, now: datetime
    ) -> None:
        """Note that a caller entered, was moved, or left."""
        if before is not None and (before.queue_id, before.kind, before.outcome) == (
            after.queue_id,
            after.kind,
            after.outcome,
        ):
            return
        title = after.outcome.value if after.outcome else _ENTERED.get(after.kind.value, "MOVED")
        moved = before is not None and before.queue_id != after.queue_id
        moment = Moment(
            now,
            MomentKind.QUEUE,
            "MOVED" if moved else title,
            reference=after.entry_id,
            detail=after.queue_id,
        )
        await self._timeline.add(connection, after.leg_id, moment)

    async def offer_changed(
        self, connection: AsyncConnection, before: Offer | None, after: Offer, now: datetime
    ) -> None:
        """Note how far an offer has come."""
        if before is not None and before.state is after.state:
            return
        entry = await self._books.entries.get(connection, after.entry_id)
        if entry is None:
            return
        moment = Moment(
            now,
            MomentKind.OFFER,
            after.state.value,
            reference=after.offer_id,
            detail=after.reason or after.agent_id,
        )
        await self._timeline.add(connection, entry.leg_id, moment)


_ENTERED = {"CALL": "ENTERED", "CALLBACK": "CALLBACK"}


def _considered(match: Match, unavailable: Sequence[Option]) -> tuple[Considered, ...]:
    named = [_told(option) for option in (*match.options, *unavailable)]
    counted = [
        Considered(f"{count} more", accepted=False, reason=why.value)
        for why, count in sorted(match.others.items())
    ]
    return (*named, *counted)


def _told(option: Option) -> Considered:
    reason = f"{option.why.value}: {option.detail}" if option.detail else option.why.value
    return Considered(option.agent_id, option.accepted, reason)
