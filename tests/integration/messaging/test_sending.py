"""Messages out: asked for over gRPC, sent exactly once, refused where they must be."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest
from aiohttp import web
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status
from switchhook.messaging.v1 import message_pb2, message_service_pb2
from switchhook.messaging.v1.consent_service_pb2 import GetConsentRequest

from tests.integration.messaging.suite import (
    OTHER,
    OURS,
    PEER,
    Asked,
    State,
    Status,
    Suite,
    asking,
    error,
    fake_telnyx,
    inbound,
    messaging,
    report,
    whole_suite,
)
from tests.support.eventually import eventually
from tests.support.log_lines import Lines, lines, log_set_up

__all__ = ["lines", "log_set_up"]

Reason = message_pb2.FailureReason


@pytest.fixture
async def suite(nats_url: str, database_url: str) -> AsyncIterator[Suite]:
    """The service, a carrier and a bus."""
    async with whole_suite(nats_url, database_url) as running:
        yield running


@pytest.fixture
async def light(nats_url: str, sqlite_database_url: str) -> AsyncIterator[Suite]:
    """The same on SQLite alone, for what no database changes."""
    async with whole_suite(nats_url, sqlite_database_url) as running:
        yield running


def details(error: grpc.aio.AioRpcError) -> tuple[str, ErrorInfo, BadRequest]:
    """Return a failure's status code, and what it says in detail."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info, bad = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return error.code().name, info, bad


async def test_a_message_is_sent_and_followed_to_its_end(suite: Suite) -> None:
    """Queued, taken by the carrier, sent, delivered: each step is seen over gRPC."""
    urls = ["https://example.com/a.png"]
    queued = await suite.send(text="hi", media_urls=urls)
    assert queued.status == Status.MESSAGE_STATUS_QUEUED
    assert queued.purpose == message_pb2.MessagePurpose.MESSAGE_PURPOSE_CONVERSATION
    taken = await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=queued.message_id)
    (asked,) = suite.telnyx.asked
    assert asked.key == queued.message_id
    assert asked.content == {"from": OURS, "to": PEER, "text": "hi", "media_urls": urls}
    carrier_id = suite.telnyx.taken[asked.key]
    assert taken.carrier_message_id == carrier_id
    for event_type, word, status in (
        ("message.sent", "sent", Status.MESSAGE_STATUS_SENT),
        ("message.finalized", "delivered", Status.MESSAGE_STATUS_DELIVERED),
    ):
        await suite.deliver(report(event_type, carrier_id, word))
        await suite.reaches(status, carrier_message_id=carrier_id)


async def test_a_repeated_request_sends_nothing_more(suite: Suite) -> None:
    """The same request id gets the same answer; with other fields it is refused."""
    request = asking()
    first = await suite.messages.SendMessage(request)
    await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=first.message.message_id)
    assert await suite.messages.SendMessage(request) == first
    assert len(suite.telnyx.asked) == 1
    request.text = "something else"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await suite.messages.SendMessage(request)
    code, info, _ = details(raised.value)
    assert (code, info.reason) == ("ALREADY_EXISTS", "IDEMPOTENCY_MISMATCH")
    assert info.domain == "messaging.switchhook"


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_lost_answer_sends_once(light: Suite, lost: str) -> None:
    """Whether the carrier had taken it or not, the same key brings it through once."""

    def answer(asked: Asked) -> web.Response | None:
        if len(light.telnyx.asked) > 2:
            return None
        if lost == "after":
            light.telnyx.accept(asked)
        return error(503, "10008", "Service unavailable")

    light.telnyx.answer = answer
    queued = await light.send()
    await light.reaches(Status.MESSAGE_STATUS_SENDING, message_id=queued.message_id)
    assert len(light.telnyx.asked) == 3
    assert {(asked.key, asked.body) for asked in light.telnyx.asked} == {
        (queued.message_id, light.telnyx.asked[0].body)
    }
    assert len(light.telnyx.taken) == 1


async def test_a_service_that_dies_in_the_middle_sends_once(
    nats_url: str, database_url: str
) -> None:
    """A message that was on its way when the service stopped is sent again under its key."""
    async with fake_telnyx() as telnyx:
        async with messaging(nats_url, database_url, telnyx) as suite:
            telnyx.answer = lambda asked: (telnyx.accept(asked), error(500, "", "Oops"))[1]
            queued = await suite.send()
            await suite.reaches(Status.MESSAGE_STATUS_IN_DOUBT, message_id=queued.message_id)
        telnyx.answer = lambda _asked: None
        async with messaging(nats_url, database_url, telnyx) as suite:
            await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=queued.message_id)
        assert list(telnyx.taken) == [queued.message_id]


