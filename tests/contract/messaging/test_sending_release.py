"""When messages leave: scheduled, deferred to the recipient's hours, paced, withdrawn, expired."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from switchhook.messaging.v1.message_service_pb2 import SendMessageResponse

from carrier.outcomes import Accepted
from chassis.claims import Claims
from chassis.effects import Done, RetryLater, State
from chassis.errors import Invalid, NotFound, NotYet
from services.messaging import tables
from services.messaging.model import Failure, FailureReason, Message, Purpose, Status
from services.messaging.sending import sender
from services.messaging.sending.pacing import Pace, Paces, SenderKind
from services.messaging.sending.plan import Deferral
from services.messaging.sending.templates import Template, TemplateUse, Variable
from services.messaging.sending.wiring import message_sender
from services.messaging.use_cases.withdrawing import Withdrawing
from tests.contract.messaging.conftest import (
    NOON,
    OTHER,
    OURS,
    PEER,
    Bench,
    draft,
    inbound,
    open_bench,
)
from tests.unit.messaging.test_sender import ScriptedCarrier

# NOON in UTC is seven in the morning in Chicago, where PEER is, on a Sunday.
OPENS = datetime(2025, 6, 1, 14, tzinfo=UTC)
SHUTS = datetime(2025, 6, 2, 2, tzinfo=UTC)


class Desk:
    """The use cases with a dispatcher that works step by step."""

    def __init__(self, bench: Bench, paces: Paces | None = None) -> None:
        """Let everything go at once unless a pace is given."""
        self.bench = bench
        self.carrier = ScriptedCarrier(Accepted(200, {"data": {"id": "c"}}))
        paces = paces or Paces({kind: Pace(1000) for kind in SenderKind})
        self.performer = message_sender(self.carrier, bench.sending, paces)
        performers = {sender.KIND: self.performer}
        tables.outbox._clock = bench.clock
        self.claims = Claims(tables.outbox, performers, "one", bench.clock, 30)

    async def send(self, **changes: object) -> Message:
        """Ask for a message and return it."""
        answer = await self.bench.send(draft(**changes))
        response = SendMessageResponse.FromString(answer)
        return await self.message(response.message.message_id)

    async def message(self, message_id: str) -> Message:
        """Return a message as it is now."""
        found = await self.bench.message(message_id)
        assert found is not None
        return found

    async def leave(self) -> list[str]:
        """Hand over everything that may leave now; return the ids in order."""
        gone: list[str] = []
        while True:
            async with self.bench.transaction() as connection:
                taken = await self.claims.claim(connection, 10)
            for claim in taken.claims:
                gone.append(claim.effect.effect_id)
                async with self.bench.transaction() as connection:
                    await self.claims.record(connection, claim, Done(str(uuid.uuid4())))
            if not taken.claims and not taken.more:
                return gone

    async def cancel(self, message_id: str) -> Message:
        """Withdraw a message."""
        async with self.bench.transaction() as connection:
            return await Withdrawing(self.bench.sending).cancel(connection, message_id)

    def at(self, instant: datetime) -> None:
        """Turn the clock."""
        self.bench.clock.advance(instant - self.bench.clock.now())


@pytest.fixture
async def desk(bench: Bench) -> AsyncIterator[Desk]:
    """The use cases with a dispatcher; the outbox has its clock back afterwards."""
    before = tables.outbox._clock
    yield Desk(bench)
    tables.outbox._clock = before


async def test_a_scheduled_message_leaves_in_its_time(desk: Desk) -> None:
    """It waits here as SCHEDULED, not at the carrier, and leaves when it is due."""
    due = NOON + timedelta(days=30)
    message = await desk.send(schedule_time=due)
    assert (message.status, message.plan.release_time) == (Status.SCHEDULED, due)
    desk.at(due - timedelta(seconds=1))
    assert await desk.leave() == []
    desk.at(due)
    assert await desk.leave() == [message.message_id]
    assert (await desk.message(message.message_id)).status is Status.SENDING


async def test_a_time_that_has_passed_means_now(desk: Desk) -> None:
    """A schedule in the past is sent at once, and one too far ahead is refused by its name."""
    message = await desk.send(schedule_time=NOON - timedelta(days=1))
    assert message.status is Status.QUEUED
    assert await desk.leave() == [message.message_id]
    with pytest.raises(Invalid) as raised:
        await desk.send(schedule_time=NOON + timedelta(days=367))
    assert [fault.field for fault in raised.value.fields] == ["schedule_time"]


async def test_who_opts_out_meanwhile_is_not_written_to(desk: Desk) -> None:
    """A STOP withdraws what is scheduled and what is queued, in its own transaction."""
    scheduled = await desk.send(
        schedule_time=NOON + timedelta(days=1), purpose=Purpose.TRANSACTIONAL
    )
    queued = await desk.send(purpose=Purpose.TRANSACTIONAL)
    other = await desk.send(peer_number=OTHER, purpose=Purpose.TRANSACTIONAL)
    await desk.bench.receive(inbound("STOPALL", answered_by_carrier=True))
    opted_out = Failure(FailureReason.OPTED_OUT)
    withdrawn = await desk.message(scheduled.message_id)
    assert (withdrawn.status, withdrawn.failure) == (Status.CANCELLED, opted_out)
    refused = await desk.message(queued.message_id)
    assert (refused.status, refused.failure) == (Status.FAILED, opted_out)
    assert await desk.leave() == [other.message_id]
    desk.at(NOON + timedelta(days=2))
    assert await desk.leave() == []
    states = [record.state for record in await desk.bench.effects(sender.KIND)]
    assert states == [State.FAILED, State.FAILED, State.SENT]


async def test_a_message_that_waits_can_be_withdrawn(desk: Desk) -> None:
    """Cancelling twice is the same as once; nothing leaves afterwards."""
    message = await desk.send(schedule_time=NOON + timedelta(days=1))
    once = await desk.cancel(message.message_id)
    assert (once.status, once.failure) == (Status.CANCELLED, Failure(FailureReason.CANCELLED))
    assert await desk.cancel(message.message_id) == once
    desk.at(NOON + timedelta(days=2))
    assert await desk.leave() == []


async def test_a_message_that_left_cannot_be_withdrawn(desk: Desk) -> None:
    """Neither one on its way nor one that came to another end; the error says where it is."""
    message = await desk.send()
    async with desk.bench.transaction() as connection:
        (claim,) = (await desk.claims.claim(connection, 10)).claims
    with pytest.raises(NotYet) as raised:
        await desk.cancel(message.message_id)
    assert (raised.value.reason, raised.value.metadata) == (
        "TOO_LATE_TO_CANCEL",
        {"status": "QUEUED"},
    )
    async with desk.bench.transaction() as connection:
        await desk.claims.record(connection, claim, Done("c-1"))
    with pytest.raises(NotYet) as raised:
        await desk.cancel(message.message_id)
    assert raised.value.metadata == {"status": "SENDING"}
    with pytest.raises(NotFound):
        await desk.cancel("nothing")


async def test_marketing_waits_for_the_recipients_hours(desk: Desk) -> None:
    """It is deferred, not dropped; the recipient's own clock counts, and others do not wait."""
    offer = await desk.send(purpose=Purpose.MARKETING)
    assert (offer.plan.deferral, offer.plan.release_time) == (Deferral.QUIET_HOURS, OPENS)
    note = await desk.send(purpose=Purpose.TRANSACTIONAL)
    assert await desk.leave() == [note.message_id]
    desk.at(OPENS - timedelta(seconds=1))
    assert await desk.leave() == []
    desk.at(OPENS)
    assert await desk.leave() == [offer.message_id]
    assert (await desk.message(offer.message_id)).plan.deferral is Deferral.UNSPECIFIED


