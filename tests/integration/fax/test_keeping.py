"""Retention, legal holds and the audit of a running fax service, from outside."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from switchhook.fax.v1 import (
    audit_pb2,
    audit_service_pb2_grpc,
    fax_keeping_pb2,
    fax_pb2,
    fax_service_pb2,
    legal_hold_pb2,
    retention_pb2,
    retention_service_pb2_grpc,
)

from tests.support.eventually import eventually
from tests.support.fax_world import YESTERDAY, World, received

ANN = (("x-switchhook-actor", "ann@clinic.example"),)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Desk:
    """Ann, who keeps the faxes of a running service."""

    def __init__(self, world: World) -> None:
        """Ask over the world's channel."""
        self.world = world
        self.retention = retention_service_pb2_grpc.RetentionServiceStub(world.target)
        self.audit = audit_service_pb2_grpc.AuditServiceStub(world.target)

    async def rule(self, policy_id: str, **facts: Any) -> retention_pb2.RetentionPolicy:
        """Put a policy that lets documents grow a day old."""
        age = Duration(seconds=86400)
        policy = retention_pb2.RetentionPolicy(
            policy_id=policy_id, **{"document_age": age, "reason": "house rules", **facts}
        )
        request = retention_pb2.PutRetentionPolicyRequest(request_id=fresh(), policy=policy)
        return (await self.retention.PutRetentionPolicy(request, metadata=ANN)).policy

    async def hold(self, request_id: str, **scope: Any) -> legal_hold_pb2.LegalHold:
        """Place a hold."""
        request = legal_hold_pb2.PlaceLegalHoldRequest(
            request_id=request_id,
            scope=legal_hold_pb2.LegalHoldScope(**scope),
            reason="a claim was announced",
            matter="2026-17",
        )
        return (await self.retention.PlaceLegalHold(request, metadata=ANN)).hold

    async def document(self, fax_id: str) -> bytes:
        """Read a document."""
        request = fax_service_pb2.GetFaxDocumentRequest(fax_id=fax_id)
        pieces = self.world.faxes.GetFaxDocument(request, metadata=ANN)
        return b"".join([piece.chunk async for piece in pieces])

    async def entries(self, **filters: Any) -> list[audit_pb2.AuditEntry]:
        """Return entries of the audit log, newest first."""
        request = audit_pb2.ListAuditEntriesRequest(**filters)
        return list((await self.audit.ListAuditEntries(request)).entries)

    async def fax(self, fax_id: str) -> fax_pb2.Fax:
        """Return a fax."""
        request = fax_service_pb2.GetFaxRequest(fax_id=fax_id)
        return (await self.world.faxes.GetFax(request)).fax

    async def search(self, **filters: Any) -> list[str]:
        """Return which faxes a list shows."""
        request = fax_service_pb2.ListFaxesRequest(**filters)
        return [fax.fax_id for fax in (await self.world.faxes.ListFaxes(request)).faxes]


def fresh() -> str:
    """Return a new request id."""
    return str(uuid.uuid4())


