"""The contract and the model say the same."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from hypothesis import given
from hypothesis import strategies as st
from switchhook.messaging.v1 import (
    consent_pb2,
    estimate_pb2,
    hold_pb2,
    message_pb2,
    message_plan_pb2,
    message_service_pb2,
    program_pb2,
    template_pb2,
)
from switchhook.messaging.v1.consent_service_pb2 import GetConsentRequest

from chassis.errors import Invalid
from services.messaging import translate
from services.messaging.consent import translate as consent_translate
from services.messaging.consent.decision import ConsentState, Decision
from services.messaging.consent.holds import HoldState, Judgement
from services.messaging.consent.ledger import (
    Action,
    Basis,
    Channel,
    Confirmation,
    LedgerEntry,
    Method,
    Scope,
)
from services.messaging.consent.programs import ProgramKind
from services.messaging.keywords import KeywordClass, classify
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    MessageType,
    Purpose,
    Recipient,
    Status,
)
from services.messaging.ports import Position
from services.messaging.sending import translate as sending_translate
from services.messaging.sending.plan import Deferral, Plan
from services.messaging.sending.segments import Encoding
from services.messaging.sending.templates import VariableType

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
OURS, PEER = "+12025550101", "+13125550103"

ENUMS = [
    (Direction, message_pb2.MessageDirection, "MESSAGE_DIRECTION_"),
    (MessageType, message_pb2.MessageType, "MESSAGE_TYPE_"),
    (Purpose, message_pb2.MessagePurpose, "MESSAGE_PURPOSE_"),
    (Status, message_pb2.MessageStatus, "MESSAGE_STATUS_"),
    (FailureReason, message_pb2.FailureReason, "FAILURE_REASON_"),
    (KeywordClass, message_pb2.KeywordClass, "KEYWORD_CLASS_"),
    (ConsentState, consent_pb2.ConsentState, "CONSENT_STATE_"),
    (Action, consent_pb2.ConsentAction, "CONSENT_ACTION_"),
    (Scope, consent_pb2.ConsentScope, "CONSENT_SCOPE_"),
    (Method, consent_pb2.ConsentMethod, "CONSENT_METHOD_"),
    (Channel, consent_pb2.ConsentChannel, "CONSENT_CHANNEL_"),
    (Basis, consent_pb2.ConsentBasis, "CONSENT_BASIS_"),
    (ProgramKind, program_pb2.ProgramKind, "PROGRAM_KIND_"),
    (HoldState, hold_pb2.HoldState, "HOLD_STATE_"),
    (Judgement, hold_pb2.HoldDecision, "HOLD_DECISION_"),
    (Confirmation, consent_pb2.Confirmation, "CONFIRMATION_"),
    (Deferral, message_plan_pb2.Deferral, "DEFERRAL_"),
    (Encoding, estimate_pb2.Encoding, "ENCODING_"),
    (VariableType, template_pb2.VariableType, "VARIABLE_TYPE_"),
]

FULL = Message(
    message_id="m-1",
    direction=Direction.OUTBOUND,
    status=Status.DELIVERY_FAILED,
    create_time=NOON,
    carrier_message_id="c-1",
    our_number=OURS,
    peer_number=PEER,
    recipients=(Recipient(PEER, Status.DELIVERY_FAILED, "delivery_failed"),),
    type=MessageType.MMS,
    raw_type="MMS",
    text="hello",
    subject="hi",
    media=(Media("https://example.com/a", "image/png", 7, "ab"),),
    purpose=Purpose.MARKETING,
    raw_status="delivery_failed",
    failure=Failure(FailureReason.NOT_DELIVERED, "40008", "Undeliverable"),
    parts=2,
    cost_amount="0.0051",
    cost_currency="USD",
    messaging_profile_id="p-1",
    classification=classify("stop"),
    answered_by_carrier=True,
    accept_time=NOON + timedelta(seconds=1),
    send_time=NOON + timedelta(seconds=2),
    complete_time=NOON + timedelta(seconds=3),
    read_time=NOON + timedelta(seconds=4),
    expire_time=NOON + timedelta(seconds=5),
    plan=Plan(schedule_time=NOON, template_id="hello", program="offers"),
)


@pytest.mark.parametrize(("ours", "contract", "prefix"), ENUMS)
def test_the_enums_have_the_same_names(
    ours: type[Enum], contract: EnumTypeWrapper, prefix: str
) -> None:
    """Every value of the model is in the contract, and the other way round."""
    names = {name.removeprefix(prefix) for name in contract.keys()}  # noqa: SIM118
    assert {value.name for value in ours} | {"UNSPECIFIED"} == names


def test_a_full_message_is_shown_whole() -> None:
    """No field of the contract is left out when the model knows it all."""
    shown = translate.message(FULL)
    for field in shown.DESCRIPTOR.fields:
        assert getattr(shown, field.name), field.name
    assert shown.text == "hello"
    assert shown.recipients[0].status == message_pb2.MessageStatus.MESSAGE_STATUS_DELIVERY_FAILED
    assert shown.media[0].sha256 == "ab"
    assert shown.failure.carrier_code == "40008"
    assert shown.classification.rule_id == "whole_message.stop"
    assert shown.expire_time.ToDatetime(UTC) == NOON + timedelta(seconds=5)


def test_what_is_absent_stays_absent() -> None:
    """A bare message shows neither times nor a failure nor a text that it does not have."""
    bare = Message(
        message_id="m-1", direction=Direction.INBOUND, status=Status.RECEIVED, create_time=NOON
    )
    shown = translate.message(bare)
    present = {descriptor.name for descriptor, _ in shown.ListFields()}
    assert present == {"message_id", "direction", "status", "create_time"}


def test_a_draft_is_what_was_asked_for() -> None:
    """Every field of the request reaches the draft."""
    draft = sending_translate.draft(
        message_service_pb2.SendMessageRequest(
            from_number=OURS,
            to_number=PEER,
            text="hello",
            media_urls=["https://example.com/a"],
            purpose=message_pb2.MessagePurpose.MESSAGE_PURPOSE_VERIFICATION,
        )
    )
    assert (draft.our_number, draft.peer_number, draft.text) == (OURS, PEER, "hello")
    assert (draft.media_urls, draft.purpose) == (("https://example.com/a",), Purpose.VERIFICATION)


def test_filters_narrow_by_what_was_set() -> None:
    """An empty request narrows nothing; a full one narrows by everything."""
    empty = translate.filters(message_service_pb2.ListMessagesRequest())
    assert all(not getattr(empty, field.name) for field in fields(empty))
    full = translate.filters(
        message_service_pb2.ListMessagesRequest(
            our_number=OURS,
            peer_number=PEER,
            direction=message_pb2.MessageDirection.MESSAGE_DIRECTION_INBOUND,
            statuses=[message_pb2.MessageStatus.MESSAGE_STATUS_FAILED],
            start_time=translate.timestamp(NOON),
            end_time=translate.timestamp(NOON + timedelta(days=1)),
        )
    )
    assert (full.direction, full.statuses) == (Direction.INBOUND, [Status.FAILED])
    assert (full.start, full.end) == (NOON, NOON + timedelta(days=1))


@given(
    st.integers(0, 3_000_000_000_000_000).map(lambda each: EPOCH + each * MICROSECOND),
    st.uuids().map(str),
)
def test_positions_survive_the_token(create_time: datetime, message_id: str) -> None:
    """A page continues at the very microsecond and id where the one before ended."""
    message = Message(
        message_id=message_id,
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        create_time=create_time,
    )
    found = translate.position(translate.position_of(message))
    assert found == Position(create_time, message_id)


@pytest.mark.parametrize(
    "decoded", [[1], ["a", "b"], [1, 2], [1, "a", 2], [1 << 60, "a"], [1, "\0"]]
)
def test_a_forged_position_is_refused(decoded: list[str | int]) -> None:
    """A token with something else inside is the caller's mistake, not a crash."""
    with pytest.raises(Invalid) as raised:
        translate.position(decoded)
    assert [each.field for each in raised.value.fields] == ["page_token"]
    assert translate.position([]) is None


