"""When marketing may be sent, over zones, weeks and changes of the clock."""

import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.messaging.sending import quiet_hours
from services.messaging.sending.area_codes import STATES
from services.messaging.sending.quiet_hours import CAREFUL, FEDERAL, first_open, next_open, place_of

TOLL_FREE = "+18005550100"
ZONES = sorted(
    name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("posix")
)
WEEKS = [CAREFUL, FEDERAL, *quiet_hours._STATES.values(), *quiet_hours._COUNTRIES.values()]


def is_open(week: quiet_hours.Week, zones: tuple[str, ...], instant: datetime) -> bool:
    """Read the clock on every wall."""
    for name in zones:
        local = instant.astimezone(ZoneInfo(name))
        hours = week.on(local.date())
        if hours is None or not hours[0] <= local.time() < hours[1]:
            return False
    return True


def at(text: str, zone: str) -> datetime:
    """Return an instant by a clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(WEEKS),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=4),
    st.integers(0, 6 * 365 * 24 * 60).map(
        lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)
def test_the_first_open_instant_is_open_and_none_before_it_is(
    week: quiet_hours.Week, zones: list[str], now: datetime
) -> None:
    """The answer agrees with the clocks on the walls of all zones, quarter by quarter."""
    names = tuple(zones)
    found = first_open(week, names, now)
    probe, end = now, found or now + timedelta(days=8)
    while probe < end:
        assert not is_open(week, names, probe)
        probe += timedelta(minutes=15)
    if found is not None:
        assert is_open(week, names, found)


@pytest.mark.parametrize("name", ZONES)
def test_every_zone_has_open_hours_over_its_changes_of_the_clock(name: str) -> None:
    """Through a whole year no zone is shut for longer than a Saturday evening to a Sunday noon."""
    now = datetime(2025, 1, 1, tzinfo=UTC)
    while now.year == 2025:
        found = first_open(CAREFUL, (name,), now)
        assert found is not None
        assert is_open(CAREFUL, (name,), found)
        assert found - now <= timedelta(hours=16)
        now += timedelta(days=12, hours=7)


@pytest.mark.parametrize(
    ("number", "now", "opens"),
    [
        # New York is federal: shut from 21:00 to 8:00, and the night of the change is an hour short
        # on 2025-03-09 and an hour long on 2025-11-02.
        ("+12125550100", "2025-03-08T21:00", "2025-03-09T08:00"),
        ("+12125550100", "2025-11-01T21:00", "2025-11-02T08:00"),
        ("+12125550100", "2025-11-01T20:59", "2025-11-01T20:59"),
        ("+12125550100", "2025-11-01T07:59", "2025-11-01T08:00"),
    ],
)
def test_new_york_over_the_changes(number: str, now: str, opens: str) -> None:
    """Hours are those on the wall, whatever they are from UTC."""
    zone = "America/New_York"
    assert next_open(number, at(now, zone)) == at(opens, zone)


def test_a_night_of_the_change_is_an_hour_longer_or_shorter() -> None:
    """The wait from nine to eight is ten, eleven or twelve hours."""
    zone, number = "America/New_York", "+12125550100"
    waits = []
    for day in ("2025-03-08", "2025-06-01", "2025-11-01"):
        now = at(f"{day}T21:00", zone)
        opens = next_open(number, now)
        assert opens is not None
        waits.append((opens - now) / timedelta(hours=1))
    assert waits == [10, 11, 12]


@pytest.mark.parametrize(
    ("number", "zone", "now", "opens"),
    [
        # Texas: Sundays from noon. 2025-06-01 is a Sunday.
        ("+12145550100", "America/Chicago", "2025-06-01T09:00", "2025-06-01T12:00"),
        ("+12145550100", "America/Chicago", "2025-06-02T08:00", "2025-06-02T09:00"),
        # Florida ends at eight in the evening; 305 is in the east.
        ("+13055550100", "America/New_York", "2025-06-02T20:00", "2025-06-03T08:00"),
        # Rhode Island on a Saturday.
        ("+14015550100", "America/New_York", "2025-06-07T17:00", "2025-06-08T10:00"),
        ("+14015550100", "America/New_York", "2025-06-06T18:00", "2025-06-07T10:00"),
        # Kentucky from ten.
        ("+15025550100", "America/New_York", "2025-06-02T09:00", "2025-06-02T10:00"),
        # France: 2025-05-29 is Ascension Day, 2025-06-01 a Sunday, 2025-06-09 Whit Monday.
        ("+33655550100", "Europe/Paris", "2025-05-28T20:00", "2025-05-30T08:00"),
        ("+33655550100", "Europe/Paris", "2025-06-07T20:00", "2025-06-10T08:00"),
        # Singapore.
        ("+6581234567", "Asia/Singapore", "2025-06-01T21:00", "2025-06-02T09:00"),
    ],
)
def test_places_with_hours_of_their_own(number: str, zone: str, now: str, opens: str) -> None:
    """Each row of the table is kept by the number's own clock."""
    assert next_open(number, at(now, zone)) == at(opens, zone)


def test_a_number_in_two_zones_holds_in_both() -> None:
    """208 is in the east and the west of Idaho: from 8 in the west to 21 in the east."""
    number, east, west = "+12085550100", "America/Boise", "America/Los_Angeles"
    assert place_of(number).zones == (east, west)
    assert next_open(number, at("2025-06-02T08:30", east)) == at("2025-06-02T08:00", west)
    assert next_open(number, at("2025-06-02T20:30", west)) == at("2025-06-03T08:00", west)


def test_a_new_area_code_is_in_the_zones_of_its_state() -> None:
    """624 is too new for the tables of zones, and New York has one."""
    assert place_of("+16245550100").zones == ("America/New_York",)


def test_a_toll_free_number_holds_in_all_its_zones() -> None:
    """From Adak to Guam there is no hour of ten to eight everywhere, so there is none at all."""
    place = place_of(TOLL_FREE)
    assert place.name == ""
    assert place.week is CAREFUL
    assert len(place.zones) > 30
    now = datetime(2025, 6, 2, tzinfo=UTC)
    assert next_open(TOLL_FREE, now) is None
    # Eight to nine leaves one, at most two hours a day: of Newfoundland, Guam and Alaska at once.
    opens = first_open(FEDERAL, place.zones, now)
    assert opens is not None
    assert is_open(FEDERAL, place.zones, opens)


@pytest.mark.parametrize("number", ["", "+", "12345", "+999555", "+88255501000"])
def test_who_is_nowhere_is_never_written_to(number: str) -> None:
    """Without a time zone nobody can tell the hour there."""
    assert next_open(number, datetime(2025, 6, 2, 12, tzinfo=UTC)) is None


def test_every_state_has_hours_and_zones() -> None:
    """Every area code has time zones, and the states of the table are states of the map."""
    assert set(quiet_hours._STATES) <= set(STATES.values())
    for code, state in STATES.items():
        place = place_of(f"+1{code}5550100")
        assert place.name == f"US-{state}"
        assert place.zones, code


@pytest.mark.parametrize(
    ("year", "day"), [(2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25))]
)
def test_easter(year: int, day: tuple[int, int]) -> None:
    """The days that move with Easter are found by it."""
    assert quiet_hours._easter(year) == date(year, *day)


def test_the_geocoder_is_not_loaded() -> None:
    """Its tables take seconds and 128 MB."""
    assert "phonenumbers.geocoder" not in sys.modules
