"""Webhooks on the wire: signatures, retries, failover, faults and the delivery log."""

import asyncio
import json
import time
from typing import Any

import pytest

from carrier.signature import KeyRing, Rejected, verify
from simulator import world
from simulator.webhooks import FORGERIES
from tests.integration.simulator.conftest import Carrier, Received, Sink, Start
from tests.support.eventually import eventually

ADA = world.ADA.number
TEXT = {"from": ADA, "text": "Hello"}


def _verify(carrier: Carrier, request: Received) -> None:
    verify(
        KeyRing.parse(carrier.addresses.public_key),
        signature=request.headers.get("telnyx-signature-ed25519", ""),
        timestamp=request.headers.get("telnyx-timestamp", ""),
        body=request.body,
        now=time.time(),
    )


async def _attempts(carrier: Carrier) -> list[dict[str, Any]]:
    reply = await carrier.sim("deliveries")
    assert reply["pending"] == 0
    return list(reply["attempts"])


async def _settled(carrier: Carrier, count: int) -> list[dict[str, Any]]:
    async def enough() -> list[dict[str, Any]]:
        attempts = await _attempts(carrier)
        assert len(attempts) >= count
        return attempts

    return await eventually(enough)


async def test_the_official_sdk_believes_our_webhooks(carrier: Carrier, sink: Sink) -> None:
    """Every webhook of texts, calls and faxes passes the SDK's own verification."""
    await carrier.sim("sms", TEXT)
    call = await carrier.sim("call", {"from": ADA})
    actions = carrier.sdk.calls.actions
    await actions.answer(call["call_control_id"])
    await actions.speak(call["call_control_id"], payload="Hi", voice="x")
    await actions.enqueue(call["call_control_id"], queue_name="support")
    await actions.hangup(call["call_control_id"])
    await carrier.sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hi")
    await carrier.sdk.faxes.create(
        connection_id="1",
        from_=world.FAX_NUMBER,
        to=ADA,
        media_url="https://files.example.com/a.pdf",
    )
    expected = {
        "message.received": "InboundMessage",
        "message.sent": "DeliveryUpdate",
        "message.finalized": "DeliveryUpdate",
        "call.initiated": "CallInitiated",
        "call.answered": "CallAnswered",
        "call.speak.started": "CallSpeakStarted",
        "call.speak.ended": "CallSpeakEnded",
        "call.enqueued": "CallEnqueued",
        "call.dequeued": "CallLeftQueue",
        "call.hangup": "CallHangup",
        "fax.queued": "FaxQueued",
        "fax.media.processed": "FaxMediaProcessed",
        "fax.sending.started": "FaxSendingStarted",
        "fax.delivered": "FaxDelivered",
    }
    for event_type, name in expected.items():
        request = await sink.event(event_type)
        event = carrier.sdk.webhooks.unwrap(request.body.decode(), headers=request.headers)
        assert name in type(event).__name__, event_type


async def test_the_envelope(carrier: Carrier, sink: Sink) -> None:
    """A webhook says what it is, which attempt it is and where it went."""
    reply = await carrier.sim("sms", TEXT)
    request = await sink.event("message.received")
    assert request.data["record_type"] == "event"
    assert request.data["payload"]["id"] == reply["message_id"]
    assert request.data["id"] != reply["message_id"]
    assert request.meta == {"attempt": 1, "delivered_to": f"{sink.url}/webhooks"}
    assert request.headers["user-agent"] == "telnyx-webhooks"
    assert request.headers["content-type"] == "application/json"


