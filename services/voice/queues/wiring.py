"""The contact centre, put together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from switchhook.voice.v1 import (
    agent_service_pb2,
    agent_service_pb2_grpc,
    queue_service_pb2,
    queue_service_pb2_grpc,
)

from chassis.clock import Clock
from chassis.database import Database
from chassis.grpc_server import Service
from chassis.lifecycle import background
from chassis.timers import Handler
from services.voice.agents.claiming import LEASE, Claiming
from services.voice.agents.following import Following
from services.voice.agents.model import OVER, Offer
from services.voice.agents.offering import CHECK, Offering
from services.voice.agents.ringing import Lines, Ringing
from services.voice.agents.roster import Roster
from services.voice.agents.servicer import AgentServicer
from services.voice.agents.wrapping import WRAP_UP, Wrapping
from services.voice.calls.wiring import Telephony
from services.voice.queues.books import Books
from services.voice.queues.centre import Centre
from services.voice.queues.facts import SqlQueueFacts
from services.voice.queues.feed import Feed
from services.voice.queues.history import SqlHistory
from services.voice.queues.making import Making
from services.voice.queues.matcher import Matcher
from services.voice.queues.model import Entry, Queue
from services.voice.queues.records import LegMoments
from services.voice.queues.servicer import QueueServicer
from services.voice.settings import Settings
from services.voice.tables import timers


@dataclass(frozen=True)
class ContactCentre:
    """Queues, agents and what brings them together.

    Whoever wants to hear of them adds themselves to the lists of ``books`` and of ``matcher``.
    """

    books: Books
    centre: Centre
    roster: Roster
    matcher: Matcher
    following: Following
    """Hears of legs and dials; told after those who walk callers through their plans."""
    history: SqlHistory
    facts: SqlQueueFacts
    offering: Offering
    wrapping: Wrapping
    entry_feed: Feed[Entry]
    offer_feed: Feed[Offer]

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers of its timers."""
        return {
            LEASE: self.offering.lease_rang,
            CHECK: self.offering.check_rang,
            WRAP_UP: self.wrapping.rang,
        }

    @asynccontextmanager
    async def feeding(self) -> AsyncIterator[None]:
        """Look for changes beside the block, while somebody watches them."""
        async with (
            background(self.entry_feed.run(), name="queue changes"),
            background(self.offer_feed.run(), name="offer changes"),
        ):
            yield

    def services(
        self, opened: Database, clock: Clock, wake: Callable[[], None]
    ) -> Sequence[Service]:
        """Return QueueService and AgentService; `wake` lets callers and commands move."""
        books, centre = self.books, self.centre
        return [
            Service(
                queue_service_pb2_grpc.add_QueueServiceServicer_to_server,
                QueueServicer(opened, books, centre, self.entry_feed, clock, wake),
                queue_service_pb2.DESCRIPTOR.services_by_name["QueueService"],
            ),
            Service(
                agent_service_pb2_grpc.add_AgentServiceServicer_to_server,
                AgentServicer(opened, books, self.roster, self.offer_feed, clock, wake),
                agent_service_pb2.DESCRIPTOR.services_by_name["AgentService"],
            ),
        ]


def contact_centre(
    settings: Settings, opened: Database, legs: Telephony, clock: Clock
) -> ContactCentre:
    """Wire the contact centre over the legs there are."""
    books = Books()
    lines = Lines(settings.connection_id, min(settings.numbers, default=""))
    rings = Ringing(legs.desk, legs.calls, lines)
    wrapping = Wrapping(books, timers)
    offering = Offering(books, rings, wrapping, timers)
    centre = Centre(books, offering, legs.calls)
    making = Making(books, Claiming(books, rings, timers), centre, legs.calls, clock)
    moments = LegMoments(books, legs.timeline)
    books.entry_listeners.append(moments)
    books.offer_listeners.append(moments)
    return ContactCentre(
        books=books,
        centre=centre,
        roster=Roster(books, offering, wrapping, rings, legs.calls, timers),
        matcher=Matcher(opened, books, making, clock),
        following=Following(books, centre, offering, rings),
        history=SqlHistory(),
        facts=SqlQueueFacts(books),
        offering=offering,
        wrapping=wrapping,
        entry_feed=Feed(opened, clock, books.entries.recent, lambda entry: not entry.is_alive),
        offer_feed=Feed(opened, clock, books.offers.recent, lambda offer: offer.state in OVER),
    )


async def seed(settings: Settings, opened: Database, books: Books, clock: Clock) -> None:
    """Create the queue of the settings, unless it is there; it works by the defaults."""
    queue = Queue(queue_id=settings.queue, display_name=settings.queue)
    async with opened.transaction() as connection:
        await books.queues.add(connection, queue, clock.now())


@asynccontextmanager
async def matching(matcher: Matcher, after_commit: Callable[[], None]) -> AsyncIterator[Matcher]:
    """Bring callers and agents together beside the block; `after_commit` follows each offer."""
    matcher.after_commit = after_commit
    async with background(matcher.run(), name="matcher", stop=matcher.stop):
        yield matcher
