"""Explanations: within the answer, after it, or when asked for; never a word in what is decided."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.clauses import PolicyClauses
from app.settings import Settings
from app.storage.decisions import load_stored
from decisioning.errors import DependencyFailed
from decisioning.product import PRODUCTS
from decisioning.writer_version import writer_version
from retrieval.ingest import ingest
from retrieval.parse import parse_file
from tests.app.conftest import Edge, FakeEmbedder
from tests.fakes.models import GOOD_PRICE, GOOD_SCORE, FakeLanguageModel, FakePricingModel, FakeScoringModel

APPLICATION = {
    "seniority_years": 6,
    "home": "rent",
    "term_months": 36,
    "records": "no",
    "job": "fixed",
    "expenses": 45,
    "income": 150,
    "assets": 0,
    "debt": 0,
    "amount": 900,
    "price": 1400,
}
MANUAL = PRODUCTS / "consumer_loan" / "manual" / "2026-06-01.md"


def wanted(explain: str = "sync", **application) -> dict[str, object]:
    """A request to the product that comes with Credence."""
    return {"product": "consumer-loan", "application": APPLICATION | application, "explain": explain}


@pytest.fixture
async def lender(settings):
    """The application with the product's own manual in its corpus."""
    scoring = FakeScoringModel(GOOD_SCORE)
    pricing = FakePricingModel(GOOD_PRICE.model_copy(update={"monthly_payment": 28.43}))
    async with Edge(settings, scoring, pricing).running() as edge:
        for document in parse_file(MANUAL):
            await ingest(edge.services.engine, document, edge.services.embedder)
        yield edge


def decline(edge: Edge) -> None:
    """From now on every score is below the cut-off."""
    edge.scoring.answer = GOOD_SCORE.model_copy(update={"score": 420, "pd": 0.6})
    edge.pricing.answer = edge.pricing.answer.model_copy(update={"tier": "C"})


async def test_the_answer_carries_checked_sentences(lender):
    """`sync`: each sentence cites clauses whose text holds the quote at its place."""
    decline(lender)
    response = await lender.post(wanted())
    decision = response.json()
    assert (response.status_code, decision["outcome"]) == (201, "decline")
    explanation = decision["explanation"]
    assert (explanation["status"], explanation["writer"]) == ("verified", "deterministic")
    assert explanation["sentences"]
    for sentence in explanation["sentences"]:
        for citation in sentence["citations"]:
            path = f"/v1/policies/clauses/{citation['document']}/{citation['clause']}"
            text = (await lender.client.get(path)).json()["text"]
            assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert decision["timings_ms"]["retrieve"] > 0
    assert decision["versions"]["embedding"] == "fake-embedder"
    assert (await lender.client.get(f"/v1/decisions/{decision['id']}")).json() == decision
    again = (await lender.client.post(f"/v1/decisions/{decision['id']}/replay")).json()
    assert again["first_difference"] is None


async def test_nothing_in_a_request_is_taken_for_its_place(lender):
    """Whatever stands in the caller's own texts, the words stand where they belong."""
    nasty = '"explanation":null, \\"explanation\\":null'
    response = await lender.post(wanted() | {"external_id": nasty})
    decision = response.json()
    assert decision["external_id"] == nasty
    assert decision["explanation"]["sentences"]
    assert (await lender.client.get(f"/v1/decisions/{decision['id']}")).content == response.content


async def test_words_come_later_when_nobody_waits(lender):
    """`async`: pending in the answer, 202 while it is written, then there."""
    decision = (await lender.post(wanted("async"))).json()
    assert decision["explanation"]["status"] == "pending"
    path = f"/v1/decisions/{decision['id']}/explanation"
    async with asyncio.timeout(10):
        while (response := await lender.client.get(path)).status_code == 202:
            assert response.json()["status"] == "pending"
            assert response.headers["retry-after"] == "1"
            await asyncio.sleep(0.05)
    assert response.json()["status"] == "verified"
    kept = (await lender.client.get(f"/v1/decisions/{decision['id']}")).json()
    assert kept["explanation"] == response.json()
    assert {name: kept[name] for name in kept if name != "explanation"} == {
        name: decision[name] for name in decision if name != "explanation"
    }


