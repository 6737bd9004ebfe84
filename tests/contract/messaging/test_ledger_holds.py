"""Texts that may be a STOP, questions for consent, and what the carrier's list tells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from switchhook.messaging.v1.consent_pb2 import ConsentChannel

from chassis.errors import NotFound, NotYet
from chassis.metrics import Metrics
from chassis.publisher import EVENT
from services.messaging import keywords
from services.messaging.consent.business_days import request_deadline
from services.messaging.consent.decision import ConsentState, ObjectionReason
from services.messaging.consent.hold_store import HoldStore
from services.messaging.consent.holds import HoldState, Judgement
from services.messaging.consent.keeping import Keeper
from services.messaging.consent.ledger import Action, Channel, LedgerEntry, Method, Scope
from services.messaging.consent.reconciliation_store import ReconciliationStore
from services.messaging.keywords import Classification, KeywordClass
from services.messaging.model import FailureReason, Message, Purpose, Status
from services.messaging.use_cases import receiving as receiving_module
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.opt_ins import OptIns, Question
from services.messaging.use_cases.reconciling import ListUnreadable, Reconciling
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    REPLIES,
    SECOND,
    Bench,
    draft,
    inbound,
)
from tests.contract.messaging.test_receiving import state, told

UNCLEAR = "enough of this?"
HELD = Classification(KeywordClass.AMBIGUOUS, "test.unclear")


@pytest.fixture(autouse=True)
def unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one text be unclear whatever the lists say."""

    def classify(text: str | None, subject: str = "", **facts: Any) -> Classification:
        return HELD if text == UNCLEAR else keywords.classify(text, subject, **facts)

    monkeypatch.setattr(receiving_module, "classify", classify)


async def objection(bench: Bench, purpose: Purpose) -> ObjectionReason | None:
    """Return why PEER must not be sent a message of this purpose."""
    async with bench.database.reading() as connection:
        found = await bench.consents.objection(connection, OURS, PEER, purpose)
    return found.reason if found else None


async def open_hold(bench: Bench) -> str:
    """Return the id of the only open hold."""
    async with bench.database.reading() as connection:
        ((hold, entry),) = await Holds(bench.consents).list(
            connection, HoldState.OPEN, limit=10, after=None
        )
    assert entry is not None
    assert entry.text == UNCLEAR
    return hold.hold_id


async def resolve(bench: Bench, hold_id: str, judgement: Judgement) -> HoldState:
    """Judge a hold in a transaction of its own."""
    async with bench.transaction() as connection:
        ended = await Holds(bench.consents).resolve(
            connection, hold_id, judgement, reviewer="Ada", note="read it twice"
        )
    return ended.state


async def actions(bench: Bench) -> list[Action]:
    """Return what the ledger holds about PEER, in the order of recording."""
    async with bench.database.reading() as connection:
        entries = await bench.ledger.recorded(connection, after=0, limit=100, peer_number=PEER)
    return [entry.action for entry in entries]


def keeper(bench: Bench, rows: Sequence[Mapping[str, object]] | None = ()) -> Keeper:
    """Return what keeps consent true, with this list at the carrier; None is no answer."""
    reconciling = Reconciling(
        bench.database, bench.consents, Listed(rows), ReconciliationStore(), frozenset({OURS})
    )
    return Keeper(bench.database, Holds(bench.consents), reconciling, Metrics(), lambda: None)


class Listed:
    """The carrier's list of opt-outs, in memory."""

    def __init__(self, rows: Sequence[Mapping[str, object]] | None) -> None:
        self._rows = rows

    async def opt_outs(self, since: datetime | None, page: int) -> Sequence[Mapping[str, object]]:
        """Return everything on the first page."""
        if self._rows is None:
            raise ListUnreadable
        return self._rows if page == 1 else ()


async def test_an_unclear_text_stops_marketing_until_it_is_judged(bench: Bench) -> None:
    """A hold stops what sells and nothing else, is told, and ends when it is judged harmless."""
    await bench.receive(inbound(UNCLEAR))
    assert await objection(bench, Purpose.MARKETING) is ObjectionReason.HELD
    for purpose in (Purpose.TRANSACTIONAL, Purpose.VERIFICATION, Purpose.CONVERSATION):
        assert await objection(bench, purpose) is None
    with pytest.raises(NotYet) as refusal:
        await bench.send(draft(purpose=Purpose.MARKETING))
    assert refusal.value.reason == "RECIPIENT_HELD"
    assert await bench.replies() == []
    hold_id = await open_hold(bench)
    assert await resolve(bench, hold_id, Judgement.NOT_A_STOP) is HoldState.RELEASED
    assert await resolve(bench, hold_id, Judgement.NOT_A_STOP) is HoldState.RELEASED
    assert await objection(bench, Purpose.MARKETING) is None
    assert await actions(bench) == [Action.HELD, Action.RELEASED]
    carried = [told(record)[1] for record in await bench.effects(EVENT)]
    assert [each.WhichOneof("detail") for each in carried] == ["held", "released"]
    assert {each.held.hold_id or each.released.hold_id for each in carried} == {hold_id}
    with pytest.raises(NotYet) as late:
        await resolve(bench, hold_id, Judgement.STOP)
    assert late.value.reason == "HOLD_RESOLVED"


