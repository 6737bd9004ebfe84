"""Scheduling, templates, estimates and watching over gRPC, with the whole service running."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.messaging.v1 import (
    estimate_pb2,
    message_cancel_pb2,
    message_pb2,
    message_watch_pb2,
    template_pb2,
)
from switchhook.messaging.v1 import template_service_pb2 as service_pb2
from switchhook.messaging.v1.template_service_pb2_grpc import TemplateServiceStub

from tests.integration.messaging.suite import Status, Suite, error, report, whole_suite
from tests.integration.messaging.test_sending import details
from tests.support.eventually import eventually

Purpose = message_pb2.MessagePurpose


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


def soon(**ahead: float) -> Timestamp:
    """Return an instant so far ahead."""
    instant = Timestamp()
    instant.FromDatetime(datetime.now(UTC) + timedelta(**ahead))
    return instant


def cancelling(message_id: str) -> message_cancel_pb2.CancelMessageRequest:
    """Return a request to withdraw a message."""
    return message_cancel_pb2.CancelMessageRequest(
        request_id=str(uuid.uuid4()), message_id=message_id
    )


def hello(**changes: Any) -> template_pb2.Template:
    """Return a template in two languages."""
    values: dict[str, Any] = {
        "template_id": "hello",
        "default_locale": "en",
        "texts": [
            template_pb2.TemplateText(locale="en", text="Hello {{name}}"),
            template_pb2.TemplateText(locale="pt", text="Olá {{name}}"),
        ],
        "variables": [
            template_pb2.TemplateVariable(
                name="name", type=template_pb2.VariableType.VARIABLE_TYPE_TEXT
            )
        ],
    }
    return template_pb2.Template(**{**values, **changes})


async def test_a_scheduled_message_leaves_and_a_cancelled_one_does_not(suite: Suite) -> None:
    """Both wait as SCHEDULED; the one leaves in its time, the other never."""
    gone = await suite.send(text="gone", schedule_time=soon(seconds=4))
    kept = await suite.send(text="kept", schedule_time=soon(seconds=4.5))
    assert gone.status == kept.status == Status.MESSAGE_STATUS_SCHEDULED
    answer = await suite.messages.CancelMessage(cancelling(kept.message_id))
    assert answer.message.status == Status.MESSAGE_STATUS_CANCELLED
    taken = await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=gone.message_id)
    assert taken.accept_time.ToDatetime(UTC) >= gone.plan.schedule_time.ToDatetime(UTC)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await suite.messages.CancelMessage(cancelling(gone.message_id))
    code, info, _ = details(raised.value)
    assert (code, info.reason, info.metadata["status"]) == (
        "FAILED_PRECONDITION",
        "TOO_LATE_TO_CANCEL",
        "SENDING",
    )
    later = await suite.send(text="later")
    await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=later.message_id)
    assert suite.telnyx.texts() == ["gone", "later"]


async def test_a_watch_follows_a_message_to_its_end(suite: Suite) -> None:
    """Each status is told in its order, live, and again to who comes back with a sequence."""
    request = message_watch_pb2.WatchMessagesRequest()
    told: list[tuple[int, int]] = []

    async def follow(
        asked: message_watch_pb2.WatchMessagesRequest, into: list[tuple[int, int]]
    ) -> None:
        async for response in suite.messages.WatchMessages(asked, timeout=30):
            into.append((response.sequence, response.change.status))  # noqa: PERF401 - live

    live = asyncio.create_task(follow(request, told))
    try:
        await eventually(lambda: len(told) == 1)
        queued = await suite.send(text="hi")
        await suite.reaches(Status.MESSAGE_STATUS_SENDING, message_id=queued.message_id)
        carrier_id = suite.telnyx.taken[queued.message_id]
        for kind, word in (("message.sent", "sent"), ("message.finalized", "delivered")):
            await suite.deliver(report(kind, carrier_id, word))
        await eventually(lambda: len(told) >= 5)
    finally:
        live.cancel()
    assert [status for _, status in told[1:]] == [
        Status.MESSAGE_STATUS_QUEUED,
        Status.MESSAGE_STATUS_SENDING,
        Status.MESSAGE_STATUS_SENT,
        Status.MESSAGE_STATUS_DELIVERED,
    ]
    again: list[tuple[int, int]] = []
    request = message_watch_pb2.WatchMessagesRequest(
        after_sequence=told[1][0], statuses=[Status.MESSAGE_STATUS_DELIVERED]
    )
    resumed = asyncio.create_task(follow(request, again))
    try:
        await eventually(lambda: len(again) >= 2)
    finally:
        resumed.cancel()
    assert again == [(told[1][0], 0), told[4]]


async def test_templates_are_kept_and_sent(suite: Suite) -> None:
    """Put, list, estimate, send, remove: over gRPC, with every fault named."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{suite.ports.grpc}") as channel:
        templates = TemplateServiceStub(channel)
        for name in ("b", "hello", "a"):
            put = service_pb2.PutTemplateRequest(template=hello(template_id=name))
            assert (await templates.PutTemplate(put)).template.revision == 1
        page = await templates.ListTemplates(service_pb2.ListTemplatesRequest(page_size=2))
        assert [each.template_id for each in page.templates] == ["a", "b"]
        page = await templates.ListTemplates(
            service_pb2.ListTemplatesRequest(page_size=2, page_token=page.next_page_token)
        )
        assert [each.template_id for each in page.templates] == ["hello"]
        assert not page.next_page_token
        use = template_pb2.TemplateUse(
            template_id="hello", locale="pt-BR", variables={"name": "Ada"}
        )
        estimated = await suite.messages.EstimateMessage(
            estimate_pb2.EstimateMessageRequest(template=use)
        )
        assert (estimated.text, estimated.template_locale) == ("Olá Ada", "pt")
        assert estimated.estimate.encoding == estimate_pb2.Encoding.ENCODING_UCS2
        assert list(estimated.estimate.costly_characters) == ["á"]
        sent = await suite.send(text="", template=use)
        assert (sent.text, sent.plan.template_id, sent.plan.template_locale) == (
            "Olá Ada",
            "hello",
            "pt",
        )
        bad = hello(texts=[template_pb2.TemplateText(locale="en", text="{{nmae}}")])
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await templates.PutTemplate(service_pb2.PutTemplateRequest(template=bad))
        _, _, faults = details(raised.value)
        assert [each.field for each in faults.field_violations] == ["template.texts[en]"]
        await templates.DeleteTemplate(service_pb2.DeleteTemplateRequest(template_id="hello"))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await suite.send(text="", template=use)
        code, info, _ = details(raised.value)
        assert (code, info.reason) == ("NOT_FOUND", "TEMPLATE_NOT_FOUND")


