"""Making matches: each under the locks of its entry and its agent, if it is still right."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from services.voice.agents.claiming import Claiming
from services.voice.agents.model import Agent, Offer
from services.voice.calls.model import Call
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.matching import MOST_OPTIONS, Match, Option, unavailable
from services.voice.queues.model import Entry, Kind, Outcome, Queue
from services.voice.queues.ports import Legs, MatchListener
from services.voice.queues.score import score


class Making:
    """Turns matches into offers, and lets it be known why."""

    def __init__(
        self, books: Books, claiming: Claiming, centre: Centre, legs: Legs, clock: Clock
    ) -> None:
        self._books = books
        self._claiming = claiming
        self._centre = centre
        self._legs = legs
        self._clock = clock
        self.listeners: list[MatchListener] = []

    async def make(
        self, connection: AsyncConnection, matches: Sequence[Match], queues: Mapping[str, Queue]
    ) -> int:
        """Make some matches and return how many were still right; waits for no lock."""
        entry_ids = [match.entry.entry_id for match in matches]
        entries = await self._books.entries.locked_if_free(connection, entry_ids)
        agent_ids = [match.agent.agent_id for match in matches]
        agents = await self._books.agents.locked_if_free(connection, agent_ids)
        # Asked under the locks: an offer is never older than what made its agent free.
        now = self._clock.now()
        made: list[tuple[Match, Offer]] = []
        for match in matches:
            entry = entries.get(match.entry.entry_id)
            agent = agents.get(match.agent.agent_id)
            if entry is None or agent is None or await self._is_gone(connection, entry, now):
                continue
            queue = queues[match.entry.queue_id]
            offer = await self._claiming.make(connection, match, (entry, agent, queue), now)
            if offer is not None:
                made.append((match, offer))
        await self._explain(connection, made, queues, now)
        return len(made)

    async def _is_gone(self, connection: AsyncConnection, entry: Entry, now: datetime) -> bool:
        """Say whether the caller has hung up, and let them leave: nobody is rung for them."""
        if entry.kind is not Kind.CALL:
            return False
        caller = await self._legs.find(connection, Call(leg_id=entry.leg_id))
        if caller is not None and not caller.hung_up:
            return False
        await self._centre.leave(connection, entry.entry_id, Outcome.ABANDONED, now)
        return True

    async def _explain(
        self,
        connection: AsyncConnection,
        made: Sequence[tuple[Match, Offer]],
        queues: Mapping[str, Queue],
        now: datetime,
    ) -> None:
        if not self.listeners:
            return
        taken = {
            queue_id: await self._books.agents.taken(connection, queue_id, MOST_OPTIONS)
            for queue_id in {offer.queue_id for _, offer in made}
        }
        for match, offer in made:
            told = score(match.entry, queues[offer.queue_id], now)
            others = _turned_down(taken[offer.queue_id], match)
            for listener in self.listeners:
                await listener.matched(connection, match, offer, told, others, now)


def _turned_down(agents: Collection[Agent], match: Match) -> list[Option]:
    """Return why agents who were not free could not be chosen."""
    considered = {option.agent_id for option in match.options}
    return [
        Option(agent.agent_id, False, why)
        for agent in agents
        if agent.agent_id not in considered and (why := unavailable(agent)) is not None
    ]
