"""`credence demo`: the main job on real applications, start to end, as a newcomer should see it."""

import asyncio
import json as json_format
import os
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.cli.terminal import settings_now
from app.cli.waterfall import Spans, receiving_spans, waterfall
from app.sandbox.applications import SampleApplication, sample_applications
from app.service import running_service
from app.settings import Settings
from evals.population import report

CLIENTS = 16
STAGES = ("score", "price", "rules", "retrieve", "generate", "verify")
SPANS_WITHIN_S = 10.0
TRACES_TO = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
}


def sample(count: int) -> Sequence[SampleApplication]:
    """That many of the data set's applications, spread evenly over the file."""
    rows = sample_applications()
    return [rows[place * len(rows) // count] for place in range(min(count, len(rows)))]


async def post_all(url: str, rows: Sequence[SampleApplication], console: Console) -> list[dict[str, Any]]:
    """Post the applications, CLIENTS at a time; the answers in the order of the rows.

    Raises httpx.HTTPStatusError at the first that is not decided.
    """
    waiting = asyncio.Semaphore(CLIENTS)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("deciding", total=len(rows))
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:

            async def post(row: SampleApplication) -> dict[str, Any]:
                async with waiting:
                    decision = await post_one(client, row)
                progress.advance(task)
                return decision

            return await asyncio.gather(*map(post, rows))


async def post_one(client: httpx.AsyncClient, row: SampleApplication) -> dict[str, Any]:
    """One decision, and how long its answer took as `elapsed_ms`."""
    body = {
        "product": "consumer-loan",
        "external_id": row.external_id,
        "application": dict(row.application),
        "explain": "sync",
    }
    started = time.perf_counter()
    answer = await client.post("/v1/decisions", json=body)
    answer.raise_for_status()
    decision: dict[str, Any] = answer.json()
    return {**decision, "elapsed_ms": (time.perf_counter() - started) * 1000}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def outcomes_table(decisions: Sequence[Mapping[str, Any]]) -> Table:
    """How many came to what, and how they were explained."""
    table = Table("outcome", "decisions", "share", "explained", title="Decided over HTTP")
    for outcome, count in Counter(d["outcome"] for d in decisions).most_common():
        statuses = Counter(
            (d["explanation"] or {}).get("status", "-") for d in decisions if d["outcome"] == outcome
        )
        explained = ", ".join(f"{number} {status}" for status, number in statuses.most_common())
        table.add_row(outcome, str(count), f"{count / len(decisions):.1%}", explained)
    return table


def reasons_table(decisions: Sequence[Mapping[str, Any]]) -> Table:
    """The principal reasons of declines and referrals, most frequent first."""
    table = Table("reason", "declined", "referred", "as the applicant reads it", title="Principal reasons")
    texts = {r["code"]: r["text"] for d in decisions for r in d["reasons"]}
    counts = {
        outcome: Counter(r["code"] for d in decisions if d["outcome"] == outcome for r in d["reasons"])
        for outcome in ("decline", "refer")
    }
    for code, _ in (counts["decline"] + counts["refer"]).most_common():
        numbers = (str(counts[outcome][code]) for outcome in ("decline", "refer"))
        table.add_row(code, *numbers, escape(texts[code]))
    return table


def latency_table(decisions: Sequence[Mapping[str, Any]]) -> Table:
    """Milliseconds by stage, and as the client saw the whole."""
    table = Table("stage", "p50 ms", "p99 ms", title=f"Latency, {CLIENTS} at a time")
    for stage in STAGES:
        values = [d["timings_ms"][stage] for d in decisions if d["timings_ms"][stage] is not None]
        if values:
            table.add_row(stage, f"{statistics.median(values):.1f}", f"{percentile(values, 0.99):.1f}")
    whole = [d["elapsed_ms"] for d in decisions]
    table.add_row("whole answer", f"{statistics.median(whole):.1f}", f"{percentile(whole, 0.99):.1f}")
    return table


def most_telling(decisions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The declined application with the most reasons and the richest explanation."""
    declined = [d for d in decisions if d["outcome"] == "decline"]
    return max(declined, key=lambda d: (len(d["reasons"]), len(d["explanation"]["sentences"]), d["id"]))


def show_decision(decision: Mapping[str, Any], application: Mapping[str, Any], console: Console) -> None:
    """One decision in full: what was asked, the reasons, the explanation with its clauses quoted."""
    console.rule(f"One declined application in full: {decision['external_id']}")
    given = ", ".join(f"{name} {value}" for name, value in application.items() if value is not None)
    console.print(f"Application: {given}", highlight=False)
    console.print(
        f"Outcome: [bold]{decision['outcome']}[/bold] under policy {decision['versions']['policy']}"
    )
    for reason in decision["reasons"]:
        denial = ", automatic denial" if reason["automatic_denial"] else ""
        console.print(f"  {reason['rank']}. {escape(reason['text'])} ({reason['code']}{denial})")
    explanation = decision["explanation"]
    console.print(f"Explanation ({explanation['status']}, {explanation['writer']} writer):")
    for sentence in explanation["sentences"]:
        console.print(f"  {escape(sentence['text'])}", highlight=False)
        for citation in sentence["citations"]:
            quote = f"      {citation['clause']} ({citation['edition']}): “{citation['quote']}”"
            console.print(quote, style="dim", highlight=False, markup=False)


async def show_waterfall(trace_id: str, spans: Spans, console: Console) -> None:
    """The spans of that decision, once the exporter has sent them."""
    received = await asyncio.to_thread(spans.of, trace_id, SPANS_WITHIN_S)
    console.print(f"\nWhere its time went (trace {trace_id}):")
    console.print(waterfall(received))


def summary(decisions: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """The last line: figures for a program to read."""
    elapsed = [d["elapsed_ms"] for d in decisions]
    return json_format.dumps(
        {
            "decisions": len(decisions),
            "outcomes": dict(sorted(Counter(d["outcome"] for d in decisions).items())),
            "p50_ms": round(statistics.median(elapsed), 1),
            "p99_ms": round(percentile(elapsed, 0.99), 1),
            "seconds": round(seconds, 1),
        }
    )


def register(cli: typer.Typer) -> None:
    """Add the command of this module."""
    cli.command()(demo)


def demo(
    applications: Annotated[int, typer.Option(min=1, max=4454, help="How many to decide over HTTP.")] = 600,
    json: Annotated[bool, typer.Option("--json", help="Print the last line alone.")] = False,
) -> None:
    """Decide real applications over HTTP with everything embedded, and explain one in full."""
    started = time.monotonic()
    console = Console(quiet=json, soft_wrap=False)
    with receiving_spans() as (receiver, spans):
        os.environ.update(TRACES_TO | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver})
        settings = settings_now(port=0, host="127.0.0.1", log_level="warning")
        console.print("Starting PostgreSQL, model APIs and service; the first start takes the manual in.")
        decisions = asyncio.run(_story(settings, spans, applications, console))
    print(summary(decisions, time.monotonic() - started))


async def _story(
    settings: Settings, spans: Spans, applications: int, console: Console
) -> list[dict[str, Any]]:
    rows = sample(applications)
    async with running_service(settings) as service:
        decisions = await post_all(service.url, rows, console)
        console.print(outcomes_table(decisions), reasons_table(decisions))
        console.rule("The same policy over all 4,454 applications, decided in process")
        console.print("\n".join(report()), highlight=False, markup=False, soft_wrap=True)
        console.print(latency_table(decisions))
        chosen = most_telling(decisions)
        application = next(r.application for r in rows if r.external_id == chosen["external_id"])
        show_decision(chosen, application, console)
        await show_waterfall(chosen["trace_id"], spans, console)
    return decisions