async def test_a_failed_webhook_is_retried_then_sent_elsewhere(start: Start, sink: Sink) -> None:
    """Three attempts at the primary URL, then the failover URL; same id, fresh signatures."""
    sink.answers = [503, 204, 302]
    async with start(failover_url=f"{sink.url}/failover") as carrier:
        await carrier.sim("sms", TEXT)
        attempts = await _settled(carrier, 4)
        for request in sink.received:
            _verify(carrier, request)
    seen = [(request.path, request.meta["attempt"]) for request in sink.received]
    assert seen == [("/webhooks", 1), ("/webhooks", 2), ("/webhooks", 3), ("/failover", 1)]
    assert len({request.data["id"] for request in sink.received}) == 1
    assert [each["errors"] for each in attempts] == [[75599], [75299], [75300], []]


async def test_a_refused_call_event_goes_straight_to_the_failover(start: Start, sink: Sink) -> None:
    """A 4xx to a voice event is not retried at the same URL."""
    sink.answers = [401]
    async with start(failover_url=f"{sink.url}/failover") as carrier:
        await carrier.sim("call", {"from": ADA})
        await _settled(carrier, 2)
    assert [request.path for request in sink.received] == ["/webhooks", "/failover"]


async def test_a_retry_is_signed_anew(start: Start, sink: Sink) -> None:
    """Each attempt carries a timestamp of its own, so that a late retry is not stale."""
    sink.answers = [500]
    async with start(time_scale=1.1) as carrier:
        await carrier.sim("event", {"event_type": "number_order.complete"})
        await _settled(carrier, 2)
    stamps = [int(request.headers["telnyx-timestamp"]) for request in sink.received]
    assert stamps[1] > stamps[0]


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_an_application_that_is_slow_or_away(start: Start) -> None:
    """No answer in time and no listener at all are both failures in the log."""
    silent = await asyncio.start_server(_say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with start(
        webhook_url=f"http://127.0.0.1:{port}/slow",
        failover_url="http://127.0.0.1:9/away",
        webhook_timeout=0.1,
        webhook_attempts=1,
    ) as carrier:
        await carrier.sim("sms", TEXT)
        attempts = await _settled(carrier, 2)
    silent.close()
    assert [(each["status"], each["errors"]) for each in attempts] == [
        (None, [75000]),
        (None, [75002]),
    ]


async def test_the_delivery_log(start: Start, sink: Sink) -> None:
    """What failed for good is found by its status and time, with the whole event to recover."""
    sink.answers = [500, 500]
    async with start(webhook_attempts=2) as carrier:
        await carrier.sim("sms", TEXT)
        await _settled(carrier, 2)
        await carrier.sim("sms", {"from": ADA, "text": "Again"})
        await _settled(carrier, 3)
        log = carrier.sdk.webhook_deliveries
        failed = await log.list(filter={"status": {"eq": "failed"}})
        (record,) = failed.data or []
        assert record.webhook is not None
        assert record.webhook.to_dict(mode="json") | {"occurred_at": None} == (
            sink.received[0].data | {"occurred_at": None}
        )
        assert [each.status for each in record.attempts or []] == ["failed", "failed"]
        since = {"gte": "2000-01-01T00:00:00Z"}
        everything = await log.list(filter={"started_at": since})
        assert [each.status for each in everything.data or []] == ["delivered", "failed"]
        none = await log.list(filter={"started_at": {"gte": "2100-01-01T00:00:00Z"}})
        assert not none.data
        assert (await log.retrieve(str(record.id))).data is not None


async def test_a_lost_webhook_is_only_in_the_log(carrier: Carrier, sink: Sink) -> None:
    """A dropped event never arrives and stands in the log as failed."""
    await carrier.sim("faults", {"kind": "webhook_drop", "match": "message.*"})
    await carrier.sim("sms", TEXT)
    await _settled(carrier, 3)
    failed = await carrier.sdk.webhook_deliveries.list(filter={"status": {"eq": "failed"}})
    assert len(failed.data or []) == 1
    assert sink.received == []


async def test_a_duplicate_keeps_its_id(carrier: Carrier, sink: Sink) -> None:
    """A duplicated event comes as often as asked, under one id."""
    await carrier.sim("faults", {"kind": "webhook_duplicate", "copies": 2})
    await carrier.sim("sms", TEXT)
    await _settled(carrier, 3)
    assert len({request.data["id"] for request in sink.received}) == 1


async def test_events_overtake_each_other(carrier: Carrier, sink: Sink) -> None:
    """A reordered event arrives after the one that was sent later."""
    await carrier.sim(
        "faults", {"kind": "webhook_reorder", "match": "call.initiated", "seconds": 30}
    )
    call = await carrier.sim("call", {"from": ADA})
    await carrier.sdk.calls.actions.answer(call["call_control_id"])
    await eventually(lambda: len(sink.received) == 2)
    arrived = [request.data["event_type"] for request in sink.received]
    assert arrived == ["call.answered", "call.initiated"]


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_is_one(carrier: Carrier, sink: Sink, forgery: str) -> None:
    """Each kind of forged webhook fails verification and never enters the delivery log."""
    await carrier.sim("event", {"event_type": "message.received", "forge": forgery})
    await _settled(carrier, 1)
    with pytest.raises(Rejected):
        _verify(carrier, sink.received[0])
    assert not (await carrier.sdk.webhook_deliveries.list()).data


async def test_any_event_can_be_sent(carrier: Carrier, sink: Sink) -> None:
    """Events of any type, any shape, and even bytes that are no JSON can be sent, well signed."""
    await carrier.sim("event", {"event_type": "porting_order.split", "payload": {"a": [1]}})
    await carrier.sim("event", {"data": {"record_type": "link_clicked", "url": "https://x.test"}})
    await carrier.sim("event", {"body": "{not json"})
    await _settled(carrier, 3)
    for request in sink.received:
        _verify(carrier, request)
    bodies = sorted(request.body for request in sink.received)
    assert b"{not json" in bodies
    assert any(b'"link_clicked"' in body for body in bodies)
    split = next(json.loads(b)["data"] for b in bodies if b"porting_order.split" in b)
    assert split["payload"] == {"a": [1]}


async def test_mms_media_is_served(carrier: Carrier, sink: Sink) -> None:
    """The media of an MMS can be fetched and is what the webhook says."""
    await carrier.sim("sms", {"from": ADA, "media": ["png", "vcard"]})
    media = (await sink.event("message.received")).data["payload"]["media"]
    assert [item["content_type"] for item in media] == ["image/png", "text/vcard"]
    for item in media:
        async with carrier.session.get(item["url"]) as reply:
            assert len(await reply.read()) == item["size"]


async def test_the_delivery_log_can_be_searched(carrier: Carrier, sink: Sink) -> None:
    """The log is searched by type, by words in the event and by words in the attempts."""
    await carrier.sim("sms", {"from": ADA, "text": "needle"})
    await carrier.sim("call", {"from": ADA})
    await eventually(lambda: len(sink.received) == 2)
    await _settled(carrier, 2)
    for wanted, found in (
        ({"event_type": "call.initiated"}, 1),
        ({"webhook": {"contains": "needle"}}, 1),
        ({"attempts": {"contains": "/webhooks"}}, 2),
        ({"attempts": {"contains": "/elsewhere"}}, 0),
    ):
        page = await carrier.sdk.webhook_deliveries.list(filter=wanted)
        assert len(page.data or []) == found, wanted


async def test_reset_begins_anew(carrier: Carrier, sink: Sink) -> None:
    """After a reset nothing is left but the journal's count."""
    await carrier.sim("sms", {"from": ADA, "text": "STOP"})
    await sink.event("message.received")
    before = (await carrier.sim("reset", {}))["last"]
    assert not (await carrier.sdk.messaging_optouts.list()).data
    assert (await carrier.sim("deliveries"))["attempts"] == []
    await carrier.sdk.messages.send(from_=world.MESSAGING_NUMBER, to=ADA, text="Hi")
    assert (await carrier.sim("effects"))["last"] == before + 1
