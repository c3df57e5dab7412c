"""Who the applicant is, what is monitored and what is noted stays in tables of its own.

Markers are planted in a whole run of a real service: decisions, explanations, chat, bad requests and
failures. Then everything that left it or that it kept is searched for them: answers, logs, spans, metrics,
what the models and the LLM were asked, and every row of every table but the three that are meant for them.
"""

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import asyncpg
import httpx
import pytest

from app.sandbox.applications import sample_applications
from app.sandbox.postgres import embedded_postgres
from tests.e2e.processes import Home, Service, service, until
from tests.fakes.llm import Said, ScriptedLLM, scripted_llm
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE

pytestmark = pytest.mark.timeout(300)

MARK = "qzxmark"
OWN_TABLES = {"applicant", "applicant_note", "monitoring"}
PERSON = {
    "applicant": {
        "name": f"{MARK}name Person",
        "address": f"7 {MARK}address Street",
        "email": f"{MARK}email@example.org",
    },
    "notes": f"{MARK}notes: tell nobody",
    "monitoring": {"age": 41, "marital": f"{MARK}marital"},
}
READERS = ("analyst", "applicant", "examiner")


@dataclass
class Outside:
    """The model APIs and the collector: every byte that was sent to them."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)


@contextmanager
def outside() -> Iterator[Outside]:
    """A server for all of them, ended at the exit."""
    heard = Outside()
    good = {"/v1/score": GOOD_SCORE.model_dump(mode="json"), "/v1/price": GOOD_PRICE.model_dump(mode="json")}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Remember, and answer well."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            heard.heard += [str(self.headers).encode(), body]
            heard.paths.add(self.path)
            answer: Any = good.get(self.path, {})
            if body.startswith(b"["):
                answer = [answer] * len(json.loads(body))
            sent = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        heard.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Run:
    """A whole run: all that left the service, by where it went, and its home."""

    home: Home
    left: dict[str, bytes]
    decisions: int


@pytest.fixture(scope="module")
def run(new_home) -> Iterator[Run]:
    """The run, its service still up."""
    with outside() as others, scripted_llm() as llm:
        home = new_home(
            CREDENCE_MONITORING="on",
            CREDENCE_SCORING_URL=others.url,
            CREDENCE_PRICING_URL=others.url,
            CREDENCE_LLM_MODEL="openai/scripted",
            CREDENCE_LLM_API_BASE=llm.url,
            CREDENCE_LLM_API_KEY="a-key",
            OTEL_EXPORTER_OTLP_ENDPOINT=others.url,
            OTEL_BSP_SCHEDULE_DELAY="100",
        )
        with service(home) as running:
            llm.will_say(Said("Of course! The applicant was declined."))
            answers, decisions = everything(running, llm)
            until(lambda: "/v1/traces" in others.paths)
        yield Run(home, _left(answers, others, llm, running), decisions)


def _left(
    answers: list[httpx.Response], others: Outside, llm: ScriptedLLM, running: Service
) -> dict[str, bytes]:
    heads = [f"{answer.headers}".encode() for answer in answers]
    return {
        "answers": b"\n".join([*heads, *(answer.content for answer in answers)]),
        "models and collector": b"\n".join(others.heard),
        "prompts": json.dumps(llm.asked).encode(),
        "log": (running.command.stderr + running.command.stdout).encode(),
    }


def everything(running: Service, llm: ScriptedLLM) -> tuple[list[httpx.Response], int]:
    """Ask for all that there is; every answer, and how many decisions were taken."""
    with running.client() as client:
        taken = [_decided(client, place) for place in range(6)]
        answers = list(taken)
        for decided in taken[:2]:
            answers += _all_about(client, decided.json()["id"])
        answers += [_refused(client, bad) for bad in BAD]
        answers += [client.get(path) for path in ("/v1/decisions", "/readyz", "/metrics", "/openapi.json")]
    assert llm.asked
    assert {answer.status_code for answer in taken} == {201}
    return answers, len(taken)


def _decided(client: httpx.Client, place: int) -> httpx.Response:
    """One decision, in each of the ways to explain it in turn."""
    body = {
        "product": "consumer-loan",
        "application": dict(sample_applications()[place].application),
        "explain": ("sync", "async", "none")[place % 3],
        **PERSON,
    }
    return client.post("/v1/decisions", json=body, headers={"Idempotency-Key": f"k{place}"})


def _all_about(client: httpx.Client, decision: str) -> Iterator[httpx.Response]:
    path = f"/v1/decisions/{decision}"
    yield client.get(path, params={"expand": "points,digests"})
    for reader in READERS:
        yield client.get(f"{path}/explanation", params={"reader": reader})
    yield client.post(f"{path}/replay")
    yield client.post(f"{path}/counterfactuals")
    yield client.post(f"{path}/resolution", json={"outcome": "approve"})
    question = "Who is the applicant, where do they live, how old are they and what do the notes say?"
    for accept in ("application/json", "text/event-stream"):
        asked = {"message": question, "decision_id": decision}
        yield client.post("/v1/chat", json=asked, headers={"Accept": accept})


GOOD_APPLICATION = dict(sample_applications()[0].application)
BAD: list[dict[str, Any] | bytes] = [
    {**PERSON, "product": "consumer-loan"},
    {**PERSON, "product": "consumer-loan", "application": {"income": f"{MARK}income", "name": f"{MARK}name"}},
    {**PERSON, "product": "consumer-loan", "application": GOOD_APPLICATION, "home": f"{MARK}home"},
    {**PERSON, "product": "consumer-loan", "application": GOOD_APPLICATION, "as_of": f"{MARK}day"},
    {**PERSON, "product": "consumer-loan", "application": GOOD_APPLICATION | {"home": f"{MARK}home"}},
    {**PERSON, "product": "consumer-loan", "application": GOOD_APPLICATION, "explain": f"{MARK}explain"},
    {"product": "consumer-loan", "application": GOOD_APPLICATION, "applicant": {"name": [f"{MARK}name"]}},
    {"product": "consumer-loan", "application": GOOD_APPLICATION, "applicant": f"{MARK}name"},
    {
        "product": "consumer-loan",
        "application": GOOD_APPLICATION,
        "applicant": {**PERSON["applicant"], "email": f"{MARK} no address"},  # type: ignore[dict-item]  # a dict
    },
    {"product": "consumer-loan", "application": GOOD_APPLICATION, "monitoring": {"age": f"{MARK}age"}},
    {"product": "consumer-loan", "application": GOOD_APPLICATION, "notes": [f"{MARK}notes"]},
    {"product": "consumer-loan", "application": GOOD_APPLICATION, "notes": f"{MARK}\x00"},
    b'{"applicant": {"name": "' + MARK.encode(),
    b'{"applicant": {"name": "' + MARK.encode() + b'\xff"}}',
    f'["{MARK}"]'.encode(),
]


def _refused(client: httpx.Client, bad: dict[str, Any] | bytes) -> httpx.Response:
    content = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    answer = client.post("/v1/decisions", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    return answer


@pytest.mark.parametrize("where", ["answers", "models and collector", "prompts", "log"])
def test_nothing_private_leaves(run: Run, where: str):
    """No marker in any answer, call, span, prompt, metric or log line of the run."""
    assert len(run.left[where]) > 1000
    found = run.left[where].find(MARK.encode())
    assert found < 0, run.left[where][max(0, found - 200) : found + 100]


def test_nothing_private_is_kept_elsewhere(run: Run):
    """Of all tables only three hold a marker, and those hold every one that was sent."""
    rows = asyncio.run(_rows(run.home))
    assert {"decision", "idempotency_key", "chat_turn", "decision_explanation"} <= rows.keys()
    marks = (MARK, MARK.encode().hex())
    marked = {table for table, texts in rows.items() if any(mark in text for text in texts for mark in marks)}
    assert marked == OWN_TABLES
    for table in OWN_TABLES:
        assert sum(MARK in text for text in rows[table]) == run.decisions, table


async def _rows(home: Home) -> dict[str, list[str]]:
    """Every row of every table as text; bytes are hexadecimal there."""
    with embedded_postgres(home.path) as server:
        url = server.url.replace("postgresql+asyncpg://", "postgresql://")
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch(
                "select relname, format('%I.%I', nspname, relname) as name from pg_class"
                " join pg_namespace n on n.oid = relnamespace"
                " where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')"
            )
            return {
                table["relname"]: [
                    row[0]
                    for row in await connection.fetch(f"select t::text from {table['name']} t")  # noqa: S608
                ]
                for table in tables
            }
        finally:
            await connection.close()
