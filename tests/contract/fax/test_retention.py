"""What is erased when it has grown too old, what is not, and what is known of it afterwards."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest

from chassis.effects import Done, Effect
from chassis.errors import NotYet
from chassis.metrics import Metrics
from services.fax import tables, translate
from services.fax.fetching import DocumentFetcher
from services.fax.keeping.arrivals import Arrivals
from services.fax.keeping.entries import Act
from services.fax.keeping.holds import Scope
from services.fax.keeping.policies import Part, Policy, Subject, due_time, governing
from services.fax.keeping.retention import Estimate
from services.fax.keeping.sweep import SWEEP, SWEEP_KEY
from services.fax.model import Direction, DocumentState, Observation, State, observe
from services.fax.use_cases import FETCH, FaxUseCases
from tests.support.keeping import (
    ADA,
    CLERK,
    DAY,
    GRACE,
    NOW,
    OTHER,
    OURS,
    Cupboard,
    cupboard,
    policy,
    received,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
async def everywhere(database_url: str, objects_url: str) -> AsyncIterator[Cupboard]:
    """A cupboard on each database with each store of objects."""
    async with cupboard(database_url, objects_url) as opened:
        yield opened


async def test_a_document_goes_at_its_age_and_not_before(everywhere: Cupboard) -> None:
    """The bytes leave the store; the record stays, and says what was erased, when and why."""
    sha256 = await everywhere.keep(received("1"))
    await everywhere.rule(policy("month", reason="no longer needed"))
    await everywhere.sweep(30 * DAY - SECOND)
    await everywhere.settle()
    assert await everywhere.there(sha256)
    await everywhere.sweep(SECOND)
    await everywhere.settle()
    assert not await everywhere.there(sha256)
    fax = await everywhere.fax("1")
    assert (fax.document.state, fax.document.reason) == (DocumentState.DELETED, "RETENTION")
    assert (fax.document.sha256, fax.from_number, fax.page_count) == (sha256, ADA, 2)
    (erasure,) = (await everywhere.explain("1")).erasures
    assert (erasure.part, erasure.policy_id, erasure.reason, erasure.age, erasure.sha256) == (
        Part.DOCUMENT,
        "month",
        "no longer needed",
        30 * DAY,
        sha256,
    )
    assert erasure.erase_time == NOW + 30 * DAY


async def test_nothing_goes_where_no_policy_speaks(kept: Cupboard) -> None:
    """Without a policy, and with one for others, everything is kept for ever."""
    await kept.keep(received("1"))
    await kept.rule(policy("others", number=OTHER))
    await kept.sweep(40_000 * DAY)
    assert await kept.erased("1") == set()


async def test_bytes_stay_while_another_fax_needs_them(kept: Cupboard) -> None:
    """The same document came twice; it leaves the store with the later of the two."""
    sha256 = await kept.keep(received("1"))
    await kept.keep(received("2", create_time=NOW + 5 * DAY))
    await kept.rule(policy("month"))
    await kept.sweep(30 * DAY)
    await kept.settle()
    assert await kept.erased("1", "2") == {"1"}
    assert await kept.there(sha256)
    assert (await kept.explain("1")).other_owners == 1
    await kept.sweep(5 * DAY)
    await kept.settle()
    assert not await kept.there(sha256)


async def test_a_legal_hold_outweighs_every_policy(kept: Cupboard) -> None:
    """What a hold covers stays, with bytes that others share, until the hold is ended."""
    sha256 = await kept.keep(received("1"))
    await kept.keep(received("2"))
    await kept.rule(policy("month", record_age=60 * DAY))
    hold = await kept.hold(Scope(fax_id="1"))
    await kept.sweep(100 * DAY)
    await kept.settle()
    assert await kept.erased("1", "2") == {"2"}
    assert await kept.there(sha256)
    assert ((await kept.fax("1")).from_number, (await kept.fax("2")).from_number) == (ADA, "")
    assert (await kept.explain("1")).hold_ids == (hold.hold_id,)
    await kept.release(hold.hold_id)
    await kept.sweep()
    await kept.settle()
    assert await kept.erased("1") == {"1"}
    assert not await kept.there(sha256)


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        (Scope(number=ADA), {"1", "2"}),
        (Scope(number=OURS), {"1", "2", "3"}),
        (Scope(number=OTHER), set()),
        (Scope(number=ADA, start=NOW + DAY), {"2"}),
        (Scope(number=ADA, end=NOW + DAY), {"1"}),
        (Scope(fax_id="3"), {"3"}),
        (Scope(fax_id="4"), set()),
    ],
)
async def test_a_hold_covers_what_it_names(kept: Cupboard, scope: Scope, held: set[str]) -> None:
    """A number's hold covers its faxes, between times if it names any, and nothing else."""
    await kept.keep(received("1"))
    await kept.keep(received("2", create_time=NOW + DAY))
    await kept.keep(received("3", from_number=GRACE))
    await kept.rule(policy("month"))
    await kept.hold(scope)
    await kept.sweep(40 * DAY)
    assert await kept.erased("1", "2", "3") == {"1", "2", "3"} - held


