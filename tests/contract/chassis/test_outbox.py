"""The outbox and its dispatcher on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.claims import Claim, Claims
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.dispatcher import Dispatcher, dispatching
from chassis.effects import (
    Done,
    Doubtful,
    Effect,
    Failed,
    InDoubt,
    Later,
    Outcome,
    RetryLater,
    State,
)
from chassis.errors import Contended
from chassis.outbox import EffectRecord
from tests.support.eventually import eventually
from tests.support.ledger import Ledger, ledger_database
from tests.support.performers import ScriptedPerformer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTE = Effect(
    effect_id="e1", kind="note", body=b'{"text":"hi"}', method="POST", path="/notes", entity_key="k"
)


class Desk:
    """An outbox with a clock one can turn, a performer one can tell what to do, and shortcuts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FixedClock(NOON)
        self.outbox = Ledger(self.clock).outbox
        self.performer = ScriptedPerformer()

    def claims(self, instance: str = "one") -> Claims:
        """Act as an instance's dispatcher, step by step."""
        return Claims(self.outbox, {"note": self.performer}, instance, self.clock, lease=30)

    def dispatching(self, concurrency: int = 16) -> AbstractAsyncContextManager[Dispatcher]:
        """Run a dispatcher as instance one."""
        return dispatching(
            self.database,
            self.outbox,
            {"note": self.performer},
            instance="one",
            clock=self.clock,
            concurrency=concurrency,
        )

    async def add(self, *effects: Effect) -> list[bool]:
        """Queue effects in one transaction."""
        async with self.database.transaction() as connection:
            return [await self.outbox.add(connection, effect) for effect in effects]

    async def claim(self, limit: int = 10, instance: str = "one") -> list[Claim]:
        """Claim what is due."""
        async with self.database.transaction() as connection:
            return (await self.claims(instance).claim(connection, limit)).claims

    async def record(self, claim: Claim, outcome: Outcome, instance: str = "one") -> bool:
        """Record what became of a claim."""
        async with self.database.transaction() as connection:
            return await self.claims(instance).record(connection, claim, outcome)

    async def recover(self, instance: str = "one", *, own: bool) -> int:
        """Put what dead dispatchers left in flight in doubt."""
        async with self.database.transaction() as connection:
            return await self.claims(instance).recover(connection, own=own)

    async def get(self, effect_id: str = "e1") -> EffectRecord:
        """Look an effect up."""
        async with self.database.reading() as connection:
            found = await self.outbox.get(connection, effect_id)
        assert found is not None
        return found

    async def state(self, effect_id: str = "e1") -> State:
        """Look an effect's state up."""
        return (await self.get(effect_id)).state


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Open a database and set a desk before it."""
    async with ledger_database(database_url) as database:
        yield Desk(database)


async def test_effect_is_queued_once(desk: Desk) -> None:
    """An id that is there already is not queued again, whatever its body and its state."""
    assert await desk.add(NOTE, NOTE) == [True, False]
    [claim] = await desk.claim()
    await desk.record(claim, Done("r"))
    assert await desk.add(replace(NOTE, body=b"other")) == [False]
    found = await desk.get()
    assert (found.effect, found.state, found.reference) == (NOTE, State.SENT, "r")


async def test_every_field_survives(desk: Desk) -> None:
    """What is queued is what comes out, to the last field."""
    effect = Effect(
        effect_id="full",
        kind="note",
        body=bytes(range(256)),
        method="PUT",
        path="/ü",
        entity_key="entity",
        in_doubt=InDoubt.RESEND,
        resend_window=82_800.0,
        not_before=NOON + timedelta(seconds=1),
        ordering_key="order",
        max_attempts=3,
    )
    await desk.add(effect)
    assert (await desk.get("full")).effect == effect
    async with desk.database.reading() as connection:
        assert await desk.outbox.get(connection, "absent") is None


async def test_effect_waits_until_it_is_due(desk: Desk) -> None:
    """An effect is not claimed before its time."""
    await desk.add(replace(NOTE, not_before=NOON + timedelta(seconds=60)))
    assert await desk.claim() == []
    desk.clock.advance(timedelta(seconds=60))
    assert len(await desk.claim()) == 1


async def test_other_kinds_are_left_alone(desk: Desk) -> None:
    """An effect nobody here performs stays as it is."""
    await desk.add(replace(NOTE, kind="letter"))
    assert await desk.claim() == []
    assert await desk.state() is State.NEW


async def test_claimed_effect_is_not_claimed_again(desk: Desk) -> None:
    """What one dispatcher sends, no other may take, and the attempt is on record."""
    await desk.add(NOTE)
    assert len(await desk.claim()) == 1
    assert await desk.claim(instance="two") == []
    found = await desk.get()
    assert (found.state, found.attempts) == (State.SENDING, 1)
    assert found.first_attempt_time == found.last_attempt_time == NOON


async def test_claimers_do_not_overlap(desk: Desk) -> None:
    """Many dispatchers that claim at the same time share the effects without overlap."""
    await desk.add(*(replace(NOTE, effect_id=f"e{number}") for number in range(40)))
    parts = await asyncio.gather(*(desk.claim(5, instance=f"i{n}") for n in range(12)))
    ids = [claim.effect.effect_id for part in parts for claim in part]
    assert len(ids) == len(set(ids))
    while rest := await desk.claim(5):
        ids += [claim.effect.effect_id for claim in rest]
    assert len(ids) == len(set(ids)) == 40


async def test_refused_effect_fails_unsent(desk: Desk) -> None:
    """What `admit` refuses fails with its reason in the claiming transaction, and is settled."""
    desk.performer.refusals["e1"] = "OPTED_OUT"
    await desk.add(NOTE, replace(NOTE, effect_id="e2"))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["e2"]
    found = await desk.get()
    assert (found.state, found.reason, found.attempts) == (State.FAILED, "OPTED_OUT", 0)
    assert desk.performer.settled == [("e1", Failed("OPTED_OUT"))]


async def test_failing_admission_only_delays(desk: Desk) -> None:
    """An `admit` with a bug sends nothing, loses nothing and does not hold up the others."""

    async def fail(connection: AsyncConnection, effect: Effect, /) -> str | None:
        if effect.effect_id == "e1":
            await connection.exec_driver_sql("SELECT * FROM nowhere")
        return None

    desk.performer.admit = fail  # type: ignore[method-assign]
    await desk.add(NOTE, replace(NOTE, effect_id="e2"))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["e2"]
    assert await desk.state() is State.NEW
    assert await desk.claim() == []


async def test_contended_admission_waits_a_moment(desk: Desk) -> None:
    """What cannot be decided now is looked at again shortly, and holds nobody up."""

    async def lose(connection: AsyncConnection, effect: Effect, /) -> str | None:
        if effect.effect_id == "e1" and desk.clock.now() == NOON:
            raise Contended("BUSY", "being changed")
        return None

    desk.performer.admit = lose  # type: ignore[method-assign]
    await desk.add(NOTE, replace(NOTE, effect_id="e2"))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["e2"]
    assert await desk.claim() == []
    desk.clock.advance(timedelta(seconds=0.5))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["e1"]


async def test_an_effect_may_be_put_off_by_its_admission(desk: Desk) -> None:
    """It stays as it is until the time it was put off to, and no attempt is counted."""
    until = NOON + timedelta(hours=10)

    async def put_off(connection: AsyncConnection, effect: Effect, /) -> Later | None:
        return Later(until) if desk.clock.now() < until else None

    desk.performer.admit = put_off  # type: ignore[assignment,method-assign]
    await desk.add(NOTE)
    assert await desk.claim() == []
    desk.clock.advance(timedelta(hours=10) - timedelta(seconds=1))
    assert await desk.claim() == []
    assert (await desk.get()).attempts == 0
    assert desk.performer.settled == []
    desk.clock.advance(timedelta(seconds=1))
    assert [claim.attempt for claim in await desk.claim()] == [1]


async def test_an_admission_that_puts_off_to_the_past_is_not_asked_at_once(desk: Desk) -> None:
    """A claim comes to an end even if an effect is put off to a time that has passed."""

    async def put_off(connection: AsyncConnection, effect: Effect, /) -> Later:
        return Later(NOON - timedelta(days=1))

    desk.performer.admit = put_off  # type: ignore[assignment,method-assign]
    await desk.add(NOTE)
    async with desk.database.transaction() as connection:
        taken = await desk.claims().claim(connection, 1)
    assert taken.claims == []
    async with desk.database.transaction() as connection:
        assert not (await desk.claims().claim(connection, 1)).more


@pytest.mark.parametrize(
    ("outcome", "state", "reference", "reason"),
    [
        (Done("r1", b"detail"), State.SENT, "r1", ""),
        (Failed("REFUSED", "why"), State.FAILED, "", "REFUSED"),
        (RetryLater(9, "BUSY"), State.NEW, "", "BUSY"),
        (Doubtful("RESET"), State.UNKNOWN, "", "RESET"),
    ],
)
async def test_outcome_is_recorded_and_settled(
    desk: Desk, outcome: Outcome, state: State, reference: str, reason: str
) -> None:
    """Each outcome has its state, and the performer settles it."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    assert await desk.record(claim, outcome)
    found = await desk.get()
    assert (found.state, found.reference, found.reason) == (state, reference, reason)
    assert desk.performer.settled == [("e1", outcome)]
    assert (found.finish_time is not None) == (state in {State.SENT, State.FAILED})


