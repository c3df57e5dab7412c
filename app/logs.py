"""Structured logs: one JSON object a line on stderr.

A decision is one line. What is logged are ids, enumerations and numbers; never an application, a
name, an address, notes, a question or a model's words. An unexpected error is logged by its class and
the places it passed, since its message may hold a row.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import Final, TextIO

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, WrappedLogger

ROOT: Final = Path(__file__).parents[1]


def configure_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Send our lines and the libraries' to the stream (stderr) as JSON."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[_add_trace, structlog.processors.add_log_level, _add_time, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Plain())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)


_add_time = structlog.processors.TimeStamper(fmt="iso", utc=True, key="time")


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
