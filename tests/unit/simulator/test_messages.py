"""The message machine: what is accepted, Telnyx's keywords, and the way of an outbound message."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from simulator import world
from simulator.errors import ApiError
from simulator.machine import Action, After, Emit, Note
from simulator.messages import Messaging, keyword
from simulator.phones import Phones
from simulator.segments import segments

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA = world.ADA.number


def _messaging(*, autoresponder: bool = True) -> Messaging:
    numbers = count(1)
    url = "https://hooks.example.com/telnyx"
    return Messaging(lambda: f"id-{next(numbers)}", Phones(), url, "", autoresponder)


def _body(**more: Any) -> dict[str, Any]:
    return {"from": world.MESSAGING_NUMBER, "to": ADA, "text": "Hello"} | more


def _events(actions: list[Action]) -> list[Emit]:
    return [action for action in actions if isinstance(action, Emit)]


def _step(messaging: Messaging, actions: list[Action]) -> list[Action]:
    (after,) = [action for action in actions if isinstance(action, After)]
    return messaging.expire(after.timer, NOW)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("STOP", "STOP"),
        (" stop ", "STOP"),
        ("stop all", "STOP"),
        ("StopAll", "STOP"),
        ("unsubscribe", "STOP"),
        ("cancel", "STOP"),
        ("end", "STOP"),
        ("quit", "STOP"),
        ("unstop", "START"),
        ("start", "START"),
        ("help", "HELP"),
        ("please stop all messages", ""),
        ("STOP.", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_only_a_whole_message_is_a_keyword(text: str | None, word: str) -> None:
    """A keyword is the whole message in any case; a sentence with it in is none."""
    assert keyword(text) == word


def test_telnyx_answers_stop_itself() -> None:
    """With the autoresponder on, STOP is marked, answered once and blocks the subscriber."""
    messaging = _messaging()
    message, actions = messaging.arrive(ADA, world.MESSAGING_NUMBER, "stop", NOW)
    assert message["autoresponse_type"] == "STOP"
    assert [a.kind for a in actions if isinstance(a, Note)] == ["autoresponder.replied"]
    assert len(messaging.phones.get(ADA).inbox) == 1
    with pytest.raises(ApiError) as refused:
        messaging.send(_body(), NOW)
    assert (refused.value.code, refused.value.status) == ("40300", 400)
    (row,) = [opt_out.resource() for opt_out in messaging.opt_outs.values()]
    assert (row["from"], row["to"], row["keyword"]) == (world.MESSAGING_NUMBER, ADA, "STOP")


def test_start_lifts_the_block() -> None:
    """START after STOP lets messages through again."""
    messaging = _messaging()
    messaging.arrive(ADA, world.MESSAGING_NUMBER, "STOP", NOW)
    message, _ = messaging.arrive(ADA, world.MESSAGING_NUMBER, "UNSTOP", NOW)
    assert message["autoresponse_type"] == "START"
    messaging.send(_body(), NOW)


def test_without_the_autoresponder_stop_is_a_text() -> None:
    """With the autoresponder off, STOP is neither marked nor answered and blocks nobody."""
    messaging = _messaging(autoresponder=False)
    message, actions = messaging.arrive(ADA, world.MESSAGING_NUMBER, "STOP", NOW)
    assert message["autoresponse_type"] is None
    assert not [action for action in actions if isinstance(action, Note)]
    messaging.send(_body(), NOW)


def test_an_inbound_text_has_telnyx_shape() -> None:
    """Sender is an object, recipients are a list of objects, and the message goes by its own id."""
    message, actions = _messaging().arrive(ADA, world.MESSAGING_NUMBER, "Hi", NOW)
    (event,) = _events(actions)
    assert event.event_type == "message.received"
    assert event.payload["from"]["phone_number"] == ADA
    assert event.payload["to"][0]["phone_number"] == world.MESSAGING_NUMBER
    assert event.payload["id"] == message["id"]
    assert event.occurred_at == "2026-01-02T03:04:05.000+00:00"


def test_a_picture_needs_no_text() -> None:
    """An MMS without words has no text field at all."""
    media = [{"url": "https://media.example.com/1", "content_type": "image/png"}]
    _, actions = _messaging().arrive(ADA, world.MESSAGING_NUMBER, None, NOW, media)
    payload = _events(actions)[0].payload
    assert "text" not in payload
    assert payload["type"] == "MMS"


def test_the_way_of_an_outbound_message() -> None:
    """An accepted message is queued, then sent, then delivered to the phone."""
    messaging = _messaging()
    message, actions = messaging.send(_body(), NOW)
    assert message["to"][0]["status"] == "queued"
    sent = _step(messaging, actions)
    final = _step(messaging, sent)
    statuses = [
        (event.event_type, event.payload["to"][0]["status"]) for event in _events(sent + final)
    ]
    assert statuses == [("message.sent", "sent"), ("message.finalized", "delivered")]
    assert messaging.phones.get(ADA).inbox[0]["text"] == "Hello"


def test_an_undeliverable_message_says_why() -> None:
    """A phone that cannot be reached gives delivery_failed with an error, and gets nothing."""
    messaging = _messaging()
    messaging.phones.get(ADA).texts = "undeliverable"
    _, actions = messaging.send(_body(), NOW)
    (final,) = _events(_step(messaging, _step(messaging, actions)))
    assert final.payload["to"][0]["status"] == "delivery_failed"
    assert final.payload["errors"][0]["code"] == "40008"
    assert messaging.phones.get(ADA).inbox == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": "Hi", "from": world.MESSAGING_NUMBER}, "10004"),
        (_body(to="12"), "40310"),
        (_body(to=["+13125550101"]), "10026"),
        (_body(**{"from": "+12025550199"}), "40305"),
        (_body(text=""), "40316"),
        (_body(text="", media_urls=["https://x.example.com/1"] * 11), "40317"),
        (_body(subject="Hi"), "40304"),
        (_body(text="é" * 1531 + "ў"), "40302"),
        (_body(text="ў", encoding="gsm7"), "10015"),
        (_body(send_at="2030-01-01T00:00:00Z"), "10038"),
        (_body(media_urls="https://x.example.com/1"), "10026"),
    ],
)
def test_what_is_refused(body: dict[str, Any], code: str) -> None:
    """A faulty request gets the code Telnyx would answer with."""
    with pytest.raises(ApiError) as refused:
        _messaging().send(body, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("€" * 80, "GSM-7", 160, 1),
        ("ў" * 70, "UCS-2", 70, 1),
        ("ў" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
    ],
)
def test_parts(text: str, encoding: str, units: int, parts: int) -> None:
    """Parts are counted in GSM-7 characters or UTF-16 units, at Telnyx's limits."""
    counted = segments(text)
    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)