async def test_settling_shares_the_transaction(desk: Desk) -> None:
    """A transaction that records an outcome and fails leaves neither."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    with pytest.raises(ZeroDivisionError):
        await _record_and_fail(desk, claim)
    assert await desk.state() is State.SENDING


async def _record_and_fail(desk: Desk, claim: Claim) -> None:
    async with desk.database.transaction() as connection:
        await desk.claims().record(connection, claim, Done("r"))
        raise ZeroDivisionError


async def test_failing_settlement_keeps_the_outcome(desk: Desk) -> None:
    """A bug in `settle` does not lose what is known about the world."""

    async def fail(connection: AsyncConnection, effect: Effect, outcome: Outcome, /) -> None:
        await connection.exec_driver_sql("SELECT * FROM nowhere")

    desk.performer.settle = fail  # type: ignore[method-assign]
    await desk.add(NOTE)
    [claim] = await desk.claim()
    assert await desk.record(claim, Done("r"))
    assert await desk.state() is State.SENT


async def test_contended_settlement_is_tried_again(desk: Desk) -> None:
    """A settlement that lost against another transaction undoes the record and is told so."""

    async def lose(connection: AsyncConnection, effect: Effect, outcome: Outcome, /) -> None:
        raise Contended("BUSY", "try again")

    desk.performer.settle = lose  # type: ignore[method-assign]
    await desk.add(NOTE)
    [claim] = await desk.claim()
    with pytest.raises(Contended):
        await desk.record(claim, Done("r"))
    assert await desk.state() is State.SENDING


async def test_retry_waits_at_least_as_told(desk: Desk) -> None:
    """An effect to be retried is due after the time it was given, and not earlier."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    await desk.record(claim, RetryLater(60, "BUSY"))
    desk.clock.advance(timedelta(seconds=59))
    assert await desk.claim() == []
    desk.clock.advance(timedelta(seconds=1))
    [again] = await desk.claim()
    assert (again.attempt, again.effect) == (2, NOTE)


