"""How far a message has come, whatever the order in which it is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Message,
    Recipient,
    Status,
    advanced,
    failed,
    furthest,
    is_dialable,
    is_e164,
    merged,
)

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
OURS, PEER, OTHER = "+12025550101", "+13125550102", "+13125550103"
NOT_DELIVERED = Failure(FailureReason.NOT_DELIVERED, "40008", "Undeliverable")
ENDS = [status for status in Status if status.is_final and status is not Status.RECEIVED]


def message(status: Status, **changes: object) -> Message:
    """Return an outbound message with one recipient, both in the status."""
    raw_status = str(changes.pop("raw_status", ""))
    made = Message(
        message_id="m1",
        carrier_message_id="c1",
        direction=Direction.OUTBOUND,
        status=status,
        raw_status=raw_status,
        create_time=NOON,
        our_number=OURS,
        peer_number=PEER,
        recipients=(Recipient(PEER, status, raw_status),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def at(minutes: int) -> datetime:
    """Return a time after noon."""
    return NOON + timedelta(minutes=minutes)


REPORTS = [
    message(Status.SENDING, raw_status="queued"),
    message(Status.SENDING, raw_status="sending"),
    message(Status.SENT, raw_status="sent", send_time=at(2)),
    message(Status.SENT, raw_status="sent", send_time=at(2)),
    message(Status.DELIVERED, raw_status="delivered", send_time=at(2), complete_time=at(3)),
    message(Status.DELIVERED, raw_status="delivered", read_time=at(9)),
]


def test_every_order_of_the_same_reports_gives_the_same_message() -> None:
    """Duplicates and all 720 orders of a delivery's reports end in one and the same message."""
    queued = message(Status.QUEUED)
    results = set()
    for order in permutations(REPORTS):
        known = queued
        for report in order:
            known = merged(known, report)
        results.add(known)
    (result,) = results
    assert result.status is Status.DELIVERED
    assert result.raw_status == "delivered"
    assert (result.send_time, result.complete_time, result.read_time) == (at(2), at(3), at(9))


def test_reports_may_be_joined_before_they_meet_the_message() -> None:
    """Reports that came first and were kept apart say the same once they are joined."""
    queued = advanced(message(Status.QUEUED), Status.SENDING)
    for order in permutations(REPORTS, 3):
        early = merged(merged(order[0], order[1]), order[2])
        apart = merged(merged(merged(queued, order[0]), order[1]), order[2])
        assert merged(queued, early) == apart


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("late", list(Status))
def test_an_end_is_never_overwritten(end: Status, late: Status) -> None:
    """Whatever arrives after an end, even another end, leaves the status as it is."""
    known = merged(message(end, raw_status="first"), message(late, raw_status="late"))
    assert (known.status, known.raw_status) == (end, "first")
    assert known.recipients[0].status is end


def test_a_late_sent_is_recorded_without_going_back() -> None:
    """A message.sent after message.finalized adds its time and nothing else."""
    known = message(Status.DELIVERED, complete_time=at(3))
    result = merged(known, message(Status.SENT, raw_status="sent", send_time=at(2)))
    assert result == replace(known, send_time=at(2))


def test_a_failure_is_kept_only_by_a_message_that_failed() -> None:
    """Errors that a report carries beside a success do not make a failure."""
    report = message(Status.DELIVERY_FAILED, failure=NOT_DELIVERED)
    assert merged(message(Status.SENT), report).failure == NOT_DELIVERED
    assert merged(message(Status.DELIVERED), report).failure is None


def test_what_is_known_is_not_replaced() -> None:
    """A report fills in what is missing and leaves the rest."""
    known = message(Status.QUEUED, text="hello", our_number=OURS)
    seen = message(Status.SENT, text="other", our_number=OTHER, parts=2, cost_amount="0.0051")
    result = merged(known, seen)
    assert (result.text, result.our_number, result.parts) == ("hello", OURS, 2)
    assert result.cost_amount == "0.0051"


def test_each_of_a_group_has_a_fate_of_its_own() -> None:
    """One finalized report for each recipient: each keeps its own, the best speaks for all."""
    group = message(
        Status.SENDING,
        recipients=(Recipient(PEER, Status.SENDING), Recipient(OTHER, Status.SENDING)),
    )
    bounced = message(Status.DELIVERY_FAILED, failure=NOT_DELIVERED)
    arrived = message(Status.DELIVERED, recipients=(Recipient(OTHER, Status.DELIVERED, "ok"),))
    for reports in permutations((bounced, arrived)):
        known = group
        for report in reports:
            known = merged(known, report)
        assert [person.status for person in known.recipients] == [
            Status.DELIVERY_FAILED,
            Status.DELIVERED,
        ]
        assert (known.status, known.raw_status, known.failure) == (Status.DELIVERED, "ok", None)


def test_the_furthest_of_a_group() -> None:
    """An end beats the way, and arriving beats failing; nobody speaks for no one."""
    ranked = [Status.QUEUED, Status.SENT, Status.FAILED, Status.DELIVERY_FAILED, Status.DELIVERED]
    people = [Recipient(f"+1202555010{place}", status) for place, status in enumerate(ranked)]
    for place in range(1, len(people) + 1):
        assert furthest(people[:place]) is people[place - 1]
    assert furthest([]) is None


def test_failing_here_ends_a_message_once() -> None:
    """A message that fails here has a reason and a time; one that has ended stays as it is."""
    failure = Failure(FailureReason.OPTED_OUT)
    ended = failed(message(Status.QUEUED), failure, at(1))
    assert (ended.status, ended.failure, ended.complete_time) == (Status.FAILED, failure, at(1))
    assert ended.recipients[0].status is Status.FAILED
    delivered = message(Status.DELIVERED)
    assert failed(delivered, failure, at(1)) == delivered


def test_advancing_never_goes_back() -> None:
    """Advancing to an earlier status changes nothing."""
    assert advanced(message(Status.SENT), Status.SENDING).status is Status.SENT
    ahead = advanced(message(Status.QUEUED), Status.IN_DOUBT)
    assert (ahead.status, ahead.recipients[0].status) == (Status.IN_DOUBT, Status.IN_DOUBT)


def test_which_numbers_can_be_written_to() -> None:
    """Only E.164 numbers hold consent, and only lengths their country knows can be dialled."""
    assert is_e164("+12025550101")
    for address in ("12345", "ACME", "", "2025550101", "+0123456789", "+12025550101x", "+1 202"):
        assert not is_e164(address)
    assert is_dialable("+12025550101")
    assert is_dialable("+442079460000")
    assert not is_dialable("+1202555010")
    assert not is_dialable("+9999999999")
    assert not is_dialable("ACME")
