"""Two workers under load, seen from outside: what a collector got against what the database holds."""

import asyncio
import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from app.sandbox.applications import sample_applications
from app.storage.engine import open_engine
from tests.e2e.processes import Home, Service, start_service, until
from tests.fakes.llm import Said, scripted_llm
from tests.fakes.otlp import Receiver, Span, otlp_receiver

DECIDE = "decide consumer-loan"
STAGES = {"score", "price", "rules", "retrieve", "generate", "verify", "store"}
AT_ONCE = 24
PROSE = Said("Of course! The bank has no confidence in them.", delay_s=0.05)
QUESTION = "What is the longest term?"


@dataclass
class Run:
    """What was sent, what was stored, and what was said about it."""

    receiver: Receiver
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    decisions: list[dict[str, Any]] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    left: int = 0
    pages: list[str] = field(default_factory=list)
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def tree(self, trace: str) -> tuple[Span, dict[str, Span]]:
        """The one root of a trace, and its spans by id."""
        spans = self.spans[trace]
        [root] = [span for span in spans if not span.parent]
        return root, {span.id: span for span in spans}


@pytest.fixture(scope="module")
def run(new_home) -> Iterator[Run]:
    """A load of many kinds on two workers, one of which is killed and replaced; then the service's end."""
    with scripted_llm() as llm, otlp_receiver() as receiver:
        llm.will_say(PROSE)
        home = new_home(
            CREDENCE_LLM_MODEL="openai/scripted",
            CREDENCE_LLM_API_BASE=llm.url,
            CREDENCE_LLM_API_KEY="a-key",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_BSP_MAX_QUEUE_SIZE="20000",
        )
        service = start_service(home, "--workers", "2")
        found = Run(receiver)
        try:
            _load(found, service)
            _kill_a_worker(home, service)
            with service.client() as client:
                found.pages = [client.get("/metrics").text for _ in range(4)]
            _read_store(home, found)
        finally:
            service.command.process.terminate()
            service.command.ended(30)
        for span in receiver.spans():
            found.spans[span.trace].append(span)
        yield found


def _load(found: Run, service: Service) -> None:
    asyncio.run(_everything_at_once(found, service.url))


async def _everything_at_once(found: Run, url: str) -> None:
    rng, places = random.Random(7), asyncio.Semaphore(AT_ONCE)
    rows = [dict(row.application) for row in sample_applications()[:40]]
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        work = [_decide(client, rows[n % 40], explain) for n, explain in enumerate(["sync"] * 36)]
        work += [_decide(client, row, "none") for row in rows[:12]]
        work += [_decide(client, row, "async") for row in rows[:8]]
        work += [_decide(client, rows[0], "none", key) for key in ("one", "one", "two", "two")]
        work += [_chat(client, accept) for accept in ("application/json", "text/event-stream") * 6]
        work += [_leave(url, "/v1/decisions", _body(row, "sync"), rng.uniform(0.0, 0.6)) for row in rows[:14]]
        work += [_leave(url, "/v1/chat", {"message": f"{QUESTION} {n}"}, 0.05 * n) for n in range(8)]
        work += [client.post("/v1/decisions", json={"product": "consumer-loan"}) for _ in range(3)]
        rng.shuffle(work)

        async def placed(each: Any) -> None:
            async with places:
                await each

        await asyncio.gather(*map(placed, work))
    found.left = 22
    await asyncio.sleep(1)  # what is explained after its answer, or stored for a caller who left, ends too


def _body(row: Mapping[str, Any], explain: str) -> dict[str, Any]:
    return {"product": "consumer-loan", "application": row, "explain": explain, "external_id": str(uuid4())}


