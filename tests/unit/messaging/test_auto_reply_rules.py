"""Which rule answers a message, and the hours and phrases it asks for."""

from datetime import UTC, date, datetime

import pytest

from services.messaging.model import Direction, Message, Status
from services.messaging.replies import texts
from services.messaging.replies.business_hours import ALWAYS, BusinessHours, Closure, OpenSpan
from services.messaging.replies.guards import Facts
from services.messaging.replies.rules import (
    Condition,
    Contains,
    Equals,
    FirstContact,
    OutOfHours,
    Rule,
    faults,
    matching,
)

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)  # a Monday
OURS, SECOND, PEER = "+12025550101", "+12025550102", "+13125550103"
OFFICE = BusinessHours(
    "America/Chicago",
    tuple(OpenSpan(day, 9 * 60, 17 * 60) for day in range(1, 6)),
    (Closure(date(2025, 7, 4), date(2025, 7, 6)),),
)


def rule(condition: Condition, **changes: object) -> Rule:
    """Return an enabled rule."""
    values: dict[str, object] = {"rule_id": "r", "condition": condition, "text": "We open at nine."}
    return Rule(**{**values, **changes})  # type: ignore[arg-type]


def message(text: str | None, subject: str = "") -> Message:
    """Return a received message."""
    return Message(
        message_id="m",
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        create_time=NOON,
        our_number=OURS,
        peer_number=PEER,
        text=text,
        subject=subject,
    )


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("What are your hours?", "hours", True),
        ("HOURS", "hours", True),
        ("\uff48\uff4f\uff55\uff52\uff53 please", "hours", True),
        ("ho\u200burs?", "hours", True),
        ("after-hours", "hours", True),
        ("opening   hours", "opening hours", True),
        ("rush hour", "hours", False),
        ("houndhours", "hours", False),
        ("hours2", "hours", False),
        ("wann ist geöffnet?", "GEÖFFNET", True),
        ("请问营业时间是几点", "营业时间", True),
        ("a (b", "(b", True),
        ("", "hours", False),
    ],
)
def test_a_phrase_is_found_as_whole_words(text: str, phrase: str, found: bool) -> None:
    """Case, width and invisible marks do not matter; parts of words do not count."""
    assert texts.contains(text, [phrase]) is found


@pytest.mark.parametrize(
    ("text", "phrase", "same"),
    [
        ("Hours", "hours", True),
        (" ** hours?! ", "hours", True),
        ("hours 👍", "hours", True),
        ("opening hours", "hours", False),
        ("👍", "hours", False),
        ("", "hours", False),
    ],
)
def test_a_whole_text_is_compared_without_its_decoration(
    text: str, phrase: str, same: bool
) -> None:
    """Punctuation and symbols around it do not matter; another word does."""
    assert texts.equals(text, [phrase]) is same


@pytest.mark.parametrize(
    "text",
    [
        "Your code is 123456",
        "G-482913 is your verification code",
        "Use 123 456 to sign in, your one-time passcode",
        "Tu código es 4821",
        "您的验证码是 882211",
        "Sign in\n@example.com #123456",
    ],
)
def test_one_time_codes_are_seen(text: str) -> None:
    """Digits with a word for a code, or a code bound to a site."""
    assert texts.looks_like_code(text)


@pytest.mark.parametrize(
    "text", ["call me on +13125550103", "is it 1200 dollars?", "what is your zip code?", "room 12"]
)
def test_ordinary_numbers_are_no_codes(text: str) -> None:
    """Neither digits alone nor the word alone make a code."""
    assert not texts.looks_like_code(text)


def test_the_first_enabled_rule_for_the_number_answers() -> None:
    """Rules are asked by priority and id; disabled ones and those of other numbers are not."""
    hours = Contains(("hours",))
    rules = [
        rule(hours, rule_id="late", priority=9),
        rule(hours, rule_id="b", priority=1),
        rule(hours, rule_id="a", priority=1),
        rule(hours, rule_id="off", enabled=False),
        rule(hours, rule_id="other", our_numbers=(SECOND,)),
    ]
    facts = Facts(now=NOON)
    found = matching(message("hours?"), rules, facts)
    assert found is not None
    assert found.rule_id == "a"
    assert matching(message("prices?"), rules, facts) is None


def test_the_subject_speaks_for_a_message_without_a_text() -> None:
    """A picture message may say everything in its subject."""
    rules = [rule(Equals(("hours",)))]
    assert matching(message(None, subject="Hours"), rules, Facts(now=NOON)) is not None


def test_first_contact_matches_only_the_first_message() -> None:
    """Whether it is the first is known by the messages of the pair."""
    rules = [rule(FirstContact())]
    assert matching(message("hi"), rules, Facts(now=NOON, is_first=True)) is not None
    assert matching(message("hi"), rules, Facts(now=NOON)) is None


def test_out_of_hours_matches_while_closed() -> None:
    """Noon in UTC is seven in Chicago."""
    rules = [rule(OutOfHours(OFFICE))]
    assert matching(message("hi"), rules, Facts(now=NOON)) is not None
    assert matching(message("hi"), rules, Facts(now=NOON.replace(hour=15))) is None


@pytest.mark.parametrize(
    ("instant", "since"),
    [
        ("2025-06-02T12:00Z", "2025-05-30T22:00Z"),  # Monday early: since Friday evening
        ("2025-06-02T13:59Z", "2025-05-30T22:00Z"),
        ("2025-06-02T14:00Z", None),
        ("2025-06-02T21:59Z", None),
        ("2025-06-02T22:00Z", "2025-06-02T22:00Z"),
        ("2025-07-05T15:00Z", "2025-07-03T22:00Z"),  # a holiday joins the nights around it
        ("2025-01-06T15:00Z", None),  # winter time
        ("2025-01-06T14:30Z", "2025-01-03T23:00Z"),
    ],
)
def test_a_closure_begins_when_the_last_open_span_ended(instant: str, since: str | None) -> None:
    """Weekends, holidays and daylight saving time are all one closure or none."""
    began = datetime.fromisoformat(since) if since else None
    assert OFFICE.closed_since(datetime.fromisoformat(instant)) == began


def test_an_office_that_never_opens_is_closed_for_ever() -> None:
    """The closure then has no beginning, so it is answered once."""
    assert BusinessHours("UTC", ()).closed_since(NOON) == ALWAYS


def test_a_night_shift_is_one_span_over_midnight() -> None:
    """Two spans that touch leave no gap at midnight."""
    night = BusinessHours("UTC", (OpenSpan(1, 1320, 1440), OpenSpan(2, 0, 360)))
    assert night.closed_since(datetime(2025, 6, 3, 0, 0, tzinfo=UTC)) is None
    assert night.closed_since(datetime(2025, 6, 3, 6, 0, tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    "condition",
    [
        Contains(("stop",)),
        Equals(("HELP",)),
        Contains(("!!",)),
        OutOfHours(BusinessHours("Mars/Olympus", ())),
        OutOfHours(BusinessHours("../etc/passwd", ())),
        OutOfHours(BusinessHours("UTC", (), (Closure(date(2025, 2, 2), date(2025, 2, 1)),))),
    ],
)
def test_a_rule_that_cannot_be_is_refused(condition: Condition) -> None:
    """Words of consent, phrases without words, unknown zones, and days that run backwards."""
    assert faults(rule(condition))


def test_an_ordinary_rule_has_no_faults() -> None:
    """Nothing stands in its way."""
    assert not faults(rule(Contains(("hours", "open"))))
    assert not faults(rule(OutOfHours(OFFICE)))
