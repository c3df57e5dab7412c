"""What operators and client generators read: health, readiness, metrics, OpenAPI."""

import json

from app.settings import Settings
from decisioning.errors import DependencyFailed
from tests.app.conftest import Edge


async def test_health_is_the_process(edge):
    """It says which version answers."""
    assert (await edge.client.get("/healthz")).json() == {"status": "ok", "version": "0.1.0"}


async def test_readiness_tells_each_dependency(edge):
    """All up: ready."""
    response = await edge.client.get("/readyz")
    assert response.status_code == 200
    states = response.json()["dependencies"]
    assert response.json()["status"] == "ready"
    assert {name: state["state"] for name, state in states.items()} == {
        "database": "up",
        "scoring": "up",
        "pricing": "up",
        "llm": "off",
        "embedding": "configured",
    }


async def test_a_model_that_is_down_degrades(edge):
    """Decisions then refer: the service stays in rotation and says what is wrong."""
    edge.scoring.script.failure = DependencyFailed("scoring", "cannot be reached (ClientConnectorError)")
    response = await edge.client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["dependencies"]["scoring"] == {
        "state": "down",
        "problem": "cannot be reached (ClientConnectorError)",
    }


async def test_without_its_database_the_service_is_unready(products):
    """Probes get 503, a decision gets 503 as a problem, and the process lives."""
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    async with Edge(Settings(_env_file=None, database_url=nowhere, products=str(products))).running() as edge:
        ready = await edge.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        assert (await edge.client.get("/healthz")).status_code == 200
        for key in (None, "k"):
            refused = await edge.post(key=key)
            assert refused.status_code == 503
            assert refused.json()["type"] == "urn:credence:problem:database-unavailable"
            assert refused.headers["retry-after"] == "1"
        assert edge.scoring.script.asked == []


async def test_an_old_schema_is_told(empty_database_url, products):
    """A database that nobody migrated is named as such."""
    async with Edge(
        Settings(_env_file=None, database_url=empty_database_url, products=str(products))
    ).running() as edge:
        state = (await edge.client.get("/readyz")).json()["dependencies"]["database"]
    assert state["state"] == "down"
    assert "credence db upgrade" in state["problem"]


async def test_metrics_tell_decisions_and_their_time(edge):
    """One decision: counted by outcome, timed by stage, labelled by route template."""
    await edge.post()
    await edge.client.get("/v1/decisions/seven")
    response = await edge.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    text = response.text
    labels = 'credit_decision_outcome="approve",credit_product="tiny-loan"'
    assert f"credit_decisions_total{{{labels}}} 1.0" in text
    for stage in ("score", "price", "rules", "store", "total"):
        assert f'credit_decision_duration_seconds_count{{{labels},credit_stage="{stage}"}} 1.0' in text
    assert 'http_route="/v1/decisions"' in text
    assert 'http_route="/v1/decisions/{decision_id}"' in text
    assert "seven" not in text


async def test_exemplars_tie_a_decision_to_its_trace(edge):
    """Where OpenMetrics is accepted, the total carries the trace id."""
    trace_id = (await edge.post()).json()["trace_id"]
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = await edge.client.get("/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert f'trace_id="{trace_id}"' in response.text


async def test_openapi_describes_every_route(edge):
    """Each route with its body and its errors, and no reference that leads nowhere."""
    document = (await edge.client.get("/openapi.json")).json()
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} >= {
        ("/v1/decisions", "post"),
        ("/v1/decisions", "get"),
        ("/v1/decisions/{decision_id}", "get"),
        ("/v1/decisions/{decision_id}/explanation", "get"),
        ("/v1/decisions/{decision_id}/resolution", "post"),
        ("/v1/decisions/{decision_id}/replay", "post"),
        ("/v1/chat", "post"),
        ("/v1/chat/{conversation_id}/feedback", "post"),
        ("/v1/policies", "post"),
        ("/v1/policies/search", "get"),
        ("/v1/policies/clauses/{document}/{clause}", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
    }
    known = document["components"]["schemas"]
    text = json.dumps(document)
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= known.keys()
    assert "HTTPValidationError" not in referred
    create = document["paths"]["/v1/decisions"]["post"]
    statuses = "201 400 401 403 408 409 413 415 422 429 500 503"
    assert set(create["responses"]) == set(statuses.split())
    application = known["DecisionRequest"]["properties"]["application"]
    assert {"$ref": "#/components/schemas/TinyLoanApplication"} in application["anyOf"]
    assert "term_months" in known["TinyLoanApplication"]["required"]