async def test_a_job_goes_with_its_document(kept: Cupboard) -> None:
    """What we sent is erased as what we received, once the job is over."""
    over, waiting = await kept.put(b"sent", "job:1"), await kept.put(b"waits", "job:2")
    await kept.send("1", over)
    await kept.send("2", waiting, state="waiting")
    await kept.rule(policy("out", direction=Direction.OUTBOUND, record_age=30 * DAY))
    await kept.sweep(30 * DAY)
    await kept.settle()
    assert not await kept.there(over)
    assert await kept.there(waiting)
    acts = {(entry.act, entry.fax_id, entry.detail) for entry in await kept.entries()}
    assert (Act.DOCUMENT_ERASED, "1", "job by out") in acts
    assert (Act.RECORD_REDACTED, "1", "job by out") in acts


async def test_a_record_is_blanked_and_stays_blank(kept: Cupboard) -> None:
    """The numbers go, the rest stays, and an event that comes late brings nothing back."""
    await kept.keep(received("1", failure_reason="", partial_content=True))
    await kept.rule(policy("all", record_age=60 * DAY))
    await kept.sweep(60 * DAY)
    fax = await kept.fax("1")
    assert (fax.from_number, fax.to_number) == ("", "")
    assert (fax.state, fax.page_count, fax.partial_content) == (State.RECEIVED, 2, True)
    late = Observation(
        fax_id="1", occur_time=NOW, state=State.RECEIVED, from_number=ADA, to_number=OURS
    )
    assert observe(fax, late) == fax


async def test_what_was_sent_out_for_a_record_is_blanked_with_it(kept: Cupboard) -> None:
    """Numbers and links in finished effects go; what others sent and what waits stays."""
    async with kept.opened.transaction() as connection:
        for key in ("1", "1/2", "12", "2"):
            effect = Effect(effect_id=f"to {key}", kind="test", body=b"+1312", entity_key=key)
            await tables.outbox.add(connection, effect)
            if key != "2":
                await tables.outbox.cancel(connection, effect.effect_id, "OVER")
    await kept.keep(received("1"))
    await kept.keep(received("2"))
    await kept.rule(policy("all", record_age=30 * DAY))
    await kept.sweep(30 * DAY)
    async with kept.opened.reading() as connection:
        left = [await tables.outbox.get(connection, f"to {key}") for key in ("1", "1/2", "12", "2")]
    assert [record and record.effect.body for record in left] == [b"", b"", b"+1312", b"+1312"]


async def test_sweeping_again_does_nothing(kept: Cupboard) -> None:
    """A sweep that rings twice, or at once in two places, erases and records everything once."""
    for number in range(3):
        await kept.keep(received(str(number)), f"document {number}".encode())
    await kept.rule(policy("all", record_age=30 * DAY))
    kept.clock.advance(30 * DAY)

    async def ring() -> None:
        async with kept.opened.transaction() as connection:
            await kept.sweeper.ring(connection, SWEEP_KEY, kept.clock.now())

    await asyncio.gather(ring(), ring())
    before = await kept.entries()
    await kept.sweep()
    assert await kept.entries() == before
    assert [entry.act for entry in before].count(Act.DOCUMENT_ERASED) == 3
    assert [entry.act for entry in before].count(Act.RECORD_REDACTED) == 3


async def test_a_large_backlog_is_erased_in_batches(kept: Cupboard) -> None:
    """The timer rings again at once while there is more, and waits when there is nothing."""
    for number in range(60):
        await kept.keep(received(f"{number:03}"))
    await kept.rule(policy("month"))
    kept.clock.advance(30 * DAY)
    async with kept.opened.transaction() as connection:
        await kept.sweeper.ring(connection, SWEEP_KEY, kept.clock.now())
        assert await tables.timers.due(connection, SWEEP, SWEEP_KEY) == kept.clock.now()
    assert len(await kept.erased(*(f"{number:03}" for number in range(60)))) == 50
    await kept.sweep()
    assert len(await kept.erased(*(f"{number:03}" for number in range(60)))) == 60


