"""Answering received messages by rule, over a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from chassis.clock import FixedClock
from chassis.errors import NotFound
from services.messaging import tables
from services.messaging.model import Failure, FailureReason, Message, Purpose, Status
from services.messaging.replies.business_hours import BusinessHours, OpenSpan
from services.messaging.replies.conversation_store import ConversationStore
from services.messaging.replies.conversations import Conversation, ConversationState
from services.messaging.replies.guards import Guard
from services.messaging.replies.rules import (
    Condition,
    Contains,
    Equals,
    FirstContact,
    OutOfHours,
    Rule,
)
from services.messaging.replies.store import AutoReplyStore
from services.messaging.sending import sender
from services.messaging.use_cases.auto_replies import AutoReplies
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    SECOND,
    Bench,
    draft,
    inbound,
    open_bench,
    reported,
)

QUESTION = "what are your hours?"
ANSWER = "We are open from nine to five."


@dataclass
class Tally:
    """Counts what the metrics would."""

    replies: list[str] = field(default_factory=list)
    suppressed_by: list[Guard] = field(default_factory=list)

    def replied(self, rule: Rule) -> None:
        """Note a reply."""
        self.replies.append(rule.rule_id)

    def suppressed(self, guard: Guard, message_id: str) -> None:
        """Note a suppression."""
        self.suppressed_by.append(guard)


@dataclass
class Desk:
    """A bench whose received messages are answered by rule."""

    bench: Bench
    replies: AutoReplies
    tally: Tally

    @property
    def clock(self) -> FixedClock:
        """The clock everything goes by."""
        return self.bench.clock

    async def put(self, condition: Condition, rule_id: str = "r", **changes: object) -> Rule:
        """Put a rule."""
        values: dict[str, object] = {"rule_id": rule_id, "condition": condition, "text": ANSWER}
        async with self.bench.transaction() as connection:
            rule = Rule(**{**values, **changes})  # type: ignore[arg-type]
            return await self.replies.put(connection, rule)

    async def hears(self, text: str | None = QUESTION, **changes: object) -> Message:
        """Take in a message that was received now."""
        now = self.clock.now()
        return await self.bench.receive(inbound(text, **{"create_time": now, **changes}))

    async def guard_of(self, message: Message) -> Guard | None:
        """Return why a message was not answered."""
        async with self.bench.database.reading() as connection:
            return (await self.replies.decided(connection, message.message_id)).guard

    async def answers(self) -> list[Message]:
        """Return the automatic replies, newest first."""
        return [each for each in await self.bench.all_messages() if each.auto]

    async def conversation(self, message: Message) -> Conversation:
        """Return the conversation of a message."""
        async with self.bench.database.reading() as connection:
            found = await self.replies.conversations.get(connection, message.conversation_id)
        assert found is not None
        return found

    async def switch(self, *, engaged: bool) -> None:
        """Set the kill switch."""
        async with self.bench.transaction() as connection:
            await self.replies.set_switch(connection, engaged=engaged, note="test")


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Automatic replies over an empty database, with one rule about hours."""
    async with open_bench(database_url) as bench:
        tally = Tally()
        replies = AutoReplies(
            AutoReplyStore(),
            ConversationStore(),
            bench.sending,
            bench.receiving.own_numbers,
            bench.clock,
            tally,
        )
        bench.receiving = replace(bench.receiving, listeners=(replies,))
        made = Desk(bench, replies, tally)
        await made.put(Contains(("hours",)))
        yield made


async def test_a_question_is_answered_once_and_its_repetition_is_not(desk: Desk) -> None:
    """The answer is queued with the message, marked as automatic, under an id of its own."""
    question = await desk.hears()
    await desk.bench.receive(question)
    (answer,) = await desk.answers()
    assert (answer.our_number, answer.peer_number, answer.text) == (OURS, PEER, ANSWER)
    assert answer.purpose is Purpose.CONVERSATION
    assert answer.expire_time == NOON + timedelta(minutes=15)
    (effect,) = await desk.bench.effects(sender.KIND)
    assert effect.effect.effect_id == answer.message_id
    assert answer.conversation_id == question.conversation_id
    assert desk.tally.replies == ["r"]


async def test_what_was_decided_can_be_asked_for(desk: Desk) -> None:
    """A decision names the rule and the reply, or the guard; without a rule there is none."""
    first, other = await desk.hears(), await desk.hears("prices?")
    async with desk.bench.database.reading() as connection:
        decided = await desk.replies.decided(connection, first.message_id)
        with pytest.raises(NotFound):
            await desk.replies.decided(connection, other.message_id)
    (answer,) = await desk.answers()
    assert (decided.rule_id, decided.guard) == ("r", None)
    assert (decided.reply_message_id, decided.reply_text) == (answer.message_id, ANSWER)
    assert await desk.guard_of(await desk.hears()) is Guard.PAIR_PAUSE
    assert desk.tally.suppressed_by == [Guard.PAIR_PAUSE]


