"""Between the contracts and the model of sending: orders in, jobs and announcements out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from switchhook.event.v1 import event_pb2
from switchhook.fax.v1 import (
    cover_page_pb2,
    fax_job_event_pb2,
    fax_job_pb2,
    fax_number_pb2,
    sending_service_pb2,
)

from chassis.effects import Effect
from chassis.publisher import event_effect
from services.fax.documents.model import Cover, PaperSize
from services.fax.sending.failures import FailureClass
from services.fax.sending.model import Attempt, InDoubt, Job, Quality
from services.fax.sending.numbers import Number
from services.fax.sending.orders import Asked, Order, Source
from services.fax.sending.plan import JobState, Outlook
from services.fax.sending.store import JobFilters, JobPosition

ALERTED = "events.v1.fax.fax.alerted"
"""Subject of the event that says that faxes cannot leave."""

_PAPERS = {
    cover_page_pb2.PAGE_SIZE_LETTER: PaperSize.LETTER,
    cover_page_pb2.PAGE_SIZE_A4: PaperSize.A4,
}
_QUALITIES = {
    fax_job_pb2.FAX_QUALITY_NORMAL: Quality.NORMAL,
    fax_job_pb2.FAX_QUALITY_HIGH: Quality.HIGH,
    fax_job_pb2.FAX_QUALITY_VERY_HIGH: Quality.VERY_HIGH,
    fax_job_pb2.FAX_QUALITY_ULTRA_LIGHT: Quality.ULTRA_LIGHT,
    fax_job_pb2.FAX_QUALITY_ULTRA_DARK: Quality.ULTRA_DARK,
}
_IN_DOUBT = {
    fax_job_pb2.FAX_IN_DOUBT_HOLD: InDoubt.HOLD,
    fax_job_pb2.FAX_IN_DOUBT_RESEND: InDoubt.RESEND,
}
_TOLD_PAPERS = {paper.value: number for number, paper in _PAPERS.items()}
_TOLD_QUALITIES = {quality: number for number, quality in _QUALITIES.items()}
_TOLD_IN_DOUBT = {policy: number for number, policy in _IN_DOUBT.items()}


def asked(first: sending_service_pb2.SendFaxRequest, uploaded: str) -> Asked:
    """Return what a request asks for; `uploaded` is the hash of the bytes that followed."""
    said = first.SerializeToString(deterministic=True) + uploaded.encode()
    return Asked(
        request_id=first.request_id,
        fingerprint=hashlib.sha256(said).digest(),
        order=_order(first.order),
    )


def answer(taken: Job, outlook: Callable[[Job], Outlook]) -> bytes:
    """Return the answer to a SendFax as it is kept for repetitions."""
    response = sending_service_pb2.SendFaxResponse(job=job(taken, outlook(taken)))
    return response.SerializeToString(deterministic=True)


def job(known: Job, outlook: Outlook) -> fax_job_pb2.FaxJob:
    """Return a job as the contract tells it."""
    told = fax_job_pb2.FaxJob(
        job_id=known.job_id,
        state=state(outlook.state),
        to_number=known.to_number,
        from_number=known.from_number,
        sha256=known.document.sha256,
        size_bytes=known.document.size,
        page_count=known.document.page_count,
        has_cover_page=known.document.has_cover_page,
        page_size=_TOLD_PAPERS[known.document.page_size],
        in_doubt=_TOLD_IN_DOUBT[known.in_doubt],
        attempts=[_attempt(each) for each in known.attempts],
        plan=_plan(outlook),
        failure_reason=outlook.reason,
        failure_class=_failure_class(outlook.failure_class),
        create_time=_timestamp(known.create_time),
        update_time=_timestamp(known.update_time),
    )
    if known.cancel_time is not None:
        told.cancel_time.CopyFrom(_timestamp(known.cancel_time))
    if outlook.finish_time is not None:
        told.finish_time.CopyFrom(_timestamp(outlook.finish_time))
    return told


def number(known: Number) -> fax_number_pb2.FaxNumber:
    """Return a number as the contract tells it."""
    mark = f"FAX_NUMBER_MARK_{known.mark.name if known.mark else 'UNSPECIFIED'}"
    return fax_number_pb2.FaxNumber(
        number=known.number,
        mark=fax_number_pb2.FaxNumberMark.Value(mark),
        reason=known.reason,
        mark_time=None if known.mark_time is None else _timestamp(known.mark_time),
        not_a_fax_count=known.not_a_fax_count,
    )


def state(known: JobState) -> fax_job_pb2.FaxJobState.ValueType:
    """Return a state as the contract names it."""
    return fax_job_pb2.FaxJobState.Value(f"FAX_JOB_STATE_{known.name}")


def filters(request: sending_service_pb2.ListFaxJobsRequest) -> JobFilters:
    """Return what a list of jobs is narrowed to."""
    states = {state(each): each for each in JobState}
    return JobFilters(
        states=[states[each] for each in request.states],
        to_number=request.to_number,
        start=_datetime(request.start_time) if request.HasField("start_time") else None,
        end=_datetime(request.end_time) if request.HasField("end_time") else None,
    )


def key(known: Job) -> list[str | int]:
    """Return where a page that ends with this job ends."""
    return [_timestamp(known.create_time).ToMicroseconds(), known.job_id]


def position(decoded: Sequence[str | int]) -> JobPosition | None:
    """Return the position of a decoded page token, None for the first page."""
    if not decoded:
        return None
    moment = Timestamp()
    moment.FromMicroseconds(int(decoded[0]))
    return JobPosition(_datetime(moment), str(decoded[1]))


def announcement(known: Job, outlook: Outlook, now: datetime) -> Effect:
    """Return the effect that tells the stream where a job has come to."""
    verb = outlook.state.value
    last = known.attempts[-1] if known.attempts else None
    arrived = [each for each in known.attempts if each.state_time == outlook.finish_time]
    settled = fax_job_event_pb2.FaxJobSettled(
        job_id=known.job_id,
        state=state(outlook.state),
        attempt_count=len(known.attempts),
        fax_id=next((each.fax_id for each in (*arrived, last) if each and each.fax_id), ""),
        failure_reason=outlook.reason,
        failure_class=_failure_class(outlook.failure_class),
        page_count=known.document.page_count,
    )
    event = _event(f"fax-job-{verb}-{known.job_id}", f"fax.job.{verb}", known.job_id, now)
    event.service.Pack(settled)
    payload = event.SerializeToString(deterministic=True)
    return event_effect(event.event_id, f"events.v1.fax.job.{verb}", payload)


def alert(known: Job, reason: str, connection_id: str, now: datetime) -> Effect:
    """Return the effect that raises an alert, the same one for a reason and day."""
    day = now.astimezone(UTC).date().isoformat()
    event_id = f"fax-alert-{day}-{reason.replace(' ', '-')}"
    event = _event(event_id, "fax.alerted", known.job_id, now)
    event.service.Pack(
        fax_job_event_pb2.FaxAlert(
            reason=reason,
            connection_id=connection_id,
            job_id=known.job_id,
            occur_time=_timestamp(now),
        )
    )
    return event_effect(event_id, ALERTED, event.SerializeToString(deterministic=True))


def _order(order: sending_service_pb2.FaxOrder) -> Order:
    return Order(
        to_number=order.to_number,
        from_number=order.from_number,
        sources=tuple(_source(each) for each in order.documents),
        cover=_cover(order.cover_page) if order.HasField("cover_page") else None,
        page_size=_PAPERS.get(order.page_size),
        quality=_QUALITIES.get(order.quality, Quality.HIGH),
        monochrome=order.monochrome,
        in_doubt=_IN_DOUBT.get(order.in_doubt, InDoubt.HOLD),
        allow_duplicate=order.allow_duplicate,
        allow_marked_number=order.allow_marked_number,
    )


def _source(source: sending_service_pb2.DocumentSource) -> Source:
    upload = source.WhichOneof("source") == "upload"
    return Source(upload=upload, fax_id=source.fax_id, job_id=source.job_id)


def _cover(page: cover_page_pb2.CoverPage) -> Cover:
    return Cover(
        to_name=page.to_name,
        from_name=page.from_name,
        from_company=page.from_company,
        subject=page.subject,
        remarks=page.remarks,
        confidentiality_notice=page.confidentiality_notice,
    )


def _attempt(known: Attempt) -> fax_job_pb2.FaxAttempt:
    told = fax_job_pb2.FaxAttempt(
        number=known.number,
        state=fax_job_pb2.FaxAttemptState.Value(f"FAX_ATTEMPT_STATE_{known.state.name}"),
        fax_id=known.fax_id,
        reason=known.reason,
        failure_class=_failure_class(known.failure_class),
        page_count=known.page_count,
        quality=_TOLD_QUALITIES[known.quality],
        t38_enabled=known.t38_enabled,
        start_time=_timestamp(known.start_time),
    )
    if known.call_duration is not None:
        told.call_duration.FromTimedelta(known.call_duration)
    if known.finish_time is not None:
        told.finish_time.CopyFrom(_timestamp(known.finish_time))
    return told


def _plan(outlook: Outlook) -> fax_job_pb2.FaxPlan:
    if outlook.next_time is None:
        return fax_job_pb2.FaxPlan()
    return fax_job_pb2.FaxPlan(
        next_attempt_time=_timestamp(outlook.next_time),
        next_attempt_number=outlook.next_number,
        tries_left=outlook.tries_left,
        next_quality=_TOLD_QUALITIES[outlook.next_quality],
        next_t38_enabled=outlook.next_t38,
    )


def _failure_class(known: FailureClass | None) -> fax_job_pb2.FaxFailureClass.ValueType:
    name = known.name if known else "UNSPECIFIED"
    return fax_job_pb2.FaxFailureClass.Value(f"FAX_FAILURE_CLASS_{name}")


def _event(event_id: str, event_type: str, entity_key: str, now: datetime) -> event_pb2.Event:
    return event_pb2.Event(
        event_id=event_id,
        type=event_type,
        source=event_pb2.EVENT_SOURCE_SERVICE,
        occur_time=_timestamp(now),
        receive_time=_timestamp(now),
        entity_key=entity_key,
        safe_to_ignore=True,
    )


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _datetime(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
