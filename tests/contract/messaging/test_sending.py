"""What becomes of a message that is asked for."""

import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import orjson
import pytest
from switchhook.messaging.v1.message_service_pb2 import SendMessageResponse

from chassis.errors import AlreadyDone, Invalid, NotFound, NotYet
from chassis.outbox import InDoubt, State
from services.messaging.consent.decision import ConsentState
from services.messaging.consent.ledger import Method
from services.messaging.model import Failure, FailureReason, Message, Purpose, Status
from services.messaging.sending import sender
from tests.contract.messaging.conftest import (
    NOON,
    OURS,
    PEER,
    SECOND,
    Bench,
    draft,
    inbound,
    reported,
)

REPORTS = (
    reported(Status.SENDING, raw_status="queued"),
    reported(Status.SENT, send_time=NOON + timedelta(seconds=2)),
    reported(Status.DELIVERED, complete_time=NOON + timedelta(seconds=3)),
)


async def accept(bench: Bench, message: Message, carrier_message_id: str = "c-1") -> None:
    """Record that the carrier took a message."""
    async with bench.transaction() as connection:
        await bench.sending.accepted(connection, message.message_id, carrier_message_id)


async def now(bench: Bench, message: Message) -> Message:
    """Return a message as it is now."""
    found = await bench.message(message.message_id)
    assert found is not None
    return found


async def test_a_message_and_the_duty_to_send_it_are_stored_together(bench: Bench) -> None:
    """The row and the effect share an id, and the effect holds the exact bytes."""
    response = SendMessageResponse.FromString(await bench.send(draft()))
    (message,) = await bench.all_messages()
    assert message.message_id == response.message.message_id
    assert (message.status, message.purpose) == (Status.QUEUED, Purpose.CONVERSATION)
    (record,) = await bench.effects(sender.KIND)
    effect = record.effect
    assert (effect.effect_id, effect.method, effect.path) == (
        message.message_id,
        "POST",
        "/messages",
    )
    assert orjson.loads(effect.body) == {"from": OURS, "to": PEER, "text": "hello"}
    assert (effect.in_doubt, effect.resend_window) == (InDoubt.RESEND, 23 * 3600)
    assert record.state is State.NEW


async def test_pictures_go_along(bench: Bench) -> None:
    """Media URLs are part of the request and of the message."""
    urls = ("https://example.com/a.png", "https://example.com/b.png")
    await bench.send(draft(text="", media_urls=urls))
    (message,) = await bench.all_messages()
    assert message.text is None
    assert tuple(media.url for media in message.media) == urls
    (record,) = await bench.effects(sender.KIND)
    assert orjson.loads(record.effect.body) == {"from": OURS, "to": PEER, "media_urls": list(urls)}


async def test_the_same_request_has_one_effect_and_one_answer(bench: Bench) -> None:
    """A repeated request gets the first answer, byte for byte, whatever happened since."""
    request_id = str(uuid.uuid4())
    first = await bench.send(draft(), request_id)
    (message,) = await bench.all_messages()
    await accept(bench, message)
    await bench.receive(inbound("STOP", answered_by_carrier=True))
    assert await bench.send(draft(), request_id) == first
    assert len(await bench.effects(sender.KIND)) == 1


async def test_another_request_under_the_same_id_is_refused(bench: Bench) -> None:
    """A request id that was used for something else is a mistake of the caller."""
    request_id = str(uuid.uuid4())
    await bench.send(draft(), request_id)
    with pytest.raises(AlreadyDone) as raised:
        await bench.send(draft(text="other"), request_id, b"another")
    assert raised.value.reason == "IDEMPOTENCY_MISMATCH"


async def test_numbers_that_cannot_be_are_refused_together(bench: Bench) -> None:
    """Every number that no country has is named, and nothing is stored."""
    with pytest.raises(Invalid) as raised:
        await bench.send(draft(our_number="+1202555010", peer_number="+9999999999"))
    assert [each.field for each in raised.value.fields] == ["from_number", "to_number"]
    assert await bench.all_messages() == []


async def test_who_has_opted_out_is_refused_early(bench: Bench) -> None:
    """A request for a recipient who has revoked fails and names the entry that decides."""
    await bench.receive(inbound("STOP", answered_by_carrier=True))
    for purpose in (Purpose.MARKETING, Purpose.TRANSACTIONAL, Purpose.VERIFICATION):
        with pytest.raises(NotYet) as raised:
            await bench.send(draft(our_number=SECOND, purpose=purpose))
        assert raised.value.reason == "RECIPIENT_OPTED_OUT"
    async with bench.transaction() as connection:
        (entry,) = await bench.ledger.recent(connection, PEER, 10)
    assert raised.value.metadata == {"entry_id": entry.entry_id}
    assert await bench.effects(sender.KIND) == []


