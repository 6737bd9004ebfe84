"""Opening hours between the contract and the model."""

from datetime import date

from switchhook.voice.v1 import opening_hours_pb2 as pb

from chassis import times
from chassis.errors import FieldViolation, Invalid
from services.voice.routing.hours import Emergency, Holiday, Hours, Span, WeeklySpan


def hours_in(asked: pb.OpeningHours, path: str) -> Hours:
    """Return the hours a request holds at `path`; raises Invalid naming everything wrong."""
    faults: list[FieldViolation] = []
    read = read_hours(asked, path, faults)
    faults += read.faults(path)
    if faults:
        raise Invalid(faults)
    return read


def read_hours(asked: pb.OpeningHours, path: str, faults: list[FieldViolation]) -> Hours:
    """Return the hours a request holds at `path`, and add what cannot be read to `faults`."""
    week = (
        WeeklySpan(each.weekday, Span(each.open_minute, each.close_minute))
        for each in asked.weekly_spans
    )
    holidays = (
        _holiday(each, f"{path}.holidays[{index}]", faults)
        for index, each in enumerate(asked.holidays)
    )
    emergency = None
    if asked.HasField("emergency_closure"):
        emergency = _emergency(asked.emergency_closure, f"{path}.emergency_closure", faults)
    return Hours(asked.time_zone, tuple(week), tuple(holidays), emergency)


def hours_out(known: Hours) -> pb.OpeningHours:
    """Return hours as the contract shows them."""
    return pb.OpeningHours(
        time_zone=known.time_zone,
        weekly_spans=[
            pb.WeeklySpan(
                weekday=each.weekday,
                open_minute=each.span.open_minute,
                close_minute=each.span.close_minute,
            )
            for each in known.week
        ],
        holidays=[_holiday_out(each) for each in known.holidays],
        emergency_closure=_emergency_out(known.emergency) if known.emergency else None,
    )


def _holiday(asked: pb.Holiday, path: str, faults: list[FieldViolation]) -> Holiday:
    return Holiday(
        _day(asked.start_date, f"{path}.start_date", faults, date.min),
        _day(asked.end_date, f"{path}.end_date", faults, date.max),
        asked.display_name,
        tuple(Span(each.open_minute, each.close_minute) for each in asked.open_spans),
    )


def _day(text: str, path: str, faults: list[FieldViolation], instead: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(FieldViolation(path, "is no day of the calendar"))
        return instead


def _emergency(
    asked: pb.EmergencyClosure, path: str, faults: list[FieldViolation]
) -> Emergency | None:
    try:
        start = times.instant(asked.start_time, f"{path}.start_time")
        end = times.instant(asked.end_time, f"{path}.end_time")
    except Invalid as invalid:
        faults += invalid.fields
        return None
    return Emergency(
        asked.note,
        start if asked.HasField("start_time") else None,
        end if asked.HasField("end_time") else None,
    )


def _holiday_out(known: Holiday) -> pb.Holiday:
    return pb.Holiday(
        display_name=known.display_name,
        start_date=known.first.isoformat(),
        end_date=known.last.isoformat(),
        open_spans=[
            pb.DaySpan(open_minute=each.open_minute, close_minute=each.close_minute)
            for each in known.spans
        ],
    )


def _emergency_out(known: Emergency) -> pb.EmergencyClosure:
    return pb.EmergencyClosure(
        note=known.note,
        start_time=times.timestamp(known.start),
        end_time=times.timestamp(known.end),
    )
