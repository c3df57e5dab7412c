"""POST /v1/decisions: one execution, one stored decision, one answer."""

import asyncio
import json
from uuid import UUID

from app.settings import Settings
from decisioning.errors import DependencyFailed, DependencyInvalid
from decisioning.model import Decision
from tests.app.conftest import Edge, request_body
from tests.factories import application


async def test_a_decision_is_stored_before_it_is_answered(edge):
    """201 carries the decision that is stored, its trace, its place and where its time went."""
    response = await edge.post(request_body(external_id="row-1"))
    assert response.status_code == 201
    decision = Decision.model_validate_json(response.content)
    assert (decision.outcome, decision.mode, decision.external_id) == ("approve", "live", "row-1")
    assert decision.explanation is None
    assert response.headers["location"] == f"/v1/decisions/{decision.id}"
    assert response.headers["x-trace-id"] == decision.trace_id
    stages = [part.split(";")[0] for part in response.headers["server-timing"].split(", ")]
    assert stages == ["score", "price", "rules", "store", "total"]
    assert (await edge.client.get(f"/v1/decisions/{decision.id}")).content == response.content


async def test_the_callers_trace_goes_on(edge):
    """A W3C traceparent gives the decision its trace id."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    response = await edge.post(traceparent=f"00-{trace_id}-b7ad6b7169203331-01")
    assert response.json()["trace_id"] == response.headers["x-trace-id"] == trace_id


async def test_a_mangled_traceparent_is_ignored(edge):
    """A bad header costs nobody a decision."""
    response = await edge.post(traceparent="00-zz-zz-01")
    assert response.status_code == 201
    assert int(response.json()["trace_id"], 16) > 0


async def test_a_commit_that_fails_is_no_201(edge):
    """What the database refuses at commit is never told as created, and the key is free again."""
    async with edge.services.engine.begin() as connection:
        for statement in (
            "create function refuse() returns trigger language plpgsql as"
            " $$ begin raise exception 'no' using errcode = '53100'; end $$",
            "create constraint trigger refuse after insert on decision deferrable initially deferred"
            " for each row execute function refuse()",
        ):
            await connection.exec_driver_sql(statement)
    response = await edge.post(key="k")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:credence:problem:database-unavailable"
    async with edge.services.engine.begin() as connection:
        await connection.exec_driver_sql("drop trigger refuse on decision")
    assert await edge.stored() == 0
    assert (await edge.post(key="k")).status_code == 201


async def test_no_connection_is_held_while_a_model_is_awaited(edge):
    """The pool is idle while scoring and pricing think."""
    held = []

    async def look() -> None:
        held.append(edge.connections_held())

    edge.scoring.script.meanwhile = edge.pricing.script.meanwhile = look
    assert (await edge.post(key="k")).status_code == 201
    assert held == [0, 0]


class TestIdempotency:
    """The same key: one execution, the same bytes."""

    async def test_a_second_request_gets_the_same_bytes_and_asks_no_model(self, edge):
        """A repeated request is answered from what is stored."""
        first, second = await edge.post(key="k"), await edge.post(key="k")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert second.headers["idempotent-replayed"] == "true"
        assert len(edge.scoring.script.asked) == 1
        assert await edge.stored() == 1

    async def test_a_restart_forgets_nothing(self, edge, settings):
        """Another process with the same database gives the same bytes."""
        first = await edge.post(key="k")
        async with Edge(settings).running() as restarted:
            assert (await restarted.post(key="k")).content == first.content
            assert restarted.scoring.script.asked == []

    async def test_another_spelling_is_the_same_body(self, edge):
        """Spaces and the order of fields make no other request."""
        first = await edge.post(key="k")
        body = dict(reversed(request_body().items()))
        second = await edge.client.post(
            "/v1/decisions",
            content=json.dumps(body, indent=2),
            headers={"Idempotency-Key": "k", "Content-Type": "application/json"},
        )
        assert second.content == first.content

    async def test_another_body_is_refused(self, edge):
        """A key stands for one request."""
        await edge.post(key="k")
        response = await edge.post(request_body(external_id="other"), key="k")
        assert response.status_code == 422
        assert response.json()["type"] == "urn:credence:problem:idempotency-key-reused"
        assert await edge.stored() == 1

    async def test_two_at_once_execute_once(self, edge):
        """While the first is running the second is told so, and asks no model."""
        edge.scoring.script.delay_s = 0.2
        responses = await asyncio.gather(*(edge.post(key="k") for _ in range(5)))
        assert sorted(r.status_code for r in responses) == [201, 409, 409, 409, 409]
        refused = next(r for r in responses if r.status_code == 409)
        assert refused.headers["retry-after"] == "1"
        assert len(edge.scoring.script.asked) == 1
        assert await edge.stored() == 1

    async def test_a_refused_request_frees_its_key(self, edge):
        """A 4xx keeps nothing: the mended request may use the same key."""
        bad = await edge.post(request_body(application=application(income=-1)), key="k")
        assert bad.status_code == 422
        assert (await edge.post(key="k")).status_code == 201

    async def test_a_503_frees_its_key(self, edge):
        """The same request is decided once the model is back."""
        edge.scoring.script.failure = DependencyFailed("scoring", "answered 500")
        body = request_body(product="strict-loan")
        assert (await edge.post(body, key="k")).status_code == 503
        edge.scoring.script.failure = None
        assert (await edge.post(body, key="k")).status_code == 201
        assert await edge.stored() == 1

    async def test_products_have_keys_of_their_own(self, edge):
        """The same key for another product is another request."""
        assert (await edge.post(key="k")).status_code == 201
        assert (await edge.post(request_body(product="strict-loan"), key="k")).status_code == 201

    async def test_a_malformed_key_is_refused(self, edge):
        """A key is 1 to 255 visible ASCII characters."""
        for key in ("", "a b", "é", "k" * 256):
            headers = {"Idempotency-Key": key.encode()}
            response = await edge.client.post("/v1/decisions", json=request_body(), headers=headers)
            assert response.status_code == 400, key
            assert response.json()["errors"][0]["field"] == "Idempotency-Key"
        assert await edge.stored() == 0


class TestFailingModels:
    """A model that fails never makes a decision up."""

    async def test_it_refers_with_the_cause(self, edge):
        """Where the product refers, a person looks, and the cause is named."""
        for dependency, fake in (("scoring", edge.scoring), ("pricing", edge.pricing)):
            fake.script.failure = DependencyInvalid(dependency, "the answer is not JSON")
            response = await edge.post()
            fake.script.failure = None
            assert response.status_code == 201
            decision = response.json()
            assert decision["outcome"] == "refer"
            assert decision["offer"] is None
            assert decision["causes"] == [{"dependency": dependency, "problem": "the answer is not JSON"}]

    async def test_it_refuses_where_the_product_says_so(self, edge):
        """503 with the dependency's name, and nothing stored."""
        edge.pricing.script.failure = DependencyFailed("pricing", "answered 500")
        response = await edge.post(request_body(product="strict-loan"))
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"] == "pricing: answered 500"
        assert await edge.stored() == 0

    async def test_a_slow_model_is_left_in_time(self, edge):
        """The product's budget ends the wait."""
        edge.scoring.script.delay_s = 30
        response = await edge.post(request_body(product="strict-loan"))
        assert response.status_code == 503
        assert response.json()["detail"] == "scoring: did not answer in time"


