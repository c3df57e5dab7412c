"""Traces as a collector gets them: one tree a decision, the same times as the record, nothing private."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from app.storage.engine import open_engine
from retrieval.ingest import ingest
from retrieval.parse import parse_file
from tests.app.conftest import FakeEmbedder
from tests.app.test_explanations import APPLICATION, MANUAL
from tests.fakes.http import scripted_server
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE
from tests.fakes.otlp import Receiver, Span, otlp_receiver

MARKERS = {"name": "Ana Marker", "address": "7 Marker Street", "email": "marker@example.org"}


@dataclass
class Traced:
    """What a process said: its answers, its spans, its log lines, and all bytes that left it."""

    decision: dict[str, Any]
    missing: dict[str, Any]
    receiver: Receiver
    spans: list[Span]
    lines: list[dict[str, Any]]
    sent: bytes


async def traced(database_url: str, **environment: str) -> Traced:
    """Decide once in a process of its own."""
    engine = open_engine(database_url)
    for document in parse_file(MANUAL):
        await ingest(engine, document, FakeEmbedder())
    await engine.dispose()
    async with scripted_server() as models:
        with otlp_receiver() as receiver:
            models.will_answer("/v1/score", GOOD_SCORE.model_dump(mode="json"))
            models.will_answer("/v1/price", GOOD_PRICE.model_dump(mode="json"))
            body = {
                "product": "consumer-loan",
                "application": APPLICATION,
                "applicant": MARKERS,
                "notes": "marker",
            }
            settings = {
                "CREDENCE_DATABASE_URL": database_url,
                "CREDENCE_SCORING_URL": models.url,
                "CREDENCE_PRICING_URL": models.url,
                "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.app.traced_service",
                json.dumps(body),
                env=os.environ | settings | environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await process.communicate()
            assert process.returncode == 0, err.decode()
            sent = receiver.everything() + err + out
            lines = [json.loads(line) for line in err.splitlines()]
            decision, missing = json.loads(out)
            return Traced(decision, missing, receiver, receiver.spans(), lines, sent)


async def test_one_request_is_one_tree(database_url):
    """One root, each stage below `decide` and as long as the record and the log say; nothing private."""
    told = await traced(database_url)
    decision = told.decision
    assert decision["explanation"]["status"] == "verified"
    tree = {s.name: s for s in told.spans if s.trace == decision["trace_id"]}
    by_id = {s.id: s for s in tree.values()}
    parents = {s.name: by_id[s.parent].name if s.parent else None for s in tree.values()}
    decide = "decide consumer-loan"
    assert parents == {
        "POST /v1/decisions": None,
        decide: "POST /v1/decisions",
        "score fake-scorecard": decide,
        "price fake-pricing": decide,
        "rules consumer-loan": decide,
        "retrieve": decide,
        "retrieval credit-policy": "retrieve",
        "embeddings fake-embedder": "retrieval credit-policy",
        "generate": decide,
        "verify": decide,
        "store": decide,
    }
    for span in tree.values():
        if span.parent:
            assert by_id[span.parent].start_ns <= span.start_ns <= span.end_ns <= by_id[span.parent].end_ns
    for stage, name in (("score", "score fake-scorecard"), ("price", "price fake-pricing")):
        assert tree[name].elapsed_ms == pytest.approx(decision["timings_ms"][stage], rel=0.05, abs=5)
    for stage, name in (
        ("rules", "rules consumer-loan"),
        ("retrieve",) * 2,
        ("generate",) * 2,
        ("verify",) * 2,
    ):
        assert tree[name].elapsed_ms == pytest.approx(decision["timings_ms"][stage], rel=0.05, abs=5)
    said = tree[decide].attributes
    assert said["credit.decision.id"] == decision["id"]
    assert said["credit.decision.outcome"] == "approve"
    assert said["credit.explanation.sentences.verified"] == len(decision["explanation"]["sentences"])
    assert tree["score fake-scorecard"].attributes["credit.model.version"] == GOOD_SCORE.version
    assert tree["POST /v1/decisions"].attributes["http.response.status_code"] == 201
    assert {s.service["service.name"] for s in told.spans} == {"credence"}
    assert b"arker" not in told.sent
    [line] = [line for line in told.lines if line["event"] == "decision"]
    assert (line["decision_id"], line["trace_id"]) == (decision["id"], decision["trace_id"])
    measured = {name: ms for name, ms in decision["timings_ms"].items() if ms is not None}
    assert line["timings_ms"].items() >= measured.items()
    assert line["timings_ms"]["total"] >= sum(measured.values())
    _check_missing(told)
    _check_logs(told, line)
    _check_metrics(told)


def _check_logs(told: Traced, line: dict[str, Any]) -> None:
    """The line that was written is the record that was sent, in the decision's trace."""
    [record] = [each for each in told.receiver.logs() if each.body == "decision"]
    assert (record.trace, record.severity) == (told.decision["trace_id"], "info")
    said = {name for name, value in line.items() if value is not None}
    assert record.attributes.keys() | {"event", "level", "time", "trace_id"} == said
    assert record.attributes["timings_ms"] == {n: v for n, v in line["timings_ms"].items() if v is not None}


def _check_metrics(told: Traced) -> None:
    """Each metric under OpenTelemetry's name and unit, a histogram with the trace as its exemplar."""
    points = {(p.metric, p.attributes.get("credit.stage")): p for p in told.receiver.points()}
    decided = points["credit.decisions", None]
    assert (decided.value, decided.attributes) == (
        1,
        {"credit.product": "consumer-loan", "credit.decision.outcome": "approve"},
    )
    for stage in ("score", "price", "rules", "retrieve", "generate", "verify", "store", "total"):
        point = points["credit.decision.duration", stage]
        assert (point.unit, point.exemplars) == ("s", frozenset({told.decision["trace_id"]}))
    assert points["credit.score", None].value == 1
    assert points["credit.retrieval.duration", None].attributes == {"credit.result": "found"}
    assert points["process.cpu.time", None].value > 0


def _check_missing(told: Traced) -> None:
    """A caller's mistake is no error of ours, and its query string stays out of the span."""
    [span] = [s for s in told.spans if s.trace == told.missing["trace_id"]]
    assert span.name == "GET"
    assert "error.type" not in span.attributes
    assert not [value for value in span.attributes.values() if "marker" in str(value)]


async def test_a_dead_collector_costs_no_decision(database_url):
    """With nobody at the endpoint the decision is made, and the process ends in good time."""
    async with asyncio.timeout(30):
        told = await traced(
            database_url, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", OTEL_EXPORTER_OTLP_TIMEOUT="1"
        )
    assert told.decision["outcome"] == "approve"
    assert told.spans == []
