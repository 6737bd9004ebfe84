"""How fast a sender may send."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.messaging.sending.pacing import (
    DEFAULT_PACES,
    Bucket,
    Pace,
    Paces,
    SenderKind,
    kind_of,
)

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("+12025550101", SenderKind.LONG_CODE),
        ("+18005550100", SenderKind.TOLL_FREE),
        ("+18885550100", SenderKind.TOLL_FREE),
        ("+442079460100", SenderKind.LONG_CODE_ABROAD),
        ("12345", SenderKind.SHORT_CODE),
        ("Example", SenderKind.ALPHANUMERIC),
    ],
)
def test_the_kind_of_a_sender(sender: str, kind: SenderKind) -> None:
    """The number tells its kind, and each kind has a pace."""
    assert kind_of(sender) is kind
    assert Paces().of(sender) == DEFAULT_PACES[kind]


def test_paces_are_read_from_a_setting() -> None:
    """A kind and a number can have a pace of their own; the others keep theirs."""
    paces = Paces.parse("long_code=1.25, +12025550101=75,12345=2")
    assert paces.of("+12025550101").per_second == 75
    assert paces.of("+12025550102").per_second == 1.25
    assert paces.of("12345").per_second == 2
    assert paces.of("+18005550100") == DEFAULT_PACES[SenderKind.TOLL_FREE]


@pytest.mark.parametrize("text", ["long_code", "long_code=0", "long_code=-1", "x=1", "+1=a", "=1"])
def test_a_pace_that_cannot_be_is_refused(text: str) -> None:
    """A rate is a number above zero, of a kind or of a number."""
    with pytest.raises(ValueError):
        Paces.parse(text)


requests = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(1, 10), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=200, deadline=None)
@given(requests, st.floats(0.1, 50), st.floats(0, 30))
def test_no_stretch_of_time_has_more_than_the_pace_and_one_burst(
    asked: list[tuple[int, int, bool]], per_second: float, burst: float
) -> None:
    """Whatever is asked for when, a lane's parts between two places fit the pace and one burst."""
    pace, bucket, now = Pace(per_second, burst), Bucket(), NOW
    lanes: dict[bool, list[tuple[datetime, int]]] = {True: [], False: []}
    for pause, parts, urgent in asked:
        now += timedelta(milliseconds=pause)
        bucket, place = bucket.take(pace, parts, now, urgent=urgent)
        assert place >= now
        assert not lanes[urgent] or place >= lanes[urgent][-1][0]
        lanes[urgent].append((place, parts))
    for taken in lanes.values():
        for first in range(len(taken)):
            for last in range(first, len(taken)):
                span = (taken[last][0] - taken[first][0]).total_seconds()
                before_the_last = sum(parts for _, parts in taken[first:last])
                assert before_the_last <= per_second * (span + burst) + 1e-3 * per_second


def test_who_waits_is_told_a_place_of_its_own() -> None:
    """Without a burst the places follow at the pace, and a text of two parts takes two."""
    pace, bucket, places = Pace(2, 0), Bucket(), []
    for parts in (1, 2, 1):
        bucket, place = bucket.take(pace, parts, NOW, urgent=False)
        places.append((place - NOW).total_seconds())
    assert places == [0, 0.5, 1.5]


def test_a_code_does_not_stand_behind_a_campaign() -> None:
    """An urgent message goes at once, and the campaign waits for what it took."""
    pace, bucket = Pace(1, 0), Bucket()
    for _ in range(100):
        bucket, _ = bucket.take(pace, 1, NOW, urgent=False)
    bucket, urgent = bucket.take(pace, 1, NOW, urgent=True)
    bucket, last = bucket.take(pace, 1, NOW, urgent=False)
    assert urgent == NOW
    assert last == NOW + timedelta(seconds=101)


def test_a_pause_holds_back_everybody() -> None:
    """After the carrier's word nothing leaves before its time, and no burst follows."""
    pace, until = Pace(1, 10), NOW + timedelta(minutes=1)
    bucket = Bucket().paused(pace, until)
    places = []
    for urgent in (False, False, True):
        bucket, place = bucket.take(pace, 1, NOW, urgent=urgent)
        places.append((place - until).total_seconds())
    assert places == [0, 1, 0]
    assert not bucket.holds_place(NOW, NOW, pace)


def test_a_place_counts_when_its_time_has_come_and_not_long_after() -> None:
    """A dispatcher that comes an hour late does not send an hour's places at once."""
    pace, bucket = Pace(1, 10), Bucket()
    assert bucket.holds_place(NOW, NOW + timedelta(seconds=10), pace)
    assert not bucket.holds_place(NOW, NOW + timedelta(seconds=11), pace)
    assert not bucket.holds_place(NOW, NOW - timedelta(seconds=1), pace)