class TestSimulations:
    """Another day's policy decides only for those who may ask."""

    async def test_another_day_makes_a_simulation(self, edge):
        """With auth off anybody on this machine may simulate."""
        response = await edge.post(request_body(as_of="2025-03-01"))
        assert response.status_code == 201
        decision = response.json()
        assert (decision["mode"], decision["as_of"]) == ("simulation", "2025-03-01")

    async def test_today_is_live(self, edge):
        """Today by its date is today."""
        today = edge.services.products["tiny-loan"].today(edge.services.now())
        assert (await edge.post(request_body(as_of=today.isoformat()))).json()["mode"] == "live"

    async def test_a_day_without_a_policy_is_refused(self, edge):
        """Before the first edition there is nothing to decide by."""
        response = await edge.post(request_body(as_of="2001-01-01"))
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "as_of"


class TestPersonalData:
    """Who applied is kept apart."""

    async def test_the_applicant_is_stored_apart(self, edge):
        """Name, address and notes reach their tables and no part of the decision."""
        response = await edge.post(
            request_body(
                applicant={"name": "Ana Marker", "address": "7 Marker Street", "email": "marker@example.org"},
                notes="marker note",
            )
        )
        assert "arker" not in response.text
        async with edge.services.engine.connect() as connection:
            row = (await connection.exec_driver_sql("select name, address, email from applicant")).one()
            assert tuple(row) == ("Ana Marker", "7 Marker Street", "marker@example.org")
            kept = await connection.exec_driver_sql("select record::text || inputs::text from decision")
            assert "arker" not in kept.scalar_one()

    async def test_monitoring_is_refused_unless_switched_on(self, edge, settings: Settings):
        """The block is taken only where somebody decided to monitor, and never shown."""
        body = request_body(monitoring={"age": 61, "marital": "widow"})
        refused = await edge.post(body)
        assert refused.status_code == 422
        assert refused.json()["errors"] == [
            {"field": "monitoring", "problem": "is taken only where CREDENCE_MONITORING is on"}
        ]
        assert await edge.stored() == 0
        async with Edge(settings.model_copy(update={"monitoring": "on"})).running() as on:
            taken = await on.post(body)
            assert taken.status_code == 201
            assert "widow" not in taken.text
            async with on.services.engine.connect() as connection:
                kept = (await connection.exec_driver_sql("select age, marital from monitoring")).one()
                assert tuple(kept) == (61, "widow")


async def test_a_page_goes_newest_first_and_on(edge):
    """Cursors lead through all decisions of a query, once each."""
    ids = [(await edge.post(request_body(external_id=f"row-{n % 2}"))).json()["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await edge.client.get("/v1/decisions", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    query = {"external_id": "row-1", "outcome": "approve", "product": "tiny-loan"}
    found = (await edge.client.get("/v1/decisions", params=query)).json()
    assert [item["id"] for item in found["items"]] == [ids[3], ids[1]]


async def test_a_borrowed_cursor_is_refused(edge):
    """A cursor of nowhere names its field."""
    response = await edge.client.get("/v1/decisions", params={"cursor": "abc"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "cursor"


async def test_expansions_add_points_and_digests(edge):
    """What the score was made of and which files decided, where asked for."""
    decision = (await edge.post()).json()
    path = f"/v1/decisions/{decision['id']}"
    expanded = (await edge.client.get(path, params={"expand": "points,digests"})).json()
    assert {p["characteristic"] for p in expanded["points"]} >= {"income", "home"}
    assert expanded["digests"].keys() >= {"product", "rules", "parameters"}
    assert {name: expanded[name] for name in decision} == decision
    assert (await edge.client.get(path, params={"expand": "everything"})).status_code == 422


async def test_an_unknown_decision_is_404(edge):
    """A good id of nothing is not found; a bad id is refused."""
    response = await edge.client.get(f"/v1/decisions/{UUID(int=7)}")
    assert response.status_code == 404
    assert response.json()["status"] == 404
    assert (await edge.client.get("/v1/decisions/seven")).status_code == 422
