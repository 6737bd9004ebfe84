"""The table from faults to what becomes of an event."""

import pytest

from chassis.errors import (
    AlreadyDone,
    Contended,
    Fault,
    FieldViolation,
    Invalid,
    NotFound,
    NotYet,
    Unavailable,
)
from chassis.verdicts import Ack, Dead, History, Limits, Nak, Verdict, counts, verdict_on

LIMITS = Limits(attempts=8, young_seconds=120, patience_seconds=1000, first_delay=1)
FIRST = History(attempts=1, delivered=1, age=0)
WORN = History(attempts=8, delivered=9, age=500)
ANCIENT = History(attempts=1, delivered=20, age=1000)


@pytest.mark.parametrize(
    ("error", "first", "worn", "ancient"),
    [
        (Invalid([FieldViolation("a", "bad")]), *[Dead("INVALID_ARGUMENT")] * 3),
        (AlreadyDone("DONE", ""), Ack(), Ack(), Ack()),
        (NotFound("GONE", ""), Nak(1, "GONE"), Dead("GONE"), Nak(1, "GONE")),
        (NotYet("EARLY", ""), Nak(1, "EARLY"), Nak(60, "EARLY"), Dead("EARLY")),
        (Contended("BUSY", ""), Nak(0.25, "BUSY"), Nak(0.25, "BUSY"), Dead("BUSY")),
        (Unavailable("AWAY", ""), Nak(1, "AWAY"), Nak(60, "AWAY"), Dead("AWAY")),
        (Unavailable("AWAY", "", retry_after=7), Nak(7, "AWAY"), Nak(7, "AWAY"), Dead("AWAY")),
        (Fault("ODD", ""), Nak(1, "ODD"), Dead("ODD"), Nak(1, "ODD")),
        (
            ZeroDivisionError("secret"),
            Nak(1, "UNEXPECTED_ZeroDivisionError"),
            Dead("UNEXPECTED_ZeroDivisionError"),
            Nak(1, "UNEXPECTED_ZeroDivisionError"),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_table(error: Exception, first: Verdict, worn: Verdict, ancient: Verdict) -> None:
    """Each kind of fault has its verdict for a first try, a worn event and an ancient one."""
    found = [verdict_on(error, history, LIMITS) for history in (FIRST, WORN, ANCIENT)]
    assert found == [first, worn, ancient]


def test_old_event_that_was_hardly_tried_is_not_given_up() -> None:
    """After a long outage an event that waits for another is tried before it is a dead letter."""
    fresh = History(attempts=1, delivered=30, age=100_000)
    assert verdict_on(NotFound("GONE", ""), fresh, LIMITS) == Nak(1, "GONE")


def test_delays_grow_to_a_limit() -> None:
    """Unexpected faults are retried after 1, 2, 4 ... seconds, at most the longest delay."""
    limits = Limits(attempts=100)
    delays = [
        verdict_on(ValueError(), History(attempts, attempts, 0), limits)
        for attempts in range(1, 10)
    ]
    expected = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert delays == [Nak(delay, "UNEXPECTED_ValueError") for delay in expected]


def test_what_uses_up_attempts() -> None:
    """Bugs and missing things use up attempts; what passes by itself does not."""
    assert all(counts(error) for error in (ValueError(), NotFound("A", ""), Fault("A", "")))
    assert not any(counts(kind("A", "")) for kind in (NotYet, Contended, Unavailable, AlreadyDone))
