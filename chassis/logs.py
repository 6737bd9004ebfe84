"""Structured logs: one line per thing that happened, its name fixed, its values in keys.

The message of a line is a constant `noun.verb`; everything else is a key. Every line passes the
redactor, also those of libraries, of which only the template is shown: their arguments and the
texts of exceptions may hold anything. At level debug both are shown, redacted.

JSON, one object per line, unless standard error is a terminal. Lines go to standard error, so
that standard output stays a program's own.
"""

import contextlib
import json as standard_json
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, cast

import orjson
import structlog

from chassis import redaction

Event = MutableMapping[str, Any]
_FRAMES = 12  # of the innermost frames of an exception


def configure(service: str = "", level: str = "info", json: bool | None = None) -> None:
    """Set the process up to log; calling it again replaces the former set-up.

    `service` names lines that no `bound` has named. `json` None decides by the terminal.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    _shape_lines(service, number, not sys.stderr.isatty() if json is None else json)
    _bridge_libraries(number)


def _shape_lines(service: str, number: int, as_json: bool) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            _Named(service),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _Exceptions(with_text=number <= logging.DEBUG),
            redact_event,
            _to_json if as_json else structlog.dev.ConsoleRenderer(event_key="message"),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_bytes_logger if as_json else _text_logger,
        cache_logger_on_first_use=False,
    )


def _bridge_libraries(number: int) -> None:
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each, _Bridge)]:
        root.removeHandler(former)
    root.addHandler(_Bridge(number))
    root.setLevel(number if number <= logging.DEBUG else max(number, logging.WARNING))
    logging.captureWarnings(capture=True)


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger whose lines carry `name`, usually the module's."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(logger_name=name))


@contextlib.contextmanager
def bound(**values: object) -> Iterator[None]:
    """Add `values` to every line of the block and of the tasks it starts.

    A service's `running` opens with `bound(service=...)`, so that lines can be told apart where
    several services share a process.
    """
    with structlog.contextvars.bound_contextvars(**values):
        yield


def redact_event(_logger: object, _method: str, event: Event) -> Event:
    """Hide what is private in a line; the processor before the last."""
    return {key: redaction.value(given, key) for key, given in event.items()}


class _Named:
    """Give the keys of a line their names and name the service."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        event["message"] = event.pop("event", "")
        event["logger"] = event.pop("logger_name", "")
        if self._service:
            event.setdefault("service", self._service)
        return event


class _Exceptions:
    """Replace an exception by its type and where it was raised, without its text."""

    def __init__(self, with_text: bool) -> None:
        self._with_text = with_text

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        given = event.pop("exc_info", None)
        error = _exception(given)
        if error is not None:
            event["error"] = kinds(error)
            event["frames"] = frames(error)
            if self._with_text:
                event["error_detail"] = str(error)
        return event


def kinds(error: BaseException) -> str:
    """Return the type of an exception, what is inside a group and what it came from."""
    name = type(error).__qualname__
    if isinstance(error, BaseExceptionGroup):
        name += f"({', '.join(kinds(inner) for inner in error.exceptions)})"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{name} from {kinds(cause)}" if cause is not None else name


def frames(error: BaseException) -> list[str]:
    """Return where an exception and its cause were raised, innermost last, without any value."""
    inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
    summary = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__))
    found = [f"{each.filename}:{each.lineno} {each.name}" for each in summary[-_FRAMES:]]
    return found + (frames(inner) if inner is not None else [])


def _exception(given: object) -> BaseException | None:
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    return given if isinstance(given, BaseException) else None


class _Bridge(logging.Handler):
    """Carry the lines of libraries that use the standard library's logging."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._with_detail = level <= logging.DEBUG

    def emit(self, record: logging.LogRecord) -> None:
        values: dict[str, Any] = {"logger_name": record.name, "template": _template(record)}
        if self._with_detail:
            values["detail"] = record.getMessage()
        if record.exc_info:
            values["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, "library.logged", **values)


def _template(record: logging.LogRecord) -> str:
    lines = str(record.msg).splitlines()
    return lines[0] if lines else ""


def _to_json(_logger: object, _method: str, event: Event) -> bytes:
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:  # a huge integer or half of a surrogate pair
        return standard_json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")


def _bytes_logger(*_: object) -> structlog.BytesLogger:
    return structlog.BytesLogger(sys.stderr.buffer)


def _text_logger(*_: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


if not structlog.is_configured():  # a program that forgets to configure is redacted all the same
    _shape_lines("", logging.INFO, as_json=False)