async def test_the_hours_are_asked_again_when_a_message_is_released(desk: Desk) -> None:
    """One that comes up after the hours, because nobody was there to send it, waits once more."""
    offer = await desk.send(purpose=Purpose.MARKETING)
    desk.at(SHUTS)
    assert await desk.leave() == []
    waiting = await desk.message(offer.message_id)
    assert waiting.plan.deferral is Deferral.QUIET_HOURS
    assert waiting.plan.release_time == OPENS + timedelta(days=1)
    desk.at(OPENS + timedelta(days=1))
    assert await desk.leave() == [offer.message_id]


async def test_marketing_to_who_has_no_hours_is_refused(desk: Desk) -> None:
    """A toll-free number is in so many zones that no hour suits them all."""
    with pytest.raises(NotYet) as raised:
        await desk.send(purpose=Purpose.MARKETING, peer_number="+18005550100")
    assert raised.value.reason == "NO_ALLOWED_HOURS"
    assert await desk.bench.all_messages() == []


async def test_what_is_no_longer_worth_sending_is_not_sent(desk: Desk) -> None:
    """Past its validity a message ends EXPIRED; a code has ten minutes unless it says otherwise."""
    message = await desk.send(valid_for=timedelta(minutes=1))
    code = await desk.send(purpose=Purpose.VERIFICATION)
    scheduled = await desk.send(
        schedule_time=NOON + timedelta(hours=1), valid_for=timedelta(hours=1)
    )
    assert code.expire_time == NOON + timedelta(minutes=10)
    assert scheduled.expire_time == NOON + timedelta(hours=2)
    desk.at(NOON + timedelta(minutes=1))
    assert await desk.leave() == [code.message_id]
    expired = await desk.message(message.message_id)
    assert (expired.status, expired.failure) == (Status.FAILED, Failure(FailureReason.EXPIRED))