def test_consent_is_shown_with_its_evidence() -> None:
    """The answer names the deciding entry, and entries show all they hold."""
    entry = LedgerEntry(
        entry_id="l-1",
        sequence=7,
        effective_time=NOON,
        record_time=NOON + timedelta(seconds=1),
        action=Action.REVOKED,
        scope=Scope.BRAND,
        method=Method.KEYWORD,
        peer_number=PEER,
        our_number=OURS,
        source_message_id="c-1",
        source_event_id="e-1",
        text="STOP",
        classification=classify("STOP"),
        messaging_profile_id="p-1",
        confirmation=Confirmation.QUEUED,
        confirmation_message_id="m-2",
        brand="Example",
        program_id="news",
        channel=Channel.SMS,
        basis=Basis.EXPRESS,
        evidence={"page_url": "https://example.com/form"},
        language="en",
        reviewer="Ada",
        note="clear",
        hold_id="h-1",
        prompt_time=NOON,
        request_deadline=NOON + timedelta(days=14),
        prev_hash="0" * 64,
        hash="1" * 64,
    )
    decision = Decision(ConsentState.REVOKED, "l-1", NOON)
    request = GetConsentRequest(peer_number=PEER, our_number=OURS)
    shown = consent_translate.consent(request, decision, [entry], {"m-2": NOON})
    for message in (shown, shown.recent_entries[0]):
        for field in message.DESCRIPTOR.fields:
            assert getattr(message, field.name), field.name
    assert shown.effective_time.ToDatetime(UTC) == NOON
