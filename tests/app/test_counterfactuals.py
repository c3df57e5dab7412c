"""What would change the outcome, over HTTP: executed, audited, stored as no decision, for analysts alone."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.settings import Settings
from app.storage.audit import events_of
from decisioning.errors import DependencyFailed
from tests.app.conftest import Edge, request_body
from tests.factories import application, price_answer, product_files, score_answer, write_product

ACTIONS: dict[str, Any] = {
    "smaller": {"title": "a smaller amount", "field": "amount", "direction": "down", "step": 100},
    "longer": {"title": "a longer term", "field": "term_months", "direction": "up", "step": 6},
}


class Pricing:
    """Prices by the annuity formula, as a real one would; `asked` are the amounts."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failure: DependencyFailed | None = None
        self.delay_s = 0.0

    async def price(self, product, application, score, pd, timeout_s):
        """The price of this application."""
        self.asked.append(application["amount"])
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        return price_answer(application["amount"], application["term_months"])

    async def reachable(self, timeout_s):
        """Always."""


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """The tiny product, with something that an applicant can act on."""
    files = product_files()
    files["product.json"] |= {"actions": ACTIONS}
    folder = tmp_path_factory.mktemp("products")
    write_product(folder / "tiny_loan", files)
    return folder


@pytest.fixture
def settings(database_url, products) -> Settings:
    """Settings of this test's own database and products."""
    return Settings(_env_file=None, database_url=database_url, products=str(products))


@pytest.fixture
async def edge(settings):
    """The application with a pricing API that prices."""
    edge = Edge(settings, pricing=Pricing())  # type: ignore[arg-type]  # it answers as one
    async with edge.running():
        yield edge


async def declined(edge: Edge, **changes: Any) -> str:
    """The id of a decision that is declined for the share of income that the instalment takes."""
    body = request_body(application=application(income=500, amount=6000, **changes))
    decision = (await edge.post(body)).json()
    assert decision["outcome"] == "decline"
    return str(decision["id"])


async def test_each_one_returned_is_approved_when_it_is_posted(edge):
    """Posted as an application of its own, each answer is approved, and one step less is not."""
    decision_id = await declined(edge)
    path = f"/v1/decisions/{decision_id}/counterfactuals"
    answer = await edge.client.post(path)
    assert answer.status_code == 200
    found = answer.json()
    assert [each["actions"] for each in found["counterfactuals"]] == [["smaller"], ["longer"]]
    assert found["complete"]
    assert found["none_because"] is None
    for each, less in zip(found["counterfactuals"], ({"amount": 100}, {"term_months": -6}), strict=True):
        (change,) = each["changes"]
        wanted = application(income=500, amount=6000) | {change["field"]: change["after"]}
        posted = (await edge.post(request_body(application=wanted))).json()
        assert (posted["outcome"], posted["pricing"]) == ("approve", each["pricing"])
        wanted[change["field"]] += less[change["field"]]
        assert (await edge.post(request_body(application=wanted))).json()["outcome"] == "decline"
        (flip,) = each["flips"]
        rule = flip["rule"]
        assert (rule["id"], rule["clause"], rule["fired"]) == ("K-SERVICE", "TP-3.4", True)
        assert flip["after"]["service_to_income"] <= rule["limit"]


async def test_no_decision_is_stored_and_an_audit_event_is(edge):
    """The search leaves a line in the audit trail, without a figure of the applicant's, and nothing else."""
    decision_id = await declined(edge)
    stored = await edge.stored()
    found = (await edge.client.post(f"/v1/decisions/{decision_id}/counterfactuals", json={})).json()
    assert await edge.stored() == stored
    (event,) = await events_of(edge.services.engine, decision_id)
    assert event.action == "counterfactuals"
    assert orjson.loads(event.detail) == {
        "tried": found["tried"], "complete": True, "found": ["smaller", "longer"]
    }  # fmt: skip
    assert found["remark"].startswith("For analysts. Not an offer")
    assert (found["as_of"], found["edition"], found["in_force_today"]) == (
        (await edge.client.get(f"/v1/decisions/{decision_id}")).json()["as_of"], "2026-06-01", True
    )  # fmt: skip