async def test_what_cannot_leave_before_it_expires_ends_at_once(desk: Desk) -> None:
    """Nobody waits for hours that come too late."""
    offer = await desk.send(purpose=Purpose.MARKETING, valid_for=timedelta(hours=20))
    desk.at(SHUTS)
    assert await desk.leave() == []
    assert (await desk.message(offer.message_id)).failure == Failure(FailureReason.EXPIRED)


async def test_a_sender_keeps_its_pace(bench: Bench, desk: Desk) -> None:
    """Two a second leave at once, the others in their turn; another sender waits for none."""
    paces = Paces.parse(f"{OURS}=1")
    paces = Paces(paces.by_kind, {OURS: Pace(1, burst_seconds=1)})
    desk = Desk(bench, paces)
    asked = [(await desk.send(purpose=Purpose.TRANSACTIONAL)).message_id for _ in range(5)]
    assert await desk.leave() == asked[:2]
    waiting = await desk.message(asked[4])
    assert waiting.plan.deferral is Deferral.PACE
    assert waiting.plan.release_time == NOON + timedelta(seconds=3)
    other = await desk.send(our_number="+12025550109", purpose=Purpose.TRANSACTIONAL)
    code = await desk.send(purpose=Purpose.VERIFICATION)
    assert await desk.leave() == [other.message_id, code.message_id]
    for second, message_id in enumerate(asked[2:], start=1):
        desk.at(NOON + timedelta(seconds=second))
        assert await desk.leave() == [message_id]


async def test_two_replicas_share_one_pace(bench: Bench, desk: Desk) -> None:
    """The pace is kept in the database, so a second dispatcher has no allowance of its own."""
    paces = Paces(by_sender={OURS: Pace(1, burst_seconds=0)})
    one, two = Desk(bench, paces), Desk(bench, paces)
    asked = [(await one.send(purpose=Purpose.TRANSACTIONAL)).message_id for _ in range(4)]
    gone: list[list[str]] = []
    for second in range(4):
        one.at(NOON + timedelta(seconds=second))
        gone.append([*await one.leave(), *await two.leave()])
    assert gone == [[message_id] for message_id in asked]


