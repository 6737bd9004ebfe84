"""What keeps a reply from being given, guard by guard and in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import Direction, Message, Recipient, Status
from services.messaging.replies.guards import Facts, Guard, Heard, Mute, MuteReason, Sent
from services.messaging.replies.rules import Contains, Decision, Rule, decide

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
OURS, SECOND, PEER = "+12025550101", "+12025550102", "+13125550103"
RULE = Rule(rule_id="r", condition=Contains(("hours",)), text="We open at nine.")
TEXT = "what are your hours?"
QUIET = Facts(now=NOON)


def message(**changes: object) -> Message:
    """Return a received message that the rule matches."""
    values: dict[str, object] = {
        "message_id": "m",
        "direction": Direction.INBOUND,
        "status": Status.RECEIVED,
        "create_time": NOON,
        "our_number": OURS,
        "peer_number": PEER,
        "recipients": (Recipient(OURS, Status.RECEIVED),),
        "text": TEXT,
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


def decided(facts: Facts = QUIET, **changes: object) -> Decision:
    """Decide about a message that the rule matches."""
    return decide(message(**changes), [RULE], facts)


def ago(**length: float) -> datetime:
    """Return an instant before noon."""
    return NOON - timedelta(**length)


def sent(text: str = "hello", *, automatic: bool = True, **length: float) -> Sent:
    """Return an earlier message of ours."""
    when = ago(**(length or {"hours": 20}))
    return Sent(text, automatic, when, when)


def classed(kind: KeywordClass, rule_id: str = "x") -> Classification:
    """Return what a text was classified as."""
    return Classification(kind, rule_id)


def test_nothing_objects_to_an_ordinary_question() -> None:
    """The rule answers."""
    decision = decided()
    assert decision.answers
    assert decision.guard is None
    assert decision.rule is RULE


LONG = "We are open from nine to five, Monday to Friday, and closed on holidays."
ALONE: list[tuple[Guard, Facts, dict[str, object]]] = [
    (Guard.STALE, QUIET, {"create_time": ago(minutes=16)}),
    (Guard.OWN_SENDER, replace(QUIET, is_ours=True), {}),
    (Guard.OWN_SENDER, QUIET, {"peer_number": OURS}),
    (Guard.NO_PHONE_NUMBER, QUIET, {"peer_number": "55501"}),
    (Guard.NO_PHONE_NUMBER, QUIET, {"peer_number": "EXAMPLE"}),
    (Guard.NO_PHONE_NUMBER, QUIET, {"peer_number": ""}),
    (Guard.KEYWORD, QUIET, {"classification": classed(KeywordClass.STOP)}),
    (Guard.KEYWORD, QUIET, {"classification": classed(KeywordClass.START)}),
    (Guard.KEYWORD, QUIET, {"classification": classed(KeywordClass.HELP)}),
    (Guard.ANSWERED_BY_CARRIER, QUIET, {"answered_by_carrier": True}),
    (Guard.REVOKED, replace(QUIET, is_revoked=True), {}),
    (Guard.AMBIGUOUS, QUIET, {"classification": classed(KeywordClass.AMBIGUOUS)}),
    (
        Guard.GROUP,
        QUIET,
        {"recipients": (Recipient(OURS, Status.RECEIVED), Recipient(SECOND, Status.RECEIVED))},
    ),
    (Guard.NOT_SPEECH, QUIET, {"text": 'Liked "our hours are nine to five"'}),
    (Guard.NOT_SPEECH, QUIET, {"text": "Laughed at “your hours”"}),
    (Guard.NOT_SPEECH, QUIET, {"text": '👍 to "our hours"'}),
    (Guard.NOT_SPEECH, QUIET, {"text": "BEGIN:VCARD\nFN:hours\nEND:VCARD"}),
    (Guard.BOT_TEXT, QUIET, {"classification": classed(KeywordClass.NONE, "bot.vacation")}),
    (Guard.CODE_TEXT, QUIET, {"text": "hours: your code is 482913"}),
    (Guard.MUTED, replace(QUIET, mutes=[Mute(MuteReason.ECHO, NOON + timedelta(hours=1))]), {}),
    (Guard.ECHO, replace(QUIET, sent=[sent(TEXT)]), {}),
    (Guard.ECHO, replace(QUIET, sent=[sent(LONG)]), {"text": f"re hours: {LONG[:45]}"}),
    (
        Guard.PEER_IS_BOT,
        replace(QUIET, mutes=[Mute(MuteReason.PEER_IS_BOT, NOON + timedelta(hours=1))]),
        {},
    ),
    (Guard.REPEATED, replace(QUIET, heard=[Heard(TEXT.upper(), ago(minutes=9))] * 3), {}),
    (Guard.PAIR_PAUSE, replace(QUIET, replies=[ago(minutes=4)]), {}),
    (Guard.PAIR_HOURLY, replace(QUIET, replies=[ago(minutes=m) for m in (6, 20, 59)]), {}),
    (Guard.PAIR_DAILY, replace(QUIET, replies=[ago(hours=h) for h in range(2, 8)]), {}),
    (Guard.SERVICE_RATE, replace(QUIET, tokens=0.9), {}),
    (Guard.KILL_SWITCH, replace(QUIET, killed=True), {}),
    (Guard.NO_HUMAN, replace(QUIET, sent=[sent(f"text {n}") for n in range(6)]), {}),
    (Guard.CLOSURE_ANSWERED, replace(QUIET, told=frozenset({"r"})), {}),
    (Guard.UNDELIVERABLE, replace(QUIET, is_undeliverable=True), {}),
]
TOO_QUICK = replace(
    QUIET,
    sent=[sent("one", minutes=10), sent("two", minutes=20)],
    heard=[
        Heard("a", ago(minutes=10) + timedelta(seconds=1)),
        Heard("b", ago(minutes=20) + timedelta(seconds=1)),
    ],
)
ALONE.append((Guard.TOO_QUICK, TOO_QUICK, {}))


@pytest.mark.parametrize(("guard", "facts", "changes"), ALONE)
def test_each_guard_objects_by_itself(
    guard: Guard, facts: Facts, changes: dict[str, object]
) -> None:
    """One fact is enough, and the reason is the guard's own."""
    decision = decided(facts, **changes)
    assert not decision.answers
    assert decision.guard is guard