async def test_what_is_wrong_with_a_request_is_named(light: Suite) -> None:
    """Text and template together, too many parts, a bad validity and a bad sender."""
    use = template_pb2.TemplateUse(template_id="hello")
    for changes, field in (
        ({"template": use}, ""),
        ({"text": "ж" * 671}, "text"),
        ({"valid_for": Duration(seconds=0)}, "valid_for"),
        ({"from_number": "Example"}, "from_number"),
        ({"media_urls": ["https://example.com/a"] * 11}, "media_urls"),
        ({"schedule_time": soon(days=400)}, "schedule_time"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await light.send(**changes)
        code, _, faults = details(raised.value)
        assert code == "INVALID_ARGUMENT"
        assert [each.field for each in faults.field_violations] == [field]
    assert light.telnyx.asked == []


async def test_the_answer_says_how_many_parts(light: Suite) -> None:
    """Encoding and parts are known before the carrier is asked."""
    text = "x" * 161
    estimated = await light.messages.EstimateMessage(estimate_pb2.EstimateMessageRequest(text=text))
    assert (estimated.estimate.parts, estimated.estimate.units_per_part) == (2, 153)
    long = estimate_pb2.EstimateMessageRequest(text="x" * 5000)
    assert (await light.messages.EstimateMessage(long)).estimate.parts == 33


async def test_a_busy_carrier_is_waited_for_and_said_so(light: Suite) -> None:
    """A 429 makes the message wait as CARRIER_BUSY; it leaves once the carrier takes it."""
    light.telnyx.answer = lambda asked: (
        error(429, "40318", "Queue full") if len(light.telnyx.asked) == 1 else None
    )
    queued = await light.send()
    waiting = message_pb2.Message()

    async def check() -> bool:
        waiting.CopyFrom(await light.message(message_id=queued.message_id))
        return waiting.plan.deferral != 0

    await eventually(check)
    assert waiting.status == Status.MESSAGE_STATUS_QUEUED
    assert waiting.plan.HasField("release_time")