async def test_a_sender_the_carrier_finds_too_fast_pauses(desk: Desk) -> None:
    """The refused message says why it waits, and the sender's others wait as well."""
    first, second = await desk.send(), await desk.send()
    async with desk.bench.transaction() as connection:
        (claim,) = (await desk.claims.claim(connection, 1)).claims
    async with desk.bench.transaction() as connection:
        await desk.claims.record(connection, claim, RetryLater(60, "SLOW_DOWN 40018"))
    waiting = await desk.message(first.message_id)
    assert waiting.plan.deferral is Deferral.CARRIER_BUSY
    assert waiting.plan.release_time == NOON + timedelta(minutes=1)
    assert await desk.leave() == []
    assert (await desk.message(second.message_id)).plan.deferral is Deferral.PACE
    desk.at(NOON + timedelta(seconds=61))
    assert sorted(await desk.leave()) == sorted([first.message_id, second.message_id])


async def test_a_hold_of_the_carrier_is_waited_for(desk: Desk) -> None:
    """Error 40020 holds a message for a day; one that is worth nothing by then has expired."""
    code = await desk.send(purpose=Purpose.VERIFICATION)
    async with desk.bench.transaction() as connection:
        (claim,) = (await desk.claims.claim(connection, 1)).claims
    async with desk.bench.transaction() as connection:
        await desk.claims.record(connection, claim, RetryLater(86400, "HOLD 40020"))
    assert (await desk.message(code.message_id)).plan.deferral is Deferral.CARRIER_HOLD
    desk.at(NOON + timedelta(days=1))
    assert await desk.leave() == []
    assert (await desk.message(code.message_id)).failure == Failure(FailureReason.EXPIRED)


async def test_a_text_of_more_than_ten_parts_is_refused(desk: Desk) -> None:
    """The field is named, with the parts it would take; an MMS is not cut into parts."""
    for text, parts in (("x" * 1531, 11), ("ж" * 671, 11)):
        with pytest.raises(Invalid) as raised:
            await desk.send(text=text)
        (fault,) = raised.value.fields
        assert fault.field == "text"
        assert f"takes {parts} parts" in fault.description
    await desk.send(text="ж" * 671, media_urls=("https://example.com/a.png",))
    await desk.send(text="x" * 1530)


async def test_a_subject_needs_media(desk: Desk) -> None:
    """Only an MMS has a subject, and it goes along."""
    with pytest.raises(Invalid) as raised:
        await desk.send(subject="hi")
    assert [fault.field for fault in raised.value.fields] == ["subject"]
    await desk.send(subject="hi", media_urls=("https://example.com/a.png",))
    (record,) = await desk.bench.effects(sender.KIND)
    assert b'"subject":"hi"' in record.effect.body


async def test_a_short_code_may_send(desk: Desk) -> None:
    """A short code of ours has no country in it and is a sender all the same."""
    message = await desk.send(our_number="12345")
    assert await desk.leave() == [message.message_id]