async def test_retries_end(desk: Desk) -> None:
    """The last allowed attempt fails instead of being retried, and is settled as failed."""
    await desk.add(replace(NOTE, max_attempts=2))
    for _ in range(2):
        [claim] = await desk.claim()
        await desk.record(claim, RetryLater(1, "BUSY"))
        desk.clock.advance(timedelta(minutes=5))
    assert await desk.claim() == []
    found = await desk.get()
    assert (found.state, found.reason) == (State.FAILED, "ATTEMPTS_EXHAUSTED")
    assert desk.performer.settled[-1] == ("e1", Failed("ATTEMPTS_EXHAUSTED", "BUSY"))


async def test_doubtful_effect_is_held(desk: Desk) -> None:
    """An effect in doubt that may not be repeated is never claimed again."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    await desk.record(claim, Doubtful("RESET"))
    desk.clock.advance(timedelta(days=1))
    assert await desk.claim() == []
    assert await desk.state() is State.UNKNOWN


async def test_doubtful_effect_is_resent_within_its_window(desk: Desk) -> None:
    """An effect that may be repeated is, with the same id and bytes, until its window closes."""
    await desk.add(replace(NOTE, in_doubt=InDoubt.RESEND, resend_window=100))
    [claim] = await desk.claim()
    await desk.record(claim, Doubtful("RESET"))
    desk.clock.advance(timedelta(seconds=50))
    [again] = await desk.claim()
    assert again.effect == claim.effect
    await desk.record(again, Doubtful("RESET"))
    desk.clock.advance(timedelta(seconds=50))
    assert await desk.claim() == []
    assert await desk.state() is State.UNKNOWN


async def test_later_attempt_does_not_settle_an_earlier_doubt(desk: Desk) -> None:
    """After a doubtful attempt a harmless one leaves the doubt, and so the window, in place."""
    resend = replace(NOTE, in_doubt=InDoubt.RESEND, resend_window=100, max_attempts=2)
    await desk.add(resend)
    [claim] = await desk.claim()
    await desk.record(claim, Doubtful("RESET"))
    desk.clock.advance(timedelta(seconds=50))
    [again] = await desk.claim()
    await desk.record(again, RetryLater(50, "BUSY"))
    assert await desk.state() is State.UNKNOWN
    desk.clock.advance(timedelta(seconds=50))
    assert await desk.claim() == []


async def test_own_effects_are_doubtful_after_a_crash(desk: Desk) -> None:
    """What this instance left in flight is in doubt at once; what another did is not."""
    await desk.add(NOTE)
    await desk.claim(instance="one")
    assert await desk.recover("two", own=True) == 0
    assert await desk.state() is State.SENDING
    assert await desk.recover("one", own=True) == 1
    assert await desk.state() is State.UNKNOWN
    assert desk.performer.settled == [("e1", Doubtful("INTERRUPTED"))]
    assert await desk.claim() == []


async def test_lapsed_lease_is_doubtful(desk: Desk) -> None:
    """What another instance left in flight is in doubt when its lease has run out."""
    await desk.add(NOTE)
    await desk.claim(instance="one")
    desk.clock.advance(timedelta(seconds=29))
    assert await desk.recover("two", own=False) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.recover("two", own=False) == 1
    assert await desk.state() is State.UNKNOWN


async def test_another_dispatchers_kinds_are_left_to_it(desk: Desk) -> None:
    """Of two dispatchers of one outbox, only the one that can settle an effect recovers it."""
    await desk.add(NOTE)
    await desk.claim(instance="one")
    desk.clock.advance(timedelta(seconds=30))
    other = Claims(desk.outbox, {"letter": ScriptedPerformer()}, "two", desk.clock, lease=30)
    async with desk.database.transaction() as connection:
        assert await other.recover(connection, own=True) == 0
    assert await desk.state() is State.SENDING
    assert await desk.recover("one", own=False) == 1


async def test_late_answer_still_counts(desk: Desk) -> None:
    """An answer that comes after the lease resolves the doubt."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    desk.clock.advance(timedelta(seconds=30))
    await desk.recover("two", own=False)
    assert await desk.record(claim, Done("r"))
    assert await desk.state() is State.SENT