async def test_one_policy_speaks_for_a_scope(kept: Cupboard) -> None:
    """Two policies for the same direction and number would be a riddle; the same one may change."""
    await kept.rule(policy("first", number=OURS))
    with pytest.raises(NotYet) as refused:
        await kept.rule(policy("second", number=OURS))
    assert (refused.value.reason, refused.value.metadata) == (
        "RETENTION_POLICY_EXISTS",
        {"policy_id": "first"},
    )
    kept.clock.advance(DAY)
    await kept.rule(policy("first", number=OURS, document_age=DAY, create_time=NOW + DAY))
    async with kept.opened.transaction() as connection:
        changed = await kept.retention.policy(connection, "first")
        assert (changed.create_time, changed.document_age) == (NOW, DAY)
        await kept.retention.delete_policy(connection, CLERK, "first")
    await kept.rule(policy("second", number=OURS))


async def test_a_policy_says_what_it_would_erase_before_it_is_put(kept: Cupboard) -> None:
    """Nothing is erased by asking, and what is erased by putting is what was said."""
    await kept.keep(received("old", create_time=NOW - 40 * DAY), b"12345")
    await kept.keep(received("held", create_time=NOW - 40 * DAY), b"held")
    await kept.keep(received("young"), b"young")
    await kept.keep(received("other", create_time=NOW - 40 * DAY, to_number=OTHER), b"other")
    await kept.add(received("bare", create_time=NOW - 40 * DAY))
    await kept.send("job", await kept.put(b"sent", "job:job"))
    await kept.rule(policy("others", number=OTHER, document_age=None))
    await kept.hold(Scope(fax_id="held"))
    wanted = policy("month", record_age=30 * DAY)
    async with kept.opened.reading() as connection:
        said = await kept.retention.estimate(connection, wanted)
    assert said == Estimate(documents=1, size=5, records=1, held=1)
    await kept.rule(wanted)
    await kept.sweep()
    assert await kept.erased("old", "held", "young", "other", "bare") == {"old"}
    async with kept.opened.reading() as connection:
        assert await kept.retention.estimate(connection, wanted) == Estimate(held=1)


@pytest.mark.parametrize("seed", range(3))
async def test_the_sweep_erases_exactly_what_is_explained_as_due(kept: Cupboard, seed: int) -> None:
    """The query that finds what is due and the rules that explain it say the same."""
    chance = random.Random(seed)
    policies = _some_policies(chance)
    await kept.rule(*policies)
    numbers = [ADA, GRACE, OURS, OTHER]
    faxes = [
        received(
            str(number),
            create_time=NOW - chance.randrange(100) * DAY,
            direction=chance.choice([Direction.INBOUND, Direction.OUTBOUND]),
            from_number=chance.choice(numbers),
            to_number=chance.choice(numbers),
        )
        for number in range(40)
    ]
    for fax in faxes:
        await kept.keep(fax)
    due = set()
    for fax in faxes:
        subject = Subject(
            direction=fax.direction,
            from_number=fax.from_number,
            to_number=fax.to_number,
            create_time=fax.create_time,
        )
        when = due_time(governing(policies, subject, Part.DOCUMENT), subject, Part.DOCUMENT)
        assert (await kept.explain(fax.fax_id)).document.due_time == when
        if when is not None and when <= NOW:
            due.add(fax.fax_id)
    await kept.sweep()
    assert await kept.erased(*(fax.fax_id for fax in faxes)) == due
    assert 0 < len(due) < len(faxes)


def _some_policies(chance: random.Random) -> list[Policy]:
    scopes = [
        (direction, number) for direction in Direction for number in ("", ADA, GRACE, OURS, OTHER)
    ]
    return [
        policy(
            f"policy-{index}",
            direction=direction,
            number=number,
            document_age=chance.choice([None, 10 * DAY, 40 * DAY, 80 * DAY]),
        )
        for index, (direction, number) in enumerate(chance.sample(scopes, 7))
    ]


async def test_a_document_that_comes_after_its_erasure_goes_again(kept: Cupboard) -> None:
    """A fetch that ends late neither brings an erased document back nor leaves its bytes behind."""
    sha256 = await kept.keep(received("1"))
    await kept.rule(policy("month"))
    await kept.sweep(30 * DAY)
    await kept.settle()
    assert await kept.put(b"%PDF-1.7", "fax:1") == sha256
    effect = Effect(effect_id="late", kind=FETCH, body=b"", entity_key="1")
    done = Done(sha256, b'{"size": 8, "content_type": "application/pdf"}')
    async with kept.opened.transaction() as connection:
        await _fetcher(kept).settle(connection, effect, done)
    await kept.settle()
    assert not await kept.there(sha256)
    assert (await kept.fax("1")).document.state is DocumentState.DELETED


def _fetcher(kept: Cupboard) -> DocumentFetcher:
    """Return a fetcher that need not fetch anything."""
    faxes = FaxUseCases(kept.store, tables.outbox, translate.announcement)
    arrivals, nobody = Arrivals(Metrics(), kept.clock), cast("Any", None)
    return DocumentFetcher(faxes, kept.archive, nobody, nobody, kept.clock, arrivals)
