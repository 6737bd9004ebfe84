"""The stores, each test once on SQLite and once on PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.errors import Contended
from services.messaging import tables
from services.messaging.consent.decision import Standing
from services.messaging.consent.ledger import Action, Confirmation, LedgerEntry, Method, Scope
from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    MessageType,
    Purpose,
    Recipient,
    Status,
)
from services.messaging.ports import Filters, Position
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    SECOND,
    Bench,
    inbound,
    reported,
)
from tests.support.drift import drift

FULL = Message(
    message_id="m-1",
    direction=Direction.OUTBOUND,
    status=Status.FAILED,
    create_time=NOON,
    carrier_message_id="c-1",
    our_number=OURS,
    peer_number=PEER,
    recipients=(Recipient(PEER, Status.FAILED, "sending_failed"), Recipient(OTHER, Status.SENT)),
    type=MessageType.MMS,
    raw_type="MMS",
    text="Grüße \U0001f44b",
    subject="Hi",
    media=(Media("https://example.com/a.png", "image/png", 1 << 33, "ab"), Media("b")),
    purpose=Purpose.MARKETING,
    raw_status="sending_failed",
    failure=Failure(FailureReason.UNREACHABLE, "40001", "Not routable"),
    parts=2,
    cost_amount="0.0051",
    cost_currency="USD",
    messaging_profile_id="p-1",
    classification=Classification(KeywordClass.STOP, "whole_message.stop"),
    answered_by_carrier=True,
    accept_time=NOON + timedelta(microseconds=1),
    send_time=NOON + timedelta(seconds=2),
    complete_time=NOON + timedelta(seconds=3),
    read_time=NOON + timedelta(seconds=4),
    expire_time=NOON + timedelta(seconds=5),
)
ENTRY = LedgerEntry(
    entry_id="l-1",
    effective_time=NOON,
    record_time=NOON + timedelta(seconds=1),
    action=Action.REVOKED,
    scope=Scope.BRAND,
    method=Method.KEYWORD,
    peer_number=PEER,
    our_number=OURS,
    source_message_id="c-1",
    source_event_id="e-1",
    text="STOP",
    classification=Classification(KeywordClass.STOP, "whole_message.stop"),
    messaging_profile_id="p-1",
    confirmation=Confirmation.QUEUED,
    confirmation_message_id="m-2",
)


async def test_the_migrations_make_the_declared_tables(bench: Bench) -> None:
    """The schema that the migrations make is the one the code declares."""
    assert await drift(bench.database, tables.metadata) == []


async def test_a_message_comes_back_as_it_was_stored(bench: Bench) -> None:
    """Every field of a full and of a bare message survives, absent text included."""
    bare = Message(
        message_id="m-2", direction=Direction.INBOUND, status=Status.RECEIVED, create_time=NOON
    )
    async with bench.transaction() as connection:
        for message in (FULL, bare):
            assert await bench.messages.add(connection, message)
    assert await bench.message("m-1") == FULL
    assert await bench.message("m-2") == bare
    assert await bench.message("m-3") is None


async def test_a_message_is_added_once(bench: Bench) -> None:
    """The same id, and the same carrier's id in the same direction, are refused quietly."""
    same_carrier = replace(FULL, message_id="m-2")
    async with bench.transaction() as connection:
        assert await bench.messages.add(connection, FULL)
        assert not await bench.messages.add(connection, FULL)
        assert not await bench.messages.add(connection, same_carrier)
        other_way = replace(same_carrier, direction=Direction.INBOUND)
        assert await bench.messages.add(connection, other_way)
        for name in ("m-3", "m-4"):
            unsent = replace(FULL, message_id=name, carrier_message_id="")
            assert await bench.messages.add(connection, unsent)


async def test_a_held_message_is_saved_and_removed(bench: Bench) -> None:
    """What is saved is found again by either id, and what is removed is gone."""
    changed = replace(FULL, text=None, carrier_message_id="c-2", failure=None, recipients=())
    async with bench.transaction() as connection:
        await bench.messages.add(connection, FULL)
        assert await bench.messages.hold(connection, "m-1") == FULL
        await bench.messages.save(connection, changed)
    async with bench.transaction() as connection:
        hold = bench.messages.hold_of_carrier
        assert await hold(connection, Direction.OUTBOUND, "c-2") == changed
        assert await hold(connection, Direction.INBOUND, "c-2") is None
        assert await bench.messages.of_carrier(connection, "c-2") == changed
        assert await bench.messages.of_carrier(connection, "c-1") is None
        await bench.messages.remove(connection, "m-1")
    assert await bench.message("m-1") is None