async def test_answer_to_a_former_attempt_is_dropped(desk: Desk) -> None:
    """Once an effect is being repeated, only the answer to the repetition counts."""
    await desk.add(replace(NOTE, in_doubt=InDoubt.RESEND, resend_window=100))
    [first] = await desk.claim()
    desk.clock.advance(timedelta(seconds=30))
    await desk.recover("two", own=False)
    desk.clock.advance(timedelta(seconds=1))
    [second] = await desk.claim(instance="two")
    assert not await desk.record(first, Failed("REFUSED"))
    assert await desk.record(second, Done("r"), instance="two")
    assert await desk.state() is State.SENT


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Done("r"), State.SENT),
        (Failed("REFUSED"), State.FAILED),
        (RetryLater(0, "NOT_SENT"), State.NEW),
    ],
)
async def test_doubt_is_resolved(
    desk: Desk, outcome: Done | Failed | RetryLater, state: State
) -> None:
    """Whoever learns what became of an effect in doubt can say so, once."""
    await desk.add(NOTE)
    [claim] = await desk.claim()
    async with desk.database.transaction() as connection:
        assert not await desk.outbox.resolve(connection, "e1", outcome)
    await desk.record(claim, Doubtful("RESET"))
    async with desk.database.transaction() as connection:
        backlog = await desk.outbox.backlog(connection)
        assert backlog == {State.NEW: 0, State.SENDING: 0, State.UNKNOWN: 1}
        assert await desk.outbox.resolve(connection, "e1", outcome)
        assert not await desk.outbox.resolve(connection, "e1", outcome)
    assert await desk.state() is state
    assert len(await desk.claim()) == (state is State.NEW)


