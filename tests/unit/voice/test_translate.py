"""Between the contract and the model."""

from dataclasses import replace
from functools import reduce

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.crm.v1.contact_pb2 import Contact, OpenCase
from switchhook.crm.v1.crm_service_pb2 import ContactMatch, FindContactsResponse
from switchhook.voice.v1 import call_command_pb2, call_pb2, call_service_pb2, caller_pb2

from chassis.errors import Invalid
from chassis.validation import violations
from services.voice import translate
from services.voice.calls.model import (
    Call,
    CommandKind,
    Direction,
    Lookup,
    LookupOutcome,
    Result,
    ResultStatus,
    Role,
    State,
)
from services.voice.calls.records import CallFilter, CallRecord, CommandRecord, CommandState, Place
from tests.support import sightings as seen
from tests.support.sightings import ADA, OURS, at

ADA_CONTACT = Contact(
    display_name="Ada Lovelace",
    is_vip=True,
    language="en-US",
    tier="gold",
    owner_agent_id="agent-1",
    open_case=OpenCase(case_id="1815", is_escalated=True),
)
GRACE_CONTACT = Contact(display_name="Grace Hopper")


def found(*contacts: Contact, truncated: bool = False) -> Lookup:
    """Return what an answer with these contacts says."""
    matches = [ContactMatch(contact=contact) for contact in contacts]
    return translate.lookup(FindContactsResponse(matches=matches, truncated=truncated))


def test_one_contact_has_a_name() -> None:
    """A number of exactly one contact tells who it is."""
    assert found(ADA_CONTACT) == Lookup(
        LookupOutcome.FOUND, True, 1, "Ada Lovelace", "en-US", "gold", "agent-1", True
    )
    assert found() == Lookup(LookupOutcome.NOT_FOUND)


def test_several_contacts_share_the_priority_and_no_name() -> None:
    """Any VIP or escalated case gives priority; nobody knows which of them is calling."""
    both = Lookup(LookupOutcome.FOUND, True, 2, has_escalated_case=True)
    assert found(GRACE_CONTACT, ADA_CONTACT) == both
    assert found(GRACE_CONTACT, truncated=True) == Lookup(LookupOutcome.FOUND, False, 1)


def test_a_name_no_database_holds_is_made_fit() -> None:
    """NUL is taken out and an endless name is cut."""
    name = found(Contact(display_name="A\x00da" + "x" * 500)).display_name
    assert name.startswith("Adax")
    assert len(name) == 255


def test_a_whole_call_is_shown() -> None:
    """Every part of a stored call has its place in the contract."""
    call = reduce(
        Call.join, [seen.INITIATED, seen.ANSWERED, seen.QUEUED, seen.GAVE_UP, seen.HUNG_UP]
    )
    call = replace(
        call,
        attestation="A",
        attestation_validated=True,
        lookup=Lookup(LookupOutcome.FOUND, True, 1, "Ada Lovelace", "en-US"),
    )
    doubt, menu = CommandState.IN_DOUBT, CommandKind.GATHER
    command = CommandRecord("c-1", "HANG_UP", CommandKind.HANG_UP, doubt, "NO_ANSWER", at(1), None)
    asked = CommandRecord("c-2", "1.menu", menu, CommandState.ACCEPTED, "", at(1), at(2))
    pressed = Result("1.menu", menu, at(9), ResultStatus.COMPLETED, "0042")
    call = replace(call, results=frozenset({pressed}))
    shown = translate.call(CallRecord(call, at(0), at(60), (command, asked)))
    assert (shown.call_leg_id, shown.call_control_id) == ("leg-1", "v3:control-1")
    assert (shown.call_session_id, shown.connection_id) == ("session-1", "1234567890123456789")
    assert shown.direction == call_pb2.CALL_DIRECTION_INBOUND
    assert shown.steering == call_pb2.CALL_STEERING_COMMANDS
    assert shown.state == call_pb2.CALL_STATE_HUNG_UP
    assert (shown.caller.kind, shown.caller.phone_number) == (caller_pb2.CALLER_KIND_NUMBER, ADA)
    assert (shown.caller.attestation, shown.caller.attestation_validated) == ("A", True)
    assert (shown.called_number, shown.raw_called) == (OURS, OURS)
    assert shown.lookup.outcome == caller_pb2.LOOKUP_OUTCOME_FOUND
    assert (shown.lookup.display_name, shown.lookup.is_vip) == ("Ada Lovelace", True)
    assert shown.dequeue_reason == call_pb2.DEQUEUE_REASON_HANGUP
    assert (shown.queue_name, shown.raw_dequeue_reason) == ("support", "hangup")
    assert not shown.HasField("queue_wait")
    assert not shown.HasField("bridge_time")
    assert shown.hangup_time.ToDatetime(seen.START.tzinfo) == at(60)
    assert shown.commands[0].step == call_command_pb2.CALL_STEP_HANG_UP
    assert shown.commands[0].state == call_command_pb2.CALL_COMMAND_STATE_IN_DOUBT
    assert not shown.commands[0].HasField("settle_time")
    assert shown.commands[0].kind == call_command_pb2.CALL_COMMAND_KIND_HANG_UP
    assert not shown.commands[0].HasField("result")
    assert (shown.commands[1].key, shown.commands[1].result.digits) == ("1.menu", "0042")
    completed = call_command_pb2.COMMAND_RESULT_STATUS_COMPLETED
    assert shown.commands[1].result.status == completed