async def refused(call: Any) -> grpc.aio.AioRpcError:
    """Return the error a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value


async def test_a_read_is_recorded_before_it_is_answered(world: World) -> None:
    """The log says who read what; the fax says when it was first read; the chain is whole."""
    desk, fax = Desk(world), await world.send_in()
    assert not (await desk.fax(fax.fax_id)).keeping.HasField("first_read_time")
    await desk.document(fax.fax_id)
    (entry,) = await desk.entries(fax_id=fax.fax_id)
    assert (entry.action, entry.actor, entry.peer, entry.sha256) == (
        audit_pb2.AUDIT_ACTION_DOCUMENT_READ,
        "ann@clinic.example",
        "ipv4:127.0.0.1",
        fax.document.sha256,
    )
    keeping = (await desk.fax(fax.fax_id)).keeping
    assert keeping.first_read_time == entry.occur_time
    assert keeping.announce_time.ToDatetime(UTC) == YESTERDAY
    assert keeping.HasField("store_delay")
    verified = await desk.audit.VerifyAudit(audit_pb2.VerifyAuditRequest())
    assert (verified.intact, verified.verified_entries) == (True, 1)
    assert verified.head_hash == entry.hash


async def test_what_cannot_be_read_is_not_in_the_log(world: World) -> None:
    """Asking for a document that is not there is no read of it."""
    desk = Desk(world)
    error = await refused(desk.document("nobody"))
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert await desk.entries() == []


async def test_an_old_fax_is_erased_by_itself(everywhere: World) -> None:
    """A policy has the bytes leave the store without anybody asking; the record says why."""
    desk, fax = Desk(everywhere), await everywhere.send_in(LONG_AGO)
    young = await everywhere.send_in(datetime.now(UTC), pages=3)
    await desk.rule("day", reason="nobody needs it any more")
    await everywhere.in_state(fax.fax_id, fax_pb2.DOCUMENT_STATE_DELETED)
    error = await refused(desk.document(fax.fax_id))
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION

    async def gone() -> bool:
        try:
            return not [chunk async for chunk in everywhere.documents.read(fax.document.sha256)]
        except FileNotFoundError:
            return True

    await eventually(gone)
    assert (await desk.document(young.fax_id)).startswith(b"%PDF-")
    why = await desk.retention.ExplainRetention(
        retention_pb2.ExplainRetentionRequest(fax_id=fax.fax_id)
    )
    assert [(each.part, each.policy_id, each.reason) for each in why.erasures] == [
        (retention_pb2.ERASED_PART_DOCUMENT, "day", "nobody needs it any more")
    ]
    entries = await desk.entries(actor="retention")
    assert [(each.fax_id, each.sha256) for each in entries] == [(fax.fax_id, fax.document.sha256)]


async def test_a_legal_hold_keeps_a_fax_until_it_ends(world: World) -> None:
    """Who placed it and why is known; after the release the policy has its way."""
    desk, fax = Desk(world), await world.send_in(LONG_AGO)
    request_id = fresh()
    hold = await desk.hold(request_id, fax_id=fax.fax_id)
    assert (await desk.hold(request_id, fax_id=fax.fax_id)).hold_id == hold.hold_id
    assert (hold.placed_by, hold.reason, hold.matter) == (
        "ann@clinic.example",
        "a claim was announced",
        "2026-17",
    )
    other = await world.send_in(LONG_AGO)
    await desk.rule("day")
    await world.in_state(other.fax_id, fax_pb2.DOCUMENT_STATE_DELETED)
    assert fax_keeping_pb2.FAX_FLAG_HELD in (await desk.fax(fax.fax_id)).keeping.flags
    assert await desk.search(flags=[fax_keeping_pb2.FAX_FLAG_HELD]) == [fax.fax_id]
    assert (await desk.document(fax.fax_id)).startswith(b"%PDF-")
    release = legal_hold_pb2.ReleaseLegalHoldRequest(
        request_id=fresh(), hold_id=hold.hold_id, reason="settled"
    )
    ended = (await desk.retention.ReleaseLegalHold(release, metadata=ANN)).hold
    assert (ended.released_by, ended.release_reason) == ("ann@clinic.example", "settled")
    await world.in_state(fax.fax_id, fax_pb2.DOCUMENT_STATE_DELETED)
    standing = legal_hold_pb2.ListLegalHoldsRequest(fax_id=fax.fax_id)
    assert not (await desk.retention.ListLegalHolds(standing)).holds
    standing.include_released = True
    assert [each.hold_id for each in (await desk.retention.ListLegalHolds(standing)).holds] == [
        hold.hold_id
    ]


async def test_nobody_decides_namelessly(world: World) -> None:
    """A change without a name is refused and says which metadata is missing."""
    desk = Desk(world)
    hold = legal_hold_pb2.PlaceLegalHoldRequest(
        request_id=fresh(), scope=legal_hold_pb2.LegalHoldScope(fax_id="1"), reason="because"
    )
    error = await refused(desk.retention.PlaceLegalHold(hold))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "x-switchhook-actor" in (error.details() or "")
    long = (("x-switchhook-actor", "a" * 129),)
    error = await refused(desk.retention.PlaceLegalHold(hold, metadata=long))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await desk.entries() == []


async def test_policies_that_make_no_sense_are_refused(world: World) -> None:
    """Ages under a day, records that go before documents, and policies without a reason."""
    wrong: list[dict[str, Any]] = [
        {"document_age": None},
        {"document_age": Duration(seconds=3600)},
        {"record_age": Duration(seconds=80_000)},
        {"document_age": None, "record_age": Duration(seconds=90_000)},
        {"number": "12025550130"},
        {"reason": ""},
    ]
    for facts in wrong:
        error = await refused(Desk(world).rule("bad", **facts))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, facts
    listed = retention_pb2.ListRetentionPoliciesRequest()
    assert not (await Desk(world).retention.ListRetentionPolicies(listed)).policies


async def test_policies_are_listed_changed_and_taken_away(world: World) -> None:
    """Pages go by id; a policy of another's scope is refused; a taken one is not found."""
    desk = Desk(world)
    for name in ("c", "a", "b"):
        await desk.rule(name, number=f"+1202555013{ord(name) % 10}")
    first = await desk.retention.ListRetentionPolicies(
        retention_pb2.ListRetentionPoliciesRequest(page_size=2)
    )
    second = await desk.retention.ListRetentionPolicies(
        retention_pb2.ListRetentionPoliciesRequest(page_size=2, page_token=first.next_page_token)
    )
    assert [each.policy_id for each in (*first.policies, *second.policies)] == ["a", "b", "c"]
    assert second.next_page_token == ""
    error = await refused(desk.rule("d", number=first.policies[0].number))
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    away = retention_pb2.DeleteRetentionPolicyRequest(request_id=fresh(), policy_id="a")
    await desk.retention.DeleteRetentionPolicy(away, metadata=ANN)
    missing = retention_pb2.GetRetentionPolicyRequest(policy_id="a")
    error = await refused(desk.retention.GetRetentionPolicy(missing))
    assert error.code() is grpc.StatusCode.NOT_FOUND
    kept = retention_pb2.GetRetentionPolicyRequest(policy_id="b")
    assert (await desk.retention.GetRetentionPolicy(kept)).policy == first.policies[1]


async def test_a_search_of_texts_says_when_there_are_none(world: World) -> None:
    """Finding nothing where nothing was recognized would say something that is not known."""
    desk = Desk(world)
    error = await refused(desk.search(text="invoice"))
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    error = await refused(desk.search(text="%%"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_dead_link_is_refreshed_however_late(world: World) -> None:
    """Hours after the announcement, with its link dead, the document still comes in."""
    sent = await world.receive()
    await world.tell("event-1", received(sent, f"{world.carrier}/media/expired.pdf"), LONG_AGO)
    fax = await world.in_state(sent, fax_pb2.DOCUMENT_STATE_STORED)
    assert (await Desk(world).document(fax.fax_id)).startswith(b"%PDF-")
