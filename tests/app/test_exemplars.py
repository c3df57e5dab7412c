"""Exemplars: the last trace in each bucket, whichever worker measured it."""

import os

from opentelemetry.trace import SpanContext, TraceFlags

from app.exemplars import Exemplars

SERIES = {"stage": "score"}


def context(trace: int) -> SpanContext:
    """A span of that trace."""
    return SpanContext(trace, 7, is_remote=False, trace_flags=TraceFlags(1))


def told(exemplars: Exemplars) -> dict[int, int]:
    """The traces of the series by bucket."""
    return {place: seen.context.trace_id for place, seen in exemplars.of("seconds", SERIES).items()}


def exemplars() -> Exemplars:
    """Those of one process: buckets up to 0.1 and up to 1."""
    made = Exemplars()
    made.add("seconds", ("stage",), (0.1, 1.0))
    return made


def test_each_bucket_keeps_its_last_trace():
    """A bound belongs to its own bucket; what has no trace leaves no exemplar."""
    ours = exemplars()
    for value, trace in ((0.1, 1), (0.05, 2), (0.5, 3), (7, 4)):
        ours.saw("seconds", ("score",), value, context(trace))
    ours.saw("seconds", ("score",), 8, context(0))
    assert told(ours) == {0: 2, 1: 3, 2: 4}


def test_workers_show_each_others(tmp_path):
    """The latest of each bucket counts; a worker's own file is not read, nor is one half written."""
    other, ours = exemplars(), exemplars()
    ours.saw("seconds", ("score",), 0.05, context(1))
    other.saw("seconds", ("score",), 0.06, context(2))
    other.saw("seconds", ("score",), 0.5, context(3))
    other.leave_in(tmp_path)
    (tmp_path / f"exemplars_{os.getpid()}.json").rename(tmp_path / "exemplars_1.json")
    (tmp_path / "exemplars_2.part").write_text("[[")
    assert told(ours.with_those_in(tmp_path)) == {0: 2, 1: 3}
    assert told(ours) == {0: 1}
