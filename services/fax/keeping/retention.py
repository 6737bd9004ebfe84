"""Deciding how long faxes are kept: policies, legal holds, and why a fax is still there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.archive import Contents
from chassis.caller import Caller
from chassis.clock import Clock
from chassis.errors import NotFound, NotYet
from chassis.timers import Timers
from services.fax.keeping.audit import Act, Audit
from services.fax.keeping.erasing import Erasing, Erasure
from services.fax.keeping.hold_store import HoldFilters, HoldStore
from services.fax.keeping.holds import Hold, Scope
from services.fax.keeping.policies import Part, Policy, Subject, due_time, governing
from services.fax.keeping.policy_store import PolicyStore
from services.fax.keeping.subjects import FAXES, JOBS
from services.fax.keeping.sweep import SWEEP, SWEEP_KEY
from services.fax.model import Fax

_MOST_HOLDS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What decides about one part of a fax, and when it is due; None where nothing does."""

    policy_id: str
    due_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a fax is kept, and until when."""

    document: Verdict
    record: Verdict
    hold_ids: tuple[str, ...]
    other_owners: int
    erasures: tuple[Erasure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a policy would erase at once; `size` in bytes, `held` would be erased but for holds."""

    documents: int = 0
    size: int = 0
    records: int = 0
    held: int = 0


@dataclass(frozen=True)
class Retention:
    """The decisions, each inside the caller's transaction and recorded in the audit log."""

    policies: PolicyStore
    holds: HoldStore
    erasing: Erasing
    contents: Contents
    timers: Timers
    audit: Audit
    clock: Clock

    async def put_policy(
        self, connection: AsyncConnection, caller: Caller, policy: Policy
    ) -> Policy:
        """Keep a policy and have what it makes due erased; raises NotYet for a taken scope."""
        await self.policies.lock(connection)
        other = await self.policies.of_scope(connection, policy.direction, policy.number)
        if other is not None and other.policy_id != policy.policy_id:
            raise NotYet(
                "RETENTION_POLICY_EXISTS",
                "another policy speaks for this direction and number",
                metadata={"policy_id": other.policy_id},
            )
        kept = await self.policies.put(connection, policy)
        await self._sweep_soon(connection)
        await self.audit.record(connection, caller, Act.POLICY_PUT, detail=policy.policy_id)
        return kept

    async def delete_policy(
        self, connection: AsyncConnection, caller: Caller, policy_id: str
    ) -> None:
        """Take a policy away; another one may decide from now on."""
        await self.policies.lock(connection)
        if await self.policies.delete(connection, policy_id):
            await self._sweep_soon(connection)
            await self.audit.record(connection, caller, Act.POLICY_DELETED, detail=policy_id)

    async def policy(self, connection: AsyncConnection, policy_id: str) -> Policy:
        """Return a policy; raises NotFound."""
        found = await self.policies.get(connection, policy_id)
        if found is None:
            raise NotFound(
                "RETENTION_POLICY_NOT_FOUND",
                "no such retention policy",
                metadata={"policy_id": policy_id},
            )
        return found

    async def place_hold(
        self,
        connection: AsyncConnection,
        caller: Caller,
        scope: Scope,
        *,
        reason: str,
        matter: str,
    ) -> Hold:
        """Place a hold; once the transaction is committed nothing it covers is erased."""
        await self.policies.lock(connection)
        hold = Hold(
            hold_id=f"hold-{uuid.uuid4()}",
            scope=scope,
            reason=reason,
            matter=matter,
            placed_by=caller.name,
            place_time=self.clock.now(),
        )
        await self.holds.add(connection, hold)
        await self._record_hold(connection, caller, Act.HOLD_PLACED, hold)
        return hold

    async def release_hold(
        self, connection: AsyncConnection, caller: Caller, hold_id: str, reason: str
    ) -> Hold:
        """End a hold, after which the policies decide again; raises NotFound."""
        await self.policies.lock(connection)
        hold = await self.holds.get(connection, hold_id)
        if hold is None:
            raise NotFound(
                "LEGAL_HOLD_NOT_FOUND", "no such legal hold", metadata={"hold_id": hold_id}
            )
        if hold.release_time is not None:
            return hold
        ended = replace(
            hold,
            released_by=caller.name,
            release_time=self.clock.now(),
            release_reason=reason,
        )
        await self.holds.save(connection, ended)
        await self._sweep_soon(connection)
        await self._record_hold(connection, caller, Act.HOLD_RELEASED, ended)
        return ended

    async def explain(self, connection: AsyncConnection, fax: Fax) -> Explanation:
        """Say why a fax is kept, and until when."""
        policies = await self.policies.all(connection)
        covering = HoldFilters(fax_id=fax.fax_id)
        holds = await self.holds.list(connection, covering, limit=_MOST_HOLDS)
        sha256, owner = fax.document.sha256, f"fax:{fax.fax_id}"
        return Explanation(
            document=_verdict(policies, fax, Part.DOCUMENT),
            record=_verdict(policies, fax, Part.RECORD),
            hold_ids=tuple(hold.hold_id for hold in holds),
            other_owners=await self.contents.other_owners(connection, sha256, owner),
            erasures=tuple(await self.erasing.of_fax(connection, fax.fax_id)),
        )

    async def estimate(self, connection: AsyncConnection, policy: Policy) -> Estimate:
        """Say what a policy would erase at once if it were put."""
        others = await self.policies.all(connection)
        policies = [each for each in others if each.policy_id != policy.policy_id] + [policy]
        now, made = self.clock.now(), Estimate()
        for subjects in (FAXES, JOBS):
            old = await subjects.count(connection, policies, policy, Part.DOCUMENT, now)
            blank = await subjects.count(connection, policies, policy, Part.RECORD, now)
            made = Estimate(
                documents=made.documents + old.due,
                size=made.size + old.size,
                records=made.records + blank.due,
                held=made.held + old.held,
            )
        return made

    async def _sweep_soon(self, connection: AsyncConnection) -> None:
        await self.timers.set(connection, SWEEP, SWEEP_KEY, self.clock.now())

    async def _record_hold(
        self, connection: AsyncConnection, caller: Caller, act: Act, hold: Hold
    ) -> None:
        about = hold.scope.fax_id or hold.scope.job_id
        await self.audit.record(connection, caller, act, fax_id=about, detail=hold.hold_id)


def _verdict(policies: list[Policy], fax: Fax, part: Part) -> Verdict:
    subject = Subject(
        direction=fax.direction,
        from_number=fax.from_number,
        to_number=fax.to_number,
        create_time=fax.create_time,
    )
    policy = governing(policies, subject, part)
    due = due_time(policy, subject, part)
    return Verdict(policy_id=policy.policy_id if policy else "", due_time=due)
