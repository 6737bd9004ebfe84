"""What the ledger's entries amount to, and what is answered."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.consent.decision import (
    ConsentState,
    Decision,
    Standings,
    Target,
    decide,
    differ,
    object_to,
    weighed,
)
from services.messaging.consent.ledger import Action, LedgerEntry, Method, Scope
from services.messaging.consent.meaning import Change, answer_to, change_of
from services.messaging.consent.programs import Programs
from services.messaging.keywords import classify
from services.messaging.model import Direction, Message, Purpose, Recipient, Status
from services.messaging.wording import LONGEST, Replies

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
OURS, SECOND, PEER = "+12025550101", "+12025550102", "+13125550103"
PROGRAMS = Programs()
UNRECORDED = Decision(ConsentState.UNRECORDED)
GRANTED = Decision(ConsentState.GRANTED)
REVOKED = Decision(ConsentState.REVOKED)


def entry(action: Action, minute: int, number: str = OURS, entry_id: str = "") -> LedgerEntry:
    """Return an entry as a keyword makes it: a STOP for the brand, a START for the number."""
    return LedgerEntry(
        entry_id=entry_id or f"{action} {minute} {number}",
        effective_time=NOON + timedelta(minutes=minute),
        record_time=NOON,
        action=action,
        scope=Scope.BRAND if action is Action.REVOKED else Scope.NUMBER,
        method=Method.KEYWORD,
        peer_number=PEER,
        our_number=number,
        source_message_id="c1",
    )


def stop(minute: int, number: str = OURS) -> LedgerEntry:
    """Return a STOP."""
    return entry(Action.REVOKED, minute, number)


def start(minute: int, number: str = OURS) -> LedgerEntry:
    """Return a START."""
    return entry(Action.GRANTED, minute, number)


def ledger(*entries: LedgerEntry) -> Standings:
    """Return what the scopes stand at after these entries, recorded in this order."""
    standings: Standings = {}
    for each in entries:
        standings = weighed(standings, each)
    return standings


def at(standings: Standings, our_number: str = "") -> Decision:
    """Return what is decided about an ordinary message from a number without a program."""
    return decide(standings, Target(our_number))


def received(text: str, **changes: object) -> Message:
    """Return a message that came in with a text."""
    values: dict[str, object] = {
        "message_id": "c1",
        "carrier_message_id": "c1",
        "direction": Direction.INBOUND,
        "status": Status.RECEIVED,
        "create_time": NOON,
        "our_number": OURS,
        "peer_number": PEER,
        "text": text,
        "classification": classify(text),
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


def test_without_an_entry_the_ledger_does_not_object() -> None:
    """Nobody who is not in the ledger is blocked."""
    assert at({}, OURS) == UNRECORDED
    assert object_to(Target(OURS, purpose=Purpose.MARKETING), UNRECORDED) is None


def test_the_order_of_arrival_does_not_matter() -> None:
    """A START sent before a STOP and told after it does not undo it, in any order of arrival."""
    for order in permutations([start(0), stop(1), start(2), stop(3), start(3)]):
        decision = at(ledger(*order), OURS)
        assert (decision.state, decision.entry_id) == (ConsentState.REVOKED, stop(3).entry_id)


def test_a_revocation_wins_at_equal_times() -> None:
    """STOP and START of the same instant leave the person opted out, whichever came first."""
    for order in permutations([start(1), stop(1)]):
        assert at(ledger(*order), OURS).is_revoked


def test_a_stop_covers_every_number_and_a_start_only_its_own() -> None:
    """Opting out is read liberally and opting in strictly."""
    standings = ledger(stop(1, OURS))
    assert at(standings, OURS).is_revoked
    assert at(standings, SECOND).is_revoked
    assert at(standings).is_revoked
    standings = weighed(standings, start(2, OURS))
    assert at(standings, OURS).state is ConsentState.GRANTED
    assert at(standings, SECOND).is_revoked
    assert at(standings).is_revoked


def test_a_stop_to_a_second_number_changes_the_first() -> None:
    """A STOP that finds the brand revoked still takes back what one number was granted."""
    before = ledger(stop(1, OURS), start(2, OURS))
    after = weighed(before, stop(3, SECOND))
    assert differ(before, after, PROGRAMS)
    assert at(after, OURS).is_revoked


def test_a_repeated_stop_changes_nothing_that_matters() -> None:
    """A second STOP moves the time and no decision."""
    before = ledger(stop(1))
    assert not differ(before, weighed(before, stop(2)), PROGRAMS)
    assert not differ(before, weighed(before, stop(0)), PROGRAMS)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Action.GRANTED, Action.REVOKED]),
            st.integers(0, 5),
            st.sampled_from([OURS, SECOND]),
        ),
        max_size=8,
    ),
    st.randoms(),
)
def test_any_order_of_entries_gives_the_same_decisions(
    made: list[tuple[Action, int, str]], random: "object"
) -> None:
    """Shuffling the ledger's order of recording never changes who may be written to."""
    entries = [entry(*each) for each in made]
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for number in ("", OURS, SECOND):
        assert at(ledger(*entries), number).state is at(ledger(*shuffled), number).state


