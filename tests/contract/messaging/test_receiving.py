"""What a received message does: it is kept, changes the ledger and is answered, or is not."""

import uuid
from datetime import timedelta
from itertools import permutations

import pytest
from switchhook.event.v1.event_pb2 import Event
from switchhook.messaging.v1.messaging_event_pb2 import ConsentEvent

from chassis.outbox import EffectRecord
from chassis.publisher import EVENT
from services.messaging.consent.decision import ConsentState
from services.messaging.consent.ledger import Action, Confirmation, Method, Scope
from services.messaging.keywords import KeywordClass
from services.messaging.model import (
    Failure,
    FailureReason,
    Purpose,
    Recipient,
    Status,
)
from services.messaging.sending import sender
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    REPLIES,
    SECOND,
    Bench,
    inbound,
    reported,
)

BLOCKED = Failure(FailureReason.OPTED_OUT, "40300", "Blocked due to STOP message")


async def state(bench: Bench, our_number: str = OURS) -> ConsentState:
    """Return what the ledger says about writing to PEER."""
    async with bench.transaction() as connection:
        decision, _ = await bench.consents.read(connection, our_number, PEER)
    return decision.state


def told(record: EffectRecord) -> tuple[Event, ConsentEvent]:
    """Return the event an effect publishes, and what it carries."""
    event = Event.FromString(record.effect.body)
    carried = ConsentEvent()
    assert event.service.Unpack(carried)
    return event, carried


async def test_an_ordinary_message_is_kept_and_nothing_else_happens(bench: Bench) -> None:
    """A text without a keyword is stored with its class; nothing is sent or told."""
    message = inbound("see you at five")
    await bench.receive(message)
    stored = await bench.message(message.message_id)
    assert stored is not None
    assert stored.classification is not None
    assert stored.classification.keyword_class is KeywordClass.NONE
    assert await state(bench) is ConsentState.UNRECORDED
    assert await bench.effects(sender.KIND) == []
    assert await bench.effects(EVENT) == []


async def test_a_stop_revokes_confirms_once_and_is_told(bench: Bench) -> None:
    """STOP revokes for the brand, queues one confirmation and one event, all in one go."""
    message = inbound("Stop!")
    await bench.receive(message)
    (reply,) = await bench.replies()
    assert reply.text == REPLIES.text(Purpose.STOP_CONFIRMATION)
    assert (reply.our_number, reply.peer_number) == (OURS, PEER)
    assert reply.status is Status.QUEUED
    assert reply.expire_time == NOON + timedelta(minutes=5)
    (sent,) = await bench.effects(sender.KIND)
    assert sent.effect.effect_id == reply.message_id
    (published,) = await bench.effects(EVENT)
    event, change = told(published)
    assert published.effect.path == "events.v1.messaging.consent.revoked"
    assert (event.type, event.event_id) == ("messaging.consent.revoked", published.effect.effect_id)
    assert change.WhichOneof("detail") == "revoked"
    async with bench.transaction() as connection:
        decision, (entry,) = await bench.consents.read(connection, OURS, PEER)
    assert decision.state is ConsentState.REVOKED
    assert change.entry_id == entry.entry_id == decision.entry_id
    assert (entry.action, entry.scope, entry.method) == (
        Action.REVOKED,
        Scope.BRAND,
        Method.KEYWORD,
    )
    assert (entry.text, entry.source_event_id) == ("Stop!", "e-1")
    assert entry.source_message_id == message.carrier_message_id
    assert entry.confirmation is Confirmation.QUEUED
    assert entry.confirmation_message_id == reply.message_id
    assert await state(bench, SECOND) is ConsentState.REVOKED


async def test_the_same_message_twice_does_nothing_more(bench: Bench) -> None:
    """A message that is told again by another event changes and sends nothing."""
    message = inbound("STOP")
    await bench.receive(message)
    await bench.receive(message)
    assert len(await bench.replies()) == 1
    async with bench.transaction() as connection:
        assert len(await bench.ledger.recent(connection, PEER, 10)) == 1


