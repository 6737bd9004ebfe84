"""Turn a verified TeXML request into an event."""

from datetime import datetime
from hashlib import sha256

from switchhook.event.v1.event_pb2 import Event, EventSource
from switchhook.event.v1.other_event_pb2 import UnreadableEvent, UnreadableReason
from switchhook.event.v1.texml_event_pb2 import TexmlEvent, TexmlKind

from carrier.forms import FormError, parse_form
from carrier.normalize import coerce, identity, redact
from carrier.normalize.coerce import Unfit
from carrier.normalize.plans import Plan

CALL_PROGRESS = "call-progress-events"

_PLAN = Plan(TexmlEvent.DESCRIPTOR, without=frozenset({"app", "kind", "parameters"}))
_TIMES = ("OccurredAt", "Timestamp")
_KINDS = (
    (("ReferCallStatus",), TexmlKind.TEXML_KIND_REFER),
    (("RecordingSid", "RecordingStatus"), TexmlKind.TEXML_KIND_RECORDING),
    (("Digits", "SpeechResult"), TexmlKind.TEXML_KIND_GATHER),
    (("QueueSid",), TexmlKind.TEXML_KIND_QUEUE),
)
"""What a request is about, by the fields only such requests have; the first match counts."""


def normalize_texml(form: bytes, *, app: str, receive_time: datetime) -> Event:
    """Return the event of a TeXML request to the application `app`; never raise for any bytes.

    A body that is no form with a CallSid becomes an UnreadableEvent that keeps it.
    """
    event = Event(source=EventSource.EVENT_SOURCE_TEXML, safe_to_ignore=True)
    event.receive_time.seconds, event.receive_time.nanos = coerce.since_epoch(receive_time)
    try:
        fields = parse_form(form).fields
    except FormError as error:
        return _refused(event, form, str(error))
    secrets = [name for name in fields if redact.is_secret_field(name)]
    fields = {
        name: "" if name in secrets else value.replace("\0", "\ufffd")
        for name, value in fields.items()
    }
    if not fields.get("CallSid"):
        return _refused(event, form, "a TeXML request has a CallSid")
    event.raw = redact.form(form) if secrets else form
    _write(event, app, fields)
    return event


def _write(event: Event, app: str, fields: dict[str, str]) -> None:
    ignored: list[str] = []
    texml = event.texml
    texml.app = app
    texml.kind = kind(fields)
    _PLAN.fill(texml, fields, "", ignored)
    for name, value in fields.items():
        texml.parameters[name.replace("\0", "\ufffd")] = value
    event.type = f"texml.{texml.callback_source or _word(texml.kind)}"
    event.event_id = _event_id(app, fields, event.raw)
    event.entity_key = identity.entity_key(event)
    _write_occur_time(event, fields)
    event.ignored_fields.extend(ignored)


def kind(fields: dict[str, str]) -> TexmlKind.ValueType:
    """Return what a request is about.

    A callback of call progress says so in CallbackSource, whatever else it brings along.
    """
    if fields.get("CallbackSource") == CALL_PROGRESS:
        return TexmlKind.TEXML_KIND_CALL_PROGRESS
    for names, found in _KINDS:
        if any(name in fields for name in names):
            return found
    if fields.get("CallbackSource"):
        return TexmlKind.TEXML_KIND_UNSPECIFIED
    return TexmlKind.TEXML_KIND_INSTRUCTION


def _word(found: TexmlKind.ValueType) -> str:
    return TexmlKind.Name(found).removeprefix("TEXML_KIND_").lower()


def _event_id(app: str, fields: dict[str, str], raw: bytes) -> str:
    """Return the same id for a repetition of the request, and another for the next one.

    Only callbacks are counted by the carrier. Two gathers of one call differ in nothing but what
    the caller pressed, so a request without a SequenceNumber is known by its whole form.
    """
    names = ("CallSid", "CallbackSource", "CallStatus", "SequenceNumber")
    parts = [fields.get(name, "").encode() for name in names]
    if not parts[-1]:
        parts += [app.encode(), raw]
    return f"texml-{sha256(bytes(1).join(parts)).hexdigest()}"


def _write_occur_time(event: Event, fields: dict[str, str]) -> None:
    for name in _TIMES:
        try:
            event.occur_time.seconds, event.occur_time.nanos = coerce.instant(fields.get(name))
        except Unfit:
            continue
        return


def _refused(event: Event, form: bytes, detail: str) -> Event:
    event.raw = redact.form(form)
    event.event_id = identity.event_id(None, event.raw)
    event.safe_to_ignore = False
    event.unreadable.CopyFrom(
        UnreadableEvent(reason=UnreadableReason.UNREADABLE_REASON_NOT_TEXML, detail=detail)
    )
    return event
