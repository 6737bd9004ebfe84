"""Reading the figures: which facts an interval is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import FieldViolation, Invalid
from services.voice.reporting.agent_figures import AgentFigures, agent_figures
from services.voice.reporting.facts import Fact
from services.voice.reporting.formulas import EarlyAbandons, QueueFigures, queue_figures
from services.voice.reporting.store import FactFilter, FactStore

DEFAULT_TARGET = timedelta(seconds=20)
"""Within how long a call should be answered when nobody says otherwise: the usual 80 % in 20 s."""

MOST_INTERVALS = 1000
_LONGEST_TIME = timedelta(days=366)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Interval:
    """A queue's figures from one moment to another."""

    start: datetime
    end: datetime
    figures: QueueFigures


class Reports:
    """Answers questions about what happened."""

    def __init__(self, database: Database, facts: FactStore, clock: Clock) -> None:
        self._database = database
        self._facts = facts
        self._clock = clock

    async def queue(
        self,
        queue_id: str,
        start: datetime,
        end: datetime | None,
        length: timedelta | None,
        target: timedelta | None,
        early_abandons: EarlyAbandons,
    ) -> Sequence[Interval]:
        """Return a queue's figures for each interval; raises Invalid for times that make none."""
        end = self._end(start, end)
        length = length or end - start
        if (end - start) / length > MOST_INTERVALS:
            raise Invalid(
                [FieldViolation("interval", f"makes more than {MOST_INTERVALS} intervals")]
            )
        async with self._database.reading() as connection:
            told = await self._facts.of_queue(connection, queue_id, start, end)
            later = await self._facts.callers(connection, queue_id, start, end + _WEEK)
        return [
            Interval(
                begin,
                min(begin + length, end),
                queue_figures(
                    facts,
                    target=target or DEFAULT_TARGET,
                    early_abandons=early_abandons,
                    later_callers=later,
                ),
            )
            for begin, facts in _parted(told, start, end, length)
        ]

    async def agent(
        self, agent_id: str, start: datetime, end: datetime | None
    ) -> tuple[datetime, AgentFigures]:
        """Return the interval's end and an agent's figures; raises Invalid for impossible times."""
        end = self._end(start, end)
        async with self._database.reading() as connection:
            told = await self._facts.of_agent(connection, agent_id, start, end)
            before = await self._facts.presence_before(connection, agent_id, start)
        return end, agent_figures(told, start, end, before or "OFFLINE")

    async def page(
        self, wanted: FactFilter, after: int, size: int
    ) -> tuple[Sequence[Fact], int | None]:
        """Return up to `size` facts behind a position, and where to go on from, if anywhere."""
        async with self._database.reading() as connection:
            found = await self._facts.page(connection, wanted, after, size + 1)
        shown = found[:size]
        return [fact for _, fact in shown], shown[-1][0] if len(found) > size else None

    def _end(self, start: datetime, end: datetime | None) -> datetime:
        end = end or self._clock.now()
        if start >= end:
            raise Invalid([FieldViolation("start_time", "must lie before end_time and now")])
        if end - start > _LONGEST_TIME:
            raise Invalid([FieldViolation("end_time", "must lie within 366 days of start_time")])
        return end


def _parted(
    told: Sequence[Fact], start: datetime, end: datetime, length: timedelta
) -> Sequence[tuple[datetime, list[Fact]]]:
    """Return each interval's start and the facts of the calls that entered in it."""
    count = -(-(end - start) // length)
    parts: list[list[Fact]] = [[] for _ in range(count)]
    for fact in told:
        if fact.enqueue_time is not None:
            parts[(fact.enqueue_time - start) // length].append(fact)
    return [(start + number * length, part) for number, part in enumerate(parts)]