async def test_an_older_decision_keeps_its_own_policy(edge):
    """A simulation under an old edition is searched under that edition: that day's limit flips."""
    body = request_body(application=application(income=400, amount=6000), as_of="2025-03-01")
    decision = (await edge.post(body)).json()
    found = (await edge.client.post(f"/v1/decisions/{decision['id']}/counterfactuals")).json()
    assert (found["as_of"], found["edition"], found["in_force_today"]) == ("2025-03-01", "2025-01-01", False)
    assert {flip["rule"]["limit"] for each in found["counterfactuals"] for flip in each["flips"]} == {0.6}


async def test_none_where_there_is_none(edge):
    """An approval, an incomplete file, a hopeless one: an empty list and why."""
    approved = (await edge.post()).json()["id"]
    incomplete = (await edge.post(request_body(application=application(income=None)))).json()["id"]
    edge.scoring.answer = score_answer(300)
    hopeless = (await edge.post()).json()["id"]
    for decision_id, why in (
        (approved, "approved as it is"),
        (incomplete, "lacks income"),
        (hopeless, "No change within the policy's limits is approved"),
    ):
        found = (await edge.client.post(f"/v1/decisions/{decision_id}/counterfactuals")).json()
        assert found["counterfactuals"] == []
        assert why in found["none_because"]
    assert {rule["id"] for each in found["searched"] for rule in each["still"]} == {"S-LOW"}
    assert found["searched"][0]["still"][0]["clause"] == "TP-4.4"


async def test_a_score_that_has_changed_is_said(edge):
    """Where the models answer otherwise today, so that the application would pass, nothing is made up."""
    edge.scoring.answer = score_answer(300)
    decision_id = (await edge.post()).json()["id"]
    edge.scoring.answer = score_answer()
    found = (await edge.client.post(f"/v1/decisions/{decision_id}/counterfactuals")).json()
    assert (found["outcome"], found["outcome_now"], found["counterfactuals"]) == ("decline", "approve", [])
    assert "as it stands it would be approved" in found["none_because"]


async def test_one_change_is_decided(edge):
    """`changes` asks what if: the outcome of that change, what flips, what fires anew; nothing is stored."""
    path = f"/v1/decisions/{await declined(edge)}/counterfactuals"
    stored = await edge.stored()
    told = (await edge.client.post(path, json={"changes": {"income": 5000, "records": "yes"}})).json()
    assert (told["outcome_now"], told["outcome"]) == ("decline", "refer")
    assert [flip["rule"]["id"] for flip in told["flips"]] == ["K-SERVICE"]
    assert [rule["id"] for rule in told["newly_fired"]] == ["R-RECORD"]
    assert {change["field"]: (change["before"], change["after"]) for change in told["changes"]} == {
        "income": (500, 5000), "records": ("no", "yes")
    }  # fmt: skip
    assert await edge.stored() == stored
    for changes, field in (({"shoe_size": 3}, "shoe_size"), ({"amount": "many"}, "amount")):
        refused = await edge.client.post(path, json={"changes": changes})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == f"application.{field}"


async def test_without_models_there_is_no_answer(edge):
    """Nothing is guessed: where a model cannot be asked at all, the answer is 503 and names it."""
    path = f"/v1/decisions/{await declined(edge)}/counterfactuals"
    edge.scoring.script.failure = DependencyFailed("scoring", "answered 500")
    bodies: list[dict[str, Any]] = [{}, {"changes": {"amount": 10}}]
    for body in bodies:
        response = await edge.client.post(path, json=body)
        assert response.status_code == 503
        assert "scoring" in response.json()["detail"]


async def test_bad_requests_are_refused(edge):
    """An unknown decision, an unknown field, no JSON, nothing to change."""
    path = f"/v1/decisions/{await declined(edge)}/counterfactuals"
    assert (await edge.client.post(f"/v1/decisions/{UUID(int=7)}/counterfactuals")).status_code == 404
    bad: list[dict[str, Any]] = [{"cosigner": "spouse"}, {"changes": {}}, {"changes": 3}]
    for body in bad:
        assert (await edge.client.post(path, json=body)).status_code == 422
    assert (await edge.client.post(path, content=b"{}")).status_code == 415


async def test_a_deadline_ends_the_search(edge, monkeypatch):
    """When the time is up, what was tried is told, and that it was not all."""
    edge.scoring.answer = score_answer(300)
    decision_id = (await edge.post()).json()["id"]
    monkeypatch.setattr("app.whatif.SEARCH_S", 0.15)
    edge.pricing.delay_s = 0.1
    found = (await edge.client.post(f"/v1/decisions/{decision_id}/counterfactuals")).json()
    assert not found["complete"]
    assert found["none_because"] == "No change that was tried is approved, and not all could be tried."
