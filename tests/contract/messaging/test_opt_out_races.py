"""No send is claimed after an opt-out was committed, however the two transactions interleave.

Each actor is one transaction in three steps: begin, act, commit. A schedule says whose step comes
next; an actor that waits for a lock takes its turn when it is free. SQLite lets one writer in at a
time, so there most schedules end up as one after the other; PostgreSQL really interleaves.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import permutations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from carrier import commands
from carrier.outcomes import Accepted, Outcome
from chassis.claims import Claims
from chassis.clock import FixedClock, SystemClock
from chassis.database import Database
from chassis.errors import Contended
from services.messaging import tables
from services.messaging.consent.ledger import Action, LedgerEntry, Method, Scope
from services.messaging.consent.store import ConsentStore
from services.messaging.model import FailureReason, Message, Purpose, Status
from services.messaging.sending import sender
from services.messaging.sending.pacing import Paces
from services.messaging.sending.wiring import message_sender
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.receiving import Arrival
from tests.contract.messaging.conftest import NOON, Bench, draft, inbound, open_bench
from tests.support.eventually import eventually

Act = Callable[[AsyncConnection], Awaitable[bool]]


class Actor:
    """One transaction that goes forward one step at a time."""

    def __init__(self, name: str, database: Database, act: Act, commits: list[str]) -> None:
        """Prepare the transaction; `act` says whether it had an effect worth ordering."""
        self.name = name
        self.acted = False
        self.steps_done = 0
        self._database = database
        self._act = act
        self._commits = commits
        self._turns = asyncio.Semaphore(0)
        self._task: asyncio.Task[None] | None = None

    @property
    def finished(self) -> bool:
        """Say whether nothing is left to do."""
        return self._task is not None and self._task.done()

    def step(self) -> None:
        """Allow one step more."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._turns.release()

    async def finish(self) -> None:
        """Allow everything that is left, and wait for the end."""
        for _ in range(3):
            self.step()
        assert self._task is not None
        await self._task

    async def _run(self) -> None:
        await self._turns.acquire()
        try:
            async with self._database.transaction() as connection:
                self.steps_done = 1
                await self._turns.acquire()
                self.acted = await self._act(connection)
                self.steps_done = 2
                await self._turns.acquire()
            self._commits.append(self.name)
        except Contended:
            self.acted = False  # The dispatcher would roll back and try again.
        self.steps_done = 3


async def play(bench: Bench, actors: dict[str, Actor], schedule: Iterable[str]) -> None:
    """Let the actors take their steps in this order, then finish."""
    granted = dict.fromkeys(actors, 0)
    for name in schedule:
        actor = actors[name]
        granted[name] += 1
        actor.step()
        await eventually(partial(settled, bench, actors, actor, granted[name]))
    await asyncio.gather(*(actor.finish() for actor in actors.values()))