async def test_a_judged_stop_counts_from_when_it_was_written(bench: Bench) -> None:
    """The reviewer's STOP has the time of the text: a START sent after it still stands."""
    await bench.receive(inbound(UNCLEAR))
    assert await resolve(bench, await open_hold(bench), Judgement.STOP) is HoldState.STOPPED
    assert await state(bench) is ConsentState.REVOKED
    async with bench.database.reading() as connection:
        entry, _ = await bench.ledger.recent(connection, PEER, 10)
    assert (entry.action, entry.reviewer, entry.effective_time) == (Action.REVOKED, "Ada", NOON)
    await bench.receive(inbound("START", create_time=NOON + timedelta(minutes=1)))
    assert await state(bench) is ConsentState.GRANTED


async def test_an_unknown_hold_is_not_found(bench: Bench) -> None:
    """Judging what is not there fails."""
    with pytest.raises(NotFound):
        await resolve(bench, "h-1", Judgement.STOP)


async def test_what_nobody_judges_in_time_is_a_stop(bench: Bench) -> None:
    """After ten business days a sweep ends the hold, once, and not a moment before."""
    await bench.receive(inbound(UNCLEAR))
    swept = keeper(bench)
    bench.clock.advance(request_deadline(NOON) - NOON - timedelta(microseconds=1))
    await swept.sweep()
    assert await state(bench) is ConsentState.UNRECORDED
    bench.clock.advance(timedelta(microseconds=1))
    await swept.sweep()
    await swept.sweep()
    assert await state(bench) is ConsentState.REVOKED
    assert await actions(bench) == [Action.HELD, Action.REVOKED]


async def test_consent_given_after_an_unclear_text_outlasts_it(bench: Bench) -> None:
    """A START after the text lifts the hold whatever arrives first; one before it does not."""
    later = NOON + timedelta(minutes=1)
    await bench.receive(inbound("START", create_time=later))
    await bench.receive(inbound(UNCLEAR))
    assert await objection(bench, Purpose.MARKETING) is None
    await bench.receive(inbound(UNCLEAR, create_time=later))
    assert await objection(bench, Purpose.MARKETING) is ObjectionReason.HELD


async def ask(bench: Bench) -> Message:
    """Ask PEER for consent."""
    question = Question(our_number=OURS, peer_number=PEER, program_name="news")
    async with bench.transaction() as connection:
        message, _ = await OptIns(bench.sending, REPLIES).ask(connection, "r-1", question)
    return message


async def test_yes_is_consent_only_while_a_question_is_open(bench: Bench) -> None:
    """YES without a question is a word like any other; within a day of one it confirms."""
    await bench.receive(inbound("yes"))
    assert await state(bench) is ConsentState.UNRECORDED
    prompt = await ask(bench)
    await bench.receive(inbound("yes", our_number=SECOND, create_time=NOON))
    assert await state(bench) is ConsentState.UNRECORDED
    await bench.receive(inbound("Yes!", create_time=NOON + timedelta(hours=23)))
    assert await state(bench) is ConsentState.GRANTED
    async with bench.database.reading() as connection:
        (entry,) = await bench.ledger.recent(connection, PEER, 10)
    assert entry.action is Action.CONFIRMED
    assert entry.evidence["disclosure_text"] == prompt.text
    assert entry.evidence["user_answer"] == "Yes!"
    assert entry.prompt_time == NOON


async def test_a_question_nobody_answers_in_a_day_is_closed(bench: Bench) -> None:
    """No answer is no consent, and a YES after the day is none either."""
    await ask(bench)
    await bench.receive(inbound("yes", create_time=NOON + timedelta(hours=24)))
    assert await state(bench) is ConsentState.UNRECORDED


async def test_a_stop_after_the_question_outweighs_the_yes(bench: Bench) -> None:
    """A YES after a STOP may answer something else: in any order the person stays opted out."""
    stop = inbound("STOP", create_time=NOON + timedelta(minutes=1), peer_number=PEER)
    yes = inbound("yes", create_time=NOON + timedelta(minutes=2), peer_number=PEER)
    await ask(bench)
    for order in permutations([stop, yes]):
        for message in order:
            await bench.receive(message)
        assert await state(bench) is ConsentState.REVOKED