async def test_a_second_stop_is_recorded_and_not_confirmed(bench: Bench) -> None:
    """The ledger keeps every STOP as evidence; only the first is answered and told."""
    for minute, number in ((0, OURS), (1, OURS), (2, SECOND)):
        await bench.receive(
            inbound("STOP", our_number=number, create_time=NOON + timedelta(minutes=minute))
        )
    assert len(await bench.replies()) == 1
    assert len(await bench.effects(EVENT)) == 1
    async with bench.transaction() as connection:
        entries = await bench.ledger.recent(connection, PEER, 10)
    assert [entry.confirmation for entry in entries] == [
        Confirmation.NONE,
        Confirmation.NONE,
        Confirmation.QUEUED,
    ]


async def test_a_start_grants_to_its_number_and_is_confirmed(bench: Bench) -> None:
    """START after STOP opts in again for the number that was asked, and for no other."""
    await bench.receive(inbound("STOP"))
    await bench.receive(inbound("START", create_time=NOON + timedelta(minutes=1)))
    assert await state(bench, OURS) is ConsentState.GRANTED
    assert await state(bench, SECOND) is ConsentState.REVOKED
    assert [each.purpose for each in await bench.replies()] == [
        Purpose.STOP_CONFIRMATION,
        Purpose.START_CONFIRMATION,
    ]
    subjects = [record.effect.path for record in await bench.effects(EVENT)]
    assert subjects == [
        "events.v1.messaging.consent.revoked",
        "events.v1.messaging.consent.granted",
    ]
    await bench.receive(inbound("UNSTOP", create_time=NOON + timedelta(minutes=2)))
    assert len(await bench.replies()) == 2