async def test_an_opt_out_at_the_carrier_writes_the_ledger(suite: Suite) -> None:
    """Error 40300 fails the message, revokes, is told, and is never tried again."""
    suite.telnyx.answer = lambda _asked: error(403, "40300", "Blocked due to STOP message")
    queued = await suite.send()
    ended = await suite.reaches(Status.MESSAGE_STATUS_FAILED, message_id=queued.message_id)
    assert ended.failure.reason == Reason.FAILURE_REASON_OPTED_OUT
    assert (ended.failure.carrier_code, ended.failure.carrier_title) == (
        "40300",
        "Blocked due to STOP message",
    )
    consent = await suite.stands(State.CONSENT_STATE_REVOKED)
    assert consent.recent_entries[0].source_message_id == queued.message_id
    (told,) = await eventually(suite.told)
    assert told.type == "messaging.consent.revoked"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await suite.send()
    code, info, _ = details(raised.value)
    assert (code, info.reason) == ("FAILED_PRECONDITION", "RECIPIENT_OPTED_OUT")
    assert info.metadata["entry_id"] == consent.deciding_entry_id
    assert len(suite.telnyx.asked) == 1


async def test_an_opt_out_overtakes_a_message_that_waits(suite: Suite) -> None:
    """A message the carrier put off is not tried again once its recipient has opted out."""
    suite.telnyx.answer = lambda _asked: web.json_response(
        {"errors": [{"code": "10011", "title": "Too many requests"}]},
        status=429,
        headers={"Retry-After": "2"},
    )
    queued = await suite.send()
    await eventually(lambda: suite.telnyx.asked)
    await suite.deliver(inbound("STOP", autoresponse_type="STOP"))
    await suite.stands(State.CONSENT_STATE_REVOKED)
    suite.telnyx.answer = lambda _asked: None
    ended = await suite.reaches(Status.MESSAGE_STATUS_FAILED, message_id=queued.message_id)
    assert ended.failure.reason == Reason.FAILURE_REASON_OPTED_OUT
    assert ended.failure.carrier_code == ""
    assert suite.telnyx.taken == {}


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "40001", Reason.FAILURE_REASON_UNREACHABLE),
        (400, "40302", Reason.FAILURE_REASON_BAD_REQUEST),
        (401, "10009", Reason.FAILURE_REASON_CONFIGURATION),
        (429, "40333", Reason.FAILURE_REASON_CONFIGURATION),
    ],
)
async def test_a_refusal_for_good_is_not_tried_again(
    light: Suite, status: int, code: str, reason: "message_pb2.FailureReason.ValueType"
) -> None:
    """The message fails with a reason to act on and the carrier's own code."""
    light.telnyx.answer = lambda _asked: error(status, code, "No")
    queued = await light.send()
    ended = await light.reaches(Status.MESSAGE_STATUS_FAILED, message_id=queued.message_id)
    assert (ended.failure.reason, ended.failure.carrier_code) == (reason, code)
    assert len(light.telnyx.asked) == 1


