"""How far consent and its end reach, by program, number and purpose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.consent.decision import (
    ConsentState,
    ObjectionReason,
    OpenHold,
    Standings,
    Target,
    decide,
    object_to,
    weighed,
)
from services.messaging.consent.ledger import Action, Channel, LedgerEntry, Method, Scope
from services.messaging.consent.meaning import change_of
from services.messaging.consent.programs import UNASSIGNED, Program, ProgramKind, Programs, parse
from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import Direction, Message, Purpose, Status

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
NEWS, ORDERS, CODES, DESK = "+12025550101", "+12025550102", "+12025550103", "+12025550104"
PLAIN, PEER = "+12025550105", "+13125550103"
PROGRAMS = parse(
    f"{NEWS}=news:marketing, {ORDERS}=orders:transactional, {CODES}=codes:verification "
    f"{DESK}=desk:conversation"
)
REVOKE_ALL = Programs(PROGRAMS.by_number, revoke_all=True)
PURPOSE = {
    NEWS: Purpose.MARKETING,
    ORDERS: Purpose.TRANSACTIONAL,
    CODES: Purpose.VERIFICATION,
    DESK: Purpose.CONVERSATION,
    PLAIN: Purpose.TRANSACTIONAL,
}


def target(number: str, purpose: Purpose | None = None) -> Target:
    """Return an ordinary message from a number."""
    program = PROGRAMS.of(number)
    return Target(number, program, purpose or PURPOSE[number], program)


def said(
    number: str,
    minute: int = 0,
    *,
    kind: KeywordClass = KeywordClass.STOP,
    scope: str = "",
    program: str = "",
    rule_id: str = "r",
    programs: Programs = PROGRAMS,
) -> LedgerEntry:
    """Return the entry that a keyword to a number makes."""
    message = Message(
        message_id="m",
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        create_time=NOON,
        our_number=number,
        peer_number=PEER,
        classification=Classification(kind, rule_id, scope=scope, program=program),
    )
    change = change_of(message, programs)
    assert change is not None
    return LedgerEntry(
        entry_id=f"{kind} {number} {minute}",
        effective_time=NOON + timedelta(minutes=minute),
        record_time=NOON,
        action=change.action,
        scope=change.scope,
        channel=change.channel,
        program_id=change.program_id,
        method=Method.KEYWORD,
        peer_number=PEER,
        our_number=number,
        source_message_id="c",
    )


def ledger(*entries: LedgerEntry) -> Standings:
    """Return what the scopes stand at after these entries."""
    standings: Standings = {}
    for each in entries:
        standings = weighed(standings, each)
    return standings


def stopped(standings: Standings) -> set[str]:
    """Return the numbers whose ordinary messages are stopped."""
    return {each for each in PURPOSE if object_to(target(each), decide(standings, target(each)))}


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (NEWS, {}, {NEWS, PLAIN}),
        (PLAIN, {}, {NEWS, PLAIN}),
        (ORDERS, {}, {NEWS, ORDERS, PLAIN}),
        (CODES, {}, {NEWS, CODES, PLAIN}),
        (DESK, {}, {NEWS, DESK, PLAIN}),
        (NEWS, {"scope": "all_programs"}, {NEWS, ORDERS, DESK, PLAIN}),
        (NEWS, {"scope": "program", "program": "Orders"}, {ORDERS}),
        (NEWS, {"scope": "program", "program": "unheard of"}, {NEWS, PLAIN}),
        (ORDERS, {"scope": "marketing"}, {NEWS, PLAIN}),
        (ORDERS, {"scope": "voice_and_text"}, {NEWS, PLAIN}),
        (ORDERS, {"programs": REVOKE_ALL}, {NEWS, ORDERS, DESK, PLAIN}),
        (NEWS, {"rule_id": "wrong_party.number"}, {NEWS, ORDERS, CODES, DESK, PLAIN}),
    ],
)
def test_how_far_a_stop_reaches(number: str, words: dict[str, object], expected: set[str]) -> None:
    """The table of the README, for a message of each program's own kind."""
    assert stopped(ledger(said(number, **words))) == expected  # type: ignore[arg-type]


def test_marketing_is_stopped_wherever_it_is_sent_from() -> None:
    """What sells is stopped by a STOP to marketing, from whatever number it would come."""
    standings = ledger(said(NEWS))
    for number in PURPOSE:
        selling = target(number, Purpose.MARKETING)
        assert object_to(selling, decide(standings, selling)) is not None


