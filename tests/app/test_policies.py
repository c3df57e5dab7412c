"""The policy corpus over HTTP."""

import json

import httpx

from tests.app.conftest import Edge

LINE: dict[str, object] = {
    "document": "house-rules",
    "edition": "2025",
    "clause": "HR-1",
    "heading": "Terms",
    "text": "A loan runs for at most 60 months.",
    "effective_from": "2025-01-01",
}


def lines(*changes: dict[str, object]) -> str:
    """Clause lines, each the one above with changes."""
    return "\n".join(json.dumps(LINE | change) for change in changes)


async def take_in(edge: Edge, text: str, **more: object) -> httpx.Response:
    """Post clause lines."""
    return await edge.client.post("/v1/policies", json={"format": "lines", "text": text, **more})


async def test_what_is_taken_in_is_found_on_its_days(edge):
    """A clause is found and read as it stood on the day that was asked for."""
    response = await take_in(edge, lines({}))
    assert response.status_code == 201
    assert [(w["document"], w["opened"], w["unchanged"]) for w in response.json()["written"]] == [
        ("house-rules", 1, False)
    ]
    later: dict[str, object] = {
        "edition": "2026",
        "effective_from": "2026-01-01",
        "text": "A loan runs for at most 48 months.",
    }
    assert (await take_in(edge, lines(later), supersede=True)).status_code == 201
    for day, months in (("2025-06-01", "60"), ("2026-06-01", "48")):
        query = {"q": "longest term in months", "as_of": day, "document": "house-rules"}
        found = (await edge.client.get("/v1/policies/search", params=query)).json()
        assert [c["clause"] for c in found["clauses"]] == ["HR-1"]
        assert found["clauses"][0]["score"] > 0
        path = "/v1/policies/clauses/house-rules/HR-1"
        clause = (await edge.client.get(path, params={"as_of": day})).json()
        assert months in clause["text"]
        assert clause.pop("trace_id")
        assert clause.items() <= found["clauses"][0].items()
    early = await edge.client.get(path, params={"as_of": "2024-01-01"})
    assert early.status_code == 404


async def test_a_clause_is_read_with_what_stands_around_it(edge):
    """`around` gives parents, definitions and both ends of references; without it, the clause alone."""
    rows: tuple[dict[str, object], ...] = (
        {},
        {"clause": "HR-2", "heading": "Term", "text": "Term means the months of a loan."},
        {"clause": "HR-3", "heading": "Doubt", "text": "Terms in doubt go by HR-1.", "parent": "HR-2"},
    )
    assert (await take_in(edge, lines(*rows))).status_code == 201
    path = "/v1/policies/clauses/house-rules/HR-3"
    alone = (await edge.client.get(path)).json()
    whole = (await edge.client.get(path, params={"around": "true"})).json()
    around = whole.pop("around")
    del alone["trace_id"], whole["trace_id"]
    assert whole == alone
    assert {relation: [c["clause"] for c in found] for relation, found in around.items()} == {
        "parents": ["HR-2"],
        "definitions": ["HR-2"],
        "refers_to": ["HR-1"],
        "referred_by": [],
    }


async def test_the_same_again_writes_nothing(edge):
    """A repeated ingest is told as unchanged."""
    await take_in(edge, lines({}))
    assert (await take_in(edge, lines({}))).json()["written"][0]["unchanged"]


async def test_an_edition_is_not_ended_in_passing(edge):
    """A later edition closes an open-ended one only when told to."""
    await take_in(edge, lines({}))
    response = await take_in(
        edge, lines({"edition": "2026", "effective_from": "2026-01-01", "text": "Other."})
    )
    assert response.status_code == 409
    assert "2025" in response.json()["detail"]


async def test_what_cannot_be_read_is_refused(edge):
    """The field is named and the reason told."""
    for body in (
        {"format": "lines", "text": "{"},
        {"format": "lines", "text": lines({"effective_from": "soon"})},
        {"format": "markdown", "text": "# A title\n\nNo day is given."},
        {"format": "pdf", "text": "x"},
        {"format": "lines", "text": ""},
        {"format": "lines", "text": lines({}), "effective_from": "2025-13-01"},
    ):
        response = await edge.client.post("/v1/policies", json=body)
        assert response.status_code == 422, body
        assert response.json()["errors"], body


async def test_a_form_that_is_left_blank_says_nothing(edge):
    """A parameter without a value is as good as none, at each of the service's searches."""
    assert (await edge.post()).status_code == 201
    blank = (await edge.client.get("/v1/decisions?cursor=&outcome=&product=&external_id=")).json()
    assert len(blank["items"]) == 1
    found = await edge.client.get("/v1/policies/search?q=income&as_of=&document=&k=&known_at=")
    assert found.status_code == 200, found.text
