"""Events in, rows and effects out."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations

import pytest
from switchhook.messaging.v1 import consent_pb2, message_pb2
from switchhook.messaging.v1.messaging_event_pb2 import ConsentEvent

from chassis.streams import DEAD_LETTERS
from tests.integration.messaging.suite import (
    OTHER,
    OURS,
    PEER,
    SECOND,
    State,
    Status,
    Suite,
    inbound,
    report,
    webhook,
    whole_suite,
)
from tests.support.eventually import eventually


@pytest.fixture
async def suite(nats_url: str, database_url: str) -> AsyncIterator[Suite]:
    """The service, a carrier and a bus."""
    async with whole_suite(nats_url, database_url, MESSAGING_NUMBERS=SECOND) as running:
        yield running


async def drained(suite: Suite) -> None:
    """Wait until everything delivered so far has been handled, by a message sent after it."""
    marker = str(uuid.uuid4())
    await suite.deliver(inbound("the end of the test's events", message_id=marker))
    await suite.reaches(Status.MESSAGE_STATUS_RECEIVED, message_id=marker)


async def test_a_picture_message_becomes_a_row(suite: Suite) -> None:
    """A received message is stored with everything the carrier said of it."""
    media = [{"url": "https://media.example.com/1", "content_type": "image/png", "size": 7}]
    await suite.deliver(inbound(None, message_id="c-1", type="MMS", media=media, subject="hi"))
    message = await suite.reaches(Status.MESSAGE_STATUS_RECEIVED, carrier_message_id="c-1")
    assert (message.our_number, message.peer_number) == (OURS, PEER)
    assert message.type == message_pb2.MessageType.MESSAGE_TYPE_MMS
    assert not message.HasField("text")
    assert (message.subject, message.media[0].content_type) == ("hi", "image/png")
    assert message.classification.keyword_class == message_pb2.KeywordClass.KEYWORD_CLASS_NONE


async def test_a_stop_is_confirmed_exactly_once(suite: Suite) -> None:
    """However often the webhook comes, one confirmation leaves, and one event tells of it."""
    stop = inbound("STOP", message_id="c-1", event_id="e-1")
    again = inbound("STOP", message_id="c-1", event_id="e-2")  # the same message, another event
    await suite.deliver(stop, stop, again, stop)
    consent = await suite.stands(State.CONSENT_STATE_REVOKED)
    await drained(suite)
    (entry,) = consent.recent_entries
    assert entry.confirmation == consent_pb2.Confirmation.CONFIRMATION_QUEUED
    await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=entry.confirmation_message_id)
    assert suite.telnyx.texts() == [
        "Example: You are unsubscribed and will get no more messages. Reply START to resubscribe."
    ]
    (asked,) = suite.telnyx.asked
    assert (asked.key, asked.content["from"], asked.content["to"]) == (
        entry.confirmation_message_id,
        OURS,
        PEER,
    )
    (told,) = await eventually(suite.told)
    carried = ConsentEvent()
    assert told.service.Unpack(carried)
    assert (told.type, carried.entry_id) == ("messaging.consent.revoked", entry.entry_id)


async def test_where_telnyx_answered_nothing_leaves(suite: Suite) -> None:
    """With autoresponse_type set the ledger changes and no message is sent."""
    await suite.deliver(inbound("STOP", autoresponse_type="STOP"))
    consent = await suite.stands(State.CONSENT_STATE_REVOKED)
    assert consent.recent_entries[0].confirmation == (
        consent_pb2.Confirmation.CONFIRMATION_BY_CARRIER
    )
    await suite.deliver(
        inbound("START", autoresponse_type="START"), inbound("HELP", autoresponse_type="HELP")
    )
    await suite.stands(State.CONSENT_STATE_GRANTED)
    await drained(suite)
    assert suite.telnyx.asked == []


async def test_stop_start_and_help_in_turn(suite: Suite) -> None:
    """Each keyword has its answer, and the ledger says what holds for which number."""
    await suite.deliver(inbound("Stop.", age=timedelta(minutes=2)))
    await suite.stands(State.CONSENT_STATE_REVOKED)
    await suite.deliver(inbound("UNSTOP", age=timedelta(minutes=1)))
    await suite.stands(State.CONSENT_STATE_GRANTED)
    assert (await suite.consent(SECOND)).state == State.CONSENT_STATE_REVOKED
    await suite.deliver(inbound("help"))
    await eventually(lambda: len(suite.telnyx.taken) == 3)
    assert [text.split(":")[0] for text in suite.telnyx.texts()] == ["Example"] * 3
    assert "unsubscribed" in suite.telnyx.texts()[0]
    assert "resubscribed" in suite.telnyx.texts()[1]
    assert "example.com/help" in suite.telnyx.texts()[2]


async def test_nobody_is_answered_who_must_not_be(suite: Suite) -> None:
    """Short codes, alphanumeric senders, our own numbers and groups get no reply."""
    for address in ("12345", "ACME", SECOND):
        for text in ("STOP", "HELP"):
            await suite.deliver(inbound(text, sender={"phone_number": address}))
    group = [{"phone_number": OURS}, {"phone_number": OTHER}]
    await suite.deliver(inbound("STOP", to=group, type="MMS"))
    await suite.stands(State.CONSENT_STATE_REVOKED)
    await drained(suite)
    assert suite.telnyx.asked == []


async def test_odd_messages_are_all_kept(suite: Suite) -> None:
    """Absent and odd texts, odd parties and missing fields are stored like any other message."""
    odd = [
        inbound(None, message_id="odd-1"),
        inbound("a\x00b \u202eSTOP\u202c maybe \U0001f642", message_id="odd-2"),
        inbound("x" * 10_000, message_id="odd-3"),
        inbound("hi", message_id="odd-4", to=OURS, sender=PEER),
        inbound("hi", message_id="odd-5", to=None, sender=[7]),
        inbound("hi", message_id="odd-6", parts="2", cost={"amount": 0.01, "currency": "USD"}),
        webhook("message.received", {"id": "odd-7"}),
        webhook("message.received", {}, event_id="odd-8"),
    ]
    await suite.deliver(*odd)
    for number in range(1, 9):
        await suite.reaches(Status.MESSAGE_STATUS_RECEIVED, message_id=f"odd-{number}")
    assert (await suite.message(message_id="odd-2")).text.startswith("a\ufffdb")
    assert (await suite.message(message_id="odd-4")).our_number == OURS


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_reports_never_take_a_message_back(suite: Suite, order: tuple[int, ...]) -> None:
    """Sent, finalized and a second sent end delivered in every order of arrival."""
    reports = [
        report("message.sent", "c-1", "sent"),
        report("message.finalized", "c-1", "delivered"),
        report("message.sent", "c-1", "queued"),
    ]
    await suite.deliver(*(reports[place] for place in order))
    await drained(suite)
    message = await suite.message(carrier_message_id="c-1")
    assert message.status == Status.MESSAGE_STATUS_DELIVERED
    assert message.HasField("send_time")
    assert message.HasField("complete_time")


async def test_a_report_that_overtakes_the_carriers_answer_is_joined(suite: Suite) -> None:
    """Reports that arrive while the send's own answer is still on its way are not lost."""
    suite.telnyx.open.clear()
    queued = await suite.send(text="slow")
    carrier_id = str(uuid.uuid4())
    suite.telnyx.taken[queued.message_id] = carrier_id
    await suite.deliver(
        report("message.finalized", carrier_id, "delivered"),
        report("message.sent", carrier_id, "sent"),
    )
    external = await suite.reaches(Status.MESSAGE_STATUS_DELIVERED, message_id=carrier_id)
    assert external.purpose == message_pb2.MessagePurpose.MESSAGE_PURPOSE_UNSPECIFIED
    suite.telnyx.open.set()
    joined = await suite.reaches(Status.MESSAGE_STATUS_DELIVERED, message_id=queued.message_id)
    assert (joined.carrier_message_id, joined.text) == (carrier_id, "slow")
    assert joined.HasField("accept_time")
    assert [each.message_id for each in await suite.all_messages()] == [queued.message_id]


async def test_a_report_without_an_id_becomes_a_dead_letter(suite: Suite) -> None:
    """What can never be handled is set aside with its reason, and the rest goes on."""
    await suite.deliver(webhook("message.finalized", {}))
    await drained(suite)
    (letter,) = await eventually(lambda: suite.bus.read(DEAD_LETTERS, 1, 10))
    assert letter.headers["Switchhook-Reason"] == "MESSAGE_ID_MISSING"
    assert letter.subject == "dead.v1.messaging"


async def test_other_events_about_messages_are_passed_over(suite: Suite) -> None:
    """Link clicks and echoes change nothing and stop nothing."""
    await suite.deliver(
        b'{"data":{"record_type":"link_clicked","url":"https://example.com","to":"%s",'
        b'"message_id":"c-1","time_clicked":"2025-06-01T12:00:00Z"}}' % PEER.encode(),
        webhook("message.echo", {"id": "c-2"}),
    )
    await drained(suite)
    assert len(await suite.all_messages()) == 1
