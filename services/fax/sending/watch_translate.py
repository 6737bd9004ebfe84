"""Between the contract of watching and what changed."""

from __future__ import annotations

from switchhook.fax.v1 import fax_pb2, fax_watch_pb2

from chassis.change_log import Step
from services.fax.model import Direction
from services.fax.sending import translate
from services.fax.sending.watching import Watched, WatchFilters

_DIRECTIONS = {
    fax_pb2.FAX_DIRECTION_INBOUND: Direction.INBOUND,
    fax_pb2.FAX_DIRECTION_OUTBOUND: Direction.OUTBOUND,
}


def filters(request: fax_watch_pb2.WatchFaxesRequest) -> WatchFilters:
    """Return what a watch is narrowed to."""
    return WatchFilters(
        fax_id=request.fax_id,
        job_id=request.job_id,
        number=request.number,
        direction=_DIRECTIONS.get(request.direction),
    )


def step(taken: Step[Watched], fax: fax_pb2.Fax | None) -> fax_watch_pb2.WatchFaxesResponse:
    """Return one step of a watch as the contract shows it; `fax` is its transmission, if any."""
    told = fax_watch_pb2.WatchFaxesResponse(sequence=taken.sequence)
    if taken.change is None or taken.thing is None:
        return told
    told.record_time.FromDatetime(taken.change.record_time)
    seen = taken.thing
    if fax is not None:
        told.fax.CopyFrom(fax)
    elif seen.job is not None and seen.outlook is not None:
        told.job.CopyFrom(translate.job(seen.job, seen.outlook))
    return told