def test_a_revocation_blocks_everything_but_its_own_confirmation() -> None:
    """After a STOP no purpose is sent but the one confirmation."""
    targets = [Target(OURS, purpose=purpose) for purpose in Purpose]
    sent = {each.purpose for each in targets if object_to(each, REVOKED) is None}
    assert sent == {Purpose.STOP_CONFIRMATION}
    assert not any(object_to(each, GRANTED) for each in targets)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("STOP", Change(Action.REVOKED, Scope.BRAND)),
        ("unstop", Change(Action.GRANTED, Scope.NUMBER)),
        ("help", None),
        ("hello", None),
    ],
)
def test_what_a_keyword_changes(text: str, change: object) -> None:
    """STOP revokes for the brand, START grants to the number, the others change nothing."""
    assert change_of(received(text), PROGRAMS) == change


def test_only_a_phone_number_holds_consent() -> None:
    """A short code, an alphanumeric sender and an unknown one change nothing."""
    for address in ("12345", "ACME", ""):
        assert change_of(received("STOP", peer_number=address), PROGRAMS) is None


def test_a_group_can_opt_out_and_not_in() -> None:
    """STOP in a group counts; START counts only when it is said to us alone."""
    everyone = (Recipient(OURS, Status.RECEIVED), Recipient(SECOND, Status.RECEIVED))
    assert change_of(received("STOP", recipients=everyone), PROGRAMS) is not None
    assert change_of(received("START", recipients=everyone), PROGRAMS) is None


def test_a_message_without_a_class_changes_nothing() -> None:
    """A message nobody has classified is neither recorded nor answered."""
    unread = received("STOP", classification=None)
    assert change_of(unread, PROGRAMS) is None
    assert answer_to(unread, UNRECORDED, REVOKED) is None


@pytest.mark.parametrize(
    ("text", "before", "after", "answer"),
    [
        ("STOP", UNRECORDED, REVOKED, Purpose.STOP_CONFIRMATION),
        ("STOP", GRANTED, REVOKED, Purpose.STOP_CONFIRMATION),
        ("STOP", REVOKED, REVOKED, None),
        ("STOP", GRANTED, GRANTED, None),  # told late: a newer START holds
        ("START", REVOKED, GRANTED, Purpose.START_CONFIRMATION),
        ("START", UNRECORDED, GRANTED, Purpose.START_CONFIRMATION),
        ("START", GRANTED, GRANTED, None),
        ("START", REVOKED, REVOKED, None),  # told late: a newer STOP holds
        ("HELP", UNRECORDED, UNRECORDED, Purpose.HELP_REPLY),
        ("HELP", GRANTED, GRANTED, Purpose.HELP_REPLY),
        ("HELP", REVOKED, REVOKED, None),
        ("hello", UNRECORDED, UNRECORDED, None),
    ],
)
def test_what_is_answered(
    text: str, before: Decision, after: Decision, answer: Purpose | None
) -> None:
    """Only a change is confirmed, and HELP is answered unless it follows a STOP."""
    assert answer_to(received(text), before, after) is answer


@pytest.mark.parametrize("text", ["STOP", "START", "HELP"])
@pytest.mark.parametrize(
    "changes",
    [
        {"answered_by_carrier": True},
        {"recipients": (Recipient(OURS, Status.RECEIVED), Recipient(SECOND, Status.RECEIVED))},
        {"peer_number": "12345"},
        {"peer_number": "ACME"},
        {"peer_number": ""},
        {"our_number": ""},
    ],
)
def test_who_is_never_answered(text: str, changes: dict[str, object]) -> None:
    """Nothing is said after the carrier, in a group, or to what is not a phone number."""
    for before, after in product((UNRECORDED, GRANTED, REVOKED), repeat=2):
        assert answer_to(received(text, **changes), before, after) is None


REPLIES = Replies(
    brand="Example",
    help_url="example.com/help",
    help_phone="+12025550199",
    frequency="Msg frequency varies",
)


@pytest.mark.parametrize(
    ("purpose", "parts"),
    [
        (Purpose.STOP_CONFIRMATION, ["Example", "no more messages", "START"]),
        (Purpose.START_CONFIRMATION, ["Example", "HELP", "STOP", "rates may apply"]),
        (Purpose.HELP_REPLY, ["Example", "example.com/help", "+12025550199", "STOP"]),
    ],
)
def test_the_words_of_our_own_messages(purpose: Purpose, parts: list[str]) -> None:
    """Each names the brand, says what it must, fits one part, and is no keyword itself."""
    text = REPLIES.text(purpose)
    assert all(part in text for part in parts)
    assert len(text) <= LONGEST
    assert not classify(text).is_keyword


def test_words_that_do_not_fit_are_refused_at_the_start() -> None:
    """A brand that would make a second part is refused when the service starts."""
    with pytest.raises(ValueError, match="longer than 160"):
        Replies(brand="E" * 100, help_url="u", help_phone="p", frequency="f")
