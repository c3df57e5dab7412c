"""A scripted language model behind a real port words real decisions, and never changes one."""

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.applications import sample_applications
from decisioning.product import PRODUCTS
from tests.e2e.conftest import DECLINED_ROW
from tests.e2e.processes import Service, service, until
from tests.fakes.llm import Said, ScriptedLLM, scripted_llm, words

DECIDED = ("outcome", "reasons", "facts", "score", "pricing", "rules", "conditions", "offer", "missing")
"""What no words may change; an offer's day of expiry is the decision's own."""
PROSE = Said("Of course! The applicant was declined because the bank has no confidence in them.")


SECOND, DOCUMENT = "garage-loan", "garage-policy"


@dataclass
class Pair:
    """Two services on one database: one asks the scripted model, the other has none."""

    llm: ScriptedLLM
    worded: Service
    plain: Service

    def decide(self, request: Mapping[str, Any], on: Service | None = None) -> dict[str, Any]:
        """A decision, explained at once."""
        with (on or self.worded).client() as client:
            answer = client.post("/v1/decisions", json={**request, "explain": "sync"})
        assert answer.status_code == 201, answer.text
        decision: dict[str, Any] = answer.json()
        return decision


@pytest.fixture(scope="module")
def second_product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of products with a copy of consumer-loan under other names and with a shorter budget."""
    folder = tmp_path_factory.mktemp("products")
    copy = folder / "garage_loan"
    shutil.copytree(PRODUCTS / "consumer_loan", copy)
    product = json.loads((copy / "product.json").read_text())
    named = {"name": SECOND, "title": "Garage loan", "document": DOCUMENT}
    budget = {"budget_s": {"total": 2, "score": 1, "price": 1}}
    (copy / "product.json").write_text(json.dumps(product | named | budget))
    for manual in (copy / "manual").glob("*.md"):
        manual.write_text(manual.read_text().replace("document: credit-policy", f"document: {DOCUMENT}", 1))
    return folder


@pytest.fixture(scope="module")
def pair(new_home, second_product) -> Iterator[Pair]:
    """Both services, the model's client loaded."""
    with scripted_llm() as llm:
        home = new_home(CREDENCE_PRODUCTS=str(second_product))
        asking = {
            "CREDENCE_LLM_MODEL": "openai/scripted",
            "CREDENCE_LLM_API_BASE": llm.url,
            "CREDENCE_LLM_API_KEY": "a-key",
        }
        with service(home) as plain, service(home.with_variables(asking)) as worded:
            both = Pair(llm, worded, plain)
            llm.will_say(PROSE)
            row = dict(sample_applications()[0].application)
            request = {"product": "consumer-loan", "application": row}
            until(lambda: both.decide(request) and llm.asked, 60)
            yield both


@pytest.fixture(scope="module")
def without(pair: Pair, declined: dict[str, Any]) -> dict[str, Any]:
    """The same application decided and explained without a model."""
    return pair.decide(declined, on=pair.plain)


@pytest.fixture
def good(without) -> dict[str, str]:
    """A true sentence for each claim."""
    return {s["claim"]: s["text"] for s in without["explanation"]["sentences"]}