async def test_words_are_written_when_somebody_asks(lender):
    """`none`: nothing in the answer; the first GET writes it and the second reads the same."""
    decision = (await lender.post(wanted("none"))).json()
    assert decision["explanation"] is None
    path = f"/v1/decisions/{decision['id']}/explanation"
    first, second = await lender.client.get(path), await lender.client.get(path)
    assert (first.status_code, first.content) == (200, second.content)


async def test_each_reader_has_words_of_its_own(lender):
    """An applicant is told less than an examiner, and each explanation says for whom it is."""
    decline(lender)
    path = f"/v1/decisions/{(await lender.post(wanted('none'))).json()['id']}/explanation"
    found = {}
    for reader in ("analyst", "applicant", "examiner"):
        response = await lender.client.get(path, params={"reader": reader})
        assert (response.status_code, response.json()["reader"]) == (200, reader)
        found[reader] = response.json()["sentences"]
    assert len(found["applicant"]) < len(found["examiner"])
    assert (await lender.client.get(path, params={"reader": "neighbour"})).status_code == 422


async def test_the_outcome_is_the_same_with_llm_and_retrieval_down(settings: Settings, lender, monkeypatch):
    """Nothing that words a decision can change it: the record is the same but for ids, times and words."""
    whole = (await lender.post(wanted())).json()

    async def down(*_, **__):
        raise DependencyFailed("retrieval", "the policy corpus cannot be reached")

    lender.llm = FakeLanguageModel()
    lender.llm.script.failure = DependencyFailed("llm", "down")
    async with Edge(settings, lender.scoring, lender.pricing, lender.llm).running() as crippled:
        without_llm = (await crippled.post(wanted())).json()
        monkeypatch.setattr(PolicyClauses, "named", down)
        without_both = (await crippled.post(wanted())).json()
    assert without_llm["explanation"]["status"] == "fallback"
    assert without_llm["explanation"]["writer"] == "deterministic"
    assert without_both["explanation"]["status"] == "pending"
    own = {"id", "trace_id", "created_at", "received_at", "timings_ms", "explanation", "versions", "offer"}
    for decision in (without_llm, without_both):
        assert {n: v for n, v in decision.items() if n not in own} == {
            n: v for n, v in whole.items() if n not in own
        }
        assert decision["outcome"] == "approve"
        assert decision["offer"]["apr"] == whole["offer"]["apr"]