async def settled(bench: Bench, actors: dict[str, Actor], actor: Actor, expected: int) -> bool:
    """Say whether the actor has taken its step, is over, or waits for somebody else."""
    if actor.finished or actor.steps_done >= expected:
        return True
    if bench.database.dialect == "sqlite":
        others = [each for each in actors.values() if each is not actor]
        return actor.steps_done == 0 and any(each.steps_done in (1, 2) for each in others)
    waiting = sa.text(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with bench.database.reading() as connection:
        return bool((await connection.execute(waiting)).scalar_one())


class Nobody:
    """A carrier that takes everything; these tests stop at the claim."""

    async def perform(
        self, request: commands.Request, *, idempotency_key: str | None = None
    ) -> Outcome:
        """Take it."""
        return Accepted(200, {"data": {"id": "c-1"}})


def claiming(bench: Bench, instance: str, message: Message, later: timedelta = timedelta()) -> Act:
    """Return a claim of everything due, as a dispatcher makes it; true if the message is in it."""
    performers = {sender.KIND: message_sender(Nobody(), bench.sending, Paces())}
    clock = FixedClock(SystemClock().now() + later)
    claims = Claims(tables.outbox, performers, instance, clock, 30.0)

    async def act(connection: AsyncConnection) -> bool:
        taken = await claims.claim(connection, 10)
        return message.message_id in [claim.effect.effect_id for claim in taken.claims]

    return act


def holding(bench: Bench, message: Message) -> Act:
    """Return the handling of a text that may be a STOP from the message's recipient."""

    async def act(connection: AsyncConnection) -> bool:
        before = await bench.consents.hold(connection, message.peer_number)
        held = LedgerEntry(
            entry_id=f"held {message.message_id}",
            effective_time=NOON,
            record_time=NOON,
            action=Action.HELD,
            scope=Scope.BRAND,
            method=Method.KEYWORD,
            peer_number=message.peer_number,
            our_number=message.our_number,
            source_message_id="c-1",
            text="enough?",
        )
        await Holds(bench.consents).open(connection, before, held, message.message_id)
        return True

    return act


def opting_out(bench: Bench, message: Message) -> Act:
    """Return the handling of a STOP from the message's recipient."""

    async def act(connection: AsyncConnection) -> bool:
        stop = inbound("STOP", peer_number=message.peer_number, answered_by_carrier=True)
        arrival = Arrival(event_id="e-1", receive_time=NOON)
        await bench.receiving.receive(connection, stop, arrival)
        return True

    return act


async def race(
    bench: Bench,
    number: int,
    schedule: Sequence[str],
    *,
    purpose: Purpose = Purpose.CONVERSATION,
    opposing: Callable[[Bench, Message], Act] = opting_out,
    reason: FailureReason = FailureReason.OPTED_OUT,
) -> tuple[bool, str]:
    """Race claims and an opt-out; return whether one was claimed too late, and the order."""
    peer_number = f"+13125550{100 + number % 100}"
    text = f"race {number}"
    await bench.send(draft(peer_number=peer_number, text=text, purpose=purpose))
    (message,) = [each for each in await bench.all_messages() if each.text == text]
    commits: list[str] = []
    actors = {
        name: Actor(
            name,
            bench.database,
            opposing(bench, message) if name == "O" else claiming(bench, name, message),
            commits,
        )
        for name in sorted(set(schedule))
    }
    await play(bench, actors, schedule)
    late = commits[commits.index("O") :]
    too_late = any(actors[name].acted for name in late if name != "O")
    in_time = any(actors[name].acted for name in commits if name != "O" and name not in late)
    if not (too_late or in_time):
        await check_refused(bench, message, reason)
    return too_late, "".join(commits)


async def check_refused(bench: Bench, message: Message, reason: FailureReason) -> None:
    """Check that a message nobody claimed in time is refused for good by the next look."""
    async with bench.transaction() as connection:
        # Later, because a claim that met the opt-out half way has put the message off.
        assert not await claiming(bench, "D", message, timedelta(minutes=1))(connection)
    found = await bench.message(message.message_id)
    assert found is not None
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert found.failure.reason is reason


TWO = sorted(set(permutations("CCCOOO")))


async def test_every_interleaving_of_a_claim_and_an_opt_out(bench: Bench) -> None:
    """All 20 interleavings of one claim and one opt-out: none claims after the commit."""
    orders = set()
    for number, schedule in enumerate(TWO):
        too_late, order = await race(bench, number, schedule)
        assert not too_late, f"claimed after the opt-out: {''.join(schedule)}"
        orders.add(order)
    assert {"CO", "OC"} <= orders


async def test_interleavings_of_two_dispatchers_and_an_opt_out(bench: Bench) -> None:
    """Twenty-four random interleavings with a second dispatcher: none claims after the commit."""
    shuffle = random.Random(20250601)
    for number in range(24):
        schedule = list("CCCDDDOOO")
        shuffle.shuffle(schedule)
        too_late, _ = await race(bench, number, schedule)
        assert not too_late, f"claimed after the opt-out: {''.join(schedule)}"


async def test_every_interleaving_of_a_marketing_claim_and_a_hold(bench: Bench) -> None:
    """All 20 interleavings of one claim and a text that may be a STOP: none claims after it."""
    bench.clock.advance(SystemClock().now() - bench.clock.now())
    for number, schedule in enumerate(TWO):
        too_late, _ = await race(
            bench,
            number,
            schedule,
            purpose=Purpose.MARKETING,
            opposing=holding,
            reason=FailureReason.CONSENT_HELD,
        )
        assert not too_late, f"claimed after the hold: {''.join(schedule)}"


async def test_a_hold_lets_everything_pass_that_does_not_sell(bench: Bench) -> None:
    """A transactional message is claimed although a text of its recipient waits to be judged."""
    await bench.send(draft(purpose=Purpose.TRANSACTIONAL))
    (message,) = await bench.all_messages()
    async with bench.transaction() as connection:
        await holding(bench, message)(connection)
    async with bench.transaction() as connection:
        assert await claiming(bench, "C", message)(connection)


class Careless(ConsentStore):
    """A ledger that lets everybody rely on what it says without keeping it so."""

    async def rely(self, connection: AsyncConnection, peer_number: str) -> None:
        """Keep nothing."""


async def test_the_interleavings_find_the_hole_a_missing_lock_leaves(
    postgres_database_url: str,
) -> None:
    """Without the lock PostgreSQL claims after the commit, so these tests can fail."""
    async with open_bench(postgres_database_url) as bench:
        # Withdrawing what is queued takes locks as well, so it must be away, too.
        consents = replace(bench.consents, ledger=Careless(), on_change=[])
        receiving = replace(bench.receiving, consents=consents)
        sending = replace(bench.sending, consents=consents)
        careless = replace(bench, sending=sending, receiving=receiving)
        found = [await race(careless, number, schedule) for number, schedule in enumerate(TWO)]
    assert any(too_late for too_late, _ in found)