def decided(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a decision that words must not touch."""
    return {name: decision[name] for name in DECIDED}


def test_true_words_are_the_models(pair, declined, without, good):
    """Good JSON at the first try: verified, every sentence by the model, asked once with the schema."""
    pair.llm.will_say(words(good))
    decision = pair.decide(declined)
    explanation = decision["explanation"]
    assert (explanation["status"], explanation["writer"], explanation["problems"]) == ("verified", "llm", [])
    assert {s["writer"] for s in explanation["sentences"]} == {"llm"}
    assert decided(decision) == decided(without)
    assert decision["versions"]["llm"] == "openai/scripted"
    [asked] = pair.llm.asked
    assert asked["response_format"]["type"] == "json_schema"


def test_a_false_number_is_written_again(pair, declined, without, good):
    """A wrong number in the first answer, right in the second: verified, in the model's words."""
    claim = "reason:INSUFFICIENT_DISPOSABLE_INCOME"
    pair.llm.will_say(words(good | {claim: wrong(good[claim])}), words({claim: good[claim]}))
    decision = pair.decide(declined)
    assert decision["explanation"]["status"] == "verified"
    assert decision["explanation"]["writer"] == "llm"
    assert texts(decision) == list(good.values())
    assert decision["explanation"]["problems"] != []
    assert len(pair.llm.asked) == 2
    assert decided(decision) == decided(without)


def test_a_number_that_stays_false_is_replaced(pair, declined, without, good):
    """Wrong twice: that sentence is the deterministic writer's, the others stay, nothing false leaves."""
    claim = "reason:INSUFFICIENT_DISPOSABLE_INCOME"
    false = wrong(good[claim])
    pair.llm.will_say(words(good | {claim: false}), words({claim: false}))
    decision = pair.decide(declined)
    explanation = decision["explanation"]
    assert (explanation["status"], explanation["writer"]) == ("fallback", "mixed")
    writers = {s["claim"]: s["writer"] for s in explanation["sentences"]}
    assert {c for c, writer in writers.items() if writer == "deterministic"} == {claim}
    assert said_of(decision) == said_of(without)
    assert len(pair.llm.asked) == 2
    assert decided(decision) == decided(without)


@pytest.mark.parametrize(
    "said",
    [
        PROSE,
        Said('{"sentences": [{"claim": "outcome", "text": "The application is appro'),
        Said(status=500),
        words({"outcome": "The application is approved and the money is on its way."}),
        words({"reason:RATE_OVER_CEILING": "The rate of 23.87 % is well below the limit."}),
    ],
    ids=["prose", "cut off", "500", "another outcome", "a relation turned round"],
)
def test_what_is_no_true_sentence_never_leaves(pair, declined, without, said):
    """Prose, cut-off JSON, an error, a false claim: the deterministic writer's words, the same decision."""
    pair.llm.will_say(said)
    decision = pair.decide(declined)
    explanation = decision["explanation"]
    assert (explanation["status"], explanation["writer"]) == ("fallback", "deterministic")
    assert said_of(decision) == said_of(without)
    assert explanation["problems"] != []
    assert 1 <= len(pair.llm.asked) <= 2
    assert decided(decision) == decided(without)


def test_both_replay_to_the_byte(pair, declined, good):
    """What the model said is stored: its explanation is made again from that, without asking anybody."""
    pair.llm.will_say(words(good))
    decision_id = pair.decide(declined)["id"]
    pair.llm.will_say(Said(status=500))
    with pair.plain.client() as client:
        replayed = client.post(f"/v1/decisions/{decision_id}/replay")
    assert replayed.json()["identical"] is True
    assert pair.llm.asked == []


def texts(decision: Mapping[str, Any]) -> list[str]:
    """The sentences as they left."""
    return [sentence["text"] for sentence in decision["explanation"]["sentences"]]


def said_of(decision: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Each claim with the numbers that its sentence has: phrases vary with the decision, figures do not."""
    sentences = decision["explanation"]["sentences"]
    return [(s["claim"], sorted(re.findall(r"[-\d.,]*\d", s["text"]))) for s in sentences]


def wrong(sentence: str) -> str:
    """The sentence with another number in it."""
    return re.sub(r"49\.04", "94.04", sentence)


def test_a_second_product_is_a_second_folder(pair):
    """Another name, another document, another budget: it decides over HTTP, from its own manual."""
    row = dict(sample_applications()[DECLINED_ROW - 1].application)
    decision = pair.decide({"product": SECOND, "application": row}, on=pair.plain)
    assert (decision["product"], decision["outcome"]) == (SECOND, "decline")
    citations = [c for s in decision["explanation"]["sentences"] for c in s["citations"]]
    assert {c["document"] for c in citations} == {DOCUMENT}
    with pair.plain.client() as client:
        listed = client.get("/v1/decisions", params={"product": SECOND}).json()["items"]
    assert decision["id"] in {item["id"] for item in listed}


def test_a_model_that_is_too_slow_is_left(pair):
    """The product's budget ends before the model answers: the decision comes in time, in plain words."""
    pair.llm.will_say(Said("{}", delay_s=5))
    row = dict(sample_applications()[DECLINED_ROW - 1].application)
    started = time.monotonic()
    decision = pair.decide({"product": SECOND, "application": row})
    assert time.monotonic() - started < 4
    assert decision["explanation"]["status"] == "fallback"
    assert decision["explanation"]["writer"] == "deterministic"
    assert "llm_unavailable" in {problem["code"] for problem in decision["explanation"]["problems"]}