async def test_what_retrieval_left_pending_is_written_later(lender, monkeypatch):
    """Once the corpus is back, asking for the explanation writes it; until then 503."""

    async def down(*_, **__):
        raise DependencyFailed("retrieval", "the policy corpus cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(PolicyClauses, "named", down)
        decision = (await lender.post(wanted())).json()
        path = f"/v1/decisions/{decision['id']}/explanation"
        assert (await lender.client.get(path)).status_code == 503
    response = await lender.client.get(path)
    assert (response.status_code, response.json()["status"]) == (200, "verified")


async def test_no_connection_is_held_while_words_are_awaited(settings, lender):
    """The pool is idle while the LLM writes and while questions are embedded."""
    llm = FakeLanguageModel()
    held: dict[str, list[int]] = {"llm": [], "embedder": []}
    async with Edge(settings, lender.scoring, lender.pricing, llm).running() as edge:

        async def look_from_llm() -> None:
            held["llm"].append(edge.connections_held())

        async def look_from_embedder() -> None:
            held["embedder"].append(edge.connections_held())

        llm.script.meanwhile = look_from_llm
        embedder = edge.services.embedder
        assert isinstance(embedder, FakeEmbedder)
        embedder.meanwhile = look_from_embedder
        assert (await edge.post(wanted(), key="k")).status_code == 201
    assert held["llm"]
    assert held["embedder"]
    assert set(held["llm"] + held["embedder"]) == {0}


async def test_a_slow_llm_is_left_within_the_budget(settings, lender):
    """A sync explanation has what is left of the request's budget, then falls back."""
    llm = FakeLanguageModel()
    llm.script.delay_s = 60
    async with Edge(settings, lender.scoring, lender.pricing, llm).running() as edge:
        product = edge.services.products["consumer-loan"].editions[-1].product
        object.__setattr__(product.budget_s, "total", 0.5)
        async with asyncio.timeout(5):
            decision = (await edge.post(wanted())).json()
    assert decision["explanation"]["status"] == "fallback"
    assert decision["explanation"]["writer"] == "deterministic"


async def test_tampered_words_are_named(lender):
    """A replay writes and checks the words again, and says which sentence was changed."""
    decline(lender)
    decision = (await lender.post(wanted())).json()
    async with lender.services.engine.begin() as connection:
        await connection.exec_driver_sql("alter table decision_explanation disable trigger all")
        changed = await connection.exec_driver_sql(
            "update decision_explanation set explanation = replace(explanation::text, '420', '520')::json"
        )
        assert changed.rowcount == 1
    answer = (await lender.client.post(f"/v1/decisions/{decision['id']}/replay")).json()
    assert not answer["identical"]
    assert answer["first_difference"]["path"].startswith("explanation[analyst].sentences")


async def test_words_of_another_writer_are_told_from_changed_ones(lender):
    """Where another version of the writer wrote, the same words replay and other words name the version."""
    decline(lender)
    decision = (await lender.post(wanted())).json()
    replay = f"/v1/decisions/{decision['id']}/replay"
    own = writer_version()
    await change(lender, "evidence", own, "0123456789abcdef")
    assert (await lender.client.post(replay)).json()["identical"]
    await change(lender, "explanation", "Next, ", "Then ")
    found = (await lender.client.post(replay)).json()["first_difference"]
    assert found["path"] == "explanation[analyst].evidence.writer"
    assert (found["stored"], found["recomputed"]) == ("0123456789abcdef", own)


async def change(lender, column: str, before: str, after: str) -> None:
    """Put other text into what is kept of the words, past the guard of the table."""
    async with lender.services.engine.begin() as connection:
        await connection.exec_driver_sql("alter table decision_explanation disable trigger all")
        kept: sa.ColumnClause[str] = sa.column(column)
        new = sa.cast(sa.func.replace(sa.cast(kept, sa.Text), before, after), sa.JSON)
        changed = await connection.execute(
            sa.update(sa.table("decision_explanation", kept)).values({column: new})
        )
        assert changed.rowcount == 1


async def test_a_later_ingest_changes_nothing_that_was_found(lender):
    """Words written after a correction of the manual, and a replay, read the corpus of the decision."""
    decline(lender)
    at_once = (await lender.post(wanted())).json()
    later = (await lender.post(wanted("none"))).json()
    then = await lender.services.clauses.snapshot()
    await correct(lender, lambda text: text.replace(". ", ", as corrected. "))
    words = (await lender.client.get(f"/v1/decisions/{later['id']}/explanation")).json()
    assert [s["citations"] for s in words["sentences"]] == [
        s["citations"] for s in at_once["explanation"]["sentences"]
    ]
    for decision in (at_once, later):
        kept = await load_stored(lender.services.engine, UUID(decision["id"]))
        assert [e.evidence.retrieval_snapshot for e in kept.explanations if e.evidence] == [str(then.id)]
        replayed = await lender.client.post(f"/v1/decisions/{decision['id']}/replay")
        assert replayed.json()["first_difference"] is None


async def correct(lender: Edge, reword) -> None:
    """Take the manual in again with other words: every clause that has them is corrected."""
    for document in parse_file(MANUAL):
        worded = tuple(replace(one, text=reword(one.text)) for one in document.provisions)
        written = await ingest(
            lender.services.engine, replace(document, provisions=worded), lender.services.embedder
        )
        assert written.closed > 20


async def test_an_embedding_model_that_fails_costs_the_context_alone(lender, monkeypatch):
    """The clauses that claims name are read by name: the explanation is whole and replays."""
    decline(lender)

    async def down(*_, **__):
        raise DependencyFailed("embedding", "could not be asked")

    monkeypatch.setattr(PolicyClauses, "context", down)
    decision = (await lender.post(wanted())).json()
    assert decision["explanation"]["status"] == "verified"
    assert any(s["citations"] for s in decision["explanation"]["sentences"])
    again = (await lender.client.post(f"/v1/decisions/{decision['id']}/replay")).json()
    assert again["first_difference"] is None


async def test_answers_carry_the_trace(lender):
    """A page and a clause in their bodies, as every other answer; an explanation in its header alone."""
    await lender.post(wanted())
    for path in ("/v1/decisions", "/v1/policies/clauses/credit-policy/CP-2.4"):
        response = await lender.client.get(path)
        assert response.json()["trace_id"] == response.headers["x-trace-id"]