def test_a_start_returns_what_its_number_is_for_and_nothing_else() -> None:
    """START to the orders number brings orders back, and no marketing by that number."""
    standings = ledger(said(NEWS), said(ORDERS, 1), said(ORDERS, 2, kind=KeywordClass.START))
    assert stopped(standings) == {NEWS, PLAIN}
    selling = target(ORDERS, Purpose.MARKETING)
    assert object_to(selling, decide(standings, selling)) is not None


def test_a_code_is_sent_after_stop_all_only_from_its_own_number() -> None:
    """Somebody who wants nothing more may still log in; elsewhere a code is a message like any."""
    standings = ledger(said(NEWS, scope="all_programs"))
    codes, orders = target(CODES), target(ORDERS, Purpose.VERIFICATION)
    assert object_to(codes, decide(standings, codes)) is None
    assert object_to(orders, decide(standings, orders)) is not None
    disguised = Target(NEWS, PROGRAMS.of(CODES), Purpose.VERIFICATION, PROGRAMS.of(NEWS))
    assert object_to(disguised, decide(standings, disguised)) is not None


def test_a_person_may_answer_what_is_asked_after_a_stop() -> None:
    """A question after the STOP may be answered; one before it may not, nor by a machine."""
    decision = decide(ledger(said(DESK)), target(DESK))
    for asked, allowed in ((1, True), (0, False), (None, False)):
        asked_time = None if asked is None else NOON + timedelta(minutes=asked)
        found = object_to(target(DESK), decision, asked_time=asked_time)
        assert (found is None) is allowed
    selling = target(DESK, Purpose.MARKETING)
    later = NOON + timedelta(minutes=1)
    assert object_to(selling, decision, asked_time=later) is not None


def test_what_another_system_says_never_undoes_a_revocation() -> None:
    """An import counts where nothing is known, however new it is, and lifts no hold."""
    values = {"action": Action.IMPORTED, "scope": Scope.BRAND, "method": Method.CRM}
    imported = _with(said(NEWS, 9), **values)
    hold = OpenHold("h", "e", NOON)
    known = decide(ledger(imported), target(NEWS))
    assert known.state is ConsentState.GRANTED
    found = object_to(target(NEWS), known, hold=hold)
    assert found is not None
    assert found.reason is ObjectionReason.HELD
    for order in ([said(NEWS), imported], [imported, said(NEWS)]):
        assert decide(ledger(*order), target(NEWS)).is_revoked


def test_what_is_about_calls_only_does_not_concern_messages() -> None:
    """An opt-out of calls or faxes is kept and stops no message."""
    for channel in (Channel.VOICE, Channel.FAX):
        assert not ledger(_with(said(NEWS), channel=channel))


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([*Action]),
        st.sampled_from([*Scope]),
        st.sampled_from([NEWS, ORDERS, CODES, PLAIN]),
        st.integers(0, 4),
    ),
    max_size=10,
)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_any_order_of_recording_ends_the_same(
    made: list[tuple[Action, Scope, str, int]], random: Random
) -> None:
    """Whatever order entries arrive in, every message is decided the same, by the same entry."""
    entries = [
        _with(
            said(number, minute),
            entry_id=f"{place}",
            action=action,
            scope=scope,
            program_id=PROGRAMS.of(number).program_id,
        )
        for place, (action, scope, number, minute) in enumerate(made)
    ]
    shuffled = list(entries)
    random.shuffle(shuffled)
    for number, purpose in product([*PURPOSE, ""], Purpose):
        program = PROGRAMS.of(number)
        asked = Target(number, program, purpose, program)
        assert decide(ledger(*entries), asked) == decide(ledger(*shuffled), asked)


@pytest.mark.parametrize(
    "text",
    ["x", "+1202=a", "12025550101=a:marketing", "+12025550101=a:other", "+12025550101=:marketing",
     "+12025550101=a:marketing +12025550102=a:transactional",
     "+12025550101=a:marketing +12025550101=b:marketing"],
)  # fmt: skip
def test_programs_that_make_no_sense_are_refused(text: str) -> None:
    """A slip in the setting stops the service at its start."""
    with pytest.raises(ValueError):
        parse(text)


def test_a_number_without_a_program_counts_as_marketing() -> None:
    """What nobody has assigned is read most protectively."""
    assert PROGRAMS.of(PLAIN) == UNASSIGNED
    assert PROGRAMS.of(ORDERS) == Program("orders", ProgramKind.TRANSACTIONAL)


def _with(entry: LedgerEntry, **changes: object) -> LedgerEntry:
    return replace(entry, **changes)  # type: ignore[arg-type]
