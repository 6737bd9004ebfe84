"""Keeping templates, and making texts from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.errors import NotFound
from services.messaging.sending.templates import Rendered, Template, TemplateUse, check, render


class KeptTemplates(Protocol):
    """Where templates are kept."""

    async def get(self, connection: AsyncConnection, template_id: str) -> Template | None:
        """Return a template, or None."""
        ...

    async def list(
        self, connection: AsyncConnection, *, after: str, limit: int
    ) -> Sequence[Template]:
        """Return at most `limit` templates with ids above `after`, by ascending id."""
        ...

    async def put(self, connection: AsyncConnection, template: Template) -> Template:
        """Insert or replace a template; return it as kept."""
        ...

    async def remove(self, connection: AsyncConnection, template_id: str) -> None:
        """Delete a template if it is there."""
        ...


@dataclass(frozen=True)
class Templates:
    """Keeps templates and renders them."""

    kept: KeptTemplates
    clock: Clock

    async def put(
        self, connection: AsyncConnection, template: Template, locales: Sequence[str]
    ) -> Template:
        """Keep a template; putting the same again changes nothing. Raises Invalid."""
        check(template, locales)
        known = await self.kept.get(connection, template.template_id)
        if known is not None and _same(known, template):
            return known
        return await self.kept.put(connection, replace(template, update_time=self.clock.now()))

    async def get(self, connection: AsyncConnection, template_id: str) -> Template:
        """Return a template; raises NotFound."""
        found = await self.kept.get(connection, template_id)
        if found is None:
            raise NotFound("TEMPLATE_NOT_FOUND", "no such template")
        return found

    async def render(self, connection: AsyncConnection, use: TemplateUse) -> Rendered:
        """Return the text a template makes; raises NotFound, or Invalid naming each variable."""
        template = await self.get(connection, use.template_id)
        return render(template, use.locale, use.variables, "template.variables")


def _same(known: Template, template: Template) -> bool:
    unsaid = {"revision": 0, "update_time": None}
    return replace(known, **unsaid) == replace(template, **unsaid)  # type: ignore[arg-type]