async def test_cancelled_effect_is_not_sent(desk: Desk) -> None:
    """What has not begun can be cancelled; what has, or is over, cannot."""
    await desk.add(NOTE, replace(NOTE, effect_id="e2"))
    async with desk.database.transaction() as connection:
        assert await desk.outbox.cancel(connection, "e1", "CANCELLED")
        assert not await desk.outbox.cancel(connection, "e1", "CANCELLED")
    [claim] = await desk.claim()
    assert claim.effect.effect_id == "e2"
    async with desk.database.transaction() as connection:
        assert not await desk.outbox.cancel(connection, "e2", "CANCELLED")
    assert (await desk.get()).reason == "CANCELLED"


async def test_order_is_kept_within_a_key(desk: Desk) -> None:
    """Effects of one key go one at a time in the order they were added; others do not wait."""
    keyed = [replace(NOTE, effect_id=f"k{n}", ordering_key="call") for n in range(3)]
    await desk.add(*keyed, replace(NOTE, effect_id="free"))
    first = await desk.claim()
    assert [claim.effect.effect_id for claim in first] == ["k0", "free"]
    assert await desk.claim() == []
    await desk.record(first[0], RetryLater(60, "BUSY"))
    assert await desk.claim() == []
    desk.clock.advance(timedelta(seconds=60))
    [again] = await desk.claim()
    await desk.record(again, Done("r"))
    [second] = await desk.claim()
    assert second.effect.effect_id == "k1"
    await desk.record(second, Failed("REFUSED"))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["k2"]


async def test_doubt_blocks_its_key_while_it_may_be_repeated(desk: Desk) -> None:
    """An effect that will be repeated keeps its place; one that is held for ever does not."""
    resend = replace(NOTE, ordering_key="call", in_doubt=InDoubt.RESEND, resend_window=50)
    await desk.add(resend, replace(NOTE, effect_id="e2", ordering_key="call"))
    [claim] = await desk.claim()
    await desk.record(claim, Doubtful("RESET"))
    assert await desk.claim() == []
    desk.clock.advance(timedelta(seconds=50))
    assert [claim.effect.effect_id for claim in await desk.claim()] == ["e2"]


async def test_dispatcher_performs_what_is_queued(desk: Desk) -> None:
    """A queued effect is performed once, with its bytes, after the dispatcher is woken."""
    async with desk.dispatching() as dispatcher:
        await desk.add(NOTE)
        dispatcher.wake()
        await eventually(lambda: _is(desk, State.SENT))
    assert desk.performer.performed == ["e1"]
    assert desk.performer.bodies == {"e1": {NOTE.body}}
    assert desk.performer.settled == [("e1", Done("ref-e1"))]


async def test_dispatcher_finds_work_by_itself(desk: Desk) -> None:
    """Work that is queued without a call to wake is found by polling."""
    async with desk.dispatching():
        await desk.add(NOTE)
        await eventually(lambda: _is(desk, State.SENT))


async def test_dispatcher_lets_go_of_what_is_long_over(desk: Desk) -> None:
    """Effects that were over a month ago are deleted; what is in doubt or newer stays."""
    await desk.add(NOTE, replace(NOTE, effect_id="doubt"), replace(NOTE, effect_id="new"))
    old, doubt, new = await desk.claim()
    await desk.record(old, Done("r"))
    await desk.record(doubt, Doubtful("RESET"))
    desk.clock.advance(timedelta(days=31))
    await desk.record(new, Failed("REFUSED"))
    async with desk.dispatching():
        await eventually(partial(_is_gone, desk, "e1"))
    assert await desk.state("doubt") is State.UNKNOWN
    assert await desk.state("new") is State.FAILED


