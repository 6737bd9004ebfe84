"""Reading what the server writes around a message."""

from datetime import UTC, datetime

import pytest

from chassis.messages import delivery, own_headers, parse_headers, parse_time

TIME = datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC)
NANOSECONDS = int(TIME.timestamp() * 1e9)


@pytest.mark.parametrize(
    "reply",
    [
        f"$JS.ACK.EVENTS.clerk.3.17.25.{NANOSECONDS}.4",
        f"$JS.ACK._.acc0unt.EVENTS.clerk.3.17.25.{NANOSECONDS}.4",
        f"$JS.ACK.hub.acc0unt.EVENTS.clerk.3.17.25.{NANOSECONDS}.4.r4nd0m",
    ],
)
def test_delivery_is_read_from_either_form(reply: str) -> None:
    """The server's former and newer acknowledgement subjects say the same."""
    found = delivery("events.v1.a", reply, b"x", {"A": "1", "Nats-Batch-Id": "b"})
    assert (found.stream, found.consumer, found.reply) == ("EVENTS", "clerk", reply)
    assert (found.delivered, found.consumer_sequence, found.pending) == (3, 25, 4)
    assert (found.message.sequence, found.message.time) == (17, TIME)
    assert (found.message.subject, found.message.headers) == ("events.v1.a", {"A": "1"})


@pytest.mark.parametrize("reply", ["", "_INBOX.a", "$JS.ACK.a.b", "$JS.ACK.a.b.c.d.e.f.g"])
def test_other_subjects_are_no_deliveries(reply: str) -> None:
    """Anything else is refused rather than misread."""
    with pytest.raises(ValueError):
        delivery("s", reply, b"", {})


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-01T12:00:00.5Z", 500_000),
        ("2026-03-01T12:00:00.500000999Z", 500_000),
        ("2026-03-01T12:00:00Z", 0),
        ("2026-03-01T13:00:00.123456789+01:00", 123_456),
    ],
)
def test_times_are_read_to_the_microsecond(text: str, microsecond: int) -> None:
    """Any number of decimals is accepted; more than six are cut off."""
    assert parse_time(text) == TIME.replace(microsecond=microsecond)


def test_headers_are_read_as_stored() -> None:
    """Names and values are trimmed, odd lines are skipped, and a batch's own headers hidden."""
    block = "NATS/1.0\r\nNats-Msg-Id: a:b\r\nName:  würde \r\nodd\r\nNats-Batch-Id: x\r\n\r\n"
    found = parse_headers(block.encode())
    assert own_headers(found) == {"Nats-Msg-Id": "a:b", "Name": "würde"}
    assert parse_headers(b"") == {}