@pytest.mark.parametrize("word", ["STOP", "start", "HELP"])
async def test_keywords_are_never_answered_by_rule(desk: Desk, word: str) -> None:
    """Even a rule that waits for them leaves them to consent."""
    await desk.put(Contains((word,)), "keyword")
    message = await desk.hears(word)
    assert await desk.answers() == []
    assert await desk.guard_of(message) is Guard.KEYWORD


async def test_who_has_opted_out_is_not_answered(desk: Desk) -> None:
    """A question after a STOP is for a person to answer."""
    await desk.hears("STOP")
    desk.clock.advance(timedelta(minutes=1))
    assert await desk.guard_of(await desk.hears()) is Guard.REVOKED
    assert await desk.answers() == []


async def test_a_pair_gets_one_reply_in_five_minutes_and_three_an_hour(desk: Desk) -> None:
    """Others are not held up by it."""
    guards = []
    for minute in range(0, 60, 4):
        desk.clock.advance(NOON + timedelta(minutes=minute) - desk.clock.now())
        guards.append(await desk.guard_of(await desk.hears(f"{QUESTION} {minute}")))
    answered = [index * 4 for index, guard in enumerate(guards) if guard is None]
    assert answered == [0, 8, 16]
    assert guards[1] is Guard.PAIR_PAUSE
    assert set(guards[7:]) == {Guard.PAIR_HOURLY}
    assert await desk.guard_of(await desk.hears(peer_number=OTHER)) is None


async def test_a_pair_gets_six_replies_a_day_and_then_a_person_is_needed(desk: Desk) -> None:
    """After six automatic messages in a row only a written one lets a seventh out."""
    for hour in range(8):
        desk.clock.advance(NOON + timedelta(hours=hour) - desk.clock.now())
        last = await desk.hears(f"{QUESTION} {hour}")
    assert len(await desk.answers()) == 6
    assert await desk.guard_of(last) is Guard.PAIR_DAILY
    desk.clock.advance(timedelta(days=2))
    assert await desk.guard_of(await desk.hears()) is Guard.NO_HUMAN
    await desk.bench.send(draft())
    desk.clock.advance(timedelta(minutes=1))
    assert await desk.guard_of(await desk.hears(f"{QUESTION} again")) is None


async def test_the_service_gives_ten_replies_at_once_and_one_a_second(desk: Desk) -> None:
    """The budget is the service's, whoever writes."""
    people = [f"+131255501{number:02}" for number in range(10, 23)]
    guards = [await desk.guard_of(await desk.hears(peer_number=each)) for each in people]
    assert guards == [None] * 10 + [Guard.SERVICE_RATE] * 3
    desk.clock.advance(timedelta(seconds=2))
    assert await desk.guard_of(await desk.hears(peer_number="+13125550130")) is None


async def test_the_kill_switch_stops_everything_until_it_is_released(desk: Desk) -> None:
    """It is asked for each message."""
    await desk.switch(engaged=True)
    assert await desk.guard_of(await desk.hears()) is Guard.KILL_SWITCH
    await desk.switch(engaged=False)
    assert await desk.guard_of(await desk.hears(f"{QUESTION} now")) is None


async def test_an_undeliverable_reply_mutes_until_consent_is_given(desk: Desk) -> None:
    """A failure that is the recipient's, not ours."""
    await desk.hears()
    (answer,) = await desk.answers()
    async with desk.bench.transaction() as connection:
        await desk.bench.sending.accepted(connection, answer.message_id, "c-1")
    failure = Failure(FailureReason.NOT_DELIVERED, "40008", "Undeliverable")
    await desk.bench.report(
        reported(Status.DELIVERY_FAILED, failure=failure, complete_time=desk.clock.now())
    )
    desk.clock.advance(timedelta(minutes=10))
    assert await desk.guard_of(await desk.hears()) is Guard.UNDELIVERABLE
    desk.clock.advance(timedelta(minutes=1))
    await desk.hears("STOP")
    desk.clock.advance(timedelta(minutes=1))
    await desk.hears("START")
    desk.clock.advance(timedelta(minutes=1))
    assert await desk.guard_of(await desk.hears(f"{QUESTION} pl")) is None


async def test_an_echo_mutes_the_pair_for_a_day(desk: Desk) -> None:
    """Our own words come back: the other side is a machine that repeats."""
    await desk.hears()
    desk.clock.advance(timedelta(minutes=10))
    echo = await desk.hears(ANSWER)
    conversation = await desk.conversation(echo)
    assert conversation.state(desk.clock.now()) is ConversationState.MUTED
    assert conversation.muted_until(desk.clock.now()) == NOON + timedelta(hours=24, minutes=10)
    assert await desk.guard_of(await desk.hears()) is Guard.MUTED
    desk.clock.advance(timedelta(hours=25))
    assert await desk.guard_of(await desk.hears(f"{QUESTION} now")) is None


async def test_the_same_text_three_times_is_a_machine(desk: Desk) -> None:
    """The pair is muted for a day, and its conversation says why."""
    guards = [await desk.guard_of(await desk.hears()) for _ in range(3)]
    assert guards == [None, Guard.PAIR_PAUSE, Guard.REPEATED]
    desk.clock.advance(timedelta(hours=1))
    last = await desk.hears("and your hours on Sunday?")
    assert await desk.guard_of(last) is Guard.PEER_IS_BOT
    conversation = await desk.conversation(last)
    assert conversation.state(desk.clock.now()) is ConversationState.PEER_IS_BOT


