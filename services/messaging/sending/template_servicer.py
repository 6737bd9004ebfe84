"""TemplateService: translate in, call, translate out."""

from typing import Any

import grpc.aio
from switchhook.messaging.v1 import template_service_pb2, template_service_pb2_grpc

from chassis import pages
from chassis.database import Database
from chassis.errors import FieldViolation, Invalid
from services.messaging.sending import translate as sending_translate
from services.messaging.use_cases.templates import Templates

Context = grpc.aio.ServicerContext[Any, Any]


class TemplateServicer(template_service_pb2_grpc.TemplateServiceServicer):
    """Keeps templates."""

    def __init__(self, database: Database, templates: Templates) -> None:
        self._database = database
        self._templates = templates

    async def PutTemplate(
        self, request: template_service_pb2.PutTemplateRequest, context: Context
    ) -> template_service_pb2.PutTemplateResponse:
        """Make or replace one template."""
        given = sending_translate.template_in(request.template)
        locales = [text.locale for text in request.template.texts]
        async with self._database.transaction() as connection:
            kept = await self._templates.put(connection, given, locales)
        return template_service_pb2.PutTemplateResponse(template=sending_translate.template(kept))

    async def GetTemplate(
        self, request: template_service_pb2.GetTemplateRequest, context: Context
    ) -> template_service_pb2.GetTemplateResponse:
        """Return one template."""
        async with self._database.reading() as connection:
            kept = await self._templates.get(connection, request.template_id)
        return template_service_pb2.GetTemplateResponse(template=sending_translate.template(kept))

    async def ListTemplates(
        self, request: template_service_pb2.ListTemplatesRequest, context: Context
    ) -> template_service_pb2.ListTemplatesResponse:
        """Return one page of templates, by ascending id."""
        bound, size = pages.filters(request), pages.page_size(request.page_size)
        after = _after(pages.decode(request.page_token, bound))
        async with self._database.reading() as connection:
            found = await self._templates.kept.list(connection, after=after, limit=size + 1)
        page = found[:size]
        token = pages.encode([page[-1].template_id], bound) if len(found) > size else ""
        return template_service_pb2.ListTemplatesResponse(
            templates=[sending_translate.template(kept) for kept in page], next_page_token=token
        )

    async def DeleteTemplate(
        self, request: template_service_pb2.DeleteTemplateRequest, context: Context
    ) -> template_service_pb2.DeleteTemplateResponse:
        """Remove one template."""
        async with self._database.transaction() as connection:
            await self._templates.kept.remove(connection, request.template_id)
        return template_service_pb2.DeleteTemplateResponse()


def _after(decoded: list[str | int]) -> str:
    match decoded:
        case []:
            return ""
        case [str(template_id)] if "\0" not in template_id:
            return template_id
        case _:
            raise Invalid([FieldViolation("page_token", "is not a token this service gave")])