def test_an_empty_call_is_shown_as_unspecified() -> None:
    """What nobody told of is absent, not invented."""
    shown = translate.call(CallRecord(Call(leg_id="leg-1"), at(0), at(0)))
    assert shown.state == call_pb2.CALL_STATE_UNSPECIFIED
    assert not shown.HasField("caller")
    assert not shown.HasField("lookup")
    assert not shown.HasField("hangup_time")


@pytest.mark.parametrize("state", [state for state in State if state is not State.NEW])
def test_every_state_can_be_asked_for(state: State) -> None:
    """The states a call can show are the states a list can be filtered by."""
    shown = call_pb2.CallState.Value(f"CALL_STATE_{state.name}")
    request = call_service_pb2.ListCallsRequest(state=shown)
    assert translate.call_filter(request) == CallFilter(state=state)


def test_an_empty_filter_matches_all() -> None:
    """Unspecified and empty conditions are none."""
    assert translate.call_filter(call_service_pb2.ListCallsRequest()) == CallFilter()


def test_every_condition_is_read() -> None:
    """Each condition of a request reaches the store."""
    request = call_service_pb2.ListCallsRequest(
        direction=call_pb2.CALL_DIRECTION_OUTBOUND,
        phone_number=ADA,
        call_session_id="session-1",
        queue_name="support",
        role=call_pb2.CALL_ROLE_AGENT,
        dial_id="dial-1",
        created_after=Timestamp(seconds=1),
        created_before=Timestamp(seconds=2),
    )
    wanted = translate.call_filter(request)
    assert wanted.direction is Direction.OUTBOUND
    assert (wanted.phone_number, wanted.session_id, wanted.queue_name) == (
        ADA,
        "session-1",
        "support",
    )
    assert (wanted.role, wanted.dial_id) == (Role.AGENT, "dial-1")
    assert wanted.created_after is not None
    assert wanted.created_before is not None
    assert (wanted.created_before - wanted.created_after).total_seconds() == 1


def test_an_impossible_time_is_refused() -> None:
    """A time no calendar holds names its field."""
    request = call_service_pb2.ListCallsRequest(created_after=Timestamp(seconds=10**15))
    with pytest.raises(Invalid) as caught:
        translate.call_filter(request)
    assert caught.value.fields[0].field == "created_after"


def test_places_survive_their_token() -> None:
    """A place comes back as it was, to the microsecond."""
    place = Place(at(1.000001), "leg-1")
    assert translate.place(translate.position(place)) == place
    assert translate.place([]) is None


@pytest.mark.parametrize(
    "position", [["nonsense", "leg"], [1], ["2026-01-01T00:00:00+00:00", "a\x00"], [1, 2, 3]]
)
def test_a_forged_place_is_refused(position: list[str | int]) -> None:
    """A token is no secret: what it holds is checked."""
    with pytest.raises(Invalid):
        translate.place(position)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (call_service_pb2.GetCallRequest(), ["call_leg_id"]),
        (call_service_pb2.GetCallRequest(call_leg_id="a\x00"), ["call_leg_id"]),
        (call_service_pb2.GetCallRequest(call_leg_id="v3:a/b\n"), []),
        (
            call_service_pb2.ListCallsRequest(queue_name="\x00", call_session_id="\x00"),
            ["call_session_id", "queue_name"],
        ),
        (call_service_pb2.ListCallsRequest(), []),
    ],
)
def test_rules_of_the_contract(
    request_: call_service_pb2.GetCallRequest, fields: list[str]
) -> None:
    """What no database can compare is refused by the contract."""
    assert sorted(each.field for each in violations(request_)) == fields