async def _decide(
    client: httpx.AsyncClient, row: Mapping[str, Any], explain: str, key: str | None = None
) -> None:
    body = _body(row, explain) | ({"external_id": key} if key else {})
    answer = await client.post("/v1/decisions", json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == (answer.status_code if key else 201), answer.text


async def _chat(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.post("/v1/chat", json={"message": QUESTION}, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text


async def _leave(url: str, path: str, body: Mapping[str, Any], after_s: float) -> None:
    """Ask and hang up."""
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    writer.write("\r\n".join((*head, "", "")).encode() + content)
    await writer.drain()
    await asyncio.sleep(after_s)
    writer.close()


def _kill_a_worker(home: Home, service: Service) -> None:
    """The oldest figures must outlive the process that counted them; its spans are sent first."""
    workers = {pid for pid, name in home.processes().items() if "app.worker" in name}
    time.sleep(6)  # the SDK sends every five seconds
    os.kill(min(workers), signal.SIGKILL)
    until(lambda: {p for p, name in home.processes().items() if "app.worker" in name} - workers, 20)
    until(lambda: httpx.get(f"{service.url}/readyz", trust_env=False).status_code == 200, 20)


def _read_store(home: Home, found: Run) -> None:
    url = json.loads(home.run("db", "url", "--json").stdout)["url"]

    async def read() -> None:
        engine = open_engine(url, pool_size=1)
        async with engine.connect() as connection:
            records = await connection.execute(sa.text("select record from decision"))
            found.decisions = [json.loads(r) if isinstance(r, str) else r for (r,) in records]
            turns = await connection.execute(
                sa.text("select trace_id from chat_turn where created_at > :since"), {"since": found.since}
            )
            found.turns = [trace for (trace,) in turns]
        await engine.dispose()

    asyncio.run(read())


def test_each_stored_decision_is_one_tree(run):
    """One root, one `decide`, its stages below it, each as long as the record says."""
    assert len(run.decisions) >= 36 + 12 + 8 + 2
    for decision in run.decisions:
        root, by_id = run.tree(decision["trace_id"])
        assert root.name == "POST /v1/decisions"
        [decide] = [span for span in by_id.values() if span.name == DECIDE]
        assert decide.parent == root.id
        assert decide.attributes["credit.decision.id"] == decision["id"]
        stages = [span for span in by_id.values() if span.parent == decide.id]
        measured = {name: ms for name, ms in decision["timings_ms"].items() if ms is not None}
        took = {name: sum(_ms(each) for each in group) for name, group in _by_stage(stages).items()}
        assert took.keys() == measured.keys() | {"store"}
        for name, ms in measured.items():
            assert took[name] == pytest.approx(ms, rel=0.05, abs=5), (decision["id"], name)


def _by_stage(spans: Sequence[Span]) -> Mapping[str, list[Span]]:
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span.name.split()[0]].append(span)
    assert found.keys() <= STAGES
    return found


def _ms(span: Span) -> float:
    return span.elapsed_ms


def test_each_stored_chat_turn_is_one_tree(run):
    """JSON or streamed: one root, one `answer` below it, and what it looked up below that."""
    assert len(run.turns) >= 12
    assert len(run.turns) == len(set(run.turns))
    for trace in run.turns:
        root, by_id = run.tree(trace)
        assert root.name == "POST /v1/chat"
        [answer] = [span for span in by_id.values() if span.name == "answer"]
        assert answer.parent == root.id
        stages = {span.name for span in by_id.values() if span.parent == answer.id}
        assert {"retrieve", "verify", "store"} <= stages
        [tool] = [span for span in by_id.values() if span.name == "execute_tool search_policies"]
        assert by_id[tool.parent].name == "retrieve"


def test_no_span_is_lost_or_sticks_out(run):
    """Every trace has one root, every parent is there, and every child lies inside its parent."""
    assert len(run.spans) > len(run.decisions) + len(run.turns)
    for trace in run.spans:
        _, by_id = run.tree(trace)
        for span in by_id.values():
            assert span.start_ns <= span.end_ns
            if span.parent:
                parent = by_id[span.parent]
                assert parent.start_ns <= span.start_ns <= span.end_ns <= parent.end_ns, (parent, span)


def test_what_was_shared_is_linked(run):
    """A batch is a trace of its own; the spans of those who shared it lead there."""
    every = {span.id: span for spans in run.spans.values() for span in spans}
    linked = [every[link] for span in every.values() for link in span.links if span.name != "explain"]
    batches = {span.name for span in linked if span.name.endswith(" batch")}
    assert batches >= {"scoring batch", "pricing batch"}
    for batch in (span for span in linked if span.name.endswith(" batch")):
        assert batch.parent == ""
        assert batch.attributes["credit.batch.size"] >= 2


def test_words_after_the_answer_are_linked_to_their_request(run):
    """Each explanation in the background is a trace of its own, linked to its decision's."""
    every = {span.id: span for spans in run.spans.values() for span in spans}
    later = [span for span in every.values() if span.name == "explain consumer-loan"]
    assert len(later) == 8
    decided = {d["id"]: d["trace_id"] for d in run.decisions}
    for span in later:
        [link] = span.links
        assert every[link].trace == decided[span.attributes["credit.decision.id"]]
        assert not span.parent


def test_a_caller_that_left_is_no_error_of_ours(run):
    """Each who hung up before the end is told as such, and no server span failed."""
    roots = [span for spans in run.spans.values() for span in spans if span.name.startswith("POST")]
    gone = [span for span in roots if span.attributes.get("credit.client.disconnected")]
    assert 1 <= len(gone) <= run.left
    assert [span for span in roots if span.failed] == []


def test_the_prompt_is_named_and_its_words_are_not_told(run):
    """A call to the LLM says which prompt, with the digest of the record; its messages are nowhere."""
    digests = {d["versions"]["prompt"] for d in run.decisions} - {None}
    calls = [s for spans in run.spans.values() for s in spans if s.name == "chat openai/scripted"]
    assert {s.attributes["credit.prompt.name"] for s in calls} >= {"explain"}
    said = {
        s.attributes["credit.prompt.digest"] for s in calls if s.attributes["credit.prompt.name"] == "explain"
    }
    assert said == digests
    sent = run.receiver.everything()
    assert b"no confidence" not in sent
    assert QUESTION.encode() not in sent
    assert b"claims" not in b"".join(str(s.attributes).encode() for s in calls)


def test_every_log_line_of_a_decision_has_its_trace(run):
    """The record of each decision lies in its trace."""
    told = {log.attributes["decision_id"]: log.trace for log in run.receiver.logs() if log.body == "decision"}
    assert told == {d["id"]: d["trace_id"] for d in run.decisions}


def test_metrics_are_whole_whichever_worker_answers(run):
    """Every page counts every decision, those of the worker that was killed too."""
    for page in run.pages:
        counted = [line for line in page.splitlines() if line.startswith("credit_decisions_total{")]
        assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == len(run.decisions)
        assert "http_server_active_requests 1.0" in page