async def test_who_opts_out_before_the_claim_is_not_sent_to(bench: Bench) -> None:
    """The claiming transaction asks the ledger again; only the confirmation passes."""
    message = await bench.queued()
    async with bench.transaction() as connection:
        assert await bench.sending.objection(connection, message.message_id) is None
    await bench.receive(inbound("STOP"))
    (confirmation,) = await bench.replies()
    async with bench.transaction() as connection:
        objection = bench.sending.objection
        assert await objection(connection, message.message_id) is FailureReason.OPTED_OUT
        assert await objection(connection, confirmation.message_id) is None
    bench.clock.advance(timedelta(minutes=5))
    async with bench.transaction() as connection:
        found = await bench.sending.objection(connection, confirmation.message_id)
    assert found is FailureReason.EXPIRED


async def test_a_message_given_up_fails_with_its_reason(bench: Bench) -> None:
    """What is not sent any more ends failed, without a carrier's code."""
    message = await bench.queued()
    async with bench.transaction() as connection:
        await bench.sending.given_up(connection, message.message_id, FailureReason.OPTED_OUT)
    ended = await now(bench, message)
    assert ended.status is Status.FAILED
    assert ended.failure == Failure(FailureReason.OPTED_OUT)
    assert ended.complete_time == NOON


async def test_a_message_in_doubt_is_not_called_failed_by_us(bench: Bench) -> None:
    """Giving up leaves the doubt of an earlier attempt; the carrier's refusal ends it."""
    message = await bench.queued()
    async with bench.transaction() as connection:
        await bench.sending.in_doubt(connection, message.message_id)
        await bench.sending.given_up(connection, message.message_id, FailureReason.OPTED_OUT)
    assert (await now(bench, message)).status is Status.IN_DOUBT
    async with bench.transaction() as connection:
        failure = Failure(FailureReason.UNREACHABLE, "40001", "Not routable")
        await bench.sending.refused(connection, message.message_id, failure)
    assert (await now(bench, message)).failure == failure


async def test_a_block_at_the_carrier_heals_the_ledger(bench: Bench) -> None:
    """Error 40300 tells of an opt-out we never saw: it is recorded and the next send is refused."""
    message = await bench.queued()
    failure = Failure(FailureReason.OPTED_OUT, "40300", "Blocked due to STOP message")
    async with bench.transaction() as connection:
        await bench.sending.refused(connection, message.message_id, failure)
    assert (await now(bench, message)).failure == failure
    async with bench.transaction() as connection:
        decision, (entry,) = await bench.consents.read(connection, SECOND, PEER)
    assert decision.state is ConsentState.REVOKED
    assert (entry.method, entry.source_message_id) == (Method.PROVIDER_BLOCK, message.message_id)
    with pytest.raises(NotYet):
        await bench.send(draft())
    assert await bench.replies() == []


async def test_acceptance_and_reports_meet_in_every_order(bench: Bench) -> None:
    """A report may come before the carrier's answer is recorded; the end is the same message."""
    outcomes = []
    steps = ("accept", *REPORTS)
    for number, order in enumerate(permutations(steps)):
        text, carrier_id = f"hello {number}", f"c-{number}"
        message = await bench.queued(text)
        for step in order:
            if step == "accept":
                await accept(bench, message, carrier_id)
            else:
                assert isinstance(step, Message)
                await bench.report(
                    replace(step, message_id=carrier_id, carrier_message_id=carrier_id)
                )
        found = await now(bench, message)
        assert found.text == text
        assert found.carrier_message_id == carrier_id
        outcomes.append((found.status, found.raw_status, found.send_time, found.complete_time))
        assert [person.status for person in found.recipients] == [Status.DELIVERED]
    assert set(outcomes) == {
        (
            Status.DELIVERED,
            "delivered",
            NOON + timedelta(seconds=2),
            NOON + timedelta(seconds=3),
        )
    }
    assert len(await bench.all_messages()) == len(outcomes)


async def test_being_accepted_twice_changes_nothing(bench: Bench) -> None:
    """A repeated answer under the same key is the same acceptance."""
    message = await bench.queued()
    await accept(bench, message)
    once = await now(bench, message)
    assert (once.status, once.accept_time) == (Status.SENDING, NOON)
    bench.clock.advance(timedelta(minutes=1))
    await accept(bench, message)
    assert await now(bench, message) == once


async def test_a_message_nobody_knows_is_not_found(bench: Bench) -> None:
    """Both ids fail the same way when there is no such message."""
    async with bench.transaction() as connection:
        for look in (bench.sending.get, bench.sending.of_carrier):
            with pytest.raises(NotFound) as raised:
                await look(connection, "nothing")
            assert raised.value.reason == "MESSAGE_NOT_FOUND"