async def test_raising_performer_leaves_doubt(desk: Desk) -> None:
    """A performer that raises may have done it: the effect is unknown, the dispatcher lives."""

    def script(effect: Effect, _attempt: int) -> Outcome:
        if effect.effect_id == "e1":
            raise ZeroDivisionError
        return Done("r")

    desk.performer.script = script
    async with desk.dispatching() as dispatcher:
        await desk.add(NOTE, replace(NOTE, effect_id="e2"))
        dispatcher.wake()
        await eventually(lambda: _is(desk, State.SENT, "e2"))
        await eventually(lambda: _is(desk, State.UNKNOWN))
    assert dispatcher.outcomes == {"Done": 1, "Doubtful": 1}


async def test_outcome_outlives_the_absence_of_the_database(postgres_database_url: str) -> None:
    """An effect that happened while the database went away is recorded when it is back, once."""
    async with ledger_database(postgres_database_url) as database:
        desk = Desk(database)
        absence = Absence(database)

        async def perform(effect: Effect, /) -> Outcome:
            desk.performer.attempts[effect.effect_id] += 1
            await absence.begin()
            return Done("r")

        desk.performer.perform = perform  # type: ignore[method-assign]
        await desk.add(NOTE)
        async with desk.dispatching():
            await eventually(lambda: absence.refused >= 3)
            absence.end()
            await eventually(partial(_is, desk, State.SENT))
        assert desk.performer.attempts == {"e1": 1}


class Absence:
    """A time during which nobody gets a connection to the database."""

    def __init__(self, database: Database) -> None:
        self._engine = database._engine
        self._away = False
        self.refused = 0
        event.listen(self._engine.sync_engine, "do_connect", self._refuse)

    async def begin(self) -> None:
        """Close every connection and let none be opened."""
        self._away = True
        await self._engine.dispose()

    def end(self) -> None:
        """Let connections be opened again."""
        self._away = False

    def _refuse(self, *_: object) -> None:
        if self._away:
            self.refused += 1
            raise ConnectionRefusedError


async def test_concurrency_has_a_bound(desk: Desk) -> None:
    """No more effects are in flight at once than allowed."""
    gate, inside, most = asyncio.Event(), set(), 0

    async def perform(effect: Effect, /) -> Outcome:
        nonlocal most
        inside.add(effect.effect_id)
        most = max(most, len(inside))
        await gate.wait()
        inside.discard(effect.effect_id)
        return Done("r")

    desk.performer.perform = perform  # type: ignore[method-assign]
    await desk.add(*(replace(NOTE, effect_id=f"e{number}") for number in range(9)))
    async with desk.dispatching(concurrency=4):
        await eventually(lambda: len(inside) == 4)
        gate.set()
        for number in range(9):
            await eventually(partial(_is, desk, State.SENT, f"e{number}"))
    assert most == 4


async def test_stopping_finishes_what_is_in_flight(desk: Desk) -> None:
    """Leaving waits for the effect in flight, records it, and claims nothing new."""
    started, gate = asyncio.Event(), asyncio.Event()

    async def perform(effect: Effect, /) -> Outcome:
        started.set()
        await gate.wait()
        return Done("r")

    desk.performer.perform = perform  # type: ignore[method-assign]
    await desk.add(NOTE)
    async with desk.dispatching():
        await started.wait()
        await desk.add(replace(NOTE, effect_id="e2"))
        asyncio.get_running_loop().call_later(0.1, gate.set)
    assert await desk.state() is State.SENT
    assert await desk.state("e2") is State.NEW


async def test_restarted_dispatcher_resends_with_the_same_id(desk: Desk) -> None:
    """A new life of the instance repeats what may be repeated and holds what may not."""
    resend = replace(NOTE, effect_id="r1", in_doubt=InDoubt.RESEND, resend_window=100)
    await desk.add(NOTE, resend)
    await desk.claim(instance="one")
    desk.clock.advance(timedelta(seconds=1))

    async with desk.dispatching() as dispatcher:
        await eventually(lambda: _is(desk, State.UNKNOWN))
        desk.clock.advance(timedelta(seconds=1))
        dispatcher.wake()
        await eventually(lambda: _is(desk, State.SENT, "r1"))
    assert desk.performer.performed == ["r1"]


async def _is(desk: Desk, state: State, effect_id: str = "e1") -> bool:
    return await desk.state(effect_id) is state


async def _is_gone(desk: Desk, effect_id: str) -> bool:
    async with desk.database.reading() as connection:
        return await desk.outbox.get(connection, effect_id) is None
