"""Translate automatic replies and conversations between the model and the contract."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from google.protobuf.json_format import Parse, ParseError
from switchhook.messaging.v1 import (
    auto_reply_pb2,
    auto_reply_service_pb2,
    conversation_pb2,
    conversation_service_pb2,
)

from chassis.errors import FieldViolation, Invalid
from chassis.validation import violations
from services.messaging import translate
from services.messaging.keywords import NO_PHONE_NUMBER, classify
from services.messaging.model import Direction, Message, Recipient, Status, is_e164
from services.messaging.replies.business_hours import BusinessHours, Closure, OpenSpan
from services.messaging.replies.conversations import (
    Conversation,
    ConversationFilters,
    ConversationState,
)
from services.messaging.replies.guards import Guard
from services.messaging.replies.rules import (
    Condition,
    Contains,
    Decision,
    Equals,
    FirstContact,
    OutOfHours,
    Rule,
    faults,
)
from services.messaging.replies.store import Decided, Switch


def rule_of(asked: auto_reply_pb2.AutoReplyRule) -> Rule:
    """Return the rule a request describes; raises Invalid."""
    rule = Rule(
        rule_id=asked.rule_id,
        title=asked.title,
        enabled=asked.enabled,
        priority=asked.priority,
        our_numbers=tuple(asked.our_numbers),
        text=asked.text,
        condition=_condition_of(asked),
    )
    if found := faults(rule):
        raise Invalid(found)
    return rule


def rules_of_file(text: str) -> tuple[Rule, ...]:
    """Read rules as a ListRulesResponse in JSON; raises ValueError saying what is wrong."""
    try:
        listed = Parse(text, auto_reply_service_pb2.ListRulesResponse())
    except ParseError as error:
        raise ValueError(f'must be JSON such as {{"rules": [...]}}: {error}') from None
    for rule in listed.rules:
        told = [f"{each.field} {each.description}" for each in violations(rule)]
        if told or not rule.rule_id:
            raise ValueError(f"has a bad rule {rule.rule_id!r}: {told or 'no rule_id'}")
    try:
        return tuple(rule_of(rule) for rule in listed.rules)
    except Invalid as fault:
        told = [f"{each.field}: {each.description}" for each in fault.fields]
        raise ValueError(f"has a bad rule: {told}") from None


def rule(known: Rule) -> auto_reply_pb2.AutoReplyRule:
    """Return a rule as the contract shows it."""
    shown = auto_reply_pb2.AutoReplyRule(
        rule_id=known.rule_id,
        title=known.title,
        enabled=known.enabled,
        priority=known.priority,
        our_numbers=known.our_numbers,
        text=known.text,
        create_time=translate.timestamp(known.create_time),
        update_time=translate.timestamp(known.update_time),
    )
    match known.condition:
        case Contains(phrases):
            shown.contains.phrases.extend(phrases)
        case Equals(phrases):
            shown.equals.phrases.extend(phrases)
        case OutOfHours(hours):
            shown.out_of_hours.CopyFrom(_hours(hours))
        case FirstContact():
            shown.first_contact.SetInParent()
    return shown


def decision(made: Decision, now: datetime) -> auto_reply_pb2.AutoReplyDecision:
    """Return what would be decided as the contract shows it."""
    return auto_reply_pb2.AutoReplyDecision(
        rule_id=made.rule.rule_id if made.rule else "",
        guard=_guard(made.guard),
        objections=[_guard(each) for each in made.objections],
        reply_text=made.rule.text if made.rule and made.answers else "",
        decide_time=translate.timestamp(now),
    )


def decided(known: Decided) -> auto_reply_pb2.AutoReplyDecision:
    """Return what was decided as the contract shows it."""
    return auto_reply_pb2.AutoReplyDecision(
        rule_id=known.rule_id,
        guard=_guard(known.guard),
        objections=[_guard(known.guard)] if known.guard else [],
        reply_message_id=known.reply_message_id,
        reply_text=known.reply_text,
        decide_time=translate.timestamp(known.decide_time),
    )


def trial(asked: auto_reply_service_pb2.AutoReplyTrial, now: datetime) -> Message:
    """Return the message a trial describes, as if it had come in now."""
    text = asked.text
    return Message(
        message_id="trial",
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        create_time=now,
        our_number=asked.our_number,
        peer_number=asked.peer_number,
        recipients=(Recipient(asked.our_number, Status.RECEIVED),),
        text=text,
        classification=classify(text) if is_e164(asked.peer_number) else NO_PHONE_NUMBER,
    )


def status(switch: Switch, rules: int, tokens: int) -> auto_reply_service_pb2.AutoReplyStatus:
    """Return how automatic replies stand as the contract shows it."""
    return auto_reply_service_pb2.AutoReplyStatus(
        kill_switch_engaged=switch.engaged,
        note=switch.note,
        set_time=translate.timestamp(switch.set_time),
        enabled_rules=rules,
        replies_available=tokens,
    )


def rule_place(decoded: Sequence[str | int]) -> tuple[int, str] | None:
    """Return where the page before ended, or None for the first page; raises Invalid."""
    match decoded:
        case []:
            return None
        case [int(priority), str(rule_id)] if abs(priority) < 1 << 31 and "\0" not in rule_id:
            return priority, rule_id
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])


def filters(request: conversation_service_pb2.ListConversationsRequest) -> ConversationFilters:
    """Return what a list is narrowed to."""
    name = conversation_pb2.ConversationState.Name(request.state)
    return ConversationFilters(
        our_number=request.our_number,
        peer_number=request.peer_number,
        unread_only=request.unread_only,
        state=ConversationState[name.removeprefix("CONVERSATION_STATE_")]
        if request.state
        else None,
    )


def conversation(
    known: Conversation, last: Mapping[str, Message], now: datetime
) -> conversation_pb2.Conversation:
    """Return a conversation as the contract shows it."""
    newest = last.get(known.last_message_id)
    state = known.state(now).name
    return conversation_pb2.Conversation(
        conversation_id=known.conversation_id,
        our_number=known.our_number,
        peer_number=known.peer_number,
        group_numbers=known.others if known.is_group else (),
        last_message=translate.message(newest) if newest else None,
        inbound_count=known.inbound_count,
        outbound_count=known.outbound_count,
        unread_count=known.unread_count,
        last_inbound_time=translate.timestamp(known.last_inbound_time),
        last_outbound_time=translate.timestamp(known.last_outbound_time),
        peer_is_bot=known.is_bot(now),
        mute_end_time=translate.timestamp(known.muted_until(now)),
        state=conversation_pb2.ConversationState.Value(f"CONVERSATION_STATE_{state}"),
    )


def place_of(known: Conversation) -> list[str | int]:
    """Return where a page that ends with this conversation ends."""
    return translate.place(known.last_time, known.conversation_id)


def _guard(value: Guard | None) -> auto_reply_pb2.AutoReplyGuard.ValueType:
    name = value.name if value else "UNSPECIFIED"
    return auto_reply_pb2.AutoReplyGuard.Value(f"AUTO_REPLY_GUARD_{name}")


def _condition_of(asked: auto_reply_pb2.AutoReplyRule) -> Condition:
    match asked.WhichOneof("condition"):
        case "contains":
            return Contains(tuple(asked.contains.phrases))
        case "equals":
            return Equals(tuple(asked.equals.phrases))
        case "out_of_hours":
            return OutOfHours(_hours_of(asked.out_of_hours))
        case _:
            return FirstContact()


def _hours_of(asked: auto_reply_pb2.BusinessHours) -> BusinessHours:
    spans = (
        OpenSpan(each.weekday, each.open_minute, each.close_minute) for each in asked.open_spans
    )
    closures = (Closure(_day(each.start_date), _day(each.end_date)) for each in asked.closures)
    return BusinessHours(asked.time_zone, tuple(spans), tuple(closures))


def _hours(known: BusinessHours) -> auto_reply_pb2.BusinessHours:
    return auto_reply_pb2.BusinessHours(
        time_zone=known.time_zone,
        open_spans=[
            auto_reply_pb2.OpenSpan(
                weekday=each.weekday,
                open_minute=each.open_minute,
                close_minute=each.close_minute,
            )
            for each in known.open_spans
        ],
        closures=[
            auto_reply_pb2.Closure(
                start_date=each.first.isoformat(), end_date=each.last.isoformat()
            )
            for each in known.closures
        ],
    )


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        fault = FieldViolation("rule.out_of_hours.closures", "has a day that does not exist")
        raise Invalid([fault]) from None
