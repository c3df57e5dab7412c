"""Structured logs: one JSON object a line on stderr.

A decision is one line, and has the trace that it was made in. Where a receiver of logs is set, each
line goes there too (`send_to`). What is logged are ids, enumerations and numbers; never an application, a
name, an address, notes, a question or a model's words. An unexpected error is logged by its class and
the places it passed, since its message may hold a row.
"""

import logging
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO

import orjson
import structlog
from opentelemetry import trace
from opentelemetry._logs import Logger, SeverityNumber
from structlog.typing import EventDict, WrappedLogger

ROOT: Final = Path(__file__).parents[1]
TOLD_ELSEWHERE: Final = ("pypdf",)
"""Libraries whose warnings are told otherwise: a damaged file is refused, with the reason."""


def configure_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Send our lines and the libraries' to the stream (stderr) as JSON."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[structlog.processors.add_log_level, _send, _add_trace, _add_time, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Plain())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    for name in TOLD_ELSEWHERE:
        logging.getLogger(name).setLevel(logging.ERROR)


_add_time = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")


SEVERITIES: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_receivers: list[Logger] = []


def send_to(receiver: Logger | None) -> None:
    """From now on each line goes to that OpenTelemetry logger as well; None ends it."""
    _receivers[:] = [receiver] if receiver else []


def _send(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for receiver in _receivers:
        said = {name: _said(value) for name, value in event.items() if name not in _ELSEWHERE}
        receiver.emit(
            timestamp=time.time_ns(),
            severity_number=SEVERITIES[event["level"]],
            severity_text=event["level"],
            body=event["event"],
            attributes={name: value for name, value in said.items() if value is not None},
        )
    return event


_ELSEWHERE: Final = frozenset({"event", "level"})


def _said(value: Any) -> Any:
    """A value as a log record may hold it."""
    if isinstance(value, Mapping):
        return {str(name): _said(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_said(each) for each in value]
    # An enumeration is a string by kind, but the record takes plain ones only.
    return value if type(value) in {str, int, float, bool} or value is None else str(value)


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event


def _render(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


class _Plain(logging.Formatter):
    """A library's record as one line; its traceback as places only."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info and record.exc_info[1]:
            line |= failure(record.exc_info[1])
        if not record.name.startswith("opentelemetry"):  # what could not be sent is not sent again
            _send(None, "", line)
        return orjson.dumps(line, default=str).decode()


def failure(error: BaseException) -> dict[str, object]:
    """An error for a log line: its class, its causes' classes and the places it passed, no message."""
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < 5:
        causes.append(_class_of(cause))
        cause = cause.__cause__ or cause.__context__
    return {"error_type": _class_of(error), "causes": causes, "places": _places(error)}


def _class_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-12:]]


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
