"""Translate what is sent, estimated, watched and kept as templates."""

from collections.abc import Mapping
from datetime import UTC, timedelta

from google.protobuf.duration_pb2 import Duration
from switchhook.messaging.v1 import (
    estimate_pb2,
    message_service_pb2,
    message_watch_pb2,
    template_pb2,
)

from services.messaging import translate
from services.messaging.model import Message
from services.messaging.sending import segments
from services.messaging.sending.change_store import ChangeFilters
from services.messaging.sending.templates import Template, TemplateUse, Variable, VariableType
from services.messaging.sending.watching import Step
from services.messaging.use_cases.composing import Draft


def draft(request: message_service_pb2.SendMessageRequest) -> Draft:
    """Return what a request asks to be sent."""
    scheduled = request.HasField("schedule_time")
    return Draft(
        our_number=request.from_number,
        peer_number=request.to_number,
        text=request.text,
        purpose=translate.purpose_of(request.purpose),
        media_urls=tuple(request.media_urls),
        subject=request.subject,
        template=template_use(request.template) if request.HasField("template") else None,
        program=request.program,
        schedule_time=request.schedule_time.ToDatetime(tzinfo=UTC) if scheduled else None,
        valid_for=_timedelta(request.valid_for) if request.HasField("valid_for") else None,
    )


def answer(queued: Message) -> bytes:
    """Return the answer to a SendMessage as it is kept for repetitions."""
    response = message_service_pb2.SendMessageResponse(
        message=translate.message(queued), estimate=estimate(segments.estimate(queued.text or ""))
    )
    return response.SerializeToString(deterministic=True)


def estimate(found: segments.Estimate) -> estimate_pb2.Estimate:
    """Return an estimate as the contract shows it."""
    return estimate_pb2.Estimate(
        encoding=estimate_pb2.Encoding.Value(f"ENCODING_{found.encoding.name}"),
        parts=found.parts,
        units=found.units,
        units_per_part=found.units_per_part,
        costly_characters=found.costly_characters,
    )


def template_use(use: template_pb2.TemplateUse) -> TemplateUse:
    """Return which template is asked for, and with what."""
    return TemplateUse(use.template_id, use.locale, dict(use.variables))


def template_in(given: template_pb2.Template) -> Template:
    """Return a template as the model has it; of a locale that stands twice the last."""
    return Template(
        template_id=given.template_id,
        texts=_texts(given),
        default_locale=given.default_locale,
        variables=tuple(_variable(variable) for variable in given.variables),
        description=given.description,
    )


def template(kept: Template) -> template_pb2.Template:
    """Return a template as the contract shows it."""
    return template_pb2.Template(
        template_id=kept.template_id,
        description=kept.description,
        variables=[
            template_pb2.TemplateVariable(
                name=variable.name,
                type=template_pb2.VariableType.Value(f"VARIABLE_TYPE_{variable.type.name}"),
                optional=variable.optional,
                max_length=variable.max_length,
            )
            for variable in kept.variables
        ],
        texts=[
            template_pb2.TemplateText(locale=locale, text=text)
            for locale, text in kept.texts.items()
        ],
        default_locale=kept.default_locale,
        revision=kept.revision,
        update_time=translate.timestamp(kept.update_time),
    )


def change_filters(request: message_watch_pb2.WatchMessagesRequest) -> ChangeFilters:
    """Return what a watch is narrowed to."""
    return ChangeFilters(
        message_id=request.message_id,
        our_number=request.our_number,
        peer_number=request.peer_number,
        direction=translate.direction_of(request.direction),
        statuses=[translate.status_of(number) for number in request.statuses],
    )


def step(taken: Step) -> message_watch_pb2.WatchMessagesResponse:
    """Return one step of a watch as the contract shows it."""
    shown = message_watch_pb2.WatchMessagesResponse(sequence=taken.sequence)
    if taken.change is not None and taken.message is not None:
        shown.change.CopyFrom(
            message_watch_pb2.MessageChange(
                record_time=translate.timestamp(taken.change.record_time),
                status=translate.status(taken.change.status),
                raw_status=taken.change.raw_status,
                message=translate.message(taken.message),
            )
        )
    return shown


def _texts(given: template_pb2.Template) -> Mapping[str, str]:
    return {text.locale: text.text for text in given.texts}


def _variable(given: template_pb2.TemplateVariable) -> Variable:
    name = template_pb2.VariableType.Name(given.type).removeprefix("VARIABLE_TYPE_")
    return Variable(given.name, VariableType[name], given.optional, given.max_length)


def _timedelta(length: Duration) -> timedelta:
    return length.ToTimedelta()
