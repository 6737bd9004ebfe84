"""Plans as they are kept: every change is a new revision, and no revision ever changes."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.database import insert_into
from chassis.errors import AlreadyDone, Contended, FieldViolation, Invalid, NotFound, NotYet
from services.voice.routing.plan import DEFAULT_PLAN_ID, Plan
from services.voice.routing.tables import claims, plans, revisions
from services.voice.routing.validation import Surroundings, faults

_CACHED = 256
"""Revisions kept in memory; they never change, so one that is there is right."""

_NUMBER = "number"
_TEXML = "texml"


class KnownQueues(Protocol):
    """The queues there are."""

    async def ids(self, connection: AsyncConnection) -> Sequence[str]:
        """Return the ids of all queues."""
        ...


class Plans:
    """Keeps plans; `pack` and `unpack` turn one into bytes and back."""

    def __init__(
        self,
        pack: Callable[[Plan], bytes],
        unpack: Callable[[bytes], Plan],
        queues: KnownQueues,
        clock: Clock,
        own_numbers: AbstractSet[str] = frozenset(),
    ) -> None:
        self._pack = pack
        self._unpack = unpack
        self._queues = queues
        self._clock = clock
        self._own_numbers = own_numbers
        self._cache: OrderedDict[tuple[str, int], Plan] = OrderedDict()

    async def for_call(
        self, connection: AsyncConnection, called_number: str, texml_app: str = ""
    ) -> Plan | None:
        """Return the plan that takes a call in its newest revision; None when it is not ours.

        A plan that lists the TeXML application comes before one that lists the number, and the
        plan made from the settings comes last, for the numbers of the settings.
        """
        wanted = sa.or_(
            sa.and_(claims.c.kind == _TEXML, claims.c.subject == texml_app),
            sa.and_(claims.c.kind == _NUMBER, claims.c.subject == called_number),
        )
        query = sa.select(claims.c.kind, claims.c.plan_id).where(wanted)
        found = {row.kind: row.plan_id for row in await connection.execute(query)}
        plan_id = found.get(_TEXML) or found.get(_NUMBER)
        if plan_id:
            return await self.get(connection, plan_id)
        default = await self._newest(connection, DEFAULT_PLAN_ID)
        if default is None or called_number not in default.numbers:
            return None
        return default

    async def get(self, connection: AsyncConnection, plan_id: str, revision: int = 0) -> Plan:
        """Return a revision, or the newest of a plan that is in use; raises NotFound."""
        if revision == 0:
            found = await self._newest(connection, plan_id)
        else:
            found = await self._revision(connection, plan_id, revision)
        if found is None:
            raise NotFound("PLAN_NOT_FOUND", "no plan with this id and revision is kept")
        return found

    async def page(
        self, connection: AsyncConnection, after: str, limit: int, called_number: str = ""
    ) -> Sequence[Plan]:
        """Return at most `limit` plans in use by ascending id, those after an id."""
        query = sa.select(plans.c.plan_id, plans.c.revision).where(
            plans.c.delete_time.is_(None), plans.c.plan_id > after
        )
        if called_number:
            claimed = sa.select(claims.c.plan_id).where(
                claims.c.kind == _NUMBER, claims.c.subject == called_number
            )
            query = query.where(plans.c.plan_id.in_(claimed))
        rows = (await connection.execute(query.order_by(plans.c.plan_id).limit(limit))).all()
        return [await self.get(connection, row.plan_id, row.revision) for row in rows]

    async def history(
        self, connection: AsyncConnection, plan_id: str, below: int, limit: int
    ) -> Sequence[Plan]:
        """Return at most `limit` revisions of a plan, newest first, those below a number or 0."""
        query = sa.select(revisions.c.revision).where(revisions.c.plan_id == plan_id)
        if below:
            query = query.where(revisions.c.revision < below)
        newest = query.order_by(revisions.c.revision.desc()).limit(limit)
        numbers = (await connection.execute(newest)).scalars().all()
        return [await self.get(connection, plan_id, number) for number in numbers]

    async def using(self, connection: AsyncConnection, queue_id: str) -> Sequence[str]:
        """Return the plans in use that name a queue, by id."""
        query = sa.select(plans.c.plan_id, plans.c.queues).where(plans.c.delete_time.is_(None))
        rows = (await connection.execute(query.order_by(plans.c.plan_id))).all()
        return [row.plan_id for row in rows if queue_id in row.queues]

    async def faults(self, connection: AsyncConnection, plan: Plan) -> Sequence[FieldViolation]:
        """Return everything that keeps a plan from being kept."""
        known = frozenset(await self._queues.ids(connection))
        wrong = faults(plan, Surroundings(known, self._own_numbers))
        if plan.plan_id == DEFAULT_PLAN_ID:
            wrong.append(FieldViolation("plan.plan_id", "is the plan made from the settings"))
        return [*wrong, *await self._taken(connection, plan)]

    async def create(
        self, connection: AsyncConnection, plan: Plan, unreadable: Sequence[FieldViolation] = ()
    ) -> Plan:
        """Keep a new plan as its first revision.

        Raises Invalid naming every fault, those that reading it has shown among them, and
        AlreadyDone when the id is or was in use.
        """
        await self._check(connection, plan, unreadable)
        row = insert_into(connection, plans).values(
            plan_id=plan.plan_id, revision=1, queues=sorted(plan.queues)
        )
        row = row.on_conflict_do_nothing()
        if (await connection.execute(row.returning(plans.c.plan_id))).first() is None:
            raise AlreadyDone("PLAN_EXISTS", "a plan with this id is there, or was")
        return await self._keep(connection, replace(plan, revision=1))

    async def update(
        self, connection: AsyncConnection, plan: Plan, unreadable: Sequence[FieldViolation] = ()
    ) -> Plan:
        """Keep the next revision of a plan that was made from the newest one.

        Raises Invalid naming every fault, NotFound, and NotYet when another revision is newer or
        the plan is made from the settings.
        """
        if plan.plan_id == DEFAULT_PLAN_ID:
            raise NotYet("PLAN_BUILT_IN", "the plan made from the settings changes with them only")
        newest = await self._locked(connection, plan.plan_id)
        if newest is None:
            raise NotFound("PLAN_NOT_FOUND", "no plan with this id is in use")
        if newest != plan.revision:
            raise NotYet(
                "PLAN_REVISION_STALE",
                "the plan has been changed since this revision",
                metadata={"revision": str(newest)},
            )
        await self._check(connection, plan, unreadable)
        return await self._keep(connection, replace(plan, revision=newest + 1))

    async def delete(self, connection: AsyncConnection, plan_id: str) -> None:
        """Take a plan out of use; calls under way keep it. Raises NotYet for the built-in one."""
        if plan_id == DEFAULT_PLAN_ID:
            raise NotYet("PLAN_BUILT_IN", "the plan made from the settings changes with them only")
        gone = sa.update(plans).where(plans.c.plan_id == plan_id, plans.c.delete_time.is_(None))
        await connection.execute(gone.values(delete_time=self._clock.now()))
        await connection.execute(sa.delete(claims).where(claims.c.plan_id == plan_id))

    async def seed(self, connection: AsyncConnection, plan: Plan) -> Plan:
        """Keep the plan made from the settings, as a new revision only where it has changed."""
        row = insert_into(connection, plans).values(
            plan_id=plan.plan_id, revision=0, queues=sorted(plan.queues)
        )
        await connection.execute(row.on_conflict_do_nothing())
        newest = await self._locked(connection, plan.plan_id) or 0
        known = await self._revision(connection, plan.plan_id, newest) if newest else None
        if known is not None and _same(known, plan):
            return known
        return await self._keep(connection, replace(plan, revision=newest + 1))

    async def _check(
        self, connection: AsyncConnection, plan: Plan, unreadable: Sequence[FieldViolation]
    ) -> None:
        wrong = [*unreadable, *await self.faults(connection, plan)]
        if wrong:
            raise Invalid(wrong)

    async def _taken(self, connection: AsyncConnection, plan: Plan) -> Sequence[FieldViolation]:
        """Return which numbers and applications belong to another plan."""
        query = sa.select(claims).where(
            claims.c.plan_id != plan.plan_id,
            sa.tuple_(claims.c.kind, claims.c.subject).in_(list(_claimed(plan)) or [("", "")]),
        )
        taken = {(row.kind, row.subject) for row in await connection.execute(query)}
        return [
            FieldViolation(f"plan.{field}", "belongs to another plan")
            for claim, field in _claimed(plan).items()
            if claim in taken
        ]

    async def _keep(self, connection: AsyncConnection, plan: Plan) -> Plan:
        kept = replace(plan, create_time=self._clock.now())
        body = {"create_time": kept.create_time, "body": self._pack(kept)}
        row = {"plan_id": kept.plan_id, "revision": kept.revision, **body}
        await connection.execute(sa.insert(revisions).values(row))
        change = {"revision": kept.revision, "queues": sorted(kept.queues)}
        current = sa.update(plans).where(plans.c.plan_id == kept.plan_id)
        await connection.execute(current.values(change))
        if kept.plan_id != DEFAULT_PLAN_ID:
            await self._claim(connection, kept)
        return kept

    async def _claim(self, connection: AsyncConnection, plan: Plan) -> None:
        await connection.execute(sa.delete(claims).where(claims.c.plan_id == plan.plan_id))
        for kind, subject in _claimed(plan):
            row = insert_into(connection, claims).values(
                kind=kind, subject=subject, plan_id=plan.plan_id
            )
            row = row.on_conflict_do_nothing()
            if (await connection.execute(row.returning(claims.c.plan_id))).first() is None:
                # Another plan took it after we looked: looking again names it.
                raise Contended("PLAN_CONTENDED", "another plan was kept at the same time")

    async def _locked(self, connection: AsyncConnection, plan_id: str) -> int | None:
        """Return the newest revision of a plan in use, and let nobody else change it meanwhile."""
        query = sa.select(plans.c.revision).where(
            plans.c.plan_id == plan_id, plans.c.delete_time.is_(None)
        )
        return (await connection.execute(query.with_for_update())).scalar_one_or_none()

    async def _newest(self, connection: AsyncConnection, plan_id: str) -> Plan | None:
        query = sa.select(plans.c.revision).where(
            plans.c.plan_id == plan_id, plans.c.delete_time.is_(None)
        )
        revision = (await connection.execute(query)).scalar_one_or_none()
        return await self._revision(connection, plan_id, revision) if revision else None

    async def _revision(
        self, connection: AsyncConnection, plan_id: str, revision: int
    ) -> Plan | None:
        known = self._cache.get((plan_id, revision))
        if known is not None:
            self._cache.move_to_end((plan_id, revision))
            return known
        query = sa.select(revisions.c.body).where(
            revisions.c.plan_id == plan_id, revisions.c.revision == revision
        )
        body: Any = (await connection.execute(query)).scalar_one_or_none()
        return None if body is None else self._remembered(self._unpack(bytes(body)))

    def _remembered(self, plan: Plan) -> Plan:
        self._cache[plan.plan_id, plan.revision] = plan
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return plan


def _claimed(plan: Plan) -> Mapping[tuple[str, str], str]:
    """Return what a plan wants for itself, and in which field it says so."""
    numbers = {(_NUMBER, number): f"numbers[{index}]" for index, number in enumerate(plan.numbers)}
    apps = {(_TEXML, app): f"texml_apps[{index}]" for index, app in enumerate(plan.texml_apps)}
    return {**numbers, **apps}


def _same(known: Plan, plan: Plan) -> bool:
    return replace(known, revision=0, create_time=None) == replace(
        plan, revision=0, create_time=None
    )
