"""Brings callers and agents together, again and again.

Nothing has to remember that there is work: whoever waits and whoever is free are the rows
themselves. So a matcher that dies leaves nothing behind, and the next look, by any replica, goes on
where it ended. Who goes to whom is found without locks; each match is then made under the locks of
its entry and its agent, and only if it is still right. A matcher waits for no lock: what somebody
else holds is left for the next look.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Contended, Unavailable
from services.voice.agents.model import Agent
from services.voice.queues.books import Books
from services.voice.queues.making import Making
from services.voice.queues.matching import Match, assign
from services.voice.queues.model import Entry, Queue
from services.voice.queues.ports import MatchListener

_log = logs.get_logger(__name__)

_POLL_SECONDS = 0.25
_REST = 10
"""After a look that found nothing it rests so many times longer than it took, at least."""
_AT_ONCE = 8
"""Matches made in one transaction."""
_FIRST_LOOK = 200
"""Entries looked at first; all are, when agents are left over."""


@dataclass(frozen=True)
class Plan:
    """Who is to be offered to whom, and the queues they are in."""

    matches: Sequence[Match]
    queues: Mapping[str, Queue]


class Matcher:
    """Looks who waits and who is free, and makes offers."""

    def __init__(self, database: Database, books: Books, making: Making, clock: Clock) -> None:
        self._database = database
        self._books = books
        self._making = making
        self._clock = clock
        self.after_commit: Callable[[], None] = lambda: None
        """Called when offers were made: there are agents to be rung."""
        self._awake = asyncio.Event()
        self._stopping = False

    @property
    def listeners(self) -> list[MatchListener]:
        """Who keeps why agents were chosen."""
        return self._making.listeners

    def wake(self) -> None:
        """Look again at once: something was committed."""
        self._awake.set()

    def stop(self) -> None:
        """End after the look in hand."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Look again and again, at once after a match and after being woken."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            began = loop.time()
            self._awake.clear()
            try:
                made = await self.look()
            except (Contended, Unavailable):
                made = 0  # The chassis has logged it; the next look asks again.
            except Exception:
                # What one look trips over must not end all matching.
                _log.exception("matching.failed")
                made = 0
            if not made:
                await self._pause(max(_POLL_SECONDS, (loop.time() - began) * _REST))

    async def look(self) -> int:
        """Make every match there is now; return how many offers that were."""
        now = self._clock.now()
        async with self._database.reading() as connection:
            plan = await self._plan(connection, now)
        made = 0
        for place in range(0, len(plan.matches), _AT_ONCE):
            made += await self._make(plan.matches[place : place + _AT_ONCE], plan.queues)
        return made

    async def _plan(self, connection: AsyncConnection, now: datetime) -> Plan:
        if not await self._books.entries.any_due(connection, now):
            return Plan([], {})
        queue_ids = await self._books.agents.free_queues(connection)
        if not queue_ids:
            return Plan([], {})
        queues = await self._books.queues.of_ids(connection, queue_ids)
        for limit in (_FIRST_LOOK, None):
            entries = await self._books.entries.due(connection, queue_ids, now, limit)
            agents = await self._candidates(connection, entries)
            calling = await self._books.agents.on_the_line(connection)
            matches = assign(entries, agents, queues, now, calling)
            free = sum(agent.is_free for agent in agents)
            if limit is None or len(entries) < limit or len(matches) >= free:
                break
        return Plan(matches, queues)

    async def _candidates(
        self, connection: AsyncConnection, entries: Sequence[Entry]
    ) -> list[Agent]:
        """Return who is free, and those whom an entry should get, free or not."""
        found = list(
            await self._books.agents.free(connection, {entry.queue_id for entry in entries})
        )
        known = {agent.agent_id for agent in found}
        wanted = {entry.preferred_agent_id for entry in entries} - known - {""}
        if wanted:
            found += await self._books.agents.of_ids(connection, wanted)
        return found

    async def _make(self, matches: Sequence[Match], queues: Mapping[str, Queue]) -> int:
        try:
            async with self._database.transaction() as connection:
                made = await self._making.make(connection, matches, queues)
        except (Contended, Unavailable):
            return 0
        except Exception:
            if len(matches) > 1:
                # One that cannot be made must not keep the others from it.
                return sum([await self._make([match], queues) for match in matches])
            _log.exception("match.failed", entry_id=matches[0].entry.entry_id)
            return 0
        if made:
            self.after_commit()
        return made

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