async def test_answers_within_two_seconds_are_a_machines(desk: Desk) -> None:
    """Nobody types that fast, twice."""
    for number in range(2):
        question = await desk.hears(f"{QUESTION} {number}")
        assert await desk.guard_of(question) is None
        desk.clock.advance(timedelta(seconds=1))
        last = await desk.hears(f"hours {number}")
        desk.clock.advance(timedelta(minutes=6))
    assert await desk.guard_of(last) is Guard.TOO_QUICK


async def test_first_contact_is_greeted_once(desk: Desk) -> None:
    """Not after a message of ours either."""
    await desk.put(FirstContact(), "welcome", text="Welcome.")
    await desk.hears("hello")
    desk.clock.advance(timedelta(hours=1))
    await desk.hears("hello again")
    await desk.bench.send(draft(peer_number=OTHER))
    await desk.hears("hello", peer_number=OTHER)
    assert [each.text for each in await desk.answers()] == ["Welcome."]


async def test_a_closure_is_answered_once(desk: Desk) -> None:
    """The next closure is answered anew. NOON is a Sunday."""
    hours = BusinessHours("UTC", tuple(OpenSpan(day, 540, 1020) for day in range(1, 6)))
    await desk.put(OutOfHours(hours), "closed", text="We are closed.", priority=1)
    assert await desk.guard_of(await desk.hears("anybody there?")) is None
    desk.clock.advance(timedelta(hours=15))
    assert await desk.guard_of(await desk.hears("hello?")) is Guard.CLOSURE_ANSWERED
    desk.clock.advance(timedelta(hours=15))
    assert await desk.guard_of(await desk.hears("still there?")) is None


async def test_our_own_numbers_are_never_answered(desk: Desk) -> None:
    """Those we were told of, those that messages come in to, and those we send from."""
    third = "+12025550177"
    await desk.bench.send(draft(our_number=third))
    for number in (SECOND, third, OURS):
        message = await desk.hears(peer_number=number)
        assert await desk.guard_of(message) is Guard.OWN_SENDER
    assert await desk.answers() == []


async def test_a_late_message_is_not_answered(desk: Desk) -> None:
    """An answer after a quarter of an hour comes out of nowhere."""
    message = await desk.hears(create_time=NOON - timedelta(minutes=20))
    assert await desk.guard_of(message) is Guard.STALE


async def test_a_trial_changes_nothing(desk: Desk) -> None:
    """It says what would happen, as often as it is asked."""
    trial = inbound(QUESTION, message_id="trial")
    for _ in range(5):
        async with desk.bench.database.reading() as connection:
            decision = await desk.replies.explain(connection, trial)
        assert decision.answers
    assert await desk.bench.all_messages() == []
    await desk.hears()
    async with desk.bench.database.reading() as connection:
        decision = await desk.replies.explain(connection, trial)
    assert decision.guard is Guard.PAIR_PAUSE


async def test_rules_are_kept_replaced_listed_and_deleted(desk: Desk) -> None:
    """A replaced rule keeps the time it was created; lists go by priority, then by id."""
    hours = BusinessHours("Europe/Paris", (OpenSpan(1, 0, 1440),))
    await desk.put(OutOfHours(hours), "closed", priority=5, our_numbers=(OURS,))
    await desk.put(Equals(("menu",)), "menu", priority=2, enabled=False)
    desk.clock.advance(timedelta(hours=1))
    changed = await desk.put(FirstContact(), "r", priority=7, text="Welcome.")
    assert (changed.create_time, changed.update_time) == (NOON, NOON + timedelta(hours=1))
    store = desk.replies.store
    async with desk.bench.transaction() as connection:
        listed = await store.page(connection, limit=2)
        rest = await store.page(connection, limit=2, after=listed[-1].place)
        assert [each.rule_id for each in (*listed, *rest)] == ["menu", "closed", "r"]
        assert listed[1].condition == OutOfHours(hours)
        assert listed[1].our_numbers == (OURS,)
        assert rest[0] == changed
        assert [each.rule_id for each in await store.enabled(connection)] == ["closed", "r"]
        await store.delete(connection, "closed")
        with pytest.raises(NotFound):
            await desk.replies.get(connection, "closed")


async def test_rules_of_the_settings_do_not_replace_those_there(desk: Desk) -> None:
    """What was changed while running stays changed over a restart."""
    rules = [Rule(rule_id=name, condition=FirstContact(), text="seeded") for name in ("r", "s")]
    async with desk.bench.transaction() as connection:
        await desk.replies.seed(connection, rules)
        texts = [(await desk.replies.get(connection, name)).text for name in ("r", "s")]
    assert texts == [ANSWER, "seeded"]


async def test_the_tables_are_those_of_the_migrations(desk: Desk) -> None:
    """Nothing was forgotten in the migration."""
    from tests.support.drift import drift

    assert await drift(desk.bench.database, tables.metadata) == []