async def test_a_template_makes_the_text(desk: Desk) -> None:
    """The message keeps the text, the template and the locale; nothing in a value is a gap."""
    hello = Template(
        template_id="hello",
        texts={"en": "Hello {{name}}", "pt": "Olá {{name}}"},
        default_locale="en",
        variables=(Variable("name"),),
    )
    templates = desk.bench.sending.composing.templates
    async with desk.bench.transaction() as connection:
        kept = await templates.put(connection, hello, ["en", "pt"])
        again = await templates.put(connection, hello, ["en", "pt"])
    assert kept == again
    assert kept.revision == 1
    use = TemplateUse("hello", "pt-BR", {"name": "{{Ada}}"})
    message = await desk.send(text="", template=use)
    assert message.text == "Olá {{Ada}}"
    assert (message.plan.template_id, message.plan.template_locale) == ("hello", "pt")
    with pytest.raises(Invalid) as raised:
        await desk.send(text="", template=TemplateUse("hello", "", {"nmae": "Ada"}))
    assert [fault.field for fault in raised.value.fields] == [
        "template.variables[nmae]",
        "template.variables[name]",
    ]
    with pytest.raises(NotFound) as missing:
        await desk.send(text="", template=TemplateUse("nothing", "", {}))
    assert missing.value.reason == "TEMPLATE_NOT_FOUND"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from([None, 0, 5, 60, 600]), st.booleans()),
        st.tuples(st.just("turn"), st.sampled_from([1, 30, 3600, 12 * 3600]), st.booleans()),
        st.tuples(st.just("cancel"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("stop"), st.none(), st.booleans()),
        st.tuples(st.just("leave"), st.none(), st.booleans()),
    ),
    max_size=14,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=steps)
async def test_any_history_of_steps_keeps_the_promises(
    history: list[tuple[str, int | None, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing leaves early, out of hours, after its end, or after an opt-out or a withdrawal."""
    folder = tmp_path_factory.mktemp("history")
    async with open_bench(f"sqlite+aiosqlite:///{folder}/messaging.db") as bench:
        before = tables.outbox._clock
        try:
            await _play(Desk(bench), history)
        finally:
            tables.outbox._clock = before


class Story:
    """A history as it is played, and what is known of it."""

    def __init__(self, desk: Desk) -> None:
        """Begin with nothing."""
        self.desk = desk
        self.asked: list[Message] = []
        self.over: set[str] = set()
        self.stopped = False

    async def send(self, value: int | None, flag: bool) -> None:
        """Ask for a message, marketing or not, now or later; refused only after a STOP."""
        due = None if value is None else self.desk.bench.clock.now() + timedelta(seconds=value)
        purpose = Purpose.MARKETING if flag else Purpose.TRANSACTIONAL
        try:
            self.asked.append(await self.desk.send(schedule_time=due, purpose=purpose))
        except NotYet:
            assert self.stopped

    async def turn(self, value: int | None, _flag: bool) -> None:
        """Let time pass."""
        self.desk.bench.clock.advance(timedelta(seconds=value or 0))

    async def cancel(self, value: int | None, _flag: bool) -> None:
        """Withdraw one of those asked for; too late only for those that are over."""
        if not self.asked:
            return
        chosen = self.asked[(value or 0) % len(self.asked)].message_id
        try:
            await self.desk.cancel(chosen)
        except NotYet:
            assert chosen in self.over or self.stopped
        self.over.add(chosen)

    async def stop(self, _value: int | None, _flag: bool) -> None:
        """Opt out of everything."""
        now = self.desk.bench.clock.now()
        word = inbound("STOPALL", answered_by_carrier=True, create_time=now)
        await self.desk.bench.receive(word)
        self.stopped = True

    async def leave(self, _value: int | None, _flag: bool) -> None:
        """Hand over what may leave, and look at each."""
        now, known = self.desk.bench.clock.now(), {each.message_id: each for each in self.asked}
        gone = await self.desk.leave()
        assert not (self.stopped and gone)
        assert not self.over & set(gone)
        self.over.update(gone)
        for message in (known[message_id] for message_id in gone):
            assert (message.plan.schedule_time or now) <= now
            if message.purpose is Purpose.MARKETING:
                assert self.desk.bench.sending.composing.opens(PEER, now) == now

    async def end(self) -> None:
        """After an opt-out nothing waits any more."""
        final = [await self.desk.message(each.message_id) for each in self.asked]
        waiting = {each.message_id for each in final if not each.status.is_final} - self.over
        assert not (self.stopped and waiting)


async def _play(desk: Desk, history: list[tuple[str, int | None, bool]]) -> None:
    story = Story(desk)
    for what, value, flag in history:
        await getattr(story, what)(value, flag)
    await story.end()