async def test_a_stop_to_a_second_number_takes_back_what_the_first_was_granted(
    bench: Bench,
) -> None:
    """A pair that was opted in again hears of a later STOP elsewhere by an event."""
    for minute, text, number in ((0, "STOP", OURS), (1, "START", OURS), (2, "STOP", SECOND)):
        await bench.receive(
            inbound(text, our_number=number, create_time=NOON + timedelta(minutes=minute))
        )
    assert await state(bench, OURS) is ConsentState.REVOKED
    published = await bench.effects(EVENT)
    assert [told(each)[1].WhichOneof("detail") for each in published] == [
        "revoked",
        "granted",
        "revoked",
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_entries_count_by_their_time_whatever_the_order_of_arrival(
    bench: Bench, order: tuple[int, ...]
) -> None:
    """STOP, START and STOP end revoked in every order of arrival; a late START undoes nothing."""
    texts = ["STOP", "START", "STOP"]
    for place in order:
        await bench.receive(
            inbound(texts[place], create_time=NOON + timedelta(minutes=place)),
        )
    assert await state(bench) is ConsentState.REVOKED


async def test_a_late_stop_that_a_newer_start_outweighs_is_not_confirmed(bench: Bench) -> None:
    """Nobody is told that they are unsubscribed when they are not."""
    await bench.receive(inbound("START", create_time=NOON + timedelta(minutes=1)))
    await bench.receive(inbound("STOP"))
    assert await state(bench) is ConsentState.GRANTED
    assert [each.purpose for each in await bench.replies()] == [Purpose.START_CONFIRMATION]


async def test_where_the_carrier_answered_we_do_not(bench: Bench) -> None:
    """An autoresponse suppresses our reply; the ledger changes and says who answered."""
    for minute, text in enumerate(("STOP", "START", "HELP")):
        await bench.receive(
            inbound(text, answered_by_carrier=True, create_time=NOON + timedelta(minutes=minute))
        )
    assert await bench.replies() == []
    async with bench.transaction() as connection:
        entries = await bench.ledger.recent(connection, PEER, 10)
    assert [entry.confirmation for entry in entries] == [Confirmation.BY_CARRIER] * 2
    assert await state(bench) is ConsentState.GRANTED


async def test_help_is_answered_once_a_day(bench: Bench) -> None:
    """HELP changes nothing; a second answer to the pair waits until a day has passed."""
    for hours, answers in ((0, 1), (23, 1), (25, 2)):
        bench.clock.advance(NOON + timedelta(hours=hours) - bench.clock.now())
        await bench.receive(inbound("HELP"))
        assert len(await bench.replies()) == answers
    await bench.receive(inbound("HELP", peer_number=OTHER))
    assert len(await bench.replies()) == 3
    async with bench.transaction() as connection:
        assert await bench.ledger.recent(connection, PEER, 10) == []


async def test_help_after_a_stop_is_not_answered(bench: Bench) -> None:
    """Whoever has opted out hears nothing but the one confirmation."""
    await bench.receive(inbound("STOP"))
    await bench.receive(inbound("HELP", create_time=NOON + timedelta(minutes=1)))
    assert [each.purpose for each in await bench.replies()] == [Purpose.STOP_CONFIRMATION]


async def test_a_stop_that_reached_us_too_late_is_not_confirmed(bench: Bench) -> None:
    """Five minutes after receipt a confirmation is no longer presumed consented to."""
    received = NOON - timedelta(minutes=5)
    await bench.receive(inbound("STOP"), receive_time=received)
    assert await bench.replies() == []
    assert await state(bench) is ConsentState.REVOKED
    await bench.receive(
        inbound("START", create_time=NOON + timedelta(minutes=1)), receive_time=received
    )
    assert len(await bench.replies()) == 1


@pytest.mark.parametrize("sender_address", ["12345", "ACME", "", SECOND])
async def test_who_is_not_a_person_with_a_number_changes_nothing(
    bench: Bench, sender_address: str
) -> None:
    """Short codes, alphanumeric senders, unknown ones and our own numbers are only stored."""
    for text in ("STOP", "START", "HELP"):
        message = inbound(text, peer_number=sender_address)
        await bench.receive(message)
        stored = await bench.message(message.message_id)
        assert stored is not None
        assert stored.classification is not None
        assert stored.classification.rule_id.startswith("sender.")
    assert await bench.replies() == []
    assert await bench.effects(EVENT) == []


async def test_a_number_that_turns_out_to_be_ours_is_not_answered(bench: Bench) -> None:
    """Two of our numbers wired to each other do not talk, even where no setting lists them."""
    await bench.receive(inbound("hi", our_number=PEER, peer_number=OTHER))
    for text in ("HELP", "STOP"):
        await bench.receive(inbound(text))
    assert await bench.replies() == []
    assert await state(bench) is ConsentState.REVOKED


async def test_a_group_is_not_answered(bench: Bench) -> None:
    """A STOP in a group counts and is not confirmed: everybody would read it."""
    group = (Recipient(OURS, Status.RECEIVED), Recipient(OTHER, Status.RECEIVED))
    for text in ("START", "HELP", "STOP"):
        await bench.receive(inbound(text, recipients=group))
    assert await bench.replies() == []
    assert await state(bench) is ConsentState.REVOKED
    async with bench.transaction() as connection:
        assert len(await bench.ledger.recent(connection, PEER, 10)) == 1


async def test_a_group_is_kept_under_the_number_that_is_ours(bench: Bench) -> None:
    """Whoever stands first in a group, the message belongs to the listed number in it."""
    group = (Recipient(OTHER, Status.RECEIVED), Recipient(SECOND, Status.RECEIVED))
    stored = await bench.receive(inbound("hi", our_number=OTHER, recipients=group))
    assert stored.our_number == SECOND


async def test_a_report_on_a_message_sent_past_us_is_kept(bench: Bench) -> None:
    """A status of a message this service did not send makes an external message, no fault."""
    for order in permutations((Status.SENT, Status.DELIVERED)):
        carrier_id = str(uuid.uuid4())
        for status in order:
            await bench.report(reported(status, carrier_id))
        stored = await bench.message(carrier_id)
        assert stored is not None
        assert stored.status is Status.DELIVERED
        assert stored.purpose is Purpose.UNSPECIFIED


async def test_a_report_on_a_received_message_changes_nothing(bench: Bench) -> None:
    """Ids are looked up by direction: a message that came in has no delivery."""
    stored = await bench.receive(inbound("hi", carrier_message_id="c-1"))
    await bench.report(reported(Status.DELIVERED, "c-1"))
    assert await bench.all_messages() == [stored]


async def test_a_report_that_names_an_opt_out_writes_the_ledger(bench: Bench) -> None:
    """A message that the carrier drops because of a STOP revokes, once."""
    refused = reported(Status.FAILED, failure=BLOCKED, complete_time=NOON)
    await bench.report(refused)
    await bench.report(refused)
    assert await state(bench) is ConsentState.REVOKED
    async with bench.transaction() as connection:
        (entry,) = await bench.ledger.recent(connection, PEER, 10)
    assert entry.method is Method.PROVIDER_BLOCK
    assert entry.text == "40300 Blocked due to STOP message"
    assert len(await bench.effects(EVENT)) == 1