async def test_nobody_is_asked_after_an_opt_out(bench: Bench) -> None:
    """A question after a STOP would be one message more than the law allows."""
    await bench.receive(inbound("STOP"))
    with pytest.raises(NotYet):
        await ask(bench)


async def test_a_revocation_withdraws_what_is_queued(bench: Bench) -> None:
    """What waits for somebody fails in the transaction of their STOP; others' messages stay."""
    message = await bench.queued()
    await bench.send(draft(peer_number=OTHER, text="another"))
    await bench.receive(inbound("STOP"))
    found = await bench.message(message.message_id)
    assert found is not None
    assert (found.status, found.failure and found.failure.reason) == (
        Status.FAILED,
        FailureReason.OPTED_OUT,
    )
    (other,) = [each for each in await bench.all_messages() if each.text == "another"]
    assert other.status is Status.QUEUED


async def test_a_person_may_answer_a_question_asked_after_the_stop(bench: Bench) -> None:
    """What somebody asks after opting out may be answered by a person, and by no machine."""
    await bench.receive(inbound("where is my order?"))
    await bench.receive(inbound("STOP", create_time=NOON + timedelta(minutes=1)))
    assert await objection(bench, Purpose.CONVERSATION) is ObjectionReason.OPTED_OUT
    await bench.receive(inbound(UNCLEAR, create_time=NOON + timedelta(minutes=2)))
    assert await objection(bench, Purpose.CONVERSATION) is ObjectionReason.OPTED_OUT
    await bench.receive(inbound("but my order?", create_time=NOON + timedelta(minutes=3)))
    assert await objection(bench, Purpose.CONVERSATION) is None
    assert await objection(bench, Purpose.TRANSACTIONAL) is ObjectionReason.OPTED_OUT
    async with bench.database.reading() as connection:
        conversation = (OURS, PEER, Purpose.CONVERSATION)
        assert await bench.consents.objection(connection, *conversation, auto=True) is not None


async def test_an_opt_out_of_calls_is_told_and_stops_no_message(bench: Bench) -> None:
    """What this service keeps for others reaches them by the stream."""
    async with bench.transaction() as connection:
        await bench.consents.add(connection, replace(CALLS, channel=Channel.VOICE))
    assert await state(bench) is ConsentState.UNRECORDED
    (record,) = await bench.effects(EVENT)
    assert told(record)[1].channel == ConsentChannel.CONSENT_CHANNEL_VOICE


CALLS = LedgerEntry(
    entry_id="l-1",
    effective_time=NOON,
    record_time=NOON,
    action=Action.REVOKED,
    scope=Scope.BRAND,
    method=Method.AGENT,
    peer_number=PEER,
    our_number="",
    source_message_id="",
)

ROW = {"from": OURS, "to": PEER, "keyword": "STOP", "created_at": "2025-05-31T10:00:00Z"}


async def test_the_carriers_list_tells_of_opt_outs_we_missed(bench: Bench) -> None:
    """An unknown row revokes once, however often and however turned it is read."""
    turned = {**ROW, "from": PEER, "to": OURS}
    for row in (ROW, ROW, turned):
        await keeper(bench, [row, {"to": "12345"}, {}]).reconcile()
    assert await state(bench) is ConsentState.REVOKED
    async with bench.database.reading() as connection:
        (entry,) = await bench.ledger.recent(connection, PEER, 10)
        cursor = await ReconciliationStore().cursor(connection, "telnyx messaging_optouts")
    assert (entry.method, entry.text) == (Method.PROVIDER_BLOCK, "STOP")
    assert entry.evidence == {"source": "reconciliation"}
    assert cursor == entry.effective_time == datetime(2025, 5, 31, 10, tzinfo=UTC)


async def test_a_list_that_is_away_changes_nothing(bench: Bench) -> None:
    """Without an answer nothing is learned and the cursor stays."""
    with pytest.raises(ListUnreadable):
        await keeper(bench, None).reconcile()
    async with bench.database.reading() as connection:
        assert await ReconciliationStore().cursor(connection, "telnyx messaging_optouts") is None


async def test_an_opt_out_we_know_is_not_recorded_again(bench: Bench) -> None:
    """A STOP that arrived by webhook needs no second entry from the list."""
    await bench.receive(inbound("STOP"))
    await keeper(bench, [ROW]).reconcile()
    assert await actions(bench) == [Action.REVOKED]


async def test_open_holds_are_counted(bench: Bench) -> None:
    """The store knows how many texts wait and since when the oldest does."""
    await bench.receive(inbound(UNCLEAR, create_time=NOON - timedelta(hours=2)))
    await bench.receive(inbound(UNCLEAR, peer_number=OTHER))
    async with bench.database.reading() as connection:
        count, oldest = await HoldStore().open_count(connection)
    assert (count, oldest) == (2, NOON - timedelta(hours=2))
