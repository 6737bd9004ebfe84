"""Hours are read off a clock on the wall, also where it is set forward or back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice.routing.hours import (
    Emergency,
    Holiday,
    Hours,
    Openness,
    Span,
    Status,
    WeeklySpan,
    from_json,
    to_json,
)

MINUTE = timedelta(minutes=1)
ZONES = ["America/Chicago", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "UTC"]
WORKDAYS = tuple(WeeklySpan(day, Span(540, 1020)) for day in range(1, 6))
CHICAGO = Hours("America/Chicago", WORKDAYS)


def utc(text: str) -> datetime:
    """Return an instant written without its zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def chicago(text: str, fold: int = 0) -> datetime:
    """Return the instant at which a clock in Chicago shows a time."""
    wall = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago"), fold=fold)
    return wall.astimezone(UTC)


@pytest.mark.parametrize(
    ("wall", "status"),
    [
        ("2026-03-06T08:59:59", Status.OUTSIDE_HOURS),
        ("2026-03-06T09:00:00", Status.OPEN),
        ("2026-03-06T16:59:59", Status.OPEN),
        ("2026-03-06T17:00:00", Status.OUTSIDE_HOURS),
        ("2026-03-07T12:00:00", Status.OUTSIDE_HOURS),
        # The clock was set forward on the 8th: nine o'clock is an hour earlier for the world.
        ("2026-03-09T09:00:00", Status.OPEN),
    ],
)
def test_a_week_is_read_off_the_wall(wall: str, status: Status) -> None:
    """The first minute of a span counts, its last does not, and summer time moves neither."""
    assert CHICAGO.state(chicago(wall)).status is status


def test_an_hour_that_passes_twice_counts_twice() -> None:
    """Where the clock is set back, both passes of half past one are open."""
    hours = Hours("America/Chicago", (WeeklySpan(7, Span(60, 120)),))
    assert hours.is_open(chicago("2026-11-01T01:30:00", fold=0))
    assert hours.is_open(chicago("2026-11-01T01:30:00", fold=1))


def test_a_span_within_an_hour_that_passes_twice_opens_twice() -> None:
    """After the end of the first pass comes the beginning of the second."""
    hours = Hours("America/Chicago", (WeeklySpan(7, Span(75, 90)),))
    first_end = chicago("2026-11-01T01:30:00")
    assert hours.next_open(first_end) == chicago("2026-11-01T01:15:00", fold=1)


def test_an_hour_that_is_skipped_opens_where_the_clock_goes_on() -> None:
    """A span that begins in the skipped hour begins when the clock jumps over it."""
    hours = Hours("America/Chicago", (WeeklySpan(7, Span(150, 240)),))
    assert hours.next_open(chicago("2026-03-08T00:00:00")) == chicago("2026-03-08T03:00:00")


def test_a_holiday_counts_before_the_week_and_may_have_hours() -> None:
    """A holiday closes its days, except in the spans it gives, and says what it is called."""
    thanksgiving = Holiday(date(2026, 11, 26), date(2026, 11, 26), "Thanksgiving")
    short = Holiday(date(2026, 11, 27), date(2026, 11, 27), "The day after", (Span(600, 720),))
    hours = Hours("America/Chicago", WORKDAYS, (thanksgiving, short))
    closed = hours.state(chicago("2026-11-26T12:00:00"))
    assert closed == Openness(Status.HOLIDAY, "Thanksgiving")
    assert hours.is_open(chicago("2026-11-27T11:00:00"))
    assert hours.state(chicago("2026-11-27T13:00:00")).status is Status.HOLIDAY
    assert hours.next_open(chicago("2026-11-26T12:00:00")) == chicago("2026-11-27T10:00:00")


def test_an_emergency_closes_whatever_the_week_says() -> None:
    """An emergency closes from its start to before its end, and names its note."""
    start, end = chicago("2026-03-06T10:00:00"), chicago("2026-03-06T11:00:00")
    hours = Hours("America/Chicago", WORKDAYS, emergency=Emergency("fire alarm", start, end))
    assert hours.is_open(start - MINUTE)
    assert hours.state(start) == Openness(Status.EMERGENCY, "fire alarm")
    assert hours.next_open(start) == end