async def test_lists_are_newest_first_and_pages_do_not_shift(bench: Bench) -> None:
    """Pages follow one another without gap or repetition while newer messages come in."""
    made = [
        inbound(
            carrier_message_id=f"c-{minute}-{each}", create_time=NOON + timedelta(minutes=minute)
        )
        for minute in range(4)
        for each in range(3)
    ]
    async with bench.transaction() as connection:
        for message in made:
            await bench.messages.add(connection, message)
    expected = [each.message_id for each in reversed(made)]
    seen: list[str] = []
    after = None
    while True:
        async with bench.transaction() as connection:
            page = await bench.messages.list(connection, Filters(), limit=5, after=after)
            newer = inbound(create_time=NOON + timedelta(hours=len(seen) + 1))
            await bench.messages.add(connection, newer)
        if not page:
            break
        seen += [each.message_id for each in page]
        after = Position(page[-1].create_time, page[-1].message_id)
    assert seen == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["m-1", "c-3", "c-2"]),
        (Filters(our_number=SECOND), ["c-3"]),
        (Filters(peer_number=PEER), ["m-1", "c-2"]),
        (Filters(direction=Direction.INBOUND), ["c-3", "c-2"]),
        (Filters(statuses=[Status.FAILED, Status.QUEUED]), ["m-1"]),
        (Filters(start=NOON + timedelta(minutes=1)), ["m-1", "c-3"]),
        (Filters(end=NOON + timedelta(minutes=1)), ["c-2"]),
        (Filters(peer_number=PEER, direction=Direction.INBOUND, our_number=OURS), ["c-2"]),
        (Filters(our_number="+12025550177"), []),
    ],
)
async def test_lists_are_narrowed(bench: Bench, filters: Filters, expected: list[str]) -> None:
    """Each filter narrows the list, and together they narrow it further."""
    second = inbound(
        carrier_message_id="c-3",
        our_number=SECOND,
        peer_number=OTHER,
        create_time=NOON + timedelta(minutes=1),
    )
    newest = replace(FULL, create_time=NOON + timedelta(minutes=2))
    async with bench.transaction() as connection:
        for message in (inbound(carrier_message_id="c-2"), second, newest):
            await bench.messages.add(connection, message)
        found = await bench.messages.list(connection, filters, limit=10)
    assert [each.message_id for each in found] == expected


async def test_what_was_said_lately_is_found(bench: Bench) -> None:
    """A reply counts for its pair and purpose, from its own time on."""
    said = replace(FULL, purpose=Purpose.HELP_REPLY)
    async with bench.transaction() as connection:
        await bench.messages.add(connection, said)
        since = bench.messages.sent_since
        assert await since(connection, OURS, PEER, Purpose.HELP_REPLY, NOON)
        assert not await since(connection, OURS, PEER, Purpose.STOP_CONFIRMATION, NOON)
        assert not await since(connection, SECOND, PEER, Purpose.HELP_REPLY, NOON)
        assert not await since(connection, OURS, OTHER, Purpose.HELP_REPLY, NOON)
        later = NOON + timedelta(microseconds=1)
        assert not await since(connection, OURS, PEER, Purpose.HELP_REPLY, later)


async def test_a_number_that_gets_messages_is_ours(bench: Bench) -> None:
    """A number is ours once something came in to it alone; a group's members are not."""
    group = (Recipient(SECOND, Status.RECEIVED), Recipient(OTHER, Status.RECEIVED))
    async with bench.transaction() as connection:
        await bench.messages.add(connection, inbound())
        await bench.messages.add(connection, inbound(our_number=SECOND, recipients=group))
        await bench.messages.add(connection, reported(Status.SENT, our_number=OTHER))
        assert await bench.messages.receives_here(connection, OURS)
        for number in (PEER, SECOND, OTHER):
            assert not await bench.messages.receives_here(connection, number)


async def test_the_ledger_keeps_every_entry_once(bench: Bench) -> None:
    """An entry is appended once, comes back whole and in the order of its time."""
    older = replace(ENTRY, entry_id="l-2", effective_time=NOON - timedelta(days=1))
    same_time = replace(ENTRY, entry_id="l-3", classification=None, action=Action.GRANTED)
    others = replace(ENTRY, entry_id="l-4", peer_number=OTHER)
    async with bench.transaction() as connection:
        for entry in (ENTRY, older, same_time, others):
            assert await bench.ledger.append(connection, entry)
            assert not await bench.ledger.append(connection, entry)
        found = await bench.ledger.recent(connection, PEER, 10)
        assert [each.entry_id for each in await bench.ledger.recent(connection, PEER, 2)] == [
            "l-3",
            "l-1",
        ]
    plain = [replace(each, sequence=0, prev_hash="", hash="") for each in found]
    assert plain == [same_time, ENTRY, older]
    assert len({each.sequence for each in found}) == 3


async def test_standings_are_kept_by_person_and_scope(bench: Bench) -> None:
    """What a scope stands at is replaced, and each person has scopes of their own."""
    revoked = Standing(Action.REVOKED, NOON, "l-1")
    granted = Standing(Action.GRANTED, NOON + timedelta(seconds=1), "l-2")
    async with bench.transaction() as connection:
        assert await bench.ledger.standings(connection, PEER) == {}
        await bench.ledger.stand(connection, PEER, "brand", granted)
        await bench.ledger.stand(connection, PEER, "brand", revoked)
        await bench.ledger.stand(connection, PEER, "number:1", granted)
        await bench.ledger.stand(connection, OTHER, "brand", granted)
        standings = await bench.ledger.standings(connection, PEER)
    assert standings == {"brand": revoked, "number:1": granted}


async def test_nobody_relies_on_a_consent_that_is_being_changed(bench: Bench) -> None:
    """While a consent is held, relying on it fails at once or waits; afterwards it works."""
    async with bench.transaction() as connection:
        await bench.ledger.hold(connection, PEER)
        if bench.database.dialect == "postgresql":
            async with bench.database.reading() as other:
                with pytest.raises(Contended):
                    await bench.ledger.rely(other, PEER)
                await bench.ledger.rely(other, OTHER)
    async with bench.transaction() as connection:
        await bench.ledger.rely(connection, PEER)
        if bench.database.dialect == "postgresql":
            async with bench.database.reading() as other:
                await bench.ledger.rely(other, PEER)
