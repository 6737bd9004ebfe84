"""Instants and lengths between messages and Python."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from chassis.times import duration, instant, length, timestamp


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_come_back(moment: datetime) -> None:
    """An instant is the same after a round trip."""
    message = timestamp(moment)
    assert message is not None
    assert instant(message, "start_time") == moment


@given(st.timedeltas(min_value=timedelta(days=-3000), max_value=timedelta(days=3000)))
def test_lengths_come_back(wanted: timedelta) -> None:
    """A length is the same after a round trip."""
    message = duration(wanted)
    assert message is not None
    assert length(message, "interval") == wanted


def test_what_is_absent_stays_absent() -> None:
    """None makes no message."""
    assert timestamp(None) is None
    assert duration(None) is None


def test_impossible_values_name_their_field() -> None:
    """A year that no calendar has, and a length beyond all, are refused by the field's name."""
    with pytest.raises(Invalid) as refused:
        instant(Timestamp(seconds=10**15), "start_time")
    assert refused.value.fields[0].field == "start_time"
    with pytest.raises(Invalid) as refused:
        length(Duration(seconds=10**15), "interval")
    assert refused.value.fields[0].field == "interval"