def test_an_emergency_without_an_end_never_opens() -> None:
    """A closure that nobody has ended has no next opening."""
    hours = Hours("America/Chicago", WORKDAYS, emergency=Emergency("outage"))
    assert hours.next_open(chicago("2026-03-06T10:00:00")) is None


def test_without_spans_nothing_ever_opens() -> None:
    """Hours without a span are closed for good, and looking ahead ends."""
    assert Hours("UTC").next_open(utc("2026-03-06T10:00:00")) is None


def test_a_zone_that_is_gone_reads_as_utc() -> None:
    """Hours that were good when they were kept fail no call when a zone is renamed."""
    gone = Hours("Europe/Nowhere", WORKDAYS)
    assert gone.is_open(utc("2026-03-06T10:00:00"))
    assert gone.next_open(utc("2026-03-06T08:00:00")) == utc("2026-03-06T09:00:00")


def test_every_fault_is_named_at_once() -> None:
    """A bad zone, a bad span, a holiday and an emergency the wrong way round: all are named."""
    day = date(2026, 3, 6)
    hours = Hours(
        "Mars/Olympus",
        (WeeklySpan(8, Span(600, 500)),),
        (Holiday(day, day - timedelta(days=1), spans=(Span(-1, 5),)),),
        Emergency("", utc("2026-03-06T10:00:00"), utc("2026-03-06T09:00:00")),
    )
    assert [fault.field for fault in hours.faults("hours")] == [
        "hours.time_zone",
        "hours.weekly_spans[0]",
        "hours.holidays[0].end_date",
        "hours.holidays[0].open_spans",
        "hours.emergency_closure.end_time",
    ]


SPANS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda ends: ends[0] < ends[1])
SPAN = SPANS.map(lambda ends: Span(*ends))
HOLIDAYS = st.builds(
    lambda first, length, spans: Holiday(first, first + timedelta(days=length), "day off", spans),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 3),
    st.lists(SPAN, max_size=2).map(tuple),
)
INSTANTS = st.integers(0, 525_000).map(lambda each: utc("2026-01-01") + each * MINUTE)
EMERGENCIES = st.builds(Emergency, st.just("note"), st.none() | INSTANTS, st.none() | INSTANTS)
HOURS = st.builds(
    Hours,
    st.sampled_from(ZONES),
    st.lists(st.builds(WeeklySpan, st.integers(1, 7), SPAN), max_size=8).map(tuple),
    st.lists(HOLIDAYS, max_size=3).map(tuple),
    st.none() | EMERGENCIES,
)
# Where clocks are set, in the zones above.
TURNS = ["2026-03-08T05:00", "2026-03-29T01:00", "2026-10-25T01:00", "2026-11-01T05:00"]
TURNS += ["2026-04-04T15:00", "2026-10-03T15:30"]
NEAR_A_TURN = st.builds(
    lambda turn, minutes: utc(turn) + minutes * MINUTE,
    st.sampled_from(TURNS),
    st.integers(-2000, 2000),
)
MOMENTS = NEAR_A_TURN | st.integers(0, 500_000).map(lambda each: utc("2026-01-01") + each * MINUTE)


@settings(max_examples=60)
@given(HOURS, MOMENTS)
def test_the_next_opening_is_what_looking_every_minute_finds(hours: Hours, now: datetime) -> None:
    """The next opening is the first minute, or end of an emergency, at which we are open."""
    minutes = [now + ahead * MINUTE for ahead in range(2 * 24 * 60)]
    end = hours.emergency.end if hours.emergency else None
    moments = sorted([*minutes, *([end] if end and now < end < minutes[-1] else [])])
    found = hours.next_open(now)
    seen = next((each for each in moments if hours.is_open(each)), None)
    assert found == seen if seen else found is None or found > minutes[-1]


@given(HOURS)
def test_hours_survive_a_column(hours: Hours) -> None:
    """What is written as JSON is read back unchanged."""
    assert from_json(to_json(hours)) == hours
