"""The ledger's chain: without gaps under concurrency, broken by whoever tampers with it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.consent import evidence
from services.messaging.consent.chain import Flaw, Head
from services.messaging.consent.ledger import Action, LedgerEntry, Method, Scope
from services.messaging.use_cases.proving import Form, Proving
from tests.contract.messaging.conftest import NOON, OURS, Bench, inbound


def entry(number: int) -> LedgerEntry:
    """Return a revocation by a person of its own."""
    return LedgerEntry(
        entry_id=f"l-{number}",
        effective_time=NOON + timedelta(microseconds=number),
        record_time=NOON,
        action=Action.REVOKED,
        scope=Scope.BRAND,
        method=Method.KEYWORD,
        peer_number=f"+13125550{100 + number}",
        our_number=OURS,
        source_message_id=f"c-{number}",
        text="Stop \u00e9\u4f60\u202e'\"",
        evidence={"page_url": "https://example.com/form"},
    )


async def add(bench: Bench, number: int) -> None:
    """Record an entry in a transaction of its own."""
    async with bench.transaction() as connection:
        await bench.consents.add(connection, entry(number))


async def document(bench: Bench, form: Form, peer_number: str = "") -> bytes:
    """Return the whole document."""
    proving = Proving(bench.database, bench.ledger)
    return b"".join([piece async for piece in proving.document(form, peer_number)])


async def verify(bench: Bench) -> Head:
    """Walk the chain."""
    return await Proving(bench.database, bench.ledger).verify()


async def test_concurrent_writers_make_one_chain_without_gaps(bench: Bench) -> None:
    """Twenty writers at once, two of which give up, leave eighteen links in a row."""

    async def write(number: int) -> None:
        try:
            async with bench.transaction() as connection:
                await bench.consents.add(connection, entry(number))
                if number in (3, 11):
                    raise ValueError
        except ValueError:
            pass

    await asyncio.gather(*(write(number) for number in range(20)))
    head = await verify(bench)
    assert head.sequence == 18
    async with bench.database.reading() as connection:
        entries = await bench.ledger.recorded(connection, after=0, limit=100)
    assert [each.sequence for each in entries] == list(range(1, 19))
    assert {each.entry_id for each in entries} == {f"l-{n}" for n in range(20) if n not in (3, 11)}


async def test_an_empty_ledger_is_intact(bench: Bench) -> None:
    """A chain without entries ends at its beginning."""
    assert await verify(bench) == Head()


TAMPERING = {
    "an entry was changed": "update consent_ledger set text = 'Hello' where sequence = 2",
    "evidence was changed": "update consent_ledger set evidence = '{}' where sequence = 2",
    "a value is none": "update consent_ledger set action = 'undone' where sequence = 2",
    "a hash was changed": "update consent_ledger set hash = prev_hash where sequence = 2",
    "a format was changed": "update consent_ledger set format = 2 where sequence = 2",
    "an entry was removed": "delete from consent_ledger where sequence = 2",
    "numbers were exchanged": "update consent_ledger set sequence = 20 where sequence = 2",
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_found_at_the_entry(bench: Bench, what: str) -> None:
    """Whoever writes past the service breaks the chain at the second of four entries."""
    for number in range(4):
        await add(bench, number)
    await verify(bench)
    async with bench.transaction() as connection:
        await connection.execute(sa.text(TAMPERING[what]))
    with pytest.raises(Flaw) as flaw:
        await verify(bench)
    assert flaw.value.sequence == 2


async def test_a_cut_end_and_a_slipped_in_entry_are_found(bench: Bench) -> None:
    """The end of the chain is kept apart from its entries: neither end can be moved unseen."""
    for number in range(3):
        await add(bench, number)
    copy = sa.text(
        "insert into consent_ledger select {} from consent_ledger where sequence = 3".format(  # noqa: S608
            ", ".join(await columns(bench))
        )
    )
    async with bench.transaction() as connection:
        await connection.execute(copy)
    with pytest.raises(Flaw, match="past the end"):
        await verify(bench)
    async with bench.transaction() as connection:
        await connection.execute(sa.text("delete from consent_ledger where sequence >= 3"))
    with pytest.raises(Flaw) as flaw:
        await verify(bench)
    assert flaw.value.sequence == 3


async def columns(bench: Bench) -> list[str]:
    """Return what copies the third entry as a fourth with an id of its own."""

    def names(connection: sa.Connection) -> list[str]:
        found = sa.inspect(connection).get_columns("consent_ledger")
        changed = {"sequence": "4", "entry_id": "'l-9'"}
        return [changed.get(column["name"], column["name"]) for column in found]

    async with bench.database.reading() as connection:
        return await run(connection, names)


async def run(connection: AsyncConnection, names: object) -> list[str]:
    """Inspect the database."""
    return await connection.run_sync(names)  # type: ignore[arg-type]


async def test_the_document_proves_itself_without_the_service(bench: Bench) -> None:
    """JSON Lines carry all that is hashed: the whole chain is recomputed from the file alone."""
    for number in range(5):
        await add(bench, number)
    lines = (await document(bench, Form.JSON_LINES)).splitlines()
    verified = evidence.verify(lines)
    assert (verified.entries, verified.gaps, verified.complete) == (5, 0, True)
    assert verified.head == await verify(bench)
    for number in range(5):
        changed = orjson.loads(lines[number])
        changed["entry"]["text"] = "Hello"
        forged = [*lines[:number], orjson.dumps(changed), *lines[number + 1 :]]
        with pytest.raises(Flaw) as flaw:
            evidence.verify(forged)
        assert flaw.value.sequence == number + 1
    assert not evidence.verify([*lines[:2], *lines[3:]]).complete
    assert not evidence.verify(lines[:-2]).complete


async def test_the_document_about_one_person_has_their_entries_only(bench: Bench) -> None:
    """Entries of others are left out; each that is there is as it was written."""
    for number in range(5):
        await add(bench, number)
    person = entry(3).peer_number
    lines = (await document(bench, Form.JSON_LINES, person)).splitlines()
    verified = evidence.verify(lines)
    assert (verified.entries, verified.complete) == (1, False)
    assert person.encode() in lines[0]


async def test_the_table_can_be_read_by_people(bench: Bench) -> None:
    """The table has plain names, exact words, and nothing a spreadsheet would compute."""
    async with bench.transaction() as connection:
        await bench.consents.add(connection, replace(entry(1), text="=1+1", note="a,b"))
    await bench.receive(inbound("STOP"))
    header, first, second = (await document(bench, Form.CSV)).decode().splitlines()
    assert header.split(",")[:4] == ["sequence", "effective_time", "record_time", "peer_number"]
    assert ",'=1+1," in first
    assert '"a,b"' in first
    assert ",revoked,brand," in second
    assert ",STOP,stop,whole_message.stop," in second
    assert second.endswith((await verify(bench)).hash)
