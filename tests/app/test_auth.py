"""Who may do what: keys with scopes, and this machine alone with authentication off."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from app.storage.keys import create_key, revoke_key
from tests.app.conftest import Edge, request_body

SCOPES = ("decide", "analyst", "policy", "audit")
SOME_ID = UUID(int=7)

ENDPOINTS = {
    ("POST", "/v1/decisions"): {"decide"},
    ("GET", "/v1/decisions"): {"analyst"},
    ("GET", f"/v1/decisions/{SOME_ID}"): {"analyst"},
    ("GET", "/v1/policies/search?q=income"): {"analyst"},
    ("GET", "/v1/policies/clauses/tiny-policy/TP-1.1"): {"analyst"},
    ("POST", "/v1/policies"): {"policy"},
    ("GET", f"/v1/decisions/{SOME_ID}/explanation"): {"analyst"},
    ("POST", f"/v1/decisions/{SOME_ID}/resolution"): {"analyst"},
    ("POST", f"/v1/decisions/{SOME_ID}/counterfactuals"): {"analyst"},
    ("GET", f"/v1/decisions/{SOME_ID}/notice"): {"analyst"},
    ("POST", f"/v1/decisions/{SOME_ID}/notice"): {"analyst"},
    ("GET", "/v1/notices"): {"analyst"},
    ("POST", f"/v1/decisions/{SOME_ID}/replay"): {"audit"},
    ("POST", "/v1/chat"): {"analyst"},
    ("POST", f"/v1/chat/{SOME_ID}/feedback"): {"analyst"},
}


@pytest.fixture
async def closed(settings) -> AsyncIterator[Edge]:
    """The application with authentication on."""
    async with Edge(settings.model_copy(update={"auth": "on"})).running() as edge:
        yield edge


async def key_for(edge: Edge, *scopes: str) -> tuple[UUID, dict[str, str]]:
    """A new key with these scopes, and the header that shows it."""
    key_id = uuid4()
    secret = await create_key(edge.services.engine, key_id, "test", scopes, datetime.now(UTC))
    return key_id, {"Authorization": f"Bearer {secret}"}


async def ask(edge: Edge, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """A request with a body that would be good for a decision."""
    body = request_body() if method == "POST" else None
    return await edge.client.request(method, path, json=body, headers=headers)


async def test_no_endpoint_takes_a_stranger(closed):
    """No key, an unknown key, another scheme: 401 everywhere."""
    for method, path in ENDPOINTS:
        for headers in ({}, {"Authorization": "Bearer ck_unknown"}, {"Authorization": "Basic YTpi"}):
            response = await ask(closed, method, path, headers)
            assert response.status_code == 401, path
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == "application/problem+json"


async def test_each_endpoint_wants_its_scope(closed):
    """A key of its scope is let in, one of another scope is 403, and a revoked one 401."""
    for scope in SCOPES:
        key_id, headers = await key_for(closed, scope)
        for (method, path), wanted in ENDPOINTS.items():
            status = (await ask(closed, method, path, headers)).status_code
            assert status != 401, (scope, path)
            assert (status == 403) == (scope not in wanted), (scope, path, status)
        await revoke_key(closed.services.engine, key_id, datetime.now(UTC))
        for method, path in ENDPOINTS:
            assert (await ask(closed, method, path, headers)).status_code == 401


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "bearer  ", "Bearer a b", "Bearer \xff", "ck_x", "Bearer " + "x" * 9000],
)
async def test_a_malformed_key_is_401(closed, value):
    """Whatever stands in the header, the answer is clear."""
    response = await closed.client.post(
        "/v1/decisions", json=request_body(), headers={"Authorization": value.encode("latin-1")}
    )
    assert response.status_code == 401
    assert await closed.stored() == 0


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
async def test_operations_need_no_key(closed, path):
    """Probes and scrapers have none."""
    assert (await closed.client.get(path)).status_code == 200


async def test_a_simulation_needs_policy_or_audit(closed):
    """Nobody picks a lenient old edition for a live loan."""
    body = request_body(as_of="2025-03-01")
    _, decide_only = await key_for(closed, "decide")
    refused = await closed.post(body, **decide_only)
    assert refused.status_code == 403
    assert await closed.stored() == 0
    for scope in ("policy", "audit"):
        _, both = await key_for(closed, "decide", scope)
        taken = await closed.post(body, **both)
        assert (taken.status_code, taken.json()["mode"]) == (201, "simulation")


async def test_keys_do_not_share_idempotency_keys(closed):
    """One client's Idempotency-Key tells nothing to another."""
    answers = []
    for _ in range(2):
        _, headers = await key_for(closed, "decide")
        answers.append(await closed.post(key="k", **headers))
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_with_auth_off_only_this_machine_is_served(edge):
    """Every spelling of loopback is let in; a page led here under another name (DNS rebinding) is not."""
    for host in ("localhost", "localhost:8000", "127.0.0.1", "[::1]:8000", "[::1]"):
        assert (await edge.client.get("/v1/decisions", headers={"Host": host})).status_code == 200, host
    for host in ("credence.example", "127.0.0.1.evil.example:8000", "192.168.1.5", ""):
        assert (await edge.client.get("/v1/decisions", headers={"Host": host})).status_code == 403, host


async def test_with_auth_off_a_public_address_is_refused(settings):
    """A server that was bound elsewhere than the settings say still serves this machine alone."""
    edge = Edge(settings)
    async with edge.running():
        transport = edge.client._transport
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.5:8000") as outside:
            response = await outside.get("/v1/decisions", headers={"Host": "localhost"})
    assert response.status_code == 403


async def test_every_published_operation_is_in_the_matrix(edge):
    """Whoever adds an endpoint says here which scope it wants."""
    document = (await edge.client.get("/openapi.json")).json()
    published = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    tested = {(method, path.partition("?")[0].replace(str(SOME_ID), "{}")) for method, path in ENDPOINTS}
    open_to_all = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
    named = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path in published - open_to_all}
    clause = ("GET", "/v1/policies/clauses/tiny-policy/TP-1.1")
    assert named == tested - {clause} | {("GET", "/v1/policies/clauses/{}/{}")}