def test_every_guard_is_tested_alone() -> None:
    """No guard is without a case of its own."""
    assert {guard for guard, _, _ in ALONE} == set(Guard)


NEARLY: list[tuple[Facts, dict[str, object]]] = [
    (QUIET, {"create_time": ago(minutes=15)}),
    (replace(QUIET, mutes=[Mute(MuteReason.ECHO, NOON)]), {}),
    (replace(QUIET, sent=[sent("other"), sent(TEXT)]), {}),
    (replace(QUIET, sent=[sent("your hours")]), {}),
    (replace(QUIET, heard=[Heard(TEXT, ago(minutes=m)) for m in (0, 9, 11)]), {}),
    (replace(QUIET, heard=[Heard(text, NOON) for text in (TEXT, TEXT, "x")]), {}),
    (replace(TOO_QUICK, sent=TOO_QUICK.sent[:1]), {}),
    (replace(TOO_QUICK, sent=[replace(s, is_automatic=False) for s in TOO_QUICK.sent]), {}),
    (
        replace(
            TOO_QUICK,
            heard=[
                replace(h, create_time=h.create_time + timedelta(seconds=1))
                for h in TOO_QUICK.heard
            ],
        ),
        {},
    ),
    (replace(QUIET, replies=[ago(minutes=5)]), {}),
    (replace(QUIET, replies=[ago(minutes=m) for m in (6, 20, 60)]), {}),
    (replace(QUIET, replies=[ago(hours=h) for h in (2, 3, 4, 5, 6, 24)]), {}),
    (replace(QUIET, tokens=1), {}),
    (replace(QUIET, sent=[sent(f"text {n}") for n in range(5)]), {}),
    (
        replace(
            QUIET, sent=[sent("by hand", automatic=False), *(sent(f"text {n}") for n in range(9))]
        ),
        {},
    ),
    (replace(QUIET, told=frozenset({"another"})), {}),
    (QUIET, {"classification": classed(KeywordClass.NONE)}),
]


@pytest.mark.parametrize(("facts", "changes"), NEARLY)
def test_what_is_just_short_of_a_limit_does_not_object(
    facts: Facts, changes: dict[str, object]
) -> None:
    """At the limit itself a reply is still given."""
    assert decided(facts, **changes).answers


def test_the_first_guard_in_order_is_the_reason() -> None:
    """All that object are told, in the order of the enumeration."""
    facts = replace(QUIET, killed=True, is_revoked=True, replies=[ago(minutes=1)])
    decision = decided(facts, peer_number="55501")
    assert decision.guard is Guard.NO_PHONE_NUMBER
    assert decision.objections == (
        Guard.NO_PHONE_NUMBER,
        Guard.REVOKED,
        Guard.PAIR_PAUSE,
        Guard.KILL_SWITCH,
    )


@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        (Guard.ECHO, MuteReason.ECHO),
        (Guard.REPEATED, MuteReason.PEER_IS_BOT),
        (Guard.TOO_QUICK, MuteReason.PEER_IS_BOT),
        (Guard.BOT_TEXT, MuteReason.PEER_IS_BOT),
    ],
)
def test_machines_and_echoes_mute_the_pair_for_a_day(guard: Guard, reason: MuteReason) -> None:
    """Even when no rule matches, so that the next one is not tricked."""
    facts, changes = next((facts, changes) for name, facts, changes in ALONE if name is guard)
    assert decided(facts, **changes).mute == Mute(reason, NOON + timedelta(hours=24))
    assert decide(message(**changes), [], facts).mute is not None


@pytest.mark.parametrize("guard", [Guard.KILL_SWITCH, Guard.PAIR_PAUSE, Guard.GROUP, Guard.STALE])
def test_other_guards_mute_nobody(guard: Guard) -> None:
    """They say nothing about who is on the other side."""
    facts, changes = next((facts, changes) for name, facts, changes in ALONE if name is guard)
    assert decided(facts, **changes).mute is None


def test_without_a_rule_there_is_no_reason_to_give() -> None:
    """A message that no rule matches is not suppressed, it is just not answered."""
    decision = decide(message(text="prices?"), [RULE], replace(QUIET, killed=True))
    assert decision.rule is None
    assert decision.guard is None
    assert not decision.answers
