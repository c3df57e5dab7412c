"""Two workers under load, seen from outside: what a collector and Prometheus got against what is stored."""

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deploy.panels import BOARDS
from tests.e2e.load import QUESTION, Run, everything_at_once, read_store
from tests.e2e.processes import Home, Service, start_service, until
from tests.e2e.prometheus import ABSENT, is_installed, prometheus
from tests.fakes.llm import Said, scripted_llm
from tests.fakes.otlp import Span, otlp_receiver

DECIDE = "decide consumer-loan"
STAGES = {"score", "price", "rules", "retrieve", "generate", "verify", "store"}
PROSE = Said("Of course! The bank has no confidence in them.", delay_s=0.05)
GIVEN_UP = "decision given up while being stored"
PANELS = [panel for board in BOARDS for panel in board.panels]
FILLED = {"$job": "credence", "$__rate_interval": "5m"}


def filled(expression: str) -> str:
    """An expression as Grafana sends it."""
    for variable, value in FILLED.items():
        expression = expression.replace(variable, value)
    return expression


QUERIES = [filled(query.expr) for panel in PANELS for query in panel.queries]
pytestmark = pytest.mark.timeout(400)  # two workers, a load, a killed worker: half a minute when alone
needs_prometheus = pytest.mark.skipif(not is_installed(), reason=ABSENT)


@contextmanager
def watched(folder: Path, service: Service, found: Run) -> Iterator[None]:
    """Prometheus scrapes meanwhile, where there is one; at the end it is asked all that panels ask."""
    if not is_installed():
        yield
        return
    with prometheus(folder / "prometheus", service.url) as server:
        yield
        time.sleep(3)  # the last scrape, and the rules after it
        found.answers = {query: server.query(query) for query in QUERIES}
        found.rules = server.rules()
        found.exemplars = server.traces("credit_decision_duration_seconds_bucket")


@pytest.fixture(scope="module")
def run(new_home, tmp_path_factory) -> Iterator[Run]:
    """A load of many kinds on two workers, one of which is killed and replaced; then the service's end."""
    with scripted_llm() as llm, otlp_receiver() as receiver:
        llm.will_say(PROSE)
        folder = tmp_path_factory.mktemp("run")
        prices = folder / "prices.json"
        prices.write_text('{"openai/scripted": {"input_usd": 1000.0, "output_usd": 2000.0}}')
        home = new_home(
            CREDENCE_LLM_MODEL="openai/scripted",
            CREDENCE_LLM_API_BASE=llm.url,
            CREDENCE_LLM_API_KEY="a-key",
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_BSP_MAX_QUEUE_SIZE="20000",
            CREDENCE_LLM_PRICES=str(prices),
        )
        service = start_service(home, "--workers", "2")
        found = Run(receiver)
        try:
            with watched(folder, service, found):
                asyncio.run(everything_at_once(found, service.url))
                _kill_a_worker(home, service)
            with service.client() as client:
                found.pages = [client.get("/metrics").text for _ in range(4)]
            found.openmetrics = [_scraped_anew(service) for _ in range(6)]
            read_store(home, found)
        finally:
            service.command.process.terminate()
            service.command.ended(30)
        for span in receiver.spans():
            found.spans[span.trace].append(span)
        yield found


def _scraped_anew(service: Service) -> str:
    """A page with exemplars, over a connection of its own: by whichever worker takes it."""
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    return httpx.get(f"{service.url}/metrics", headers=accept, trust_env=False, timeout=30).text


def _kill_a_worker(home: Home, service: Service) -> None:
    """The oldest figures must outlive the process that counted them; its spans are sent first."""
    workers = {pid for pid, name in home.processes().items() if "app.worker" in name}
    time.sleep(6)  # the SDK sends every five seconds
    os.kill(min(workers), signal.SIGKILL)
    until(lambda: {p for p, name in home.processes().items() if "app.worker" in name} - workers, 20)
    until(lambda: httpx.get(f"{service.url}/readyz", trust_env=False).status_code == 200, 20)


def test_each_stored_decision_is_one_tree(run):
    """One root, one `decide`, its stages below it, each as long as the record says."""
    assert len(run.decisions) >= 40
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
    assert len(run.turns) >= 6
    assert len(run.turns) == len(set(run.turns))
    for trace in run.turns:
        root, by_id = run.tree(trace)
        assert root.name == "POST /v1/chat"
        [answer] = [span for span in by_id.values() if span.name == "answer"]
        assert answer.parent == root.id
        stages = {span.name for span in by_id.values() if span.parent == answer.id}
        assert {"retrieve", "verify", "store"} <= stages
        tools = [span for span in by_id.values() if span.name.startswith("execute_tool ")]
        assert tools
        assert {by_id[tool.parent].name for tool in tools} == {"retrieve"}


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
    assert later
    decided = {d["id"]: d["trace_id"] for d in run.decisions}
    for span in later:
        [link] = span.links
        assert every[link].trace == decided[span.attributes["credit.decision.id"]]
        assert not span.parent


def test_a_caller_that_left_is_no_error_of_ours(run):
    """Each who hung up before the end is told as such, and its server span did not fail."""
    roots = [span for spans in run.spans.values() for span in spans if span.name.startswith("POST")]
    gone = [span for span in roots if span.attributes.get("credit.client.disconnected")]
    assert 1 <= len(gone) <= run.left
    assert [span for span in gone if span.failed] == []


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
    """The record of each stored decision lies in its trace, of one whose caller was gone by then too."""
    logs = [log for log in run.receiver.logs() if log.body in {"decision", GIVEN_UP}]
    told = {log.attributes["decision_id"]: log.trace for log in logs}
    assert {d["id"]: told.get(d["id"]) for d in run.decisions} == {
        d["id"]: d["trace_id"] for d in run.decisions
    }


def test_metrics_are_whole_whichever_worker_answers(run):
    """Every page counts every decision but those given up, those of the killed worker too."""
    given_up = {log.attributes["decision_id"] for log in run.receiver.logs() if log.body == GIVEN_UP}
    heard = [decision for decision in run.decisions if decision["id"] not in given_up]
    for page in run.pages:
        counted = [line for line in page.splitlines() if line.startswith("credit_decisions_total{")]
        assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == len(heard)
        assert "http_server_active_requests 1.0" in page


@needs_prometheus
def test_every_panel_has_something_to_show(run):
    """Each query of each dashboard is evaluated, and has data after traffic unless it counts only trouble."""
    empty = {panel.title for panel in PANELS for q in panel.queries if not run.answers[filled(q.expr)]}
    assert empty <= {panel.title for panel in PANELS if panel.sparse}


@needs_prometheus
def test_every_rule_is_evaluated(run):
    """No rule of the deployment fails, and what it records of a quiet service is there."""
    assert len(run.rules) > 30
    assert {(rule["name"], rule["health"], rule.get("lastError", "")) for rule in run.rules} == {
        (rule["name"], "ok", "") for rule in run.rules
    }


@needs_prometheus
def test_exemplars_lead_to_decisions(run):
    """Prometheus has taken the exemplars: each names the trace of a decision."""
    assert run.exemplars
    assert run.exemplars <= {decision["trace_id"] for decision in run.decisions}
    for page in run.openmetrics:
        assert 'credit_stage="total"' in "".join(line for line in page.splitlines() if "# {" in line)