async def test_every_bad_field_is_named(light: Suite) -> None:
    """A request that breaks rules is refused with all of them, and no value is repeated."""
    request = message_service_pb2.SendMessageRequest(
        request_id="not a uuid",
        from_number="2025550101",
        to_number="+0",
        text="x" * 1531,
        media_urls=["https://example.com/a", "ftp://example.com/b", "no url"],
        purpose=message_pb2.MessagePurpose.MESSAGE_PURPOSE_STOP_CONFIRMATION,
    )
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.messages.SendMessage(request)
    code, _, bad = details(raised.value)
    assert code == "INVALID_ARGUMENT"
    assert {violation.field for violation in bad.field_violations} == {
        "request_id",
        "from_number",
        "to_number",
        "text",
        "media_urls[1]",
        "media_urls[2]",
        "purpose",
    }
    assert "2025550101" not in str(bad)
    assert light.telnyx.asked == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, ""),
        ({"to_number": OURS}, ""),
        ({"purpose": 0}, "purpose"),
        ({"purpose": 99}, "purpose"),
        ({"to_number": "+9999999999"}, "to_number"),
        ({"from_number": "+1202555010"}, "from_number"),
        ({"media_urls": ["https://example.com"] * 11}, "media_urls"),
    ],
)
async def test_a_single_fault_is_enough(
    light: Suite, changes: dict[str, object], field: str
) -> None:
    """Each rule by itself refuses a request that is otherwise right."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.send(**changes)
    code, _, bad = details(raised.value)
    assert code == "INVALID_ARGUMENT"
    assert [violation.field for violation in bad.field_violations] == [field]


async def test_lists_turn_pages_and_narrow(suite: Suite) -> None:
    """Pages follow one another, newest first, and a token belongs to its filters."""
    sent = [await suite.send(text=f"number {number}") for number in range(5)]
    await suite.deliver(inbound("hi", message_id="c-1", age=timedelta(days=1)))
    await suite.reaches(Status.MESSAGE_STATUS_RECEIVED, message_id="c-1")
    expected = [each.message_id for each in reversed(sent)] + ["c-1"]
    seen: list[str] = []
    request = message_service_pb2.ListMessagesRequest(page_size=2, peer_number=PEER)
    while True:
        page = await suite.messages.ListMessages(request)
        seen += [each.message_id for each in page.messages]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert seen == expected
    first = await suite.messages.ListMessages(
        message_service_pb2.ListMessagesRequest(page_size=2, peer_number=PEER)
    )
    request.page_token, request.peer_number = first.next_page_token, OTHER
    for bad_token in (first.next_page_token, "nonsense"):
        request.page_token = bad_token
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await suite.messages.ListMessages(request)
        code, _, bad = details(raised.value)
        assert (code, bad.field_violations[0].field) == ("INVALID_ARGUMENT", "page_token")
    narrowed = await suite.messages.ListMessages(
        message_service_pb2.ListMessagesRequest(
            direction=message_pb2.MessageDirection.MESSAGE_DIRECTION_INBOUND
        )
    )
    assert [each.message_id for each in narrowed.messages] == ["c-1"]


async def test_a_list_of_impossible_times_is_refused(light: Suite) -> None:
    """The end of a list must lie after its start, and a page has at most 250 messages."""
    request = message_service_pb2.ListMessagesRequest(page_size=251)
    request.start_time.seconds, request.end_time.seconds = 2, 1
    far = message_service_pb2.ListMessagesRequest()
    far.end_time.seconds = 1 << 60
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.messages.ListMessages(far)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.messages.ListMessages(request)
    code, _, bad = details(raised.value)
    assert code == "INVALID_ARGUMENT"
    assert {violation.field for violation in bad.field_violations} == {"page_size", ""}


async def test_what_no_database_can_hold_is_refused(suite: Suite) -> None:
    """A NUL in a text, an id or a filter is the caller's mistake, not the server's."""
    calls = (
        lambda: suite.send(text="a\0b"),
        lambda: suite.message(message_id="\0"),
        lambda: suite.message(carrier_message_id="\0"),
        lambda: suite.messages.ListMessages(
            message_service_pb2.ListMessagesRequest(peer_number="\0")
        ),
    )
    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call()
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_does_not_exist_is_not_found(light: Suite) -> None:
    """An unknown message is NOT_FOUND by either id; an unknown person is UNRECORDED."""
    for known in ({"message_id": "nothing"}, {"carrier_message_id": "nothing"}):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await light.message(**known)
        code, info, _ = details(raised.value)
        assert (code, info.reason) == ("NOT_FOUND", "MESSAGE_NOT_FOUND")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.message()
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    consent = await light.consent()
    assert consent.state == State.CONSENT_STATE_UNRECORDED
    assert not consent.recent_entries
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await light.consents.GetConsent(GetConsentRequest(peer_number="12345", our_number="x"))
    _, _, bad = details(raised.value)
    assert {each.field for each in bad.field_violations} == {"peer_number", "our_number"}


async def test_nothing_personal_is_logged(lines: Lines, light: Suite) -> None:
    """Neither numbers nor texts of what comes in and goes out reach a log line."""
    secret = f"private {uuid.uuid4()}"
    queued = await light.send(text=secret)
    await light.reaches(Status.MESSAGE_STATUS_SENDING, message_id=queued.message_id)
    await light.deliver(inbound(secret), inbound("STOP"))
    await light.stands(State.CONSENT_STATE_REVOKED)
    await eventually(lambda: len(light.telnyx.taken) == 2)
    found = lines()
    assert {"keyword.received", "effect.performed", "event.handled"} <= {
        line["message"] for line in found
    }
    written = str(found)
    for personal in (secret, OURS, PEER, "5550103", "unsubscribed"):
        assert personal not in written
