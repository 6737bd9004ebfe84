"""Templates in the database."""

import dataclasses
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.sending.tables import templates
from services.messaging.sending.templates import Template, Variable, VariableType


class TemplateStore:
    """Templates, on SQLite and PostgreSQL."""

    async def get(self, connection: AsyncConnection, template_id: str) -> Template | None:
        """Return a template, or None."""
        query = sa.select(templates).where(templates.c.template_id == template_id)
        row = (await connection.execute(query)).first()
        return None if row is None else _template(row)

    async def list(self, connection: AsyncConnection, *, after: str, limit: int) -> list[Template]:
        """Return at most `limit` templates with ids above `after`, by ascending id."""
        key: sa.ColumnElement[str] = templates.c.template_id
        if connection.dialect.name != "sqlite":
            # By code point, as SQLite does, whatever the locale of the server.
            key = key.collate("C")
        query = sa.select(templates).where(key > after).order_by(key).limit(limit)
        return [_template(row) for row in await connection.execute(query)]

    async def put(self, connection: AsyncConnection, template: Template) -> Template:
        """Insert a template, or put it in the place of the one of its id; return it as kept."""
        values = _values(template)
        replaced = {**values, "revision": templates.c.revision + 1}
        insert = insert_into(connection, templates).values(**values, revision=1)
        insert = insert.on_conflict_do_update(index_elements=["template_id"], set_=replaced)
        row = (await connection.execute(insert.returning(*templates.c))).one()
        return _template(row)

    async def remove(self, connection: AsyncConnection, template_id: str) -> None:
        """Delete a template if it is there."""
        where = templates.c.template_id == template_id
        await connection.execute(sa.delete(templates).where(where))


def _values(template: Template) -> dict[str, Any]:
    return {
        "template_id": template.template_id,
        "description": template.description,
        "variables": [dataclasses.asdict(variable) for variable in template.variables],
        # Pairs, because the keys of an object have no order.
        "texts": [[locale, text] for locale, text in template.texts.items()],
        "default_locale": template.default_locale,
        "update_time": template.update_time,
    }


def _template(row: sa.Row[Any]) -> Template:
    return Template(
        template_id=row.template_id,
        description=row.description,
        variables=tuple(_variable(each) for each in row.variables),
        texts=dict(row.texts),
        default_locale=row.default_locale,
        revision=row.revision,
        update_time=row.update_time,
    )


def _variable(stored: dict[str, Any]) -> Variable:
    return Variable(**{**stored, "type": VariableType(stored["type"])})
