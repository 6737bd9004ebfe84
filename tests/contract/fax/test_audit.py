"""Who read what: the log cannot be rewritten without being seen."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from chassis import chain_walk
from chassis.caller import Caller
from chassis.chain import Flaw
from services.fax.keeping.entries import Act, content, linked
from services.fax.keeping.holds import Scope
from services.fax.keeping.tables import audit, audit_chain
from tests.support.keeping import CLERK, DAY, NOW, Cupboard, policy, received

ANN, BOB = Caller("ann", "ipv4:127.0.0.1"), Caller("", "fax-desk.example")


async def read(kept: Cupboard, caller: Caller, fax_id: str, act: Act = Act.DOCUMENT_READ) -> None:
    """Record a read."""
    async with kept.opened.transaction() as connection:
        await kept.audit.record(connection, caller, act, fax_id=fax_id, detail="page 1")


async def change(kept: Cupboard, statement: sa.Update | sa.Delete | sa.Insert) -> None:
    """Do to the log what nobody should."""
    async with kept.opened.transaction() as connection:
        await connection.execute(statement)


async def test_entries_say_who_what_and_when(kept: Cupboard) -> None:
    """An entry comes back as it was written, with its place in the chain."""
    await read(kept, ANN, "fax-1")
    kept.clock.advance(DAY)
    await read(kept, BOB, "fax-2", Act.TEXT_READ)
    first, second = await kept.entries()
    assert (first.actor, first.peer, first.fax_id, first.act, first.occur_time, first.sequence) == (
        "ann",
        "ipv4:127.0.0.1",
        "fax-1",
        Act.DOCUMENT_READ,
        NOW,
        1,
    )
    assert (second.actor, second.peer, second.prev_hash) == ("", "fax-desk.example", first.hash)


async def test_reads_at_the_same_time_make_one_chain(kept: Cupboard) -> None:
    """However many read at once, there are no gaps and no forks."""
    await asyncio.gather(*(read(kept, ANN, f"fax-{number}") for number in range(25)))
    head = await chain_walk.verify(kept.opened, kept.log)
    assert head.sequence == 25
    assert [entry.sequence for entry in await kept.entries()] == list(range(1, 26))


async def test_the_log_is_searched(kept: Cupboard) -> None:
    """By fax, by person, by what was done and by time."""
    await read(kept, ANN, "fax-1")
    kept.clock.advance(DAY)
    await read(kept, ANN, "fax-2")
    await read(kept, BOB, "fax-1", Act.TEXT_READ)
    searches: list[tuple[dict[str, Any], list[int]]] = [
        ({"fax_id": "fax-1"}, [1, 3]),
        ({"actor": "ann"}, [1, 2]),
        ({"acts": [Act.TEXT_READ]}, [3]),
        ({"start": NOW + DAY}, [2, 3]),
        ({"end": NOW + DAY}, [1]),
        ({"fax_id": "fax-1", "actor": "ann"}, [1]),
    ]
    for filters, expected in searches:
        assert [entry.sequence for entry in await kept.entries(**filters)] == expected


async def test_the_first_read_of_content_is_known(kept: Cupboard) -> None:
    """Reading the record alone is no reading of the fax."""
    await read(kept, ANN, "fax-1", Act.RECORD_READ)
    kept.clock.advance(DAY)
    await read(kept, ANN, "fax-1", Act.THUMBNAIL_READ)
    kept.clock.advance(DAY)
    await read(kept, ANN, "fax-1")
    async with kept.opened.reading() as connection:
        found = await kept.log.first_reads(connection, ["fax-1", "fax-2"])
    assert found == {"fax-1": NOW + DAY}


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (lambda: sa.update(audit).where(audit.c.sequence == 2).values(actor="eve"), 2),
        (lambda: sa.update(audit).where(audit.c.sequence == 2).values(action="nonsense"), 2),
        (lambda: sa.delete(audit).where(audit.c.sequence == 2), 2),
        (lambda: sa.delete(audit).where(audit.c.sequence == 4), 4),
        (lambda: sa.delete(audit).where(audit.c.sequence == 1), 1),
        (lambda: sa.update(audit_chain).values(sequence=3), 4),
    ],
)
async def test_tampering_is_found(
    kept: Cupboard, tamper: Callable[[], sa.Update | sa.Delete], where: int
) -> None:
    """A changed, a removed and a cut-off entry are found at their place."""
    for number in range(4):
        await read(kept, ANN, f"fax-{number}")
    await chain_walk.verify(kept.opened, kept.log)
    await change(kept, tamper())
    with pytest.raises(Flaw) as found:
        await chain_walk.verify(kept.opened, kept.log)
    assert found.value.sequence == where


async def test_an_entry_slipped_in_is_found(kept: Cupboard) -> None:
    """An entry that was never recorded fits nowhere."""
    await read(kept, ANN, "fax-1")
    (first,) = await kept.entries()
    async with kept.opened.reading() as connection:
        forged = linked(first, await kept.log.head(connection))
    row = {**content(forged), "occur_time": forged.occur_time, "hash": forged.hash}
    await change(kept, sa.insert(audit).values(row))
    with pytest.raises(Flaw):
        await chain_walk.verify(kept.opened, kept.log)


async def test_what_is_decided_is_in_the_log(kept: Cupboard) -> None:
    """Policies, holds and erasures are entries, by whom and about what."""
    sha256 = await kept.keep(received("fax-1"))
    await kept.rule(policy("month"))
    hold = await kept.hold(Scope(fax_id="fax-1"))
    await kept.release(hold.hold_id)
    await kept.sweep(30 * DAY)
    said = [(each.act, each.actor, each.fax_id, each.detail) for each in await kept.entries()]
    assert said == [
        (Act.POLICY_PUT, CLERK.actor, "", "month"),
        (Act.HOLD_PLACED, CLERK.actor, "fax-1", hold.hold_id),
        (Act.HOLD_RELEASED, CLERK.actor, "fax-1", hold.hold_id),
        (Act.DOCUMENT_ERASED, "retention", "fax-1", "fax by month"),
    ]
    assert (await kept.entries())[-1].sha256 == sha256
    await chain_walk.verify(kept.opened, kept.log)


async def test_what_is_undone_is_not_in_the_log(kept: Cupboard) -> None:
    """A transaction that fails leaves no entry and no gap."""

    async def read_and_fail() -> None:
        async with kept.opened.transaction() as connection:
            await kept.audit.record(connection, ANN, Act.DOCUMENT_READ, fax_id="fax-1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await read_and_fail()
    await read(kept, ANN, "fax-2")
    assert [entry.sequence for entry in await kept.entries()] == [1]
